using System.Collections.Concurrent;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Storage;

namespace Biomarkers.Faults.Delivery;

/// <summary>One server of the product in this process: its writer, and a pipeline that analyses plates, over a store that it may share.</summary>
internal sealed class DeliveryServer : IPipelineObserver, IAsyncDisposable
{
    private static readonly TimeSpan LongestAnalysis = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> saved = [];
    private readonly List<Task> running = [];
    private readonly SqlStore store;
    private readonly PlateReadIntake intake;
    private Exception? failure;

    private DeliveryServer(SqlStore store, TimeProvider time)
    {
        this.store = store;
        var limits = new PipelineLimits { AnalysisWorkerCount = 1, ClockJump = TimeSpan.FromDays(365_000) };
        var changes = new ChangeSignal();
        Writer = new StoreWriter(store, limits, time);
        var pipeline = new AnalysisPipeline(store, Writer, changes, limits, time, this);
        intake = new PlateReadIntake(Writer, pipeline, changes, limits);
        running.Add(Task.Run(() => Writer.RunAsync(stop.Token)));
        running.Add(Task.Run(() => pipeline.RunAsync(stop.Token)));
    }

    public StoreWriter Writer { get; }

    public SqlQueries Queries => store.Queries;

    public static async Task<DeliveryServer> StartAsync(SqlDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        var server = new DeliveryServer(await SqlStore.OpenAsync(database, time, cancellationToken), time);
        foreach (AssayDefinition assay in new[] { BuiltInAssays.Il6, BuiltInAssays.HsCrp })
        {
            await server.intake.CreateAssayAsync(new CreateAssay(assay, "server"), cancellationToken);
        }

        return server;
    }

    /// <summary>Takes what makes analyses of a plate possible, and waits for their runs.</summary>
    public async Task SubmitAsync<TOutcome>(string barcode, IStoreWrite<TOutcome> write, CancellationToken cancellationToken)
        where TOutcome : IMakesWork
    {
        SemaphoreSlim runs = saved.GetOrAdd(barcode, _ => new SemaphoreSlim(0));
        TOutcome outcome = await intake.SubmitAsync(write, cancellationToken);
        for (int run = 0; run < outcome.Works.Count; run++)
        {
            if (!await runs.WaitAsync(LongestAnalysis, cancellationToken))
            {
                throw new InvalidOperationException($"Plate '{barcode}' was not analysed within {LongestAnalysis.TotalSeconds} s.", failure);
            }
        }
    }

    /// <summary>Ends it at once, wherever its writer is.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await store.DisposeAsync();
        intake.Dispose();
        stop.Dispose();
    }

    public void WorkTakenUp(int count)
    {
        // Work that a crash left open is found by its plate's run.
    }

    public void RunSaved(SavedRun saved, AnalyticalRun run) => this.saved.GetOrAdd(saved.PlateBarcode, _ => new SemaphoreSlim(0)).Release();

    public void AnalysisFailed(ReadyWork work, Exception exception) => failure = exception;
}
