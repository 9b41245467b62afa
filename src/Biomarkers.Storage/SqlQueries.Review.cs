using System.Globalization;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Versions of results with what reviewers did to them.</summary>
public sealed partial class SqlQueries : IReviewQueries
{
    private const int Preliminary = (int)ResultStatus.Preliminary;
    private const int Withdrawn = (int)ResultStatus.Withdrawn;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredResult>?> ListVersionsAsync(long resultKey, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        var rows = await connection.GetTable<ResultVersionTable>()
            .Where(row => row.ResultKey == resultKey)
            .OrderBy(row => row.Version)
            .Select(row => new VersionPlace(row.VersionKey, row.RunKey))
            .ToListAsync(cancellationToken);
        return rows.Count == 0 ? null : await ReadVersionsAsync(connection, rows, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredResult>> GetVersionsAsync(IReadOnlyList<long> versionKeys, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        Dictionary<long, long> runKeys = await snapshot.Connection.GetTable<ResultVersionTable>()
            .Where(row => versionKeys.Contains(row.VersionKey))
            .ToDictionaryAsync(row => row.VersionKey, row => row.RunKey, cancellationToken);
        return await ReadVersionsAsync(snapshot.Connection, [.. versionKeys.Select(key => new VersionPlace(key, runKeys[key]))], cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Page<AffectedResult>> ListAffectedResultsAsync(string plateBarcode, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        ITable<ResultVersionTable> versions = connection.GetTable<ResultVersionTable>();
        // As in the life of a result: what was withdrawn used up no computation, and what an older run computed does not leave.
        var rows = await (
            from identity in connection.GetTable<ResultTable>()
            join plate in connection.GetTable<PlateTable>() on identity.PlateKey equals plate.PlateKey
            where plate.Barcode == plateBarcode
            where page.After == null || identity.ResultKey > page.After
            let pending = versions
                .Where(row => row.ResultKey == identity.ResultKey && row.Status == Preliminary && row.RunKey == plate.RunKey)
                .Where(row => !versions.Any(newer => newer.ResultKey == row.ResultKey && newer.Version > row.Version && newer.Status != Withdrawn))
                .Max(row => (long?)row.VersionKey)
            let current = versions.Where(row => row.ResultKey == identity.ResultKey && row.Status > Preliminary).Max(row => (long?)row.VersionKey)
            let isGone = versions.Any(row => row.VersionKey == current && row.Status != Withdrawn)
                && !versions.Any(row => row.ResultKey == identity.ResultKey && row.RunKey == plate.RunKey)
            where pending != null || isGone
            orderby identity.ResultKey
            select new { identity.ResultKey, Pending = pending, Current = current }).Take(page.Size + 1).ToListAsync(cancellationToken);
        long[] keys = [.. rows.SelectMany(row => new[] { row.Pending, row.Current }).OfType<long>()];
        VersionPlace[] places = await versions
            .Where(row => keys.Contains(row.VersionKey)).Select(row => new VersionPlace(row.VersionKey, row.RunKey)).ToArrayAsync(cancellationToken);
        Dictionary<long, StoredResult> read = (await ReadVersionsAsync(connection, places, cancellationToken)).ToDictionary(result => result.VersionKey);
        Dictionary<string, string> withheld = await WithheldAsync(connection, [.. rows.Select(row => Found(row.Pending)?.RunKey).OfType<long>().Distinct()], cancellationToken);
        return PageOf(rows, page, row => row.ResultKey, row => new AffectedResult(Found(row.Current), Found(row.Pending))
        {
            Withheld = Found(row.Pending) is { } pending
                ? withheld.GetValueOrDefault(NameOf(pending)) ?? withheld.GetValueOrDefault(SealedRuns.NameOf(pending.RunKey))
                : null,
        });

        StoredResult? Found(long? key) => key is { } known ? read[known] : null;
    }

    // What stood against the release of results as their run was saved. The events of a run's saving follow its own, one for each result at most.
    private static async Task<Dictionary<string, string>> WithheldAsync(DataConnection connection, long[] runKeys, CancellationToken cancellationToken)
    {
        var rows = await (
            from run in connection.GetTable<AnalyticalRunTable>()
            join change in connection.GetTable<ChangeFeedTable>() on run.RunKey equals change.TargetKey
            from audit in connection.GetTable<AuditEventTable>()
            where runKeys.Contains(run.RunKey) && change.Kind == (int)FeedKind.RunSaved
            where audit.Action == AuditActions.ReleaseWithheld && audit.Sequence > change.Sequence && audit.Sequence <= change.Sequence + run.ResultCount
            select new { audit.Target, audit.Detail }).ToListAsync(cancellationToken);
        return rows.ToDictionary(row => row.Target, row => row.Detail ?? string.Empty);
    }

    private static string NameOf(StoredResult result) => string.Create(CultureInfo.InvariantCulture, $"results/{result.ResultKey}@{result.Version}");

    // In the order given, each of a run that is as it was sealed.
    private static async Task<IReadOnlyList<StoredResult>> ReadVersionsAsync(
        DataConnection connection, IReadOnlyList<VersionPlace> places, CancellationToken cancellationToken)
    {
        var read = new Dictionary<long, StoredResult>(places.Count);
        foreach (IGrouping<long, VersionPlace>[] some in places.GroupBy(place => place.RunKey).Chunk(SealedRuns.AtOnce))
        {
            Dictionary<long, RunContents> runs = await SealedRuns.ReadAsync(connection, [.. some.Select(run => run.Key)], cancellationToken);
            foreach (VersionPlace place in some.SelectMany(run => run))
            {
                read[place.VersionKey] = runs[place.RunKey].ToResult(runs[place.RunKey].Versions.Single(version => version.VersionKey == place.VersionKey));
            }
        }

        return await WithReviewAsync(connection, [.. places.Select(place => read[place.VersionKey])], cancellationToken);
    }

    private static async Task<IReadOnlyList<StoredResult>> WithReviewAsync(
        DataConnection connection, IReadOnlyList<StoredResult> results, CancellationToken cancellationToken)
    {
        long[] resultKeys = [.. results.Select(result => result.ResultKey).Distinct()];
        long[] versionKeys = [.. results.Select(result => result.VersionKey)];
        Dictionary<long, int> current = await connection.GetTable<ResultVersionTable>()
            .Where(row => resultKeys.Contains(row.ResultKey) && row.Status > Preliminary)
            .GroupBy(row => row.ResultKey)
            .Select(group => new { group.Key, Version = group.Max(row => row.Version) })
            .ToDictionaryAsync(row => row.Key, row => row.Version, cancellationToken);
        ITable<ResultHoldLiftTable> lifts = connection.GetTable<ResultHoldLiftTable>();
        ILookup<long, ResultHoldTable> holds = (await connection.GetTable<ResultHoldTable>()
            .Where(row => resultKeys.Contains(row.ResultKey) && !lifts.Any(lift => lift.HoldKey == row.HoldKey))
            .OrderBy(row => row.HoldKey)
            .ToListAsync(cancellationToken)).ToLookup(row => row.ResultKey);
        ITable<RepeatUnlinkTable> unlinks = connection.GetTable<RepeatUnlinkTable>();
        List<RepeatLinkTable> links = await connection.GetTable<RepeatLinkTable>()
            .Where(row => (resultKeys.Contains(row.RepeatKey) || resultKeys.Contains(row.OriginalKey)) && !unlinks.Any(unlink => unlink.LinkKey == row.LinkKey))
            .OrderBy(row => row.LinkKey)
            .ToListAsync(cancellationToken);
        ILookup<long, RepeatLink> repeatOf = links.ToLookup(row => row.RepeatKey, row => ReviewMapping.ToLink(row, null));
        ILookup<long, RepeatLink> repeats = links.ToLookup(row => row.OriginalKey, row => ReviewMapping.ToLink(row, null));
        ILookup<long, ResultSignatureTable> signatures = (await connection.GetTable<ResultSignatureTable>()
            .Where(row => versionKeys.Contains(row.VersionKey))
            .OrderBy(row => row.SignatureKey)
            .ToListAsync(cancellationToken)).ToLookup(row => row.VersionKey);
        return
        [
            .. results.Select(result => result with
            {
                CurrentVersion = current.TryGetValue(result.ResultKey, out int version) ? version : null,
                OpenHolds = [.. holds[result.ResultKey].Select(hold => ReviewMapping.ToHold(hold, null))],
                RepeatOf = repeatOf[result.ResultKey].FirstOrDefault(),
                Repeats = [.. repeats[result.ResultKey]],
                Signatures = [.. signatures[result.VersionKey].Select(ReviewMapping.ToSignature)],
            }),
        ];
    }

    private sealed record VersionPlace(long VersionKey, long RunKey);
}
