using System.Diagnostics;
using System.Threading.Channels;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline;

/// <summary>The stages in order: what an ended server left is taken over, N workers analyse, one writer saves, watchers are told.</summary>
/// <remarks>Every queue is bounded. A restart, a crash and the fall of a replica are the same thing: unfinished work is found in the store and
/// claimed. Works of one plate go to one worker, and a run whose plate has older open work is given up
/// for later, so that runs are saved in the order in which their works were made.</remarks>
public sealed class AnalysisPipeline
{
    private readonly IStore store;
    private readonly StoreWriter writer;
    private readonly ChangeSignal changes;
    private readonly PipelineLimits limits;
    private readonly TimeProvider time;
    private readonly IPipelineObserver observer;
    private readonly Channel<ReadyWork>[] queues;

    // For works of which two attempts did not come to an end. Has room for a page, and is filled only when it is empty.
    private readonly Channel<ReadyWork> alone;

    // Says that work was released, which this server may take itself.
    private readonly Channel<bool> released = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Makes a pipeline; it works once <see cref="RunAsync"/> runs.</summary>
    public AnalysisPipeline(IStore store, StoreWriter writer, ChangeSignal changes, PipelineLimits limits, TimeProvider time, IPipelineObserver observer)
    {
        this.store = store;
        this.writer = writer;
        this.changes = changes;
        this.limits = limits;
        this.time = time;
        this.observer = observer;
        var bounds = new BoundedChannelOptions(Math.Max(1, limits.WorkQueueLength / limits.AnalysisWorkerCount)) { SingleReader = true };
        queues = [.. Enumerable.Range(0, limits.AnalysisWorkerCount).Select(_ => Channel.CreateBounded<ReadyWork>(bounds))];
        alone = Channel.CreateBounded<ReadyWork>(new BoundedChannelOptions(limits.RecoveryPageSize) { SingleReader = true, SingleWriter = true });
    }

    /// <summary>Whether nothing leaves this server without a signature, so that no result is released as its run is saved; false by default.</summary>
    public bool ReleaseNeedsSignature { get; init; }

    /// <summary>Plates that wait for a worker.</summary>
    public int QueueLength => queues.Sum(queue => queue.Reader.Count) + alone.Reader.Count;

    /// <summary>Puts durable work on its queue; waits while the queue is full.</summary>
    public ValueTask EnqueueAsync(ReadyWork ready, CancellationToken cancellationToken) => QueueOf(ready).Writer.WriteAsync(ready, cancellationToken);

    /// <summary>Runs the stages until cancelled; what is in hand when that happens stays unfinished in the store and is taken up by the next start.</summary>
    /// <exception cref="Exception">The fault that ended a stage: the others are ended with it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] stages =
        [
            TakeOverAsync(stop.Token),
            ListenAsync(stop.Token),
            WatchClockAsync(stop.Token),
            Task.Run(() => AnalyzeAloneAsync(stop.Token), stop.Token),
            .. queues.Select(queue => Task.Run(() => AnalyzeAsync(queue, stop.Token), stop.Token)),
        ];
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
            foreach (Channel<ReadyWork> queue in queues.Append(alone))
            {
                queue.Writer.TryComplete();
            }

            await Task.WhenAll(stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Channel<ReadyWork> QueueOf(ReadyWork work) =>
        queues[(uint)string.GetHashCode(work.Inputs.Read.PlateBarcode, StringComparison.Ordinal) % (uint)queues.Length];

    // Servers that share a store say at every interval that they live, and take over what others leave. Alone, everything that is open at the
    // start was left, and later what was released. The next page is taken when the one before is in hand: what is beyond it another server may take.
    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        var watch = new HolderWatch(store.IsShared ? limits.MissedBeats : 0, limits.BeatInterval, time);
        IReadOnlyList<HolderRow> ended = [];
        Task filling = Task.CompletedTask;
        while (true)
        {
            int room = filling.IsCompleted && alone.Reader.Count == 0 ? limits.RecoveryPageSize : 0;
            ClaimedPage page = await writer.WriteUntilDoneAsync(new ClaimWork(ended, room), cancellationToken);
            if (filling.IsCompleted)
            {
                await filling;
                filling = FillAsync(page.Works, cancellationToken);
            }

            observer.WorkTakenUp(page.Taken);
            ended = watch.Observe(page.Others);
            bool mayBeMore = page.Taken > 0 || room == 0 || ended.Count > 0;
            await PauseAsync(mayBeMore ? limits.TakeOverPause : store.IsShared ? limits.BeatInterval : Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    // Beside the beats: a queue that is full must not make this server look dead.
    private async Task FillAsync(IReadOnlyList<ReadyWork> works, CancellationToken cancellationToken)
    {
        foreach (ReadyWork work in works)
        {
            await (work.RunsAlone ? alone : QueueOf(work)).Writer.WriteAsync(work, cancellationToken);
        }
    }

    // Shorter when work was released meanwhile.
    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task delay = Task.Delay(pause, time, over.Token);
        Task<bool> release = released.Reader.WaitToReadAsync(over.Token).AsTask();
        Task first = await Task.WhenAny(delay, release);
        await first;
        await over.CancelAsync();
        await Task.WhenAll(delay, release).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first == release && released.Reader.TryRead(out _))
        {
            await Task.Delay(limits.OlderWorkDelay, time, cancellationToken);
        }
    }

    // What other servers commit. A lost connection loses no change: watchers ask the store by themselves too.
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await store.ListenAsync(writer.Holder, changes.Raise, cancellationToken);
            }
            catch (Exception exception) when (store.IsTransient(exception))
            {
                await Task.Delay(limits.TransientRetryDelay, time, cancellationToken);
            }
        }
    }

    // Every transaction records a jump of the clock; here one is made where nobody writes.
    private async Task WatchClockAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(limits.ClockInterval, time, cancellationToken);
            if (writer.HasClockJumped)
            {
                await writer.WriteUntilDoneAsync(new RecordClock(), cancellationToken);
            }
        }
    }

    // Saves under way are several: while a commit runs the next ones gather for it. They are handed over in the order of their works.
    private async Task AnalyzeAsync(Channel<ReadyWork> queue, CancellationToken cancellationToken)
    {
        var saving = new Queue<Task>(limits.SavesInFlight);
        try
        {
            await foreach (ReadyWork work in queue.Reader.ReadAllAsync(cancellationToken))
            {
                if (saving.Count == limits.SavesInFlight)
                {
                    await saving.Dequeue();
                }

                saving.Enqueue(AnalyzeOrEndAsync(work, queue, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(saving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A fault ends the worker at once, and not only when its turn comes to be awaited: that may be days away.
    private async Task AnalyzeOrEndAsync(ReadyWork work, Channel<ReadyWork> queue, CancellationToken cancellationToken)
    {
        try
        {
            await AnalyzeAsync(work, cancellationToken);
        }
        catch (Exception exception)
        {
            queue.Writer.TryComplete(exception);
            throw;
        }
    }

    // One at a time, and each attempt counted before it begins: the plate that ends the process is then known by its number of attempts, and no
    // other one is. A first take-over is not worth it: most servers end for another reason, and whoever waits for results waits for two commits more.
    private async Task AnalyzeAloneAsync(CancellationToken cancellationToken)
    {
        await foreach (ReadyWork work in alone.Reader.ReadAllAsync(cancellationToken))
        {
            int? attempt = await writer.WriteUntilDoneAsync(new BeginAttempt(work), cancellationToken, goesFirst: true);
            if (attempt > limits.AnalysisAttempts)
            {
                await ParkAsync(work, $"The server ended during each of {limits.AnalysisAttempts} attempts.", cancellationToken);
            }
            else if (attempt is not null)
            {
                await AnalyzeAsync(work, cancellationToken);
            }
        }
    }

    private async Task AnalyzeAsync(ReadyWork work, CancellationToken cancellationToken)
    {
        AnalyticalRun run;
        try
        {
            using Activity? span = PipelineTrace.StartAnalysis(work);
            run = PlateAnalyzer.Analyze(work.Inputs);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The analysis is pure: a second attempt would fail alike. The plate is parked and shown; the others go on.
            await FailAsync(work, exception, cancellationToken);
            return;
        }

        await SaveAsync(work, run, cancellationToken);
    }

    private async Task SaveAsync(ReadyWork work, AnalyticalRun run, CancellationToken cancellationToken)
    {
        try
        {
            using Activity? span = PipelineTrace.StartSave(work);
            RunSaving saving = await writer.WriteUntilDoneAsync(new SaveRun(work, run) { ReleaseNeedsSignature = ReleaseNeedsSignature }, cancellationToken, goesFirst: true);
            if (saving.Run is { } saved)
            {
                changes.Raise();
                observer.RunSaved(saved, run);
            }
            else if (saving.IsReleased)
            {
                released.Writer.TryWrite(true);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException && writer.IsOpen)
        {
            await FailAsync(work, exception, cancellationToken);
        }
    }

    private async Task FailAsync(ReadyWork work, Exception exception, CancellationToken cancellationToken)
    {
        observer.AnalysisFailed(work, exception);
        await ParkAsync(work, $"{exception.GetType().Name}: {exception.Message}", cancellationToken);
    }

    private async Task ParkAsync(ReadyWork work, string error, CancellationToken cancellationToken)
    {
        await writer.WriteUntilDoneAsync(new ParkWork(work, error), cancellationToken, goesFirst: true);
        changes.Raise();
    }
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
