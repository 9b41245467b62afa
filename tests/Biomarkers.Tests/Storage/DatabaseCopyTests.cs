using System.Data.Common;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Storage;
using Biomarkers.Storage.Copies;
using Xunit;

namespace Biomarkers.Tests.Storage;

public sealed class DatabaseCopyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private TestDatabase source = null!;

    public async Task InitializeAsync()
    {
        source = await TestDatabase.CreateAsync(StoreEngine.Sqlite);
        await SchemaUpgradeTests.LoadAsync(source, "0001");
        await (await SqlStore.OpenAsync(source.Connect(), TimeProvider.System, CancellationToken.None)).DisposeAsync();
    }

    public async Task DisposeAsync() => await source.DisposeAsync();

    [PostgresFact]
    public async Task RunAsync_ToPostgresAndBack_HoldsTheSameRowsToTheLastBit()
    {
        await using PostgresTestDatabase postgres = await PostgresTestDatabase.CreateAsync(migrated: false);
        await using var back = new SqliteTestDatabase();

        IReadOnlyList<CopiedTable> there = await CopyAsync(source, postgres);
        IReadOnlyList<CopiedTable> again = await CopyAsync(postgres, back);

        Assert.All(there.Concat(again), table => Assert.True(table.IsEqual, table.Name));
        Assert.Equal(there.Select(table => table.SourceHash), again.Select(table => table.TargetHash));
        // Not by our hash: what SQLite itself prints of every row.
        Assert.Equal(await DumpAsync(source), await DumpAsync(back));
        await using SqlStore store = await SqlStore.OpenAsync(postgres.Connect(), TimeProvider.System, CancellationToken.None);
        Assert.Equal(4, (await store.Queries.ListResultsAsync(new ResultFilter(), new PageRequest(100), CancellationToken.None)).Rows.Count);
    }

    [PostgresFact]
    public async Task RunAsync_EveryTableOfTheSchema_IsCopied()
    {
        await using PostgresTestDatabase postgres = await PostgresTestDatabase.CreateAsync();

        Assert.Equal((await postgres.ListTablesAsync()).Except(["schema_version"]).Order(), TableCopy.All.Select(table => table.Name).Order());
    }

    [PostgresFact]
    public async Task RunAsync_TargetThatHoldsTables_IsRefusedAndUnchanged()
    {
        await using PostgresTestDatabase postgres = await PostgresTestDatabase.CreateAsync(migrated: false);
        await postgres.ExecuteAsync("CREATE TABLE theirs (a INTEGER)");

        var refused = await Assert.ThrowsAsync<StoreException>(() => CopyAsync(source, postgres));

        Assert.Contains("expected an empty one", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["theirs"], await postgres.ListTablesAsync());
    }

    [PostgresFact]
    public async Task RunAsync_SourceThatAServerUses_IsRefused()
    {
        await using PostgresTestDatabase postgres = await PostgresTestDatabase.CreateAsync();
        await using var target = new SqliteTestDatabase();
        await postgres.ExecuteAsync("INSERT INTO work_holder (holder, host_name, start_time, beat) VALUES ('a', 'lab-7', 0, 1)");
        using var beating = new CancellationTokenSource();
        Task beats = Task.Run(
            async () =>
            {
                while (!beating.IsCancellationRequested)
                {
                    await postgres.ExecuteAsync("UPDATE work_holder SET beat = beat + 1");
                }
            },
            CancellationToken.None);

        var refused = await Assert.ThrowsAsync<StoreException>(() => CopyAsync(postgres, target, TimeSpan.FromSeconds(1)));

        await beating.CancelAsync();
        await beats;
        Assert.Contains("lab-7", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_SourceOfAnOlderSchema_IsRefused()
    {
        await using var old = new SqliteTestDatabase();
        await using var target = new SqliteTestDatabase();
        await SchemaUpgradeTests.LoadAsync(old, "0001");

        var refused = await Assert.ThrowsAsync<StoreException>(() => CopyAsync(old, target));

        Assert.Contains("has schema 1; this program copies schema 3", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowHash_AnyValueThatDiffers_Differs()
    {
        Row[] rows =
        [
            new(), new() { Whole = 1 }, new() { Whole = -1 }, new() { Number = 0.0 }, new() { Number = -0.0 }, new() { Number = double.NaN }, new() { Text = "" },
            new() { Text = "a" }, new() { Text = "a\0" }, new() { Bytes = [] }, new() { Bytes = [0] }, new() { Truth = true }, new() { Truth = false },
        ];

        var hashes = rows.Select(row =>
        {
            using var hash = new RowHash<Row>();
            hash.Add(row);
            return hash.Finish();
        });

        Assert.Equal(rows.Length, hashes.Distinct().Count());
    }

    private static Task<IReadOnlyList<CopiedTable>> CopyAsync(TestDatabase from, TestDatabase to, TimeSpan? patience = null) =>
        DatabaseCopy.RunAsync(from.Connect(), to.Connect(), TimeProvider.System, patience ?? Patience, null, CancellationToken.None);

    private static async Task<List<string>> DumpAsync(TestDatabase database)
    {
        var rows = new List<string>();
        foreach (string table in (await database.ListTablesAsync()).Except(["schema_version"]))
        {
            string columns = string.Join(", ", (await database.ListColumnsAsync(table)).Select(column => $"quote({column})"));
            rows.AddRange(await database.ReadAsync($"SELECT {columns} FROM {table} ORDER BY 1, 2", row => Line(table, row)));
        }

        return rows;
    }

    private static string Line(string table, DbDataReader row) => $"{table}: {string.Join('|', Enumerable.Range(0, row.FieldCount).Select(row.GetString))}";

    private sealed class Row
    {
        [LinqToDB.Mapping.Column]
        public long Whole { get; init; }

        [LinqToDB.Mapping.Column]
        public double? Number { get; init; }

        [LinqToDB.Mapping.Column]
        public string? Text { get; init; }

        [LinqToDB.Mapping.Column]
        public byte[]? Bytes { get; init; }

        [LinqToDB.Mapping.Column]
        public bool? Truth { get; init; }
    }
}
