using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Runs and results: whatever is shown of a run is held against its seal in the same snapshot.</summary>
public sealed partial class SqlQueries
{
    /// <inheritdoc/>
    public async Task<StoredRun?> GetRunAsync(long runKey, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        // Named by any of these it must be whole; by none of them, there is no such run.
        if (!await connection.GetTable<AnalyticalRunTable>().AnyAsync(run => run.RunKey == runKey, cancellationToken)
            && !await connection.GetTable<RunSealTable>().AnyAsync(seal => seal.RunKey == runKey, cancellationToken))
        {
            return null;
        }

        StoredRun run = (await ReadRunsAsync(connection, [runKey], (contents, sequence) => contents.ToRun(sequence), cancellationToken))[0];
        return run with { Results = await WithReviewAsync(connection, run.Results, cancellationToken) };
    }

    /// <inheritdoc/>
    public async Task<Page<RunSummary>> ListRunsAsync(RunFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<AnalyticalRunTable> query = connection.GetTable<AnalyticalRunTable>();
        if (filter.PlateBarcode is { } barcode)
        {
            query = query.Where(run => connection.GetTable<PlateTable>().Any(plate => plate.PlateKey == run.PlateKey && plate.Barcode == barcode));
        }

        if (filter.AssayId is { } assayId)
        {
            query = query.Where(run => run.AssayId == assayId);
        }

        if (filter.Verdict is { } wanted)
        {
            int verdict = (int)wanted;
            query = query.Where(run => run.Verdict == verdict);
        }

        if (page.After is { } after)
        {
            query = page.OldestFirst ? query.Where(run => run.RunKey > after) : query.Where(run => run.RunKey < after);
        }

        query = page.OldestFirst ? query.OrderBy(run => run.RunKey) : query.OrderByDescending(run => run.RunKey);
        long[] runKeys = await query.Select(run => run.RunKey).Take(page.Size + 1).ToArrayAsync(cancellationToken);
        List<RunSummary> runs = await ReadRunsAsync(connection, runKeys, (run, sequence) => run.ToSummary(sequence), cancellationToken);
        return PageOf(runs, page, run => run.RunKey, run => run);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunSummary>> ListRunChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        long[] runKeys = await connection.GetTable<ChangeFeedTable>()
            .Where(row => row.Kind == (int)FeedKind.RunSaved && row.Sequence > afterSequence)
            .OrderBy(row => row.Sequence)
            .Take(limit)
            .Select(row => row.TargetKey)
            .ToArrayAsync(cancellationToken);
        return await ReadRunsAsync(connection, runKeys, (run, sequence) => run.ToSummary(sequence), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<StoredResult?> GetResultAsync(long resultKey, int? version, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        long?[] newestRun = await (
            from identity in connection.GetTable<ResultTable>()
            from plate in connection.GetTable<PlateTable>().LeftJoin(row => row.PlateKey == identity.PlateKey)
            where identity.ResultKey == resultKey
            select plate.RunKey).ToArrayAsync(cancellationToken);
        long[] runKeys = await connection.GetTable<ResultVersionTable>().Where(row => row.ResultKey == resultKey).Select(row => row.RunKey).ToArrayAsync(cancellationToken);
        // Every run that this result has a version of, and the plate's newest: a version that is not found any more must not leave an older one as the newest.
        IEnumerable<long> concerned = runKeys.Concat(newestRun.OfType<long>()).Distinct();
        StoredResult? found = null;
        foreach (long[] some in concerned.Chunk(SealedRuns.AtOnce))
        {
            foreach (RunContents run in (await SealedRuns.ReadAsync(connection, some, cancellationToken)).Values)
            {
                foreach (ResultVersionTable row in run.Versions.Where(row => row.ResultKey == resultKey && (version is null || row.Version == version)))
                {
                    found = found is null || row.Version > found.Version ? run.ToResult(row) : found;
                }
            }
        }

        return found is null && version is null && newestRun.Length > 0
            ? throw new StoredDataDamagedException($"results/{resultKey}", "it has no version; expected one at least.")
            : found is null ? null : (await WithReviewAsync(connection, [found], cancellationToken))[0];
    }

    /// <inheritdoc/>
    public async Task<Page<StoredResult>> ListResultsAsync(ResultFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<ResultRow> query = NewestOf(connection, Filter(ResultRows(connection), filter), filter);
        if (page.After is { } after)
        {
            query = page.OldestFirst ? query.Where(row => row.Version.VersionKey > after) : query.Where(row => row.Version.VersionKey < after);
        }

        query = page.OldestFirst ? query.OrderBy(row => row.Version.VersionKey) : query.OrderByDescending(row => row.Version.VersionKey);
        List<VersionPlace> places = await query.Select(row => new VersionPlace(row.Version.VersionKey, row.Version.RunKey)).Take(page.Size + 1).ToListAsync(cancellationToken);
        IReadOnlyList<StoredResult> results = await ReadVersionsAsync(connection, places, cancellationToken);
        return PageOf(results, page, result => result.VersionKey, result => result);
    }

    // In the order of the keys, each held against its seal.
    private static async Task<List<T>> ReadRunsAsync<T>(
        DataConnection connection, long[] runKeys, Func<RunContents, long, T> map, CancellationToken cancellationToken)
    {
        var read = new List<T>(runKeys.Length);
        foreach (long[] some in runKeys.Chunk(SealedRuns.AtOnce))
        {
            // A run is saved once, so its row of the feed is the only one of its kind and target.
            Dictionary<long, long> sequences = await connection.GetTable<ChangeFeedTable>()
                .Where(row => row.Kind == (int)FeedKind.RunSaved && some.Contains(row.TargetKey))
                .ToDictionaryAsync(row => row.TargetKey, row => row.Sequence, cancellationToken);
            Dictionary<long, RunContents> contents = await SealedRuns.ReadAsync(connection, some, cancellationToken);
            foreach (long runKey in some)
            {
                read.Add(sequences.TryGetValue(runKey, out long sequence)
                    ? map(contents[runKey], sequence)
                    : throw new StoredDataDamagedException(SealedRuns.NameOf(runKey), "the feed does not name it; expected where it was saved."));
            }
        }

        return read;
    }

    // The results of one run, or of the run that is each plate's newest: a sample or dilution that a corrected layout no longer names has no
    // result in that run, and so none in a list. A run that was reinstated has several versions of each; the newest stands for them.
    private static IQueryable<ResultRow> NewestOf(DataConnection connection, IQueryable<ResultRow> query, ResultFilter filter)
    {
        ITable<ResultVersionTable> versions = connection.GetTable<ResultVersionTable>();
        if (filter.KnownAt is null && !filter.IsReleased)
        {
            IQueryable<ResultRow> ofRun =
                filter.RunKey is { } key ? query.Where(row => row.Version.RunKey == key) : query.Where(row => row.Version.RunKey == row.Plate.RunKey);
            return ofRun.Where(row => !versions.Any(newer =>
                newer.ResultKey == row.Version.ResultKey && newer.RunKey == row.Version.RunKey && newer.Version > row.Version.Version));
        }

        // As it was known then, by whatever run.
        long until = filter.KnownAt is { } time ? Instant.ToMicroseconds(time) : long.MaxValue;
        int least = filter.IsReleased ? Preliminary + 1 : Preliminary;
        IQueryable<ResultRow> known = filter.RunKey is { } run ? query.Where(row => row.Version.RunKey == run) : query;
        return known
            .Where(row => row.Version.CreateTime <= until && row.Version.Status >= least)
            .Where(row => !versions.Any(newer =>
                newer.ResultKey == row.Version.ResultKey && newer.CreateTime <= until && newer.Status >= least && newer.Version > row.Version.Version));
    }

    private static IQueryable<ResultRow> Filter(IQueryable<ResultRow> query, ResultFilter filter)
    {
        if (filter.PlateBarcode is { } barcode)
        {
            query = query.Where(row => row.Plate.Barcode == barcode);
        }

        if (filter.SampleId is { } sampleId)
        {
            query = query.Where(row => row.Identity.SampleId == sampleId);
        }

        if (filter.Analyte is { } analyte)
        {
            query = query.Where(row => row.Identity.Analyte == analyte);
        }

        if (filter.RangeStatus is { } wanted)
        {
            int status = (int)wanted;
            query = query.Where(row => row.Version.RangeStatus == status);
        }

        return query;
    }

    private static IQueryable<ResultRow> ResultRows(DataConnection connection) =>
        from version in connection.GetTable<ResultVersionTable>()
        join identity in connection.GetTable<ResultTable>() on version.ResultKey equals identity.ResultKey
        join plate in connection.GetTable<PlateTable>() on identity.PlateKey equals plate.PlateKey
        select new ResultRow { Version = version, Identity = identity, Plate = plate };

    private sealed class ResultRow
    {
        public required ResultVersionTable Version { get; init; }

        public required ResultTable Identity { get; init; }

        public required PlateTable Plate { get; init; }
    }
}
