using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Storage;
using Biomarkers.Tests.Pipeline;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Storage;

public sealed class SqlStoreTests : IDisposable
{
    // The tables that change in place; every other one is append-only. A new table must be put on one side or the other.
    private static readonly string[] MutableTables =
        ["control_series", "database_identity", "key_sequence", "ledger_head", "pending_read", "pending_read_part", "plate", "read_stream", "schema_version", "work_holder", "work_item"];

    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task EveryTableOfOriginalsAndResults_UpdateAndDelete_AreRefused()
    {
        await FillAsync();
        await using SqliteConnection connection = await OpenFileAsync();
        List<string> tables = await ReadAsync(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", reader => reader.GetString(0));
        string[] appendOnly = [.. tables.Except(MutableTables)];

        Assert.Equal(16, appendOnly.Length);
        foreach (string table in appendOnly)
        {
            string column = (await ReadAsync(connection, $"SELECT name FROM pragma_table_info('{table}')", reader => reader.GetString(0)))[0];
            Assert.True((await ReadAsync(connection, $"SELECT COUNT(*) FROM {table}", reader => reader.GetInt64(0)))[0] > 0, $"{table} has no row, so the trigger would not be tried.");
            foreach (string change in new[] { $"UPDATE {table} SET {column} = {column}", $"DELETE FROM {table}" })
            {
                await using SqliteCommand command = connection.CreateCommand();
                command.CommandText = change;
                var refused = await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync());
                Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Ledger_RecomputedFromItsRows_IsUnbroken()
    {
        await FillAsync();
        await using SqliteConnection connection = await OpenFileAsync();
        var rows = await ReadAsync(connection, "SELECT sequence, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event ORDER BY sequence", reader => (
            Sequence: reader.GetInt64(0),
            Time: reader.GetInt64(1),
            Texts: Enumerable.Range(2, 5).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i)).ToArray(),
            Previous: (byte[])reader[7],
            Hash: (byte[])reader[8]));

        byte[] previous = new byte[32];
        for (int i = 0; i < rows.Count; i++)
        {
            Assert.Equal(i + 1, rows[i].Sequence);
            Assert.Equal(previous, rows[i].Previous);
            previous = Rehash(previous, rows[i].Sequence, rows[i].Time, rows[i].Texts);
            Assert.Equal(previous, rows[i].Hash);
        }

        Assert.Equal(previous, (await ReadAsync(connection, "SELECT hash FROM ledger_head", reader => (byte[])reader[0]))[0]);
        Assert.Contains(rows, row => row.Texts[1] == "RUN_SAVED");
    }

    [Fact]
    public async Task Open_NewerSchema_IsRefusedAndNothingChanges()
    {
        await FillAsync();
        await using (SqliteConnection connection = await OpenFileAsync())
        {
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "INSERT INTO schema_version (number, name, apply_time) VALUES (999, 'of the future', 0)";
            await command.ExecuteNonQueryAsync();
        }

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqlStore.OpenAsync(new SqliteDatabase(DatabaseFile), TimeProvider.System, CancellationToken.None));

        Assert.Contains("schema 999", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FileThatIsNoDatabase_IsRefusedWithItsPath()
    {
        await File.WriteAllTextAsync(DatabaseFile, string.Concat(Enumerable.Repeat("this is no database. ", 100)));

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqlStore.OpenAsync(new SqliteDatabase(DatabaseFile), TimeProvider.System, CancellationToken.None));

        Assert.Contains(DatabaseFile, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewDatabase_IsWalFullAndItsOwnersOnly()
    {
        await FillAsync();
        await using SqliteConnection connection = await OpenFileAsync();

        Assert.Equal("wal", (await ReadAsync(connection, "PRAGMA journal_mode", reader => reader.GetString(0)))[0]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(DatabaseFile));
        }
    }

    [Fact]
    public async Task StreamChain_RecomputedFromTheEvents_IsWhatTheStreamSays()
    {
        await using PipelineHost host = await PipelineHost.StartAsync(folder);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        byte[] chain = new byte[32];
        for (int offset = 0; offset < 4; offset++)
        {
            await host.SendAsync(stream, offset, TestPlates.Whole($"P-{offset}"));
            chain = SHA256.HashData([.. chain, .. SHA256.HashData([(byte)offset])]);
        }

        StreamSummary summary = (await host.Store.Queries.GetStreamAsync("reader-1", "s1", CancellationToken.None))!;

        Assert.Equal(Convert.ToHexStringLower(chain), summary.ChainHash.Hex);
    }

    private string DatabaseFile => Path.Combine(folder, "biomarkers.db");

    // One row at least in every append-only table.
    private async Task FillAsync()
    {
        await using PipelineHost host = await PipelineHost.StartAsync(folder);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole("P-1", factor: 1.5));
        await host.SendAsync(stream, 1, new List<Fault> { new("a", FaultReasons.NonFinite, "x") }, [1]);
        await host.UntilAsync(async () => (await host.Store.Queries.GetPlateAsync("P-1", CancellationToken.None))?.NewestRunKey is not null ? "there" : null);
        await FlagsAsync(host, stream);
    }

    // A plate that surely has a finding: its control wells read twice too high.
    private static async Task FlagsAsync(PipelineHost host, OpenedStream stream)
    {
        WholePlateRead whole = TestPlates.Whole("P-2");
        var column = whole.Read.Columns[0];
        var shifted = new Biomarkers.Immunoassay.Plates.ResponseColumn(
            column.Analyte,
            column.Purpose,
            column.WavelengthNm,
            column.Positions,
            [.. column.Responses.Select((response, i) => column.Positions[i].Column == 4 ? 2 * response : response)],
            [],
            []);
        var read = Biomarkers.Immunoassay.Plates.PlateRead.Create("P-2", 96, whole.Read.ResponseKind, [shifted]).ValueOrThrow();
        await host.SendAsync(stream, 2, whole with { Read = read });
        await host.UntilAsync(async () => (await host.Store.Queries.GetPlateAsync("P-2", CancellationToken.None))?.NewestRunKey is not null ? "there" : null);
    }

    private async Task<SqliteConnection> OpenFileAsync()
    {
        var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<List<T>> ReadAsync<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> map)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await using SqliteDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    // The chain as it is documented, written a second time.
    private static byte[] Rehash(byte[] previous, long sequence, long time, string?[] texts)
    {
        var bytes = new List<byte>(previous);
        void Number(long value)
        {
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            bytes.AddRange(number.ToArray());
        }

        Number(sequence);
        Number(time);
        foreach (string? text in texts)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text ?? string.Empty);
            Number(text is null ? -1 : utf8.Length);
            bytes.AddRange(utf8);
        }

        return SHA256.HashData([.. bytes]);
    }
}
