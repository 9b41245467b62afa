using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Storage;
using Biomarkers.Tests.Storage;

namespace Biomarkers.Tests.Pipeline;

/// <summary>The real pipeline of one server over a real database.</summary>
internal sealed class PipelineHost : IAsyncDisposable, IPipelineObserver
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];

    private PipelineHost()
    {
    }

    public SqlStore Store { get; private set; } = null!;

    public StoreWriter Writer { get; private set; } = null!;

    public PlateReadIntake Intake { get; private set; } = null!;

    public ChangeSignal Changes { get; } = new();

    public List<Exception> Failures { get; } = [];

    /// <summary>Limits for tests: a server that ended is found to have ended in half a second.</summary>
    public static PipelineLimits QuickLimits { get; } = new()
    {
        AnalysisWorkerCount = 2,
        BeatInterval = TimeSpan.FromMilliseconds(100),
        OlderWorkDelay = TimeSpan.FromMilliseconds(20),
        TransientRetryDelay = TimeSpan.FromMilliseconds(50),
    };

    public static async Task<PipelineHost> StartAsync(TestDatabase database, bool analyze = true, PipelineLimits? limits = null, TimeProvider? time = null)
    {
        var host = new PipelineHost();
        limits ??= QuickLimits;
        time ??= TimeProvider.System;
        host.Store = await SqlStore.OpenAsync(database.Connect(), time, CancellationToken.None);
        host.Writer = new StoreWriter(host.Store, limits, time);
        var pipeline = new AnalysisPipeline(host.Store, host.Writer, host.Changes, limits, time, host);
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

    /// <summary>Takes every other server, or the one that is named, for ended, and takes over open work.</summary>
    public async Task<ClaimedPage> ClaimAsync(int limit = 10, string? ended = null)
    {
        IReadOnlyList<HolderRow> holders = await Writer.WriteAsync(new ListHolders(), CancellationToken.None);
        IEnumerable<HolderRow> others = holders.Where(holder => ended is null ? holder.Holder != Writer.Holder : holder.Holder == ended);
        return await Writer.WriteAsync(new ClaimWork([.. others], limit), CancellationToken.None);
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
    }

    private sealed record ListHolders : IStoreWrite<IReadOnlyList<HolderRow>>
    {
        public Task<IReadOnlyList<HolderRow>> ApplyAsync(WriteContext context, CancellationToken cancellationToken) => context.Transaction.ListHoldersAsync(cancellationToken);
    }
}
