using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Subscriptions and deliveries. Whoever reads or changes the items of a subscription holds the lock of its row.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<SubscriptionTable> Subscriptions => connection.GetTable<SubscriptionTable>();

    private ITable<DeliveryItemTable> DeliveryItems => connection.GetTable<DeliveryItemTable>();

    public async Task<SubscriptionRow?> FindSubscriptionAsync(string subscriptionId, CancellationToken cancellationToken)
    {
        await database.LockRowAsync(connection, "subscription", "subscription_id", subscriptionId, cancellationToken);
        keys.Renew("delivery");
        SubscriptionTable? row = await Subscriptions.FirstOrDefaultAsync(known => known.SubscriptionId == subscriptionId && known.DeleteTime == null, cancellationToken);
        return row is null ? null : DeliveryMapping.ToSubscription(row);
    }

    public async Task<SubscriptionRow?> InsertSubscriptionAsync(
        string subscriptionId, string owner, SubscriptionFilter filter, TimeSpan lease, long fedSequence, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (await Subscriptions.AnyAsync(known => known.SubscriptionId == subscriptionId, cancellationToken))
        {
            return null;
        }

        SubscriptionTable row = DeliveryMapping.ToRow(await NextKeyAsync("subscription", cancellationToken), subscriptionId, owner, filter, lease, fedSequence, time);
        await connection.InsertAsync(row, token: cancellationToken);
        return DeliveryMapping.ToSubscription(row);
    }

    public async Task DeleteSubscriptionAsync(long subscriptionKey, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long? now = Instant.ToMicroseconds(time);
        await Subscriptions.Where(row => row.SubscriptionKey == subscriptionKey).Set(row => row.DeleteTime, now).UpdateAsync(cancellationToken);
    }

    public Task<IReadOnlyList<ReleasedChange>> ListReleasedAsync(long afterSequence, int limit, CancellationToken cancellationToken) =>
        ReleasedChanges.ListAsync(connection, afterSequence, limit, cancellationToken);

    public async Task FeedAsync(long subscriptionKey, IReadOnlyList<ReleasedChange> changes, long fedSequence, CancellationToken cancellationToken)
    {
        // After a subscription was set back, some are there.
        (long first, long last) = changes.Count == 0 ? (0L, 0L) : (changes[0].Sequence, changes[^1].Sequence);
        HashSet<long> known = [.. await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && row.Sequence >= first && row.Sequence <= last)
            .Select(row => row.Sequence)
            .ToListAsync(cancellationToken)];
        await InsertAllAsync(
            [
                .. changes.Where(change => !known.Contains(change.Sequence)).Select(change => new DeliveryItemTable
                {
                    SubscriptionKey = subscriptionKey,
                    Sequence = change.Sequence,
                    VersionKey = change.VersionKey,
                    SampleId = change.SampleId,
                    Analyte = change.Analyte,
                    State = DeliveryItemTable.Waiting,
                }),
            ],
            cancellationToken);
        await Subscriptions.Where(row => row.SubscriptionKey == subscriptionKey).Set(row => row.FedSequence, fedSequence).UpdateAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<DeliveryItem>> ListDueAsync(long subscriptionKey, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long time = Instant.ToMicroseconds(now);
        // Behind what was looked at after a seek, an earlier version of the same sample may still be missing here.
        IQueryable<long> fed = Subscriptions.Where(row => row.SubscriptionKey == subscriptionKey).Select(row => row.FedSequence);
        // A clock that is before the newest lease went back: neither the lease nor the delay of a refusal that ended it counts any more.
        List<DeliveryItemTable> rows = await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && row.State < DeliveryItemTable.Acknowledged && row.Sequence <= fed.First())
            .Where(row => row.State == DeliveryItemTable.Waiting || row.LeaseExpireTime <= time || row.LeaseTime > time)
            .Where(row => row.NotBeforeTime == null || row.NotBeforeTime <= time || row.LeaseTime > time)
            .Where(row => !DeliveryItems.Any(earlier => earlier.SubscriptionKey == subscriptionKey && earlier.State < DeliveryItemTable.Acknowledged
                && earlier.SampleId == row.SampleId && earlier.Analyte == row.Analyte && earlier.Sequence < row.Sequence))
            .OrderBy(row => row.Sequence)
            .Take(limit)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(DeliveryMapping.ToItem)];
    }

    public async Task<IReadOnlyList<DeliveryItem>> LeaseAsync(
        long subscriptionKey, IReadOnlyList<DeliveryItem> items, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken)
    {
        long deliveryId = items.Count == 0 ? 0 : await keys.TakeAsync(connection, "delivery", items.Count, cancellationToken);
        long? begin = Instant.ToMicroseconds(now), end = Instant.ToMicroseconds(until);
        var leased = new List<DeliveryItem>(items.Count);
        foreach (DeliveryItem item in items)
        {
            long? id = deliveryId++;
            await DeliveryItems
                .Where(row => row.SubscriptionKey == subscriptionKey && row.Sequence == item.Sequence)
                .Set(row => row.State, DeliveryItemTable.Leased)
                .Set(row => row.AttemptCount, item.AttemptCount + 1)
                .Set(row => row.DeliveryId, id)
                .Set(row => row.LeaseTime, begin)
                .Set(row => row.LeaseExpireTime, end)
                .Set(row => row.NotBeforeTime, (long?)null)
                .UpdateAsync(cancellationToken);
            leased.Add(item with { State = DeliveryState.Leased, AttemptCount = item.AttemptCount + 1, DeliveryId = id, LeaseTime = now, LeaseExpireTime = until });
        }

        return leased;
    }

    public async Task<IReadOnlyList<DeliveryItem>> FindDeliveriesAsync(long subscriptionKey, IReadOnlyCollection<long> deliveryIds, CancellationToken cancellationToken)
    {
        List<DeliveryItemTable> rows = await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && row.DeliveryId != null && deliveryIds.Contains(row.DeliveryId.Value)).ToListAsync(cancellationToken);
        return [.. rows.Select(DeliveryMapping.ToItem)];
    }

    public async Task SetStateAsync(
        long subscriptionKey, IReadOnlyCollection<long> sequences, DeliveryState state, DateTimeOffset? notBefore, string? reason, CancellationToken cancellationToken)
    {
        long? time = Instant.ToMicroseconds(notBefore);
        await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && sequences.Contains(row.Sequence))
            .Set(row => row.State, (int)state)
            .Set(row => row.NotBeforeTime, time)
            .Set(row => row.Reason, reason)
            .UpdateAsync(cancellationToken);
    }

    public async Task SetLeaseEndAsync(long subscriptionKey, IReadOnlyCollection<long> sequences, DateTimeOffset until, CancellationToken cancellationToken)
    {
        long? end = Instant.ToMicroseconds(until);
        await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && sequences.Contains(row.Sequence))
            .Set(row => row.LeaseExpireTime, end)
            .UpdateAsync(cancellationToken);
    }

    public async Task<int> SeekAsync(long subscriptionKey, long afterSequence, CancellationToken cancellationToken)
    {
        await Subscriptions
            .Where(row => row.SubscriptionKey == subscriptionKey && row.FedSequence > afterSequence)
            .Set(row => row.FedSequence, afterSequence)
            .UpdateAsync(cancellationToken);
        // Whatever was pulled once counts so many attempts: what comes again is told from what is new, and what was parked has its attempts anew.
        return await DeliveryItems
            .Where(row => row.SubscriptionKey == subscriptionKey && row.Sequence > afterSequence && row.AttemptCount > 0)
            .Set(row => row.State, DeliveryItemTable.Waiting)
            .Set(row => row.AttemptCount, 1)
            .Set(row => row.DeliveryId, (long?)null)
            .Set(row => row.NotBeforeTime, (long?)null)
            .Set(row => row.Reason, (string?)null)
            .UpdateAsync(cancellationToken);
    }

    public async Task<long> SequenceAtAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        long until = Instant.ToMicroseconds(time);
        ITable<ChangeFeedTable> changes = connection.GetTable<ChangeFeedTable>();
        long? first = await (
            from change in changes
            join version in connection.GetTable<ResultVersionTable>() on change.TargetKey equals version.VersionKey
            where change.Kind == (int)FeedKind.ResultVersionLeft && version.CreateTime > until
            select (long?)change.Sequence).MinAsync(cancellationToken);
        return first - 1
            ?? await changes.Where(change => change.Kind == (int)FeedKind.ResultVersionLeft).MaxAsync(change => (long?)change.Sequence, cancellationToken)
            ?? 0;
    }
}
