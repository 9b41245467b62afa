using System.Threading.Channels;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline;

/// <summary>The stages in order: what an earlier process left is taken up, N workers analyse, one writer saves, watchers are told.</summary>
/// <remarks>Every queue is bounded. A restart and a crash are the same thing: unfinished work is found in the store and claimed. Works of one
/// plate go to one worker, so that they are saved in the order in which they were made.</remarks>
public sealed class AnalysisPipeline : IDisposable
{
    private readonly StoreWriter writer;
    private readonly ChangeSignal changes;
    private readonly PipelineLimits limits;
    private readonly IPipelineObserver observer;
    private readonly Channel<QueuedWork>[] queues;

    // From the second attempt on a plate is analysed alone: the one that ends the process is then known by its number of attempts.
    private readonly SemaphoreSlim alone = new(1);

    /// <summary>Makes a pipeline; it works once <see cref="RunAsync"/> runs.</summary>
    public AnalysisPipeline(StoreWriter writer, ChangeSignal changes, PipelineLimits limits, IPipelineObserver observer)
    {
        this.writer = writer;
        this.changes = changes;
        this.limits = limits;
        this.observer = observer;
        var bounds = new BoundedChannelOptions(Math.Max(1, limits.WorkQueueLength / limits.AnalysisWorkerCount)) { SingleReader = true };
        queues = [.. Enumerable.Range(0, limits.AnalysisWorkerCount).Select(_ => Channel.CreateBounded<QueuedWork>(bounds))];
    }

    /// <summary>Plates that wait for a worker.</summary>
    public int QueueLength => queues.Sum(queue => queue.Reader.Count);

    /// <summary>Puts durable work on its queue; waits while the queue is full.</summary>
    public ValueTask EnqueueAsync(ReadyWork ready, CancellationToken cancellationToken) =>
        QueueOf(ready).Writer.WriteAsync(new QueuedWork(ready, IsTakenUp: false), cancellationToken);

    /// <summary>Runs the stages until cancelled; what is in hand when that happens stays unfinished in the store and is taken up by the next start.</summary>
    /// <exception cref="Exception">The fault that ended a stage: the others are ended with it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] stages = [TakeUpUnfinishedAsync(stop.Token), .. queues.Select(queue => Task.Run(() => AnalyzeAsync(queue.Reader, stop.Token), stop.Token))];
        try
        {
            await foreach (Task ended in Task.WhenEach(stages).WithCancellation(cancellationToken))
            {
                await ended;
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (Channel<QueuedWork> queue in queues)
            {
                queue.Writer.TryComplete();
            }

            await Task.WhenAll(stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => alone.Dispose();

    private Channel<QueuedWork> QueueOf(ReadyWork work) =>
        queues[(uint)string.GetHashCode(work.Inputs.Read.PlateBarcode, StringComparison.Ordinal) % (uint)queues.Length];

    // What earlier processes left, a page at a time: the queues' bound is the brake.
    private async Task TakeUpUnfinishedAsync(CancellationToken cancellationToken)
    {
        ClaimedPage page;
        do
        {
            page = await writer.WriteUntilDoneAsync(new ClaimWork(limits.RecoveryPageSize), cancellationToken);
            foreach (ReadyWork work in page.Works)
            {
                await QueueOf(work).Writer.WriteAsync(new QueuedWork(work, IsTakenUp: true), cancellationToken);
            }

            observer.WorkTakenUp(page.Taken);
        }
        while (page.Taken > 0);
    }

    private async Task AnalyzeAsync(ChannelReader<QueuedWork> queue, CancellationToken cancellationToken)
    {
        await foreach (QueuedWork queued in queue.ReadAllAsync(cancellationToken))
        {
            if (queued.IsTakenUp)
            {
                await AnalyzeAloneAsync(queued.Work, cancellationToken);
            }
            else
            {
                await AnalyzeAsync(queued.Work, cancellationToken);
            }
        }
    }

    private async Task AnalyzeAloneAsync(ReadyWork work, CancellationToken cancellationToken)
    {
        await alone.WaitAsync(cancellationToken);
        try
        {
            int? attempt = await writer.WriteUntilDoneAsync(new BeginAttempt(work), cancellationToken);
            if (attempt > limits.AnalysisAttempts)
            {
                await ParkAsync(work, $"The server ended during each of {limits.AnalysisAttempts} attempts.", cancellationToken);
            }
            else if (attempt is not null)
            {
                await AnalyzeAsync(work, cancellationToken);
            }
        }
        finally
        {
            alone.Release();
        }
    }

    private async Task AnalyzeAsync(ReadyWork work, CancellationToken cancellationToken)
    {
        try
        {
            AnalyticalRun run = PlateAnalyzer.Analyze(work.Inputs);
            SavedRun? saved = await writer.WriteUntilDoneAsync(new SaveRun(work, run), cancellationToken);
            if (saved is not null)
            {
                changes.Raise();
                observer.RunSaved(saved, run);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException && writer.IsOpen)
        {
            // The analysis is pure and its run is saved by one statement after the other, so a second attempt in this process would fail alike.
            // The plate is parked and shown; the others go on.
            observer.AnalysisFailed(work, exception);
            await ParkAsync(work, $"{exception.GetType().Name}: {exception.Message}", cancellationToken);
        }
    }

    private async Task ParkAsync(ReadyWork work, string error, CancellationToken cancellationToken)
    {
        await writer.WriteUntilDoneAsync(new ParkWork(work, error), cancellationToken);
        changes.Raise();
    }

    private readonly record struct QueuedWork(ReadyWork Work, bool IsTakenUp);
}

/// <summary>Is told what the pipeline does, for logs and metrics.</summary>
public interface IPipelineObserver
{
    /// <summary>Unfinished work of an earlier process was claimed.</summary>
    void WorkTakenUp(int count);

    /// <summary>A run is durable.</summary>
    void RunSaved(SavedRun saved, AnalyticalRun run);

    /// <summary>The analysis of a plate, or saving its run, threw: a bug. The plate is parked.</summary>
    void AnalysisFailed(ReadyWork work, Exception exception);
}
