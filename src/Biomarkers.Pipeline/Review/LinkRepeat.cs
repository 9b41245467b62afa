using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Review;

/// <summary>Links a result to the one on another plate that it repeats.</summary>
/// <param name="RepeatKey">The repeat.</param>
/// <param name="OriginalKey">What it repeats.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record LinkRepeat(long RepeatKey, long OriginalKey, string Reason, string Actor) : IStoreWrite<LinkedRepeat>
{
    /// <inheritdoc/>
    public async Task<LinkedRepeat> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReviewedResult> results = await context.Transaction.LockResultsAsync([.. new[] { RepeatKey, OriginalKey }.Distinct()], cancellationToken);
        ReviewedResult? repeat = results.FirstOrDefault(result => result.ResultKey == RepeatKey);
        ReviewedResult? original = results.FirstOrDefault(result => result.ResultKey == OriginalKey);
        if (repeat is null || original is null)
        {
            return new LinkedRepeat([], repeat is null ? RepeatKey : OriginalKey, null);
        }

        IReadOnlyList<RepeatLink> known = await context.Transaction.ListOriginalsAsync(RepeatKey, cancellationToken);
        IReadOnlyList<RepeatLink> above = await context.Transaction.ListOriginalsAsync(OriginalKey, cancellationToken);
        IReadOnlyList<Fault> faults = RepeatLinks.FaultsOf(
            repeat.AsRepeatEnd, original.AsRepeatEnd, known.Count > 0 ? known[0].OriginalKey : null, [.. above.Select(link => link.OriginalKey)]);
        if (faults.Count > 0)
        {
            return new LinkedRepeat(faults, null, null);
        }

        RepeatLink link = await context.Transaction.InsertRepeatLinkAsync(RepeatKey, OriginalKey, Reason, Actor, context.Now, cancellationToken);
        context.Record(Actor, AuditActions.RepeatLinked, ReviewedResults.NameOf(RepeatKey), Reason, CoveredContent.Describe(link));
        await ReviewedResults.TouchPlatesAsync(context, results, cancellationToken);
        return new LinkedRepeat([], null, link);
    }
}

/// <summary>What became of linking a repeat.</summary>
/// <param name="Faults">Why they can't be linked, and then nothing was changed; empty otherwise.</param>
/// <param name="MissingKey">The result that does not exist, and then nothing was changed; null where both do.</param>
/// <param name="Link">The link; null where nothing was changed.</param>
public sealed record LinkedRepeat(IReadOnlyList<Fault> Faults, long? MissingKey, RepeatLink? Link);

/// <summary>Ends a link, once.</summary>
/// <param name="LinkKey">The link.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record UnlinkRepeat(long LinkKey, string Reason, string Actor) : IStoreWrite<UnlinkedRepeat>
{
    /// <inheritdoc/>
    public async Task<UnlinkedRepeat> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        RepeatLink? link = await context.Transaction.FindRepeatLinkAsync(LinkKey, cancellationToken);
        if (link is null || link.Unlink is not null)
        {
            return new UnlinkedRepeat(link, WasLinked: false);
        }

        IReadOnlyList<ReviewedResult> results = await context.Transaction.LockResultsAsync([link.RepeatKey, link.OriginalKey], cancellationToken);
        var unlink = new RepeatUnlink(Actor, Reason, context.Now);
        await context.Transaction.InsertRepeatUnlinkAsync(LinkKey, unlink, cancellationToken);
        context.Record(Actor, AuditActions.RepeatUnlinked, ReviewedResults.NameOf(link.RepeatKey), Reason, CoveredContent.Describe(link));
        await ReviewedResults.TouchPlatesAsync(context, results, cancellationToken);
        return new UnlinkedRepeat(link with { Unlink = unlink }, WasLinked: true);
    }
}

/// <summary>What became of ending a link.</summary>
/// <param name="Link">The link; null when there is none.</param>
/// <param name="WasLinked">Whether it held until now.</param>
public sealed record UnlinkedRepeat(RepeatLink? Link, bool WasLinked);
