using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Review of results: further versions, holds and signatures.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<ResultHoldTable> ResultHolds => connection.GetTable<ResultHoldTable>();

    private ITable<ResultHoldLiftTable> ResultHoldLifts => connection.GetTable<ResultHoldLiftTable>();

    private ITable<SigningPinTable> SigningPins => connection.GetTable<SigningPinTable>();

    public async Task<IReadOnlyList<ReviewedResult>> LockResultsAsync(IReadOnlyCollection<long> resultKeys, CancellationToken cancellationToken)
    {
        List<ResultTable> identities = await connection.GetTable<ResultTable>().Where(row => resultKeys.Contains(row.ResultKey)).ToListAsync(cancellationToken);
        long[] plates = [.. identities.Select(row => row.PlateKey).Distinct().Order()];
        // In one order at every server. Whoever computes or reviews results of a plate at the same time comes before or after.
        foreach (long plateKey in plates)
        {
            await database.LockRowAsync(connection, "plate", "plate_key", plateKey, cancellationToken);
        }

        keys.Renew("result_version");
        long[] runKeys = await connection.GetTable<ResultVersionTable>()
            .Where(row => resultKeys.Contains(row.ResultKey)).Select(row => row.RunKey).Distinct().ToArrayAsync(cancellationToken);
        Dictionary<long, RunContents> runs = await ReadSealedAsync(runKeys, cancellationToken);
        HashSet<long> newest = [.. await Plates.Where(row => plates.Contains(row.PlateKey) && row.RunKey != null).Select(row => row.RunKey!.Value).ToListAsync(cancellationToken)];
        ILookup<long, ReviewedVersion> versions = runs.Values
            .SelectMany(run => run.Versions.Select(version => (version.ResultKey, Version: ToReviewed(run, version, newest))))
            .ToLookup(version => version.ResultKey, version => version.Version);
        HashSet<long> held = [.. await ResultHolds
            .Where(row => resultKeys.Contains(row.ResultKey) && !ResultHoldLifts.Any(lift => lift.HoldKey == row.HoldKey))
            .Select(row => row.ResultKey)
            .ToListAsync(cancellationToken)];
        return
        [
            .. identities.Select(row => new ReviewedResult(
                row.ResultKey, row.PlateKey, [.. versions[row.ResultKey].OrderBy(version => version.Version)], held.Contains(row.ResultKey), row.SampleId, row.Analyte)),
        ];
    }

    public async Task<IReadOnlyList<VersionName>> AddVersionsAsync(IReadOnlyList<VersionToAdd> versions, DateTimeOffset time, CancellationToken cancellationToken)
    {
        Dictionary<long, ResultVersionTable> bases = await RowsOfAsync([.. versions.Select(version => version.BasisKey)], cancellationToken);
        long versionKey = await keys.TakeAsync(connection, "result_version", versions.Count, cancellationToken);
        var rows = new List<ResultVersionTable>(versions.Count);
        foreach (VersionToAdd version in versions)
        {
            ResultVersionTable row = bases[version.BasisKey];
            row.VersionKey = versionKey++;
            row.Version = version.Next.Version;
            row.Status = (int)version.Next.Status;
            row.SupersedesVersion = version.Next.Supersedes;
            row.Reason = version.Reason;
            row.CreateTime = Instant.ToMicroseconds(time);
            if (version.Next.Status == ResultStatus.Cancelled)
            {
                RunMapping.TakeValues(row);
            }

            rows.Add(row);
        }

        await InsertAllAsync(rows, cancellationToken);
        foreach (IGrouping<long, ResultVersionTable> ofRun in rows.GroupBy(row => row.RunKey))
        {
            await ReplaceSealAsync(ofRun.Key, ofRun, cancellationToken);
        }

        return await NamesOfAsync(rows, cancellationToken);
    }

    public async Task<IReadOnlyList<VersionName>> HashVersionsAsync(IReadOnlyList<ReviewedVersion> versions, CancellationToken cancellationToken)
    {
        Dictionary<long, ResultVersionTable> rows = await RowsOfAsync([.. versions.Select(version => version.VersionKey)], cancellationToken);
        return await NamesOfAsync([.. versions.Select(version => rows[version.VersionKey])], cancellationToken);
    }

    public async Task<IReadOnlySet<string>> FindExcludersAsync(IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken)
    {
        var excluders = new HashSet<string>();
        var rested = await (
            from run in connection.GetTable<AnalyticalRunTable>()
            join layout in connection.GetTable<PlateLayoutTable>() on run.LayoutKey equals layout.LayoutKey
            where runKeys.Contains(run.RunKey)
            select new { layout.PlateKey, layout.Version }).Distinct().ToListAsync(cancellationToken);
        foreach (var last in rested)
        {
            List<PlateLayoutTable> layouts = await connection.GetTable<PlateLayoutTable>()
                .Where(row => row.PlateKey == last.PlateKey && row.Version <= last.Version).OrderBy(row => row.Version).ToListAsync(cancellationToken);
            HashSet<WellPosition>[] excluded = [.. layouts.Select(ExcludedIn)];
            // Who brought in an exclusion that still stands, and not who changed something else after it.
            for (int i = 0; i < layouts.Count; i++)
            {
                if (excluded[i].Except(i == 0 ? [] : excluded[i - 1]).Intersect(excluded[^1]).Any())
                {
                    excluders.Add(layouts[i].Actor);
                }
            }
        }

        return excluders;
    }

    public async Task<IReadOnlyList<ResultHold>> InsertHoldsAsync(
        IReadOnlyList<long> resultKeys, string reason, string actor, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long holdKey = await keys.TakeAsync(connection, "result_hold", resultKeys.Count, cancellationToken);
        ResultHoldTable[] rows =
        [
            .. resultKeys.Select((key, i) => new ResultHoldTable
            {
                HoldKey = holdKey + i,
                ResultKey = key,
                Reason = reason,
                Actor = actor,
                PlaceTime = Instant.ToMicroseconds(time),
            }),
        ];
        await InsertAllAsync(rows, cancellationToken);
        return [.. rows.Select(row => ReviewMapping.ToHold(row, null))];
    }

    public async Task<ResultHold?> FindHoldAsync(long holdKey, CancellationToken cancellationToken)
    {
        ResultHoldTable? row = await ResultHolds.FirstOrDefaultAsync(hold => hold.HoldKey == holdKey, cancellationToken);
        return row is null ? null : ReviewMapping.ToHold(row, await ResultHoldLifts.FirstOrDefaultAsync(lift => lift.HoldKey == holdKey, cancellationToken));
    }

    public Task InsertHoldLiftAsync(long holdKey, HoldLift lift, CancellationToken cancellationToken) => connection.InsertAsync(
        new ResultHoldLiftTable { HoldKey = holdKey, Reason = lift.Reason, Actor = lift.Actor, LiftTime = Instant.ToMicroseconds(lift.Time) }, token: cancellationToken);

    public async Task<long> InsertSignaturesAsync(IReadOnlyList<(long VersionKey, Signature Signature)> signatures, CancellationToken cancellationToken)
    {
        long key = await keys.TakeAsync(connection, "result_signature", signatures.Count, cancellationToken);
        await InsertAllAsync([.. signatures.Select((signed, i) => ReviewMapping.ToRow(key + i, signed.VersionKey, signed.Signature))], cancellationToken);
        return key;
    }

    public async Task<SigningPin?> FindSigningPinAsync(string keyId, CancellationToken cancellationToken)
    {
        await database.LockRowAsync(connection, "signing_pin", "key_id", keyId, cancellationToken);
        SigningPinTable? row = await SigningPins.FirstOrDefaultAsync(pin => pin.KeyId == keyId, cancellationToken);
        return row is null ? null : ReviewMapping.ToPin(row);
    }

    public async Task SaveSigningPinAsync(SigningPin pin, CancellationToken cancellationToken)
    {
        SigningPinTable row = ReviewMapping.ToRow(pin);
        if (await connection.UpdateAsync(row, token: cancellationToken) == 0)
        {
            await connection.InsertAsync(row, token: cancellationToken);
        }
    }

    private static ReviewedVersion ToReviewed(RunContents run, ResultVersionTable version, HashSet<long> newestRuns) => new(
        version.VersionKey,
        version.Version,
        (ResultStatus)version.Status,
        (RunVerdict)run.Run.Verdict == RunVerdict.Accepted && (RangeStatus)version.RangeStatus != RangeStatus.NotDetermined,
        version.RunKey,
        newestRuns.Contains(version.RunKey));

    private static HashSet<WellPosition> ExcludedIn(PlateLayoutTable layout) =>
        [.. RowMapping.LayoutOf(layout.Definition)!.Wells.Where(well => well.Exclusion is not null).Select(well => well.Position)];

    private Task<Dictionary<long, ResultVersionTable>> RowsOfAsync(long[] versionKeys, CancellationToken cancellationToken) =>
        connection.GetTable<ResultVersionTable>().Where(row => versionKeys.Contains(row.VersionKey)).ToDictionaryAsync(row => row.VersionKey, cancellationToken);

    private async Task<IReadOnlyList<VersionName>> NamesOfAsync(IReadOnlyList<ResultVersionTable> rows, CancellationToken cancellationToken)
    {
        Dictionary<long, RunContents> runs = await ReadSealedAsync([.. rows.Select(row => row.RunKey).Distinct()], cancellationToken);
        return [.. rows.Select(row => new VersionName(row.ResultKey, row.Version, row.VersionKey, runs[row.RunKey].HashOf(row)))];
    }

    private async Task<Dictionary<long, RunContents>> ReadSealedAsync(long[] runKeys, CancellationToken cancellationToken)
    {
        var runs = new Dictionary<long, RunContents>();
        foreach (long[] some in runKeys.Chunk(SealedRuns.AtOnce))
        {
            foreach ((long key, RunContents run) in await SealedRuns.ReadAsync(connection, some, cancellationToken))
            {
                runs.Add(key, run);
            }
        }

        return runs;
    }
}
