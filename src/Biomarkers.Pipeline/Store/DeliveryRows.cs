using Biomarkers.Pipeline.Delivery;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Store;

/// <summary>What a LIMS wants to be told.</summary>
/// <param name="Studies">Studies of the specimens; empty for all.</param>
/// <param name="Analytes">Analytes; empty for all.</param>
/// <param name="Statuses">Statuses of released versions; empty for all.</param>
public sealed record SubscriptionFilter(IReadOnlyList<string> Studies, IReadOnlyList<string> Analytes, IReadOnlyList<ResultStatus> Statuses)
{
    /// <summary>Whether a released version is wanted.</summary>
    public bool Takes(ReleasedChange change) =>
        (Studies.Count == 0 || (change.StudyId is { } study && Studies.Contains(study)))
        && (Analytes.Count == 0 || Analytes.Contains(change.Analyte))
        && (Statuses.Count == 0 || Statuses.Contains(change.Status));
}

/// <summary>A subscription.</summary>
/// <param name="SubscriptionKey">Key.</param>
/// <param name="SubscriptionId">Its owner's name of it.</param>
/// <param name="Owner">Who pulls.</param>
/// <param name="Filter">What is wanted.</param>
/// <param name="Lease">How long a delivery may take to be acknowledged.</param>
/// <param name="FedSequence">Newest change of the feed that was looked at.</param>
/// <param name="CreateTime">When it was made.</param>
public sealed record SubscriptionRow(
    long SubscriptionKey, string SubscriptionId, string Owner, SubscriptionFilter Filter, TimeSpan Lease, long FedSequence, DateTimeOffset CreateTime);

/// <summary>A released version in the feed.</summary>
/// <param name="Sequence">Its place.</param>
/// <param name="VersionKey">The version.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
/// <param name="StudyId">Study of its specimen; null for none.</param>
/// <param name="Status">Its status.</param>
public sealed record ReleasedChange(long Sequence, long VersionKey, string SampleId, string Analyte, string? StudyId, ResultStatus Status);

/// <summary>Where a released version is in a subscription.</summary>
public enum DeliveryState
{
    /// <summary>It waits to be pulled.</summary>
    Waiting = 1,

    /// <summary>It was pulled; until its lease ends nobody else gets it.</summary>
    Leased = 2,

    /// <summary>It was acknowledged.</summary>
    Acknowledged = 3,

    /// <summary>It was pulled too often without an acknowledgement; a person has to look.</summary>
    Parked = 4,
}

/// <summary>A released version in a subscription.</summary>
/// <param name="Sequence">Its place in the feed.</param>
/// <param name="VersionKey">The version.</param>
/// <param name="State">Where it is.</param>
/// <param name="AttemptCount">How often it was pulled.</param>
/// <param name="DeliveryId">The newest delivery; null where it was never pulled.</param>
/// <param name="LeaseTime">When the newest lease began; null for none.</param>
/// <param name="LeaseExpireTime">When it ends; null for none.</param>
/// <param name="Reason">What was said of it last; null where nobody said.</param>
public sealed record DeliveryItem(
    long Sequence, long VersionKey, DeliveryState State, int AttemptCount, long? DeliveryId, DateTimeOffset? LeaseTime, DateTimeOffset? LeaseExpireTime, string? Reason)
{
    /// <summary>Whether its newest delivery may still be acknowledged at a time. A clock that is far before the beginning of the lease went back, and nobody
    /// knows how long it has lasted; see <see cref="DeliveryLimits.ClockDifference"/>.</summary>
    public bool IsLeasedAt(DateTimeOffset now) => State == DeliveryState.Leased && now + DeliveryLimits.ClockDifference >= LeaseTime && now < LeaseExpireTime;
}

/// <summary>Subscriptions and what became of each released version in them.</summary>
public interface IDeliveryRows
{
    /// <summary>A subscription that was not deleted, kept from other servers until the transaction ends; null when there is none.</summary>
    Task<SubscriptionRow?> FindSubscriptionAsync(string subscriptionId, CancellationToken cancellationToken);

    /// <summary>Adds a subscription; false where its id is taken, even by one that was deleted.</summary>
    Task<SubscriptionRow?> InsertSubscriptionAsync(
        string subscriptionId, string owner, SubscriptionFilter filter, TimeSpan lease, long fedSequence, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Deletes a subscription; its rows stay.</summary>
    Task DeleteSubscriptionAsync(long subscriptionKey, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Released versions behind a place of the feed, in its order.</summary>
    Task<IReadOnlyList<ReleasedChange>> ListReleasedAsync(long afterSequence, int limit, CancellationToken cancellationToken);

    /// <summary>Adds released versions to a subscription and notes how far the feed was looked at.</summary>
    Task FeedAsync(long subscriptionKey, IReadOnlyList<ReleasedChange> changes, long fedSequence, CancellationToken cancellationToken);

    /// <summary>Items that may be leased now, oldest first: those that wait or whose lease ended, and before which no other of their sample and analyte is open. Of what lies
    /// behind the place that was looked at, none.</summary>
    Task<IReadOnlyList<DeliveryItem>> ListDueAsync(long subscriptionKey, int limit, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Gives items their next lease; in the order given.</summary>
    Task<IReadOnlyList<DeliveryItem>> LeaseAsync(
        long subscriptionKey, IReadOnlyList<DeliveryItem> items, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Items of a subscription by their newest delivery.</summary>
    Task<IReadOnlyList<DeliveryItem>> FindDeliveriesAsync(long subscriptionKey, IReadOnlyCollection<long> deliveryIds, CancellationToken cancellationToken);

    /// <summary>Sets the state of items; those that wait not before a time.</summary>
    Task SetStateAsync(
        long subscriptionKey,
        IReadOnlyCollection<long> sequences,
        DeliveryState state,
        DateTimeOffset? notBefore,
        string? reason,
        CancellationToken cancellationToken);

    /// <summary>Moves the end of leases.</summary>
    Task SetLeaseEndAsync(long subscriptionKey, IReadOnlyCollection<long> sequences, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Has everything behind a place of the feed delivered again, and what is parked too.</summary>
    /// <returns>Versions that wait again.</returns>
    Task<int> SeekAsync(long subscriptionKey, long afterSequence, CancellationToken cancellationToken);

    /// <summary>Place of the feed behind which every version lies that was released after a time, the first of them next; where the clock went back, older ones may lie among
    /// them. The newest place where there is none.</summary>
    Task<long> SequenceAtAsync(DateTimeOffset time, CancellationToken cancellationToken);
}
