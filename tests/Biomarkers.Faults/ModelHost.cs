using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Storage;

namespace Biomarkers.Faults;

/// <summary>The product's pipeline in this process, over SQLite: the writer and what it does with events; nothing is analysed, for no plate has a layout.</summary>
internal sealed class ModelHost : IAsyncDisposable, IPipelineObserver
{
    private readonly CancellationTokenSource stop = new();
    private readonly SqlStore store;
    private readonly StoreWriter writer;
    private readonly Task writing;

    private ModelHost(SqlStore store)
    {
        this.store = store;
        var limits = new PipelineLimits { WritesPerTransaction = 256, WriteQueueLength = 1024 };
        var changes = new ChangeSignal();
        writer = new StoreWriter(store, limits, TimeProvider.System);
        Intake = new PlateReadIntake(writer, new AnalysisPipeline(store, writer, changes, limits, TimeProvider.System, this), changes, limits);
        writing = Task.Run(() => writer.RunAsync(stop.Token));
    }

    public PlateReadIntake Intake { get; }

    public SqlQueries Queries => store.Queries;

    public static async Task<ModelHost> StartAsync(string file, CancellationToken cancellationToken) =>
        new(await SqlStore.OpenAsync(new SqliteDatabase(file), TimeProvider.System, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        writer.Complete();
        await writing;
        await store.DisposeAsync();
        stop.Dispose();
    }

    public void WorkTakenUp(int count) => throw new InvalidOperationException("There is no work here.");

    public void RunSaved(SavedRun saved, AnalyticalRun run) => throw new InvalidOperationException("There is no work here.");

    public void AnalysisFailed(ReadyWork work, Exception exception) => throw new InvalidOperationException("There is no work here.", exception);
}
