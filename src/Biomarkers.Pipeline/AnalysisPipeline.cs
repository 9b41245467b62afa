using System.Threading.Channels;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline;

/// <summary>The stages in order: what an earlier process left is taken up, N workers analyse, one writer saves, watchers are told.</summary>
/// <remarks>Every queue is bounded. A restart and a crash are the same thing: unfinished work is found in the store and claimed.</remarks>
public sealed class AnalysisPipeline(StoreWriter writer, ChangeSignal changes, PipelineLimits limits, IPipelineObserver observer)
{
    private readonly Channel<ClaimedWork> work = Channel.CreateBounded<ClaimedWork>(new BoundedChannelOptions(limits.WorkQueueLength));

    /// <summary>Plates that wait for a worker.</summary>
    public int QueueLength => work.Reader.Count;

    /// <summary>Puts durable work on the queue; waits while the queue is full.</summary>
    public ValueTask EnqueueAsync(ReadyWork ready, CancellationToken cancellationToken) =>
        work.Writer.WriteAsync(new ClaimedWork(ready, 1), cancellationToken);

    /// <summary>Runs the stages until cancelled; what is in hand when that happens stays unfinished in the store and is taken up by the next start.</summary>
    /// <exception cref="Exception">The fault that ended a stage: the others are ended with it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] stages =
        [
            TakeUpUnfinishedAsync(stop.Token),
            .. Enumerable.Range(0, limits.AnalysisWorkerCount).Select(_ => Task.Run(() => AnalyzeAsync(stop.Token), stop.Token)),
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
            work.Writer.TryComplete();
            await Task.WhenAll(stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What no living server holds, a page at a time: the queue's bound is the brake.
    private async Task TakeUpUnfinishedAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ClaimedWork> page;
        do
        {
            page = await writer.WriteUntilDoneAsync(new ClaimWork(limits.RecoveryPageSize), cancellationToken);
            foreach (ClaimedWork claimed in page)
            {
                if (claimed.Attempt > limits.AnalysisAttempts)
                {
                    await ParkAsync(claimed, $"The server ended during each of {limits.AnalysisAttempts} attempts.", cancellationToken);
                }
                else
                {
                    await work.Writer.WriteAsync(claimed, cancellationToken);
                }
            }

            observer.WorkTakenUp(page.Count);
        }
        while (page.Count > 0);
    }

    private async Task AnalyzeAsync(CancellationToken cancellationToken)
    {
        await foreach (ClaimedWork claimed in work.Reader.ReadAllAsync(cancellationToken))
        {
            AnalyticalRun run;
            try
            {
                run = PlateAnalyzer.Analyze(claimed.Work.Inputs);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The analysis is pure, so a second attempt in this process would fail alike: park at once, and show it.
                await ParkAsync(claimed, $"{exception.GetType().Name}: {exception.Message}", cancellationToken);
                observer.AnalysisFailed(claimed.Work, exception);
                continue;
            }

            SavedRun? saved = await writer.WriteUntilDoneAsync(new SaveRun(claimed.Work, run), cancellationToken);
            if (saved is not null)
            {
                changes.Raise();
                observer.RunSaved(saved, run);
            }
        }
    }

    private async Task ParkAsync(ClaimedWork claimed, string error, CancellationToken cancellationToken)
    {
        await writer.WriteUntilDoneAsync(new ParkWork(claimed.Work, error), cancellationToken);
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

    /// <summary>The analysis of a plate threw: a bug. The plate is parked.</summary>
    void AnalysisFailed(ReadyWork work, Exception exception);
}
