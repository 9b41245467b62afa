using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Work;

/// <summary>Saves a run with its results and ends its work; a repeat, or a run whose work another server took over, changes nothing.</summary>
/// <param name="Work">The work.</param>
/// <param name="Run">What came of it.</param>
public sealed record SaveRun(ReadyWork Work, AnalyticalRun Run) : IStoreWrite<SavedRun?>
{
    /// <inheritdoc/>
    public async Task<SavedRun?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        SavedRun? saved = await context.Transaction.SaveRunAsync(Work, context.Holder, Run, context.Now, cancellationToken);
        if (saved is not null)
        {
            context.Record(
                "server",
                AuditActions.RunSaved,
                $"analyticalRuns/{saved.RunKey}",
                detail: $"plates/{saved.PlateBarcode}, inputs {Run.InputsHash}, engine {Run.EngineVersion}, {Run.Verdict}",
                change: new FeedChange(FeedKind.RunSaved, saved.RunKey));
        }

        return saved;
    }
}

/// <summary>Takes over unfinished work of earlier holders.</summary>
/// <param name="Limit">Most rows at a time.</param>
public sealed record ClaimWork(int Limit) : IStoreWrite<ClaimedPage>
{
    /// <inheritdoc/>
    public Task<ClaimedPage> ApplyAsync(WriteContext context, CancellationToken cancellationToken) =>
        context.Transaction.ClaimWorkAsync(context.Holder, Limit, context.Now, cancellationToken);
}

/// <summary>Counts an attempt at work that an earlier process left, in a transaction of its own, before the attempt begins: what ends the
/// process is then told by the number.</summary>
/// <param name="Work">The work.</param>
public sealed record BeginAttempt(ReadyWork Work) : IStoreWrite<int?>
{
    /// <inheritdoc/>
    public Task<int?> ApplyAsync(WriteContext context, CancellationToken cancellationToken) =>
        context.Transaction.BeginAttemptAsync(Work, context.Holder, context.Now, cancellationToken);
}

/// <summary>Parks work that failed: it is shown, and no longer tried.</summary>
/// <param name="Work">The work.</param>
/// <param name="Error">What went wrong.</param>
public sealed record ParkWork(ReadyWork Work, string Error) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        bool parked = await context.Transaction.ParkWorkAsync(Work.WorkKey, Work.Generation, Error, context.Now, cancellationToken);
        if (parked)
        {
            context.Record("server", AuditActions.WorkParked, $"plates/{Work.Inputs.Read.PlateBarcode}", Error);
        }

        return parked;
    }
}
