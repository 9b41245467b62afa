using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Delivery;

/// <summary>Limits and reasons of delivery.</summary>
public static class DeliveryLimits
{
    /// <summary>Attempts after which a version is parked, so that it is looked at and holds nothing up.</summary>
    public const int Attempts = 10;

    /// <summary>Most versions of one pull.</summary>
    public const int PerPull = 1000;

    /// <summary>Released versions of the feed that one pull looks at.</summary>
    public const int FedPerPull = 5000;

    /// <summary>Lease where nobody says another.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>Shortest lease.</summary>
    public static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(1);

    /// <summary>Longest lease, and longest delay of a negative acknowledgement.</summary>
    public static readonly TimeSpan LongestLease = TimeSpan.FromMinutes(10);

    /// <summary>Reason where a delivery is not the newest of its version, or its lease has ended.</summary>
    public const string LeaseExpired = "LEASE_EXPIRED";

    /// <summary>Reason where a subscription's name is taken.</summary>
    public const string SubscriptionExists = "SUBSCRIPTION_EXISTS";
}

/// <summary>Makes a subscription.</summary>
/// <param name="SubscriptionId">Its name, for ever.</param>
/// <param name="Owner">Who pulls.</param>
/// <param name="Filter">What is wanted.</param>
/// <param name="Lease">How long a delivery may take to be acknowledged.</param>
/// <param name="FromBeginning">Whether what was released before is delivered too; else what is released from now on.</param>
/// <param name="Actor">Who makes it.</param>
public sealed record CreateSubscription(string SubscriptionId, string Owner, SubscriptionFilter Filter, TimeSpan Lease, bool FromBeginning, string Actor)
    : IStoreWrite<SubscriptionRow?>
{
    /// <summary>Writes; null where the name is taken.</summary>
    public async Task<SubscriptionRow?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        long from = FromBeginning ? 0 : await context.Transaction.SequenceAtAsync(DateTimeOffset.MaxValue, cancellationToken);
        SubscriptionRow? made = await context.Transaction.InsertSubscriptionAsync(SubscriptionId, Owner, Filter, Lease, from, context.Now, cancellationToken);
        if (made is not null)
        {
            context.Record(Actor, AuditActions.SubscriptionCreated, $"subscriptions/{SubscriptionId}", detail: $"for {Owner}, from place {from} of the feed");
        }

        return made;
    }
}

/// <summary>Deletes a subscription; nothing of it is delivered any more.</summary>
/// <param name="SubscriptionId">Its name.</param>
/// <param name="Owner">Who must own it; null for anybody.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record DeleteSubscription(string SubscriptionId, string? Owner, string Reason, string Actor) : IStoreWrite<bool>
{
    /// <summary>Writes; false where the owner has no such subscription.</summary>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await OwnedSubscription.FindAsync(context, SubscriptionId, Owner, cancellationToken) is not { } found)
        {
            return false;
        }

        await context.Transaction.DeleteSubscriptionAsync(found.SubscriptionKey, context.Now, cancellationToken);
        context.Record(Actor, AuditActions.SubscriptionDeleted, $"subscriptions/{SubscriptionId}", Reason);
        return true;
    }
}

/// <summary>Has versions delivered again: those that were released after a time, and what is parked among them.</summary>
/// <param name="SubscriptionId">The subscription.</param>
/// <param name="Owner">Who must own it; null for anybody.</param>
/// <param name="After">The time; null for the beginning of everything.</param>
/// <param name="Actor">Who.</param>
public sealed record SeekSubscription(string SubscriptionId, string? Owner, DateTimeOffset? After, string Actor) : IStoreWrite<int?>
{
    /// <summary>Writes; the number of versions that wait again, or null where the owner has no such subscription.</summary>
    public async Task<int?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await OwnedSubscription.FindAsync(context, SubscriptionId, Owner, cancellationToken) is not { } found)
        {
            return null;
        }

        long sequence = After is { } time ? await context.Transaction.SequenceAtAsync(time, cancellationToken) : 0;
        // What was released before the subscription began is asked for with this, too: it is looked at anew from there.
        int again = await context.Transaction.SeekAsync(found.SubscriptionKey, sequence, cancellationToken);
        context.Record(Actor, AuditActions.SubscriptionSought, $"subscriptions/{SubscriptionId}", detail: $"to place {sequence} of the feed, {again} versions wait again");
        return again;
    }
}

internal static class OwnedSubscription
{
    // Another's is answered the same whether or not there is one.
    public static async Task<SubscriptionRow?> FindAsync(WriteContext context, string subscriptionId, string? owner, CancellationToken cancellationToken)
    {
        SubscriptionRow? found = await context.Transaction.FindSubscriptionAsync(subscriptionId, cancellationToken);
        return found is not null && (owner is null || found.Owner == owner) ? found : null;
    }
}
