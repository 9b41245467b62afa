using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Delivery;

/// <summary>Leases the next released versions of a subscription: in the order of the feed, and of one sample and analyte one at a time, so that a correction is not
/// delivered before what it corrects was acknowledged or parked.</summary>
/// <param name="SubscriptionId">The subscription.</param>
/// <param name="Owner">Who must own it; null for anybody.</param>
/// <param name="Limit">Most versions.</param>
public sealed record PullDeliveries(string SubscriptionId, string? Owner, int Limit) : IStoreWrite<PulledDeliveries?>
{
    /// <summary>Writes; null where the owner has no such subscription.</summary>
    public async Task<PulledDeliveries?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await OwnedSubscription.FindAsync(context, SubscriptionId, Owner, cancellationToken) is not { } subscription)
        {
            return null;
        }

        await FeedAsync(context, subscription, cancellationToken);
        await ParkAsync(context, subscription, cancellationToken);
        IReadOnlyList<DeliveryItem> due = await context.Transaction.ListDueAsync(subscription.SubscriptionKey, Limit, context.Now, cancellationToken);
        return new PulledDeliveries(
            subscription, await context.Transaction.LeaseAsync(subscription.SubscriptionKey, due, context.Now, context.Now + subscription.Lease, cancellationToken));
    }

    private static async Task FeedAsync(WriteContext context, SubscriptionRow subscription, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReleasedChange> released = await context.Transaction.ListReleasedAsync(subscription.FedSequence, DeliveryLimits.FedPerPull, cancellationToken);
        if (released.Count > 0)
        {
            await context.Transaction.FeedAsync(
                subscription.SubscriptionKey, [.. released.Where(subscription.Filter.Takes)], released[^1].Sequence, cancellationToken);
        }
    }

    // What was pulled too often is set aside first: it must not hold up what comes after it of the same sample.
    private async Task ParkAsync(WriteContext context, SubscriptionRow subscription, CancellationToken cancellationToken)
    {
        while (true)
        {
            IReadOnlyList<DeliveryItem> due = await context.Transaction.ListDueAsync(subscription.SubscriptionKey, Limit, context.Now, cancellationToken);
            DeliveryItem[] tooOften = [.. due.Where(item => item.AttemptCount >= DeliveryLimits.Attempts)];
            if (tooOften.Length == 0)
            {
                return;
            }

            const string Reason = "it was delivered ten times and not acknowledged";
            foreach (DeliveryItem item in tooOften)
            {
                // What was said of it last is what has to be mended.
                await context.Transaction.SetStateAsync(
                    subscription.SubscriptionKey, [item.Sequence], DeliveryState.Parked, null, item.Reason ?? Reason, cancellationToken);
                context.Record("server", AuditActions.DeliveryParked, $"subscriptions/{SubscriptionId}", Reason, FormattableString.Invariant($"place {item.Sequence} of the feed"));
            }
        }
    }
}

/// <summary>What was leased.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="Items">The items, in the order of the feed.</param>
public sealed record PulledDeliveries(SubscriptionRow Subscription, IReadOnlyList<DeliveryItem> Items);

/// <summary>Ends or moves leases: all that are named, or none.</summary>
/// <param name="SubscriptionId">The subscription.</param>
/// <param name="Owner">Who must own it; null for anybody.</param>
/// <param name="DeliveryIds">The deliveries, each once.</param>
/// <param name="Answer">What becomes of them.</param>
public sealed record AnswerDeliveries(string SubscriptionId, string? Owner, IReadOnlyList<long> DeliveryIds, DeliveryAnswer Answer) : IStoreWrite<AnsweredDeliveries?>
{
    /// <summary>Writes; null where the owner has no such subscription.</summary>
    public async Task<AnsweredDeliveries?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await OwnedSubscription.FindAsync(context, SubscriptionId, Owner, cancellationToken) is not { } subscription)
        {
            return null;
        }

        Dictionary<long, DeliveryItem> items =
            (await context.Transaction.FindDeliveriesAsync(subscription.SubscriptionKey, DeliveryIds, cancellationToken)).ToDictionary(item => item.DeliveryId!.Value);
        var faults = new List<Fault>();
        var leased = new List<long>();
        for (int i = 0; i < DeliveryIds.Count; i++)
        {
            DeliveryItem? item = items.GetValueOrDefault(DeliveryIds[i]);
            if (item is not null && item.IsLeasedAt(context.Now))
            {
                leased.Add(item.Sequence);
            }
            else if (item is not { State: DeliveryState.Acknowledged } || Answer is not DeliveryAnswer.Acknowledge)
            {
                // An acknowledgement that is sent again changes nothing; everything else is too late.
                faults.Add(new Fault(
                    $"delivery_ids[{i}]",
                    DeliveryLimits.LeaseExpired,
                    $"Delivery '{DeliveryIds[i]}' is not the newest of its version or its lease has ended; the version comes again. Expected the newest delivery, in its time."));
            }
        }

        if (faults.Count == 0 && leased.Count > 0)
        {
            await Answer.ApplyAsync(context, subscription.SubscriptionKey, leased, cancellationToken);
        }

        return new AnsweredDeliveries(faults);
    }
}

/// <summary>What became of an answer.</summary>
/// <param name="Faults">Why nothing changed; empty where all did.</param>
public sealed record AnsweredDeliveries(IReadOnlyList<Fault> Faults);

/// <summary>What a LIMS says of deliveries.</summary>
public abstract record DeliveryAnswer
{
    internal abstract Task ApplyAsync(WriteContext context, long subscriptionKey, IReadOnlyCollection<long> sequences, CancellationToken cancellationToken);

    /// <summary>It has them; they come no more.</summary>
    public sealed record Acknowledge : DeliveryAnswer
    {
        internal override Task ApplyAsync(WriteContext context, long subscriptionKey, IReadOnlyCollection<long> sequences, CancellationToken cancellationToken) =>
            context.Transaction.SetStateAsync(subscriptionKey, sequences, DeliveryState.Acknowledged, null, null, cancellationToken);
    }

    /// <summary>It needs more time, from now.</summary>
    /// <param name="Lease">How much.</param>
    public sealed record Extend(TimeSpan Lease) : DeliveryAnswer
    {
        internal override Task ApplyAsync(WriteContext context, long subscriptionKey, IReadOnlyCollection<long> sequences, CancellationToken cancellationToken) =>
            context.Transaction.SetLeaseEndAsync(subscriptionKey, sequences, context.Now + Lease, cancellationToken);
    }

    /// <summary>It can't take them now; they come again.</summary>
    /// <param name="Delay">Not before that.</param>
    /// <param name="Reason">Why; null where nobody said.</param>
    public sealed record Refuse(TimeSpan Delay, string? Reason) : DeliveryAnswer
    {
        internal override Task ApplyAsync(WriteContext context, long subscriptionKey, IReadOnlyCollection<long> sequences, CancellationToken cancellationToken) =>
            context.Transaction.SetStateAsync(subscriptionKey, sequences, DeliveryState.Waiting, context.Now + Delay, Reason, cancellationToken);
    }
}
