using System.Data.Common;
using System.Globalization;

namespace Biomarkers.Faults.Tampering;

/// <summary>Tamperings with what the audit log, the seals and the streams' chains vouch for: any column of any row, a row gone, a row more.</summary>
/// <param name="connection">The database as it is.</param>
/// <param name="random">Chooses.</param>
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
internal sealed class ContentTampers(DbConnection connection, Random random)
{
    // Names of tables know no capitals: no other one is called r. What names the audit events that vouch for a row R: those of the runs that it belongs to, or its own.
    private const string OfRun = "SELECT sequence FROM audit_event WHERE target = 'analyticalRuns/' || R.run_key AND action IN ('RUN_SAVED', 'RUN_REINSTATED', 'RUN_SEALED')";

    private const string OfRunsWhere = "SELECT a.sequence FROM audit_event a JOIN analytical_run x ON a.target = 'analyticalRuns/' || x.run_key WHERE a.action IN ('RUN_SAVED', 'RUN_REINSTATED', 'RUN_SEALED') AND ";

    private const string OfLayout = "SELECT a.sequence FROM audit_event a JOIN plate p ON a.target = 'plates/' || p.barcode WHERE a.action = 'LAYOUT_SUBMITTED' AND p.plate_key = R.plate_key";

    private static readonly Covered[] Tables =
    [
        new("analytical_run", [], OfRun),
        new("standard_curve", [], OfRun, "ordinal"),
        new("control_point", [], OfRun, "ordinal"),
        new("run_lot", [], OfRun, "ordinal"),
        new("qc_flag", [], OfRun, "ordinal"),
        new("run_seal", [], OfRun, "ordinal"),
        new("result_version", [], OfRun, "version_key", "version"),
        new("result", [], $"{OfRunsWhere} x.run_key IN (SELECT run_key FROM result_version v WHERE v.result_key = R.result_key)"),
        new("plate_read", [], $"{OfRunsWhere} x.read_key = R.read_key"),
        new("plate", ["plate_key", "barcode"], $"{OfLayout} UNION {OfRunsWhere} x.plate_key = R.plate_key"),
        new("plate_layout", [], $"{OfLayout} UNION {OfRunsWhere} x.layout_key = R.layout_key"),
        new("assay", [], $"SELECT sequence FROM audit_event WHERE target = 'assays/' || R.assay_id || '@' || R.version UNION {OfRunsWhere} x.assay_key = R.assay_key "
            + "UNION SELECT a.sequence FROM audit_event a JOIN plate p ON a.target = 'plates/' || p.barcode JOIN plate_layout l ON l.plate_key = p.plate_key WHERE a.action = 'LAYOUT_SUBMITTED' AND l.assay_key = R.assay_key"),
        new("rule_pack", [], $"{OfRunsWhere} x.rule_pack = R.name"),
        new("change_feed", [], "SELECT R.sequence UNION SELECT sequence FROM audit_event WHERE target = 'analyticalRuns/' || R.target_key AND action = 'RUN_SAVED'"),
        new("result_hold", [], "SELECT sequence FROM audit_event WHERE detail = 'resultHolds/' || R.hold_key"),
        new("result_hold_lift", [], "SELECT sequence FROM audit_event WHERE detail = 'resultHolds/' || R.hold_key"),
        new("result_signature", [], "SELECT sequence FROM audit_event WHERE detail LIKE 'signature ' || R.signature_key || ':%'"),
        new("repeat_link", [], "SELECT sequence FROM audit_event WHERE detail LIKE 'repeatLinks/' || R.link_key || ':%'"),
        new("repeat_unlink", [], "SELECT sequence FROM audit_event WHERE detail LIKE 'repeatLinks/' || R.link_key || ':%'"),
        new("stream_event", ["stream_key", "event_offset", "content", "content_hash", "chain_hash"], null),
        new("read_stream", ["stream_key", "instrument_id", "stream_id", "next_offset", "chain_hash"], null),
    ];

    // What nothing vouches for, as README.md says: keys of layouts and assays on which nothing rests, and the row counts of a run's earlier seals.
    private static readonly Dictionary<(string Table, string Column), string> NotCovered = new()
    {
        [("plate_layout", "layout_key")] = "NOT EXISTS (SELECT 1 FROM analytical_run x WHERE x.layout_key = R.layout_key)",
        [("assay", "assay_key")] = "NOT EXISTS (SELECT 1 FROM analytical_run x WHERE x.assay_key = R.assay_key) AND NOT EXISTS (SELECT 1 FROM plate_layout l WHERE l.assay_key = R.assay_key)",
        [("run_seal", "row_count")] = "R.ordinal < (SELECT MAX(s.ordinal) FROM run_seal s WHERE s.run_key = R.run_key)",
    };

    private sealed record Covered(string Table, string[] Columns, string? Sequences, params string[] Keys);

    /// <summary>Any of them; null where the choice has no row, or no event vouches for it.</summary>
    public async Task<Tamper?> NextAsync(CancellationToken cancellationToken)
    {
        Covered table = Tables[random.Next(Tables.Length)];
        List<long> rows = await connection.ReadAsync($"SELECT rowid FROM {table.Table}", row => row.GetInt64(0), cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        long rowId = rows[random.Next(rows.Count)];
        Tamper? tamper = random.Next(6) switch
        {
            0 => new Tamper($"{table.Table}: row deleted", [$"DELETE FROM {table.Table} WHERE rowid = {Number(rowId)}"]),
            1 when table.Keys.Length > 0 => await CopyAsync(table, rowId, cancellationToken),
            _ => await ChangeAsync(table, rowId, cancellationToken),
        };
        if (tamper is null)
        {
            return null;
        }

        if (table.Sequences is null)
        {
            return await OfStreamAsync(tamper, table.Table, rowId, cancellationToken);
        }

        string sql = $"SELECT audit_event.sequence FROM (SELECT * FROM {table.Table} WHERE rowid = {Number(rowId)}) R JOIN audit_event ON audit_event.sequence IN ({table.Sequences})";
        List<long> sequences = await connection.ReadAsync(sql, row => row.GetInt64(0), cancellationToken);
        return sequences.Count == 0 ? null : tamper with { Sequences = sequences.ToHashSet(), SequencesAfterwards = sql };
    }

    private async Task<Tamper> OfStreamAsync(Tamper tamper, string table, long rowId, CancellationToken cancellationToken)
    {
        string key = table == "stream_event" ? "(SELECT stream_key FROM stream_event WHERE rowid = @row)" : "(SELECT stream_key FROM read_stream WHERE rowid = @row)";
        string name = (await connection.ReadAsync(
            $"SELECT 'instruments/' || instrument_id || '/readStreams/' || stream_id FROM read_stream WHERE stream_key = {key}", row => row.GetString(0), cancellationToken, ("@row", rowId))).Single();
        long? offset = table == "stream_event"
            ? (await connection.ReadAsync("SELECT event_offset FROM stream_event WHERE rowid = @row", row => row.GetInt64(0), cancellationToken, ("@row", rowId))).Single()
            : null;
        return tamper with { Stream = name, Offset = offset };
    }

    private async Task<Tamper?> ChangeAsync(Covered table, long rowId, CancellationToken cancellationToken)
    {
        List<(string Name, string Type)> columns = await connection.ReadAsync(
            $"SELECT name, type FROM pragma_table_info('{table.Table}')", row => (row.GetString(0), row.GetString(1)), cancellationToken);
        columns = [.. columns.Where(column => table.Columns.Length == 0 || table.Columns.Contains(column.Name))];
        (string column, string type) = columns[random.Next(columns.Count)];
        if (NotCovered.TryGetValue((table.Table, column), out string? condition)
            && (await connection.ReadAsync($"SELECT 1 FROM {table.Table} R WHERE R.rowid = {Number(rowId)} AND {condition}", row => row.GetInt64(0), cancellationToken)).Count > 0)
        {
            return null;
        }

        (string Kind, byte[]? Bytes) value = (await connection.ReadAsync(
            $"SELECT typeof({column}), CASE typeof({column}) WHEN 'blob' THEN {column} END FROM {table.Table} WHERE rowid = {Number(rowId)}",
            row => (row.GetString(0), row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1)), cancellationToken)).Single();
        string? changed = value.Kind switch
        {
            "integer" when type == "BOOLEAN" => $"1 - {column}",
            "integer" => $"{column} + {Number(random.Next(1, 1000))}",
            "real" => $"{column} * 1.0000001 + 0.5",
            "text" => $"{column} || 'x'",
            "blob" when value.Bytes!.Length > 0 => $"x'{Convert.ToHexString(Rot.BitFlip.Turned(value.Bytes, random.Next(value.Bytes.Length), random.Next(8)))}'",
            "null" when type == "BOOLEAN" => "1",
            "null" when type is "BIGINT" or "INTEGER" => "7",
            "null" when type == "DOUBLE PRECISION" => "0.5",
            "null" when type == "TEXT" => "'x'",
            _ => null,
        };
        return changed is null ? null : new Tamper($"{table.Table}: column changed", [$"UPDATE {table.Table} SET {column} = {changed} WHERE rowid = {Number(rowId)}"]);
    }

    // The row once more, under a key of its own.
    private async Task<Tamper> CopyAsync(Covered table, long rowId, CancellationToken cancellationToken)
    {
        List<string> columns = await connection.ReadAsync($"SELECT name FROM pragma_table_info('{table.Table}')", row => row.GetString(0), cancellationToken);
        IEnumerable<string> values = columns.Select(column => table.Keys.Contains(column) ? $"{column} + 1000000" : column);
        return new Tamper(
            $"{table.Table}: row inserted", [$"INSERT INTO {table.Table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} FROM {table.Table} WHERE rowid = {Number(rowId)}"]);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
#pragma warning restore CA5394
