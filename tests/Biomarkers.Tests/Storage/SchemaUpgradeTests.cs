using Biomarkers.Pipeline.Queries;
using Biomarkers.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>A database that an earlier program wrote, kept as it was: each schema that was ever released has its file in <c>Schemas</c>.</summary>
public sealed class SchemaUpgradeTests : IAsyncLifetime
{
    private TestDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(StoreEngine.Sqlite);
        await LoadAsync(database, "0001");
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Open_DatabaseOfTheFirstSchema_KeepsEveryRowOfItsTables()
    {
        string[] tables = [.. (await database.ListTablesAsync()).Except(["schema_version", "work_item", "key_sequence"])];
        // Newer schemas add columns; those that were there keep what they hold.
        Dictionary<string, string[]> columns = [];
        foreach (string table in tables)
        {
            columns[table] = [.. await database.ListColumnsAsync(table)];
        }

        Dictionary<string, List<string>> before = await DumpAsync(columns);

        await OpenAndCloseAsync();

        Assert.Equal(21, before.Count);
        Assert.Equal(before, await DumpAsync(columns));
        Assert.Equal(
            Enumerable.Range(1, Migrations.NewestVersion).Select(number => (long)number),
            await database.ReadAsync("SELECT number FROM schema_version ORDER BY number", row => row.GetInt64(0)));
        Assert.DoesNotContain("beat", await database.ListColumnsAsync("work_item"));
    }

    [Fact]
    public async Task Open_DatabaseOfTheFirstSchema_PutsItsControlPointsInOrder()
    {
        await OpenAndCloseAsync();

        var points = await database.ReadAsync(
            "SELECT level_name, position, run_key, point_count FROM control_series JOIN control_series_point USING (series_key) ORDER BY level_name, position",
            row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)));

        // Two runs with one set of each of three levels.
        Assert.Equal([("HQC", 1, 1, 2), ("HQC", 2, 2, 2), ("LQC", 1, 1, 2), ("LQC", 2, 2, 2), ("MQC", 1, 1, 2), ("MQC", 2, 2, 2)], points);
    }

    [Fact]
    public async Task Open_DatabaseOfTheFirstSchema_SealsItsRuns()
    {
        await OpenAndCloseAsync();
        await OpenAndCloseAsync();

        var sealedRuns = await database.ReadAsync("SELECT run_key, ordinal FROM run_seal ORDER BY run_key", row => (row.GetInt64(0), row.GetInt64(1)));

        Assert.Equal([(1L, 1L), (2L, 1L)], sealedRuns);
    }

    [Fact]
    public async Task Open_DatabaseOfTheFirstSchema_AnswersAsBefore()
    {
        var before = await database.ReadAsync(
            "SELECT sample_id, concentration FROM result_version JOIN result USING (result_key) ORDER BY version_key", row => (row.GetString(0), row.IsDBNull(1) ? null : (double?)row.GetDouble(1)));

        await using SqlStore store = await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None);
        Page<StoredResult> results = await store.Queries.ListResultsAsync(new ResultFilter(), new PageRequest(100, OldestFirst: true), CancellationToken.None);

        Assert.Equal(4, before.Count);
        Assert.Equal(before, results.Rows.Select(row => (row.Result.SampleId, row.Result.Concentration)));
        Assert.Equal(3, (await store.Queries.ListPlatesAsync(new PlateFilter(null), new PageRequest(100), CancellationToken.None)).Rows.Count);
    }

    /// <summary>Makes a database as the program of a schema left it.</summary>
    internal static async Task LoadAsync(TestDatabase database, string schema)
    {
        await using Stream resource = typeof(SchemaUpgradeTests).Assembly.GetManifestResourceStream($"Biomarkers.Tests.Storage.Schemas.{schema}.sql")!;
        using var reader = new StreamReader(resource);
        await database.ExecuteAsync(await reader.ReadToEndAsync());
        SqliteConnection.ClearAllPools();
    }

    private async Task OpenAndCloseAsync() =>
        await (await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None)).DisposeAsync();

    private async Task<Dictionary<string, List<string>>> DumpAsync(Dictionary<string, string[]> columns)
    {
        var rows = new Dictionary<string, List<string>>();
        foreach ((string table, string[] names) in columns)
        {
            rows[table] = await database.ReadAsync(
                $"SELECT {string.Join(", ", names.Select(column => $"quote({column})"))} FROM {table} ORDER BY 1, 2", row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(row.GetString)));
        }

        return rows;
    }
}
