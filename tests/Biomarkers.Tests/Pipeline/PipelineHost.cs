using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Storage;

namespace Biomarkers.Tests.Pipeline;

/// <summary>The real pipeline over a real SQLite file in a folder of its own.</summary>
internal sealed class PipelineHost : IAsyncDisposable, IPipelineObserver
{
    private readonly CancellationTokenSource stop = new();
    private readonly bool ownsFolder;
    private readonly List<Task> running = [];

    private PipelineHost(string folder, bool ownsFolder)
    {
        Folder = folder;
        this.ownsFolder = ownsFolder;
    }

    public string Folder { get; }

    public SqlStore Store { get; private set; } = null!;

    public StoreWriter Writer { get; private set; } = null!;

    public PlateReadIntake Intake { get; private set; } = null!;

    public ChangeSignal Changes { get; } = new();

    public List<Exception> Failures { get; } = [];

    public static async Task<PipelineHost> StartAsync(string? folder = null, bool analyze = true, PipelineLimits? limits = null)
    {
        string used = folder ?? Directory.CreateTempSubdirectory("biomarkers-").FullName;
        var host = new PipelineHost(used, folder is null);
        limits ??= new PipelineLimits { AnalysisWorkerCount = 2 };
        host.Store = await SqlStore.OpenAsync(new SqliteDatabase(Path.Combine(used, "biomarkers.db")), TimeProvider.System, CancellationToken.None);
        host.Writer = new StoreWriter(host.Store, limits, TimeProvider.System);
        var pipeline = new AnalysisPipeline(host.Store, host.Writer, host.Changes, limits, TimeProvider.System, host);
        host.Intake = new PlateReadIntake(host.Writer, pipeline, host.Changes, limits);
        host.running.Add(host.Writer.RunAsync(host.stop.Token));
        foreach (AssayDefinition assay in BuiltInAssays.All)
        {
            await host.Intake.CreateAssayAsync(new CreateAssay(assay, "server"), CancellationToken.None);
        }

        if (analyze)
        {
            host.running.Add(pipeline.RunAsync(host.stop.Token));
        }

        return host;
    }

    public Task<EventOutcome> SendAsync(OpenedStream stream, long offset, EventContent content) => SendAsync(stream, offset, content, [(byte)offset]);

    public async Task<EventOutcome> SendAsync(OpenedStream stream, long offset, Checked<EventContent> content, byte[] bytes)
    {
        EventOutcome outcome = await Intake.AppendAsync(
            new StreamEvent(stream, offset, ContentHash.Of(bytes), bytes, DateTimeOffset.UnixEpoch, null, content));
        await Intake.EnqueueAsync(outcome.Works, CancellationToken.None);
        return outcome;
    }

    /// <summary>Takes over everything open, as a server does whose others have all ended.</summary>
    public async Task<ClaimedPage> ClaimAsync()
    {
        ClaimedPage first = await Writer.WriteAsync(new ClaimWork([], 10), CancellationToken.None);
        return await Writer.WriteAsync(new ClaimWork(first.Others, 10), CancellationToken.None);
    }

    /// <summary>Waits, by the pipeline's own signal, until a condition holds.</summary>
    public async Task<T> UntilAsync<T>(Func<Task<T?>> ask)
        where T : class
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            Task next = Changes.Next;
            if (await ask() is { } answer)
            {
                return answer;
            }

            await next.WaitAsync(limit.Token);
        }
    }

    public void WorkTakenUp(int count)
    {
    }

    public void RunSaved(SavedRun saved, AnalyticalRun run)
    {
    }

    public void AnalysisFailed(ReadyWork work, Exception exception) => Failures.Add(exception);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Store.DisposeAsync();
        stop.Dispose();
        if (ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
