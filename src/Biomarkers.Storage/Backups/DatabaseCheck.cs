using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Backups;

/// <summary>Reads an SQLite database whole and says what it holds, or why it can't be trusted.</summary>
internal static class DatabaseCheck
{
    /// <summary>Checks structure, schema, the ledger's chain, originals, runs and the streams.</summary>
    /// <param name="connection">The open file.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="cancellationToken">Ends the work between two steps.</param>
    /// <exception cref="BackupException">It can't be trusted.</exception>
    public static DatabaseContents Run(SqliteConnection connection, string file, CancellationToken cancellationToken)
    {
        int schema = SchemaOf(connection, file);
        cancellationToken.ThrowIfCancellationRequested();
        string integrity = Rows(connection, "PRAGMA integrity_check(1)", row => row.GetString(0)).First();
        if (integrity != "ok")
        {
            throw new BackupException($"'{file}' is damaged: {integrity.ReplaceLineEndings(" ")}");
        }

        cancellationToken.ThrowIfCancellationRequested();
        (long sequence, ContentHash hash) = CheckLedger(connection, file, cancellationToken);
        CheckOriginals(connection, file, cancellationToken);
        CheckRuns(connection, file, schema, cancellationToken);
        List<StreamContents> streams = CheckStreams(connection, file);
        return new DatabaseContents(
            schema,
            One(connection, "SELECT generation FROM database_identity WHERE id = 1"),
            sequence,
            hash,
            One(connection, "SELECT COUNT(*) FROM plate"),
            One(connection, "SELECT COUNT(*) FROM analytical_run"),
            streams);
    }

    private static int SchemaOf(SqliteConnection connection, string file)
    {
        long known = One(connection, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('schema_version', 'database_identity', 'ledger_head', 'read_stream')");
        if (known < 4)
        {
            throw new BackupException($"'{file}' is an SQLite database, and not one of this program.");
        }

        int schema = (int)One(connection, "SELECT MAX(number) FROM schema_version");
        return schema <= Migrations.NewestVersion
            ? schema
            : throw new BackupException($"'{file}' has schema {schema}; this program knows up to {Migrations.NewestVersion}. Use the program that wrote it, or a newer one.");
    }

    private static readonly (string Sql, string What)[] Originals =
    [
        ("SELECT stream_key || ':' || event_offset, content, content_hash FROM stream_event", "stream event"),
        ("SELECT read_id, content, content_hash FROM plate_read", "plate read"),
        ("SELECT layout_key || '', CAST(definition AS BLOB), content_hash FROM plate_layout", "plate layout"),
        ("SELECT quarantine_key || '', content, content_hash FROM quarantined_event WHERE content IS NOT NULL", "quarantined event"),
    ];

    private static (long Sequence, ContentHash Hash) CheckLedger(SqliteConnection connection, string file, CancellationToken cancellationToken)
    {
        long sequence = 0;
        ContentHash hash = ContentHash.FromBytes(new byte[32]);
        foreach ((long place, AuditEvent audit, ContentHash previous, ContentHash stored) in Rows(
            connection, "SELECT sequence, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event ORDER BY sequence", ToAudit))
        {
            cancellationToken.ThrowIfCancellationRequested();
            sequence++;
            ContentHash computed = AuditChain.HashOf(hash, sequence, audit);
            if (place != sequence || previous != hash || stored != computed)
            {
                throw new BackupException($"'{file}': the ledger's chain breaks at event {place}: expected event {sequence} with SHA-256 {computed}, found {stored}. It was changed behind the server.");
            }

            hash = stored;
        }

        (long Sequence, ContentHash Hash) head = Rows(
            connection, "SELECT sequence, hash FROM ledger_head WHERE id = 1", row => (row.GetInt64(0), ContentHash.FromBytes(row.GetFieldValue<byte[]>(1)))).Single();
        return head == (sequence, hash)
            ? head
            : throw new BackupException($"'{file}': the ledger's head says {head.Sequence} events with SHA-256 {head.Hash}; its events are {sequence} with {hash}.");
    }

    // Every original beside its hash: one bit of a read is another measurement.
    private static void CheckOriginals(SqliteConnection connection, string file, CancellationToken cancellationToken)
    {
        foreach ((string sql, string what) in Originals)
        {
            foreach ((string name, byte[] content, byte[] stored) in Rows(connection, sql, row => (row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2))))
            {
                cancellationToken.ThrowIfCancellationRequested();
                ContentHash computed = ContentHash.Of(content);
                if (computed != ContentHash.FromBytes(stored))
                {
                    throw new BackupException($"'{file}': {what} {name} has SHA-256 {computed}; expected {ContentHash.FromBytes(stored)}. It is damaged.");
                }
            }
        }
    }

    // Every run beside its seal. An older schema has none; its runs are sealed when a server opens it.
    private static void CheckRuns(SqliteConnection connection, string file, int schema, CancellationToken cancellationToken)
    {
        if (schema < Migrations.NewestVersion)
        {
            return;
        }

        using DataConnection rows = SqliteDatabase.Over(connection);
        try
        {
            // This engine's driver has done everything when it returns.
            SealedRuns.ForAllAsync(rows, runKeys => SealedRuns.ReadAsync(rows, runKeys, cancellationToken), cancellationToken).GetAwaiter().GetResult();
        }
        catch (StoredDataDamagedException exception)
        {
            throw new BackupException($"'{file}': {exception.Message}", exception);
        }
    }

    private static List<StreamContents> CheckStreams(SqliteConnection connection, string file)
    {
        var streams = new List<StreamContents>();
        foreach ((string instrument, string stream, long next, long count) in Rows(
            connection,
            "SELECT instrument_id, stream_id, next_offset, (SELECT COUNT(*) FROM stream_event e WHERE e.stream_key = s.stream_key) FROM read_stream s ORDER BY instrument_id, stream_id",
            row => (row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3))))
        {
            if (next != count)
            {
                throw new BackupException($"'{file}': stream '{stream}' of instrument '{instrument}' goes on at offset {next} and holds {count} events.");
            }

            streams.Add(new StreamContents(instrument, stream, next));
        }

        return streams;
    }

    private static (long Sequence, AuditEvent Audit, ContentHash Previous, ContentHash Hash) ToAudit(SqliteDataReader row) => (
        row.GetInt64(0),
        new AuditEvent(Instant.FromMicroseconds(row.GetInt64(1)), row.GetString(2), row.GetString(3), row.GetString(4), TextOf(row, 5), TextOf(row, 6)),
        ContentHash.FromBytes(row.GetFieldValue<byte[]>(7)),
        ContentHash.FromBytes(row.GetFieldValue<byte[]>(8)));

    private static string? TextOf(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>The one number that a statement answers; 0 for none.</summary>
    public static long One(SqliteConnection connection, string sql) => Rows(connection, sql, row => row.IsDBNull(0) ? 0 : row.GetInt64(0)).Single();

    /// <summary>Rows of a statement, as they are asked for.</summary>
    public static IEnumerable<T> Rows<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this folder
        command.CommandText = sql;
#pragma warning restore CA2100
        command.CommandTimeout = 0;
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }
}
