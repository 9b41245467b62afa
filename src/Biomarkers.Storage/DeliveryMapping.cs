using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage;

/// <summary>Subscriptions and deliveries to rows and back.</summary>
internal static class DeliveryMapping
{
    public static SubscriptionTable ToRow(
        long key, string subscriptionId, string owner, SubscriptionFilter filter, TimeSpan lease, long fedSequence, DateTimeOffset time) => new()
        {
            SubscriptionKey = key,
            SubscriptionId = subscriptionId,
            Owner = owner,
            Studies = RowMapping.ToJson(filter.Studies),
            Analytes = RowMapping.ToJson(filter.Analytes),
            Statuses = RowMapping.ToJson(filter.Statuses),
            LeaseSeconds = (int)lease.TotalSeconds,
            FedSequence = fedSequence,
            CreateTime = Instant.ToMicroseconds(time),
        };

    public static SubscriptionRow ToSubscription(SubscriptionTable row) => new(
        row.SubscriptionKey,
        row.SubscriptionId,
        row.Owner,
        new SubscriptionFilter(
            RowMapping.FromJson<IReadOnlyList<string>>(row.Studies),
            RowMapping.FromJson<IReadOnlyList<string>>(row.Analytes),
            RowMapping.FromJson<IReadOnlyList<ResultStatus>>(row.Statuses)),
        TimeSpan.FromSeconds(row.LeaseSeconds),
        row.FedSequence,
        Instant.FromMicroseconds(row.CreateTime));

    public static DeliveryItem ToItem(DeliveryItemTable row) => new(
        row.Sequence,
        row.VersionKey,
        (DeliveryState)row.State,
        row.AttemptCount,
        row.DeliveryId,
        Instant.FromMicroseconds(row.LeaseTime),
        Instant.FromMicroseconds(row.LeaseExpireTime),
        row.Reason);
}
