using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Backups;

/// <summary>Events of a stream that a backup lacks.</summary>
/// <param name="Instrument">Instrument.</param>
/// <param name="Stream">Stream of the instrument.</param>
/// <param name="FirstOffset">First offset that is lacking.</param>
/// <param name="EndOffset">First offset after them.</param>
public sealed record LackingOffsets(string Instrument, string Stream, long FirstOffset, long EndOffset);

/// <summary>What a replaced database holds and the backup in its place lacks, by the names under which people know it.</summary>
/// <param name="Offsets">Events, by stream.</param>
/// <param name="PlateReads">Reads, such as <c>plates/P-1/reads/r1</c>.</param>
/// <param name="Plates">Plates of which the backup holds nothing.</param>
/// <param name="Layouts">Versions of layouts, such as <c>plates/P-1 layout 2 by people/kim</c>. Those that came by SubmitPlateLayout are sent again by nobody.</param>
/// <param name="Assays">Versions of assays, such as <c>assays/il-6@2</c>; sent again by nobody.</param>
/// <param name="Runs">Runs, by the name that they had; the plates that are sent again are analysed anew, under new names.</param>
/// <param name="AccessChanges">Changes of keys, instruments and certificates, such as <c>KEY_REVOKED keys/0123456789abcdef (kim)</c>: a key that was revoked since counts
/// again, and nobody revokes it by himself.</param>
/// <param name="AuditEventCount">Events of the ledger.</param>
public sealed record LackingContents(
    IReadOnlyList<LackingOffsets> Offsets,
    IReadOnlyList<string> PlateReads,
    IReadOnlyList<string> Plates,
    IReadOnlyList<string> Layouts,
    IReadOnlyList<string> Assays,
    IReadOnlyList<string> Runs,
    IReadOnlyList<string> AccessChanges,
    long AuditEventCount)
{
    /// <summary>Whether the backup lacks nothing.</summary>
    public bool IsEmpty => Offsets.Count + PlateReads.Count + Plates.Count + Layouts.Count + Assays.Count + Runs.Count + AccessChanges.Count == 0 && AuditEventCount == 0;
}

/// <summary>Compares two SQLite databases by content: keys of rows mean nothing from one to the other.</summary>
internal static class DatabaseComparison
{
    /// <summary>What a database holds and another one lacks.</summary>
    /// <param name="backupFile">The one that may lack something; nobody writes it.</param>
    /// <param name="replacedFile">The one that may hold more; no server uses it.</param>
    /// <exception cref="SqliteException">The second can't be read.</exception>
    public static LackingContents Run(string backupFile, string replacedFile)
    {
        using SqliteConnection connection = SqliteBackup.OpenUnchanging(backupFile);
        using (SqliteCommand attach = connection.CreateCommand())
        {
            attach.CommandText = "ATTACH DATABASE $file AS replaced";
            attach.Parameters.AddWithValue("$file", $"{new Uri(Path.GetFullPath(replacedFile)).AbsoluteUri}?mode=ro");
            attach.ExecuteNonQuery();
        }

        List<string> Names(string sql) => [.. DatabaseCheck.Rows(connection, sql, row => row.GetString(0))];
        return new LackingContents(
            [.. DatabaseCheck.Rows(
                connection,
                """
                SELECT r.instrument_id, r.stream_id, COALESCE(b.next_offset, 0), r.next_offset
                FROM replaced.read_stream r LEFT JOIN main.read_stream b ON b.instrument_id = r.instrument_id AND b.stream_id = r.stream_id
                WHERE r.next_offset > COALESCE(b.next_offset, 0) ORDER BY r.instrument_id, r.stream_id
                """,
                row => new LackingOffsets(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)))],
            Names("""
                SELECT 'plates/' || p.barcode || '/reads/' || d.read_id FROM replaced.plate_read d JOIN replaced.plate p ON p.plate_key = d.plate_key
                WHERE NOT EXISTS (
                    SELECT 1 FROM main.plate bp JOIN main.plate_read bd ON bd.plate_key = bp.plate_key AND bd.read_id = d.read_id WHERE bp.barcode = p.barcode)
                ORDER BY d.read_key
                """),
            Names("""
                SELECT 'plates/' || p.barcode FROM replaced.plate p
                WHERE NOT EXISTS (SELECT 1 FROM main.plate b WHERE b.barcode = p.barcode) ORDER BY p.plate_key
                """),
            Names("""
                SELECT 'plates/' || p.barcode || ' layout ' || l.version || ' by ' || l.actor FROM replaced.plate_layout l JOIN replaced.plate p ON p.plate_key = l.plate_key
                WHERE NOT EXISTS (
                    SELECT 1 FROM main.plate bp JOIN main.plate_layout bl ON bl.plate_key = bp.plate_key AND bl.version = l.version AND bl.content_hash = l.content_hash
                    WHERE bp.barcode = p.barcode)
                ORDER BY l.layout_key
                """),
            Names("""
                SELECT 'assays/' || a.assay_id || '@' || a.version FROM replaced.assay a
                WHERE NOT EXISTS (SELECT 1 FROM main.assay b WHERE b.assay_id = a.assay_id AND b.version = a.version AND b.content_hash = a.content_hash)
                ORDER BY a.assay_key
                """),
            Names("""
                SELECT 'analyticalRuns/' || r.run_key || ' of plates/' || p.barcode FROM replaced.analytical_run r JOIN replaced.plate p ON p.plate_key = r.plate_key
                WHERE NOT EXISTS (SELECT 1 FROM main.analytical_run b WHERE b.inputs_hash = r.inputs_hash AND b.engine_version = r.engine_version)
                ORDER BY r.run_key
                """),
            // By the audit log, which every schema has.
            Names("""
                SELECT r.action || ' ' || r.target || COALESCE(' (' || r.detail || ')', '') FROM replaced.audit_event r
                WHERE r.action IN ('KEY_CREATED', 'KEY_ROTATED', 'KEY_REVOKED', 'INSTRUMENT_ENROLLED', 'INSTRUMENT_RETIRED', 'CERTIFICATE_REVOKED')
                    AND NOT EXISTS (SELECT 1 FROM main.audit_event b WHERE b.sequence = r.sequence AND b.hash = r.hash)
                ORDER BY r.sequence
                """),
            Math.Max(0, DatabaseCheck.One(connection, "SELECT (SELECT sequence FROM replaced.ledger_head) - (SELECT sequence FROM main.ledger_head)")));
    }
}
