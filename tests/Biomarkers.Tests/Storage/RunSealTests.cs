using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>A run that is not as it was saved is refused wherever it would be shown, and what it does not concern is served.</summary>
public abstract class RunSealTests : StoreContract
{
    private static readonly PageRequest Page = new(100);

    [StoreFact]
    public async Task Run_WhoseValueWasChangedBehindTheServer_IsRefusedWhereverItIsShown()
    {
        await using PipelineHost host = await StartAsync();
        (StoredRun first, StoredRun other) = await TwoRunsAsync(host);
        long damaged = first.Results[0].ResultKey;

        await ChangeAsync("result_version", $"concentration = concentration * 1.0000001 WHERE result_key = {damaged}");

        IQueries queries = host.Store.Queries;
        StoredDataDamagedException refused = await RefusedAsync(queries.GetRunAsync(first.Summary.RunKey, CancellationToken.None));
        Assert.Equal($"analyticalRuns/{first.Summary.RunKey}", refused.Target);
        await RefusedAsync(queries.GetResultAsync(damaged, null, CancellationToken.None));
        await RefusedAsync(queries.ListRunsAsync(new RunFilter(), Page, CancellationToken.None));
        await RefusedAsync(queries.ListResultsAsync(new ResultFilter(PlateBarcode: "P-1"), Page, CancellationToken.None));
        await RefusedAsync(queries.ListRunChangesAsync(0, 100, CancellationToken.None));
        Page<StoredResult> served = await queries.ListResultsAsync(new ResultFilter(PlateBarcode: "P-2"), Page, CancellationToken.None);
        Assert.Equivalent(other.Results, served.Rows.OrderBy(row => row.VersionKey), strict: true);
        Assert.Equal(other.Summary.RunKey, Assert.Single((await queries.ListRunsAsync(new RunFilter("P-2"), Page, CancellationToken.None)).Rows).RunKey);
    }

    /// <summary>Every table of a run, and every row that names it.</summary>
    [StoreFact]
    public async Task Run_WhoseRowsAreDamagedAnywhere_IsRefused()
    {
        (string Table, string Change)[] damages =
        [
            ("analytical_run", "criteria = '[]'"), ("standard_curve", "lloq = lloq / 2"), ("control_point", "is_accepted = NOT is_accepted"), ("qc_flag", "severity = severity + 1"),
            ("run_lot", "lot_number = 'KIT-2'"), ("result", "sample_id = sample_id || 'x'"), ("result_version", "flag_codes = 'W_NAN'"), ("plate_read", "instrument_id = 'reader-2'"),
            ("plate_layout", "version = 7"), ("run_seal", "row_count = row_count + 1"),
        ];
        foreach ((string table, string change) in damages)
        {
            await using TestDatabase database = await TestDatabase.CreateAsync(EngineOf(GetType())!.Value);
            await using PipelineHost host = await PipelineHost.StartAsync(database);
            StoredRun run = await RunAsync(host, 0, "P-1", factor: 1.3);

            Assert.True(await ChangeAsync(table, change, database) > 0 || table == "qc_flag", table);

            if (table != "qc_flag" || run.Run.Flags.Count > 0)
            {
                await RefusedAsync(host.Store.Queries.GetRunAsync(run.Summary.RunKey, CancellationToken.None));
            }
        }
    }

    [StoreFact]
    public async Task Run_WhoseSealIsGone_IsRefused()
    {
        await using PipelineHost host = await StartAsync();
        StoredRun run = await RunAsync(host, 0, "P-1");

        await AllowChangesAsync("run_seal", Database);
        await Database.ExecuteAsync("DELETE FROM run_seal");

        StoredDataDamagedException refused = await RefusedAsync(host.Store.Queries.GetRunAsync(run.Summary.RunKey, CancellationToken.None));
        Assert.Contains("no seal", refused.Finding, StringComparison.Ordinal);
        Assert.Null(await host.Store.Queries.GetRunAsync(run.Summary.RunKey + 1, CancellationToken.None));
    }

    [StoreFact]
    public async Task ReinstatedRun_IsSealedAgain_UnlessItIsDamaged()
    {
        await using PipelineHost host = await StartAsync();
        StoredRun run = await RunAsync(host, 0, "P-1");
        await GiveAsync(host, 5);
        await host.UntilAsync(async () => (await NewestAsync(host))?.Summary.RunKey != run.Summary.RunKey ? "second" : null);
        await GiveAsync(host, 0);
        StoredRun again = (await host.Store.Queries.GetRunAsync(run.Summary.RunKey, CancellationToken.None))!;

        Assert.All(again.Results, result => Assert.Equal(2, result.Version));
        Assert.Equal(2, await Database.CountAsync($"SELECT COUNT(*) FROM run_seal WHERE run_key = {run.Summary.RunKey}"));
        await GiveAsync(host, 5);
        await ChangeAsync("result_version", $"wells = 'A01' WHERE run_key = {run.Summary.RunKey}");
        await Assert.ThrowsAsync<StoredDataDamagedException>(() => GiveAsync(host, 0));
        Assert.Equal(2, await Database.CountAsync($"SELECT COUNT(*) FROM run_seal WHERE run_key = {run.Summary.RunKey}"));
    }

    [StoreFact]
    public async Task ReadThatIsDamaged_IsNotBuiltUponAndBlocksNoStream()
    {
        await using PipelineHost host = await StartAsync();
        await RunAsync(host, 0, "P-1");
        await ChangeAsync("plate_read", "content = content_hash");

        StoredDataDamagedException refused = await Assert.ThrowsAsync<StoredDataDamagedException>(() => GiveAsync(host, 5));

        Assert.Contains("read 'r1'", refused.Target, StringComparison.Ordinal);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s9", "instruments/reader-1", CancellationToken.None);
        EventOutcome again = await host.SendAsync(stream, 0, TestPlates.Whole("P-1", "r2", factor: 1.1), [9]);
        Assert.Equal((EventOutcomeKind.Quarantined, "STORED_DATA_DAMAGED"), (again.Kind, Assert.Single(again.Faults).Reason));
        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 1, TestPlates.Whole("P-2"), [10])).Kind);
    }

    private static async Task<StoredDataDamagedException> RefusedAsync(Task read) => await Assert.ThrowsAsync<StoredDataDamagedException>(() => read);

    private static async Task GiveAsync(PipelineHost host, int sampleNumberOffset) =>
        await host.Intake.SubmitAsync(new SubmitPlateLayout("P-1", TestPlates.Layout(sampleNumberOffset), "samples were swapped", "people/kim"), CancellationToken.None);

    private static async Task<(StoredRun First, StoredRun Other)> TwoRunsAsync(PipelineHost host) => (await RunAsync(host, 0, "P-1"), await RunAsync(host, 1, "P-2"));

    private static async Task<StoredRun> RunAsync(PipelineHost host, int stream, string barcode, double factor = 1)
    {
        OpenedStream opened = await host.Intake.OpenAsync("reader-1", $"s{stream}", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(opened, 0, TestPlates.Whole(barcode, factor: factor), [(byte)stream]);
        return await host.UntilAsync(async () => await NewestAsync(host, barcode));
    }

    private static async Task<StoredRun?> NewestAsync(PipelineHost host, string barcode = "P-1") =>
        (await host.Store.Queries.GetPlateAsync(barcode, CancellationToken.None))?.NewestRunKey is { } key
            ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None)
            : null;

    private Task<long> ChangeAsync(string table, string change) => ChangeAsync(table, change, Database);

    // As somebody with the file or the superuser's rights could, or a disk.
    private static async Task<long> ChangeAsync(string table, string change, TestDatabase database)
    {
        await AllowChangesAsync(table, database);
        await database.ExecuteAsync($"UPDATE {table} SET {change}");
        return await database.CountAsync($"SELECT COUNT(*) FROM {table}");
    }

    private static Task AllowChangesAsync(string table, TestDatabase database) => database.ExecuteAsync(database.IsShared
        ? $"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"
        : $"DROP TRIGGER IF EXISTS {table}_no_update; DROP TRIGGER IF EXISTS {table}_no_delete");
}

[OnSqlite]
public sealed class SqliteRunSealTests : RunSealTests;

[OnPostgres]
public sealed class PostgresRunSealTests : RunSealTests;
