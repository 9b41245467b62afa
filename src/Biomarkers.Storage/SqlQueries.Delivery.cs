using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Subscriptions and what leaves through them.</summary>
public sealed partial class SqlQueries : IDeliveryQueries
{
    private const int ReleasedAtOnce = 5000;

    /// <inheritdoc/>
    public async Task<SubscriptionStatus?> GetSubscriptionAsync(string subscriptionId, string? owner, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        SubscriptionTable? row = await snapshot.Connection.GetTable<SubscriptionTable>()
            .FirstOrDefaultAsync(known => known.SubscriptionId == subscriptionId && known.DeleteTime == null, cancellationToken);
        return row is not null && (owner is null || row.Owner == owner) ? await StatusOfAsync(snapshot.Connection, row, cancellationToken) : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SubscriptionStatus>> ListSubscriptionsAsync(string? owner, string? afterId, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        List<SubscriptionTable> rows = await snapshot.Connection.GetTable<SubscriptionTable>()
            .Where(row => row.DeleteTime == null && (owner == null || row.Owner == owner))
            .Where(row => afterId == null || string.Compare(row.SubscriptionId, afterId) > 0)
            .OrderBy(row => row.SubscriptionId)
            .Take(limit)
            .ToListAsync(cancellationToken);
        var found = new List<SubscriptionStatus>(rows.Count);
        foreach (SubscriptionTable row in rows)
        {
            found.Add(await StatusOfAsync(snapshot.Connection, row, cancellationToken));
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task<Page<ParkedVersion>> ListParkedAsync(long subscriptionKey, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        var rows = await (
            from item in connection.GetTable<DeliveryItemTable>()
            join version in connection.GetTable<ResultVersionTable>() on item.VersionKey equals version.VersionKey
            where item.SubscriptionKey == subscriptionKey && item.State == DeliveryItemTable.Parked && (page.After == null || item.Sequence > page.After)
            orderby item.Sequence
            select new { Item = item, version.ResultKey, version.Version, version.CreateTime }).Take(page.Size + 1).ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.Item.Sequence, row => new ParkedVersion(
            row.Item.Sequence,
            row.ResultKey,
            row.Version,
            row.Item.SampleId,
            row.Item.Analyte,
            row.Item.AttemptCount,
            row.Item.Reason ?? string.Empty,
            Instant.FromMicroseconds(row.CreateTime)));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReleasedVersion>> GetReleasedAsync(IReadOnlyList<(long Sequence, long VersionKey)> released, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        long[] keys = [.. released.Select(item => item.VersionKey)];
        long[] sequences = [.. released.Select(item => item.Sequence)];
        Dictionary<long, long> runKeys = await connection.GetTable<ResultVersionTable>()
            .Where(row => keys.Contains(row.VersionKey))
            .ToDictionaryAsync(row => row.VersionKey, row => row.RunKey, cancellationToken);
        Dictionary<long, StoredResult> results = (await ReadVersionsAsync(connection, [.. keys.Distinct().Select(key => new VersionPlace(key, runKeys[key]))], cancellationToken))
            .ToDictionary(result => result.VersionKey);
        Dictionary<long, RunSource> sources = await SourcesAsync(connection, [.. runKeys.Values.Distinct()], cancellationToken);
        Dictionary<long, byte[]> hashes = await connection.GetTable<AuditEventTable>()
            .Where(row => sequences.Contains(row.Sequence))
            .ToDictionaryAsync(row => row.Sequence, row => row.Hash, cancellationToken);
        return
        [
            .. released.Select(item => new ReleasedVersion(
                item.Sequence,
                results[item.VersionKey],
                sources[runKeys[item.VersionKey]].Of(results[item.VersionKey].Result.Analyte),
                new VerificationToken(item.Sequence, ContentHash.FromBytes(hashes[item.Sequence])))),
        ];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ResultChange>> ListResultChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IReadOnlyList<ReleasedChange> released = await ReleasedChanges.ListAsync(connection, afterSequence, limit, cancellationToken);
        List<ResultChange> changes = [.. released.Select(change => new ResultChange(change.Sequence, change, null, null))];
        // Behind the last of a full page nothing is told before the releases that may come in between.
        long last = released.Count == limit ? released[^1].Sequence : long.MaxValue;
        var holds = await (
            from change in connection.GetTable<ChangeFeedTable>()
            join hold in connection.GetTable<ResultHoldTable>() on change.TargetKey equals hold.HoldKey
            from lift in connection.GetTable<ResultHoldLiftTable>().LeftJoin(row => row.HoldKey == hold.HoldKey)
            where (change.Kind == (int)FeedKind.HoldPlaced || change.Kind == (int)FeedKind.HoldLifted) && change.Sequence > afterSequence && change.Sequence < last
            orderby change.Sequence
            select new { change.Sequence, change.Kind, Hold = hold, Lift = (ResultHoldLiftTable?)lift }).Take(limit).ToListAsync(cancellationToken);
        foreach (var row in holds)
        {
            ResultHold hold = ReviewMapping.ToHold(row.Hold, row.Kind == (int)FeedKind.HoldLifted ? row.Lift : null);
            changes.Add(new ResultChange(row.Sequence, null, hold, await ReleasedChanges.NewestOfAsync(connection, hold.ResultKey, row.Sequence, cancellationToken)));
        }

        return [.. changes.OrderBy(change => change.Sequence).Take(limit)];
    }

    private static async Task<SubscriptionStatus> StatusOfAsync(DataConnection connection, SubscriptionTable row, CancellationToken cancellationToken)
    {
        SubscriptionRow subscription = DeliveryMapping.ToSubscription(row);
        ITable<DeliveryItemTable> items = connection.GetTable<DeliveryItemTable>();
        Dictionary<int, int> counts = await items
            .Where(item => item.SubscriptionKey == row.SubscriptionKey)
            .GroupBy(item => item.State)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellationToken);
        long? oldest = await items
            .Where(item => item.SubscriptionKey == row.SubscriptionKey && item.State < DeliveryItemTable.Acknowledged)
            .OrderBy(item => item.Sequence)
            .Select(item => (long?)item.VersionKey)
            .FirstOrDefaultAsync(cancellationToken);
        (int unseen, long? oldestUnseen) = await UnseenAsync(connection, subscription, cancellationToken);
        oldest ??= oldestUnseen;
        long? time = oldest is null
            ? null
            : await connection.GetTable<ResultVersionTable>()
                .Where(version => version.VersionKey == oldest)
                .Select(version => (long?)version.CreateTime)
                .SingleAsync(cancellationToken);
        return new SubscriptionStatus(
            subscription,
            counts.GetValueOrDefault(DeliveryItemTable.Waiting) + unseen,
            counts.GetValueOrDefault(DeliveryItemTable.Leased),
            counts.GetValueOrDefault(DeliveryItemTable.Parked),
            counts.GetValueOrDefault(DeliveryItemTable.Acknowledged),
            Instant.FromMicroseconds(time));
    }

    // What a pull has not looked at yet.
    private static async Task<(int Count, long? OldestVersion)> UnseenAsync(DataConnection connection, SubscriptionRow subscription, CancellationToken cancellationToken)
    {
        int count = 0;
        long? oldest = null;
        long from = subscription.FedSequence;
        while (true)
        {
            IReadOnlyList<ReleasedChange> page = await ReleasedChanges.ListAsync(connection, from, ReleasedAtOnce, cancellationToken);
            if (page.Count == 0)
            {
                return (count, oldest);
            }

            // What was looked at before a subscription was set back is an item already.
            (long first, long last) = (page[0].Sequence, page[^1].Sequence);
            HashSet<long> known = [.. await connection.GetTable<DeliveryItemTable>()
                .Where(item => item.SubscriptionKey == subscription.SubscriptionKey && item.Sequence >= first && item.Sequence <= last)
                .Select(item => item.Sequence)
                .ToListAsync(cancellationToken)];
            ReleasedChange[] wanted = [.. page.Where(change => subscription.Filter.Takes(change) && !known.Contains(change.Sequence))];
            count += wanted.Length;
            oldest ??= wanted.Length > 0 ? wanted[0].VersionKey : null;
            from = last;
        }
    }

    private static async Task<Dictionary<long, RunSource>> SourcesAsync(DataConnection connection, long[] runKeys, CancellationToken cancellationToken)
    {
        var rows = await (
            from run in connection.GetTable<AnalyticalRunTable>()
            join read in connection.GetTable<PlateReadTable>() on run.ReadKey equals read.ReadKey
            join assay in connection.GetTable<AssayTable>() on run.AssayKey equals assay.AssayKey
            where runKeys.Contains(run.RunKey)
            select new { run.RunKey, read.InstrumentId, read.OperatorName, read.ReadTime, Assay = assay }).ToListAsync(cancellationToken);
        ILookup<long, RunLotTable> lots = (await connection.GetTable<RunLotTable>()
            .Where(row => runKeys.Contains(row.RunKey)).OrderBy(row => row.Ordinal).ToListAsync(cancellationToken)).ToLookup(row => row.RunKey);
        return rows.ToDictionary(
            row => row.RunKey,
            row => new RunSource(row.InstrumentId, row.OperatorName, Instant.FromMicroseconds(row.ReadTime), RowMapping.AssayOf(row.Assay), [.. lots[row.RunKey]]));
    }

    private sealed record RunSource(string InstrumentId, string? Operator, DateTimeOffset? ReadTime, AssayDefinition Assay, IReadOnlyList<RunLotTable> Lots)
    {
        public ResultSource Of(string analyte) =>
            new(InstrumentId, Operator, ReadTime, Assay.Find(analyte)!, Assay.ContentHash, [.. Lots.Select(RunMapping.ToLot)]);
    }
}
