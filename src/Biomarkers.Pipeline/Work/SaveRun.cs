using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Review;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Pipeline.Work;

/// <summary>Saves a run with its results, releases those that leave without a reviewer, and ends its work; a repeat, or a run whose work another server took over,
/// changes nothing.</summary>
/// <param name="Work">The work.</param>
/// <param name="Run">What came of it.</param>
public sealed record SaveRun(ReadyWork Work, AnalyticalRun Run) : IStoreWrite<RunSaving>
{
    /// <summary>Whether nothing leaves this server without a signature; false by default.</summary>
    public bool ReleaseNeedsSignature { get; init; }

    /// <inheritdoc/>
    public async Task<RunSaving> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        RunSaving saving = await context.Transaction.SaveRunAsync(Work, context.Holder, Run, context.Now, cancellationToken);
        if (saving.Run is { } saved)
        {
            context.Record(
                "server",
                AuditActions.RunSaved,
                $"analyticalRuns/{saved.RunKey}",
                detail: CoveredContent.Describe($"plates/{saved.PlateBarcode}, inputs {Run.InputsHash}, engine {Run.EngineVersion}, {Run.Verdict}", saved.Coverage),
                change: new FeedChange(FeedKind.RunSaved, saved.RunKey));
            await new ReleaseRun(saved, Work.Inputs, Run, ReleaseNeedsSignature).ApplyAsync(context, cancellationToken);
        }

        return saving;
    }
}

/// <summary>A sign of life of this server; takes servers for ended, takes over open work of all that have, and says who else lives.</summary>
/// <param name="Ended">Servers whose beat stands still.</param>
/// <param name="Limit">Most works at a time.</param>
public sealed record ClaimWork(IReadOnlyList<HolderRow> Ended, int Limit) : IStoreWrite<ClaimedPage>
{
    /// <inheritdoc/>
    public async Task<ClaimedPage> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        foreach (HolderRow holder in Ended)
        {
            if (await transaction.EndHolderAsync(holder, context.Now, cancellationToken))
            {
                context.Record("server", AuditActions.HolderEnded, $"holders/{holder.Holder}", detail: $"host {holder.HostName}, beat {holder.Beat}");
            }
        }

        IReadOnlyList<HolderRow> living = await transaction.ListHoldersAsync(cancellationToken);
        IReadOnlyList<HeldWork> claimed = await transaction.ClaimWorkAsync(context.Holder, Limit, context.Now, cancellationToken);
        var works = new List<ReadyWork>(claimed.Count);
        foreach (HeldWork held in claimed)
        {
            if (held.Inputs is { } inputs)
            {
                works.Add(new ReadyWork(held.WorkKey, held.Generation, inputs) { RunsAlone = held.RunsAlone });
            }
            else if (await transaction.ParkWorkAsync(held.WorkKey, held.Generation, held.Damage!, context.Now, cancellationToken))
            {
                context.Record("server", AuditActions.WorkParked, $"plates/{held.PlateBarcode}", Texts.Storable(held.Damage!));
            }
        }

        return new ClaimedPage(claimed.Count, works, [.. living.Where(holder => holder.Holder != context.Holder)]);
    }
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
            context.Record("server", AuditActions.WorkParked, $"plates/{Work.Inputs.Read.PlateBarcode}", Texts.Storable(Error));
        }

        return parked;
    }
}
