using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Copies;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Bundles;

/// <summary>The database in a bundle: this program's schema, with the rows of one plate and the parts of ledger and streams that prove them.</summary>
internal static class BundleDatabase
{
    /// <summary>Makes the database.</summary>
    /// <param name="file">A file that is not there yet.</param>
    /// <param name="source">One moment of the database that it is cut out of.</param>
    /// <param name="cut">What is cut out.</param>
    /// <param name="time">Clock, for the schema's own rows.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task WriteAsync(string file, DataConnection source, BundleCut cut, TimeProvider time, CancellationToken cancellationToken)
    {
        var database = new SqliteDatabase(file);
        using SqliteConnection opened = Open(file, SqliteOpenMode.ReadWriteCreate);
        // It is thrown away if anything fails: nothing of it needs to reach the disk in order.
        Execute(opened, "PRAGMA journal_mode = OFF");
        Execute(opened, "PRAGMA synchronous = OFF");
        await using DataConnection target = SqliteDatabase.Over(opened);
        await using DataConnectionTransaction transaction = await target.BeginTransactionAsync(cancellationToken);
        await Migrations.ApplyAsync(database, target, time, cancellationToken);
        await target.GetTable<KeySequenceTable>().DeleteAsync(cancellationToken);
        await target.GetTable<DatabaseIdentityTable>().DeleteAsync(cancellationToken);
        foreach (BundleRows rows in BundleRows.All)
        {
            await rows.CopyAsync(source, target, cut.Subject.PlateKey, database.BulkCopy, cancellationToken);
        }

        await CopyLedgerAsync(source, target, cut, database.BulkCopy, cancellationToken);
        foreach (BundleStream stream in cut.Streams)
        {
            await CopyStreamAsync(source, target, stream, cut.HeadOf(stream.StreamKey), database.BulkCopy, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Opens a database in a bundle, for reading.</summary>
    public static SqliteConnection OpenToRead(string file)
    {
        SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
        try
        {
            // It comes from elsewhere: nothing that its schema says is to be run.
            Execute(connection, "PRAGMA trusted_schema = OFF");
            Execute(connection, "PRAGMA cell_size_check = ON");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What is not as a bundle's file is: its schema is another one, or it is damaged; null where nothing is.</summary>
    public static async Task<string?> ExplainFileAsync(SqliteConnection opened, DataConnection connection, CancellationToken cancellationToken)
    {
        List<string> expected = await ExpectedSchemaAsync(cancellationToken);
        List<string> found = SchemaOf(opened);
        if (found.Except(expected, StringComparer.Ordinal).FirstOrDefault() is { } foreign)
        {
            return $"its schema has '{foreign.Split('\n')[0]}', which is not this program's";
        }

        if (expected.Except(found, StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            return $"its schema lacks '{missing.Split('\n')[0]}'";
        }

        try
        {
            int schema = await Migrations.VersionAsync(new SqliteDatabase(opened.DataSource), connection, cancellationToken);
            if (schema != Migrations.NewestVersion)
            {
                return string.Create(CultureInfo.InvariantCulture, $"it says that it has schema {schema}, and has {Migrations.NewestVersion}");
            }
        }
        catch (StoreException)
        {
            // Its sentence is about databases in use.
            return "its table 'schema_version' is not whole";
        }

        string integrity = Texts(opened, "PRAGMA integrity_check(1)")[0];
        return integrity == "ok" ? null : $"it is damaged: {integrity.ReplaceLineEndings(" ")}";
    }

    /// <summary>What rows it has of something else than its plate; null where it has none.</summary>
    public static async Task<string?> ExplainRowsAsync(DataConnection connection, long plateKey, CancellationToken cancellationToken)
    {
        Dictionary<string, BundleRows> known = BundleRows.All.ToDictionary(rows => rows.Name);
        foreach (TableCopy table in TableCopy.All.Where(table => !BundleRows.Parts.Contains(table.Name)))
        {
            long others = known.TryGetValue(table.Name, out BundleRows? rows)
                ? await rows.CountOthersAsync(connection, plateKey, cancellationToken)
                : await table.CountAsync(connection, cancellationToken);
            if (others > 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{others} rows of table '{table.Name}' are not of its plate");
            }
        }

        return null;
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        // Rows of which others refer to may be of another plate, and are not there.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, ForeignKeys = false }.ToString());
        connection.Open();
        return connection;
    }

    private static async Task CopyLedgerAsync(DataConnection source, DataConnection target, BundleCut cut, BulkCopyOptions options, CancellationToken cancellationToken)
    {
        await target.BulkCopyAsync(
            options,
            source.GetTable<AuditEventTable>().Where(row => row.Sequence >= cut.FirstSequence && row.Sequence <= cut.LastSequence).OrderBy(row => row.Sequence).AsAsyncEnumerable(),
            cancellationToken);
        await target.GetTable<LedgerHeadTable>().DeleteAsync(cancellationToken);
        await target.InsertAsync(new LedgerHeadTable { Id = 1, Sequence = cut.LastSequence, Hash = cut.LastHash.ToBytes() }, token: cancellationToken);
    }

    // Other plates' events by their hashes alone: what they hold is nobody's business here.
    private static async Task CopyStreamAsync(
        DataConnection source, DataConnection target, BundleStream part, StreamHead? head, BulkCopyOptions options, CancellationToken cancellationToken)
    {
        ReadStreamTable stream = await source.GetTable<ReadStreamTable>().SingleAsync(row => row.StreamKey == part.StreamKey, cancellationToken);
        if (head is not null && head.NextOffset > part.Originals[^1])
        {
            (stream.NextOffset, stream.ChainHash) = (head.NextOffset, head.Chain.ToBytes());
        }

        await target.InsertAsync(stream, token: cancellationToken);
        long[] wanted = [.. part.Originals];
        Dictionary<long, byte[]> originals = [];
        foreach (long[] some in wanted.Chunk(100))
        {
            foreach (StreamEventTable row in await source.GetTable<StreamEventTable>()
                .Where(row => row.StreamKey == part.StreamKey && some.Contains(row.EventOffset)).ToListAsync(cancellationToken))
            {
                originals.Add(row.EventOffset, row.Content);
            }
        }

        IAsyncEnumerable<StreamEventTable> rows = source.GetTable<StreamEventTable>()
            .Where(row => row.StreamKey == part.StreamKey && row.EventOffset >= part.FirstOffset && row.EventOffset < stream.NextOffset)
            .OrderBy(row => row.EventOffset)
            .Select(row => new StreamEventTable
            {
                StreamKey = row.StreamKey,
                EventOffset = row.EventOffset,
                Epoch = row.Epoch,
                ContentHash = row.ContentHash,
                ChainHash = row.ChainHash,
                ReceiveTime = row.ReceiveTime,
                SendTime = row.SendTime,
            })
            .AsAsyncEnumerable();
        await target.BulkCopyAsync(options, WithOriginalsAsync(rows, originals), cancellationToken);
    }

    private static async IAsyncEnumerable<StreamEventTable> WithOriginalsAsync(IAsyncEnumerable<StreamEventTable> rows, Dictionary<long, byte[]> originals)
    {
        await foreach (StreamEventTable row in rows)
        {
            row.Content = originals.GetValueOrDefault(row.EventOffset, []);
            yield return row;
        }
    }

    private static async Task<List<string>> ExpectedSchemaAsync(CancellationToken cancellationToken)
    {
        using SqliteConnection empty = Open(":memory:", SqliteOpenMode.Memory);
        await using DataConnection connection = SqliteDatabase.Over(empty);
        await Migrations.ApplyAsync(new SqliteDatabase(":memory:"), connection, TimeProvider.System, cancellationToken);
        return SchemaOf(empty);
    }

    private static List<string> SchemaOf(SqliteConnection connection) =>
        Texts(connection, "SELECT type || ' ' || name || ' of ' || tbl_name || char(10) || COALESCE(sql, '') FROM sqlite_master WHERE name NOT GLOB 'sqlite_*' ORDER BY 1");

    private static List<string> Texts(SqliteConnection connection, string sql) => [.. Backups.DatabaseCheck.Rows(connection, sql, row => row.GetString(0))];

    private static void Execute(SqliteConnection connection, string pragma)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this file
        command.CommandText = pragma;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

/// <summary>What is cut out of a database.</summary>
/// <param name="Subject">The plate.</param>
/// <param name="FirstSequence">First audit event.</param>
/// <param name="HashBefore">Hash of the one before it.</param>
/// <param name="LastSequence">Last audit event.</param>
/// <param name="LastHash">Its hash.</param>
/// <param name="NewestAboutPlate">The newest event about the plate.</param>
/// <param name="Streams">Parts of read streams.</param>
/// <param name="Checkpoint">The checkpoint that goes along; null for none.</param>
/// <param name="EndsAtCheckpoint">Whether the parts end where the checkpoint says that ledger and streams ended.</param>
internal sealed record BundleCut(
    BundleSubject Subject,
    long FirstSequence,
    ContentHash HashBefore,
    long LastSequence,
    ContentHash LastHash,
    long NewestAboutPlate,
    IReadOnlyList<BundleStream> Streams,
    Checkpoints.HeldCheckpoint? Checkpoint,
    bool EndsAtCheckpoint)
{
    private readonly Checkpoint? says = Checkpoint?.Signed.ToCheckpoint();

    /// <summary>Where a stream ends in the cut; null where it ends as in the database.</summary>
    public StreamHead? HeadOf(long streamKey) => EndsAtCheckpoint ? says?.Streams.FirstOrDefault(head => head.StreamKey == streamKey) : null;
}
