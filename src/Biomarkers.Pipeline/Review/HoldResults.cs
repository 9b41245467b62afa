using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Review;

/// <summary>Places a hold on each of some results, whatever their status: nothing of them leaves until it is lifted.</summary>
/// <param name="ResultKeys">The results, each once.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record HoldResults(IReadOnlyList<long> ResultKeys, string Reason, string Actor) : IStoreWrite<PlacedHolds>
{
    /// <inheritdoc/>
    public async Task<PlacedHolds> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReviewedResult> results = await context.Transaction.LockResultsAsync(ResultKeys, cancellationToken);
        if (ResultKeys.Except(results.Select(result => result.ResultKey)).Select(key => (long?)key).FirstOrDefault() is { } missing)
        {
            return new PlacedHolds(missing, []);
        }

        IReadOnlyList<ResultHold> holds = await context.Transaction.InsertHoldsAsync(ResultKeys, Reason, Actor, context.Now, cancellationToken);
        foreach (ResultHold hold in holds)
        {
            context.Record(
                Actor, AuditActions.ResultHeld, ReviewedResults.NameOf(hold.ResultKey), Reason, $"resultHolds/{hold.HoldKey}", new FeedChange(FeedKind.HoldPlaced, hold.HoldKey));
        }

        await ReviewedResults.TouchPlatesAsync(context, results, cancellationToken);
        return new PlacedHolds(null, holds);
    }
}

/// <summary>What became of placing holds.</summary>
/// <param name="MissingKey">The first result that does not exist, and then no hold was placed; null where all do.</param>
/// <param name="Holds">The holds, in the order of the request.</param>
public sealed record PlacedHolds(long? MissingKey, IReadOnlyList<ResultHold> Holds);

/// <summary>Lifts a hold, once.</summary>
/// <param name="HoldKey">The hold.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record LiftHold(long HoldKey, string Reason, string Actor) : IStoreWrite<LiftedHold>
{
    /// <inheritdoc/>
    public async Task<LiftedHold> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        ResultHold? hold = await context.Transaction.FindHoldAsync(HoldKey, cancellationToken);
        if (hold is null || hold.Lift is not null)
        {
            return new LiftedHold(hold, WasOpen: false);
        }

        IReadOnlyList<ReviewedResult> results = await context.Transaction.LockResultsAsync([hold.ResultKey], cancellationToken);
        var lift = new HoldLift(Actor, Reason, context.Now);
        await context.Transaction.InsertHoldLiftAsync(HoldKey, lift, cancellationToken);
        context.Record(
            Actor, AuditActions.ResultHoldLifted, ReviewedResults.NameOf(hold.ResultKey), Reason, $"resultHolds/{HoldKey}", new FeedChange(FeedKind.HoldLifted, HoldKey));
        await ReviewedResults.TouchPlatesAsync(context, results, cancellationToken);
        return new LiftedHold(hold with { Lift = lift }, WasOpen: true);
    }
}

/// <summary>What became of lifting a hold.</summary>
/// <param name="Hold">The hold; null when there is none.</param>
/// <param name="WasOpen">Whether it was open until now.</param>
public sealed record LiftedHold(ResultHold? Hold, bool WasOpen);
