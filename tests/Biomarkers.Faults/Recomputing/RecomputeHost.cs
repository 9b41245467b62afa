using System.Text;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Simulation.Plates;
using Biomarkers.Storage;

namespace Biomarkers.Faults.Recomputing;

/// <summary>The product's writer and pipeline in this process, by a number of workers.</summary>
internal sealed class RecomputeHost : IPipelineObserver, IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> running = [];
    private readonly SqlStore store;
    private readonly StoreWriter writer;
    private readonly PlateReadIntake intake;
    private readonly int expected;
    private int saved;

    private RecomputeHost(SqlStore store, int workers, int expected)
    {
        this.store = store;
        this.expected = expected;
        var limits = new PipelineLimits { AnalysisWorkerCount = workers };
        var changes = new ChangeSignal();
        writer = new StoreWriter(store, limits, TimeProvider.System);
        var pipeline = new AnalysisPipeline(store, writer, changes, limits, TimeProvider.System, this);
        intake = new PlateReadIntake(writer, pipeline, changes, limits);
        running.Add(Task.Run(() => writer.RunAsync(stop.Token)));
        running.Add(Task.Run(() => pipeline.RunAsync(stop.Token)));
    }

    public SqlQueries Queries => store.Queries;

    /// <summary>Starts over an empty database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="workers">Workers that analyse.</param>
    /// <param name="expected">Runs after which everything is finished.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<RecomputeHost> StartAsync(SqlDatabase database, int workers, int expected, CancellationToken cancellationToken)
    {
        var host = new RecomputeHost(await SqlStore.OpenAsync(database, TimeProvider.System, cancellationToken), workers, expected);
        foreach (AssayDefinition assay in BuiltInAssays.All)
        {
            await host.intake.CreateAssayAsync(new CreateAssay(assay, "server"), cancellationToken);
        }

        return host;
    }

    /// <summary>Analyses plates, some of them on their way at a time.</summary>
    public async Task AnalyseAsync(IReadOnlyList<SimulatedPlate> plates, int atOnce, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(plates, parallel, async (plate, stopped) =>
        {
            var content = new WholePlateRead(new ReadOrigin("r1", "kim", null), plate.Read, plate.Layout);
            await intake.SubmitAsync(new SubmitPlateRead("reader-1", content, Encoding.UTF8.GetBytes(plate.Read.PlateBarcode), "instruments/reader-1"), stopped);
        });
        await finished.Task.WaitAsync(cancellationToken);
    }

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
        // The database is new: there is none.
    }

    public void RunSaved(SavedRun saved, AnalyticalRun run)
    {
        if (Interlocked.Increment(ref this.saved) == expected)
        {
            finished.TrySetResult();
        }
    }

    public void AnalysisFailed(ReadyWork work, Exception exception) => finished.TrySetException(exception);
}
