using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Runs and results.</summary>
public sealed partial class SqlQueries
{
    /// <inheritdoc/>
    public async Task<StoredRun?> GetRunAsync(long runKey, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        RunRow? row = await RunRows(connection).FirstOrDefaultAsync(candidate => candidate.Run.RunKey == runKey, cancellationToken);
        if (row is null)
        {
            return null;
        }

        RunSummary summary = ToSummary(row);
        List<StandardCurveTable> curves = await connection.GetTable<StandardCurveTable>()
            .Where(curve => curve.RunKey == runKey)
            .OrderBy(curve => curve.Ordinal)
            .ToListAsync(cancellationToken);
        List<ControlPointTable> controls = await connection.GetTable<ControlPointTable>()
            .Where(control => control.RunKey == runKey)
            .OrderBy(control => control.Ordinal)
            .ToListAsync(cancellationToken);
        List<QcFlagTable> flags = await connection.GetTable<QcFlagTable>()
            .Where(flag => flag.RunKey == runKey)
            .OrderBy(flag => flag.Ordinal)
            .ToListAsync(cancellationToken);
        List<ResultRow> results = await NewestOf(connection, ResultRows(connection), runKey)
            .OrderBy(result => result.Version.Ordinal)
            .ToListAsync(cancellationToken);
        var stored = results.ConvertAll(ToResult);
        var run = new AnalyticalRun(
            summary.InputsHash,
            summary.EngineVersion,
            summary.AssayName,
            summary.RulePack,
            summary.Verdict,
            summary.Criteria,
            curves.ConvertAll(RunMapping.ToCurve),
            controls.ConvertAll(RunMapping.ToControl),
            stored.ConvertAll(result => result.Result),
            flags.ConvertAll(RunMapping.ToFlag));
        return new StoredRun(summary, run, stored);
    }

    /// <inheritdoc/>
    public async Task<Page<RunSummary>> ListRunsAsync(RunFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<RunRow> query = RunRows(connection);
        if (filter.PlateBarcode is { } barcode)
        {
            query = query.Where(row => row.Plate.Barcode == barcode);
        }

        if (filter.AssayId is { } assayId)
        {
            query = query.Where(row => row.Run.AssayId == assayId);
        }

        if (filter.Verdict is { } wanted)
        {
            int verdict = (int)wanted;
            query = query.Where(row => row.Run.Verdict == verdict);
        }

        if (page.After is { } after)
        {
            query = page.OldestFirst ? query.Where(row => row.Run.RunKey > after) : query.Where(row => row.Run.RunKey < after);
        }

        query = page.OldestFirst ? query.OrderBy(row => row.Run.RunKey) : query.OrderByDescending(row => row.Run.RunKey);
        List<RunRow> rows = await query.Take(page.Size + 1).ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.Run.RunKey, ToSummary);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunSummary>> ListRunChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        List<RunRow> rows = await RunRows(connection)
            .Where(row => row.Feed.Sequence > afterSequence)
            .OrderBy(row => row.Feed.Sequence)
            .Take(limit)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(ToSummary);
    }

    /// <inheritdoc/>
    public async Task<StoredResult?> GetResultAsync(long resultKey, int? version, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        ResultRow? row = await ResultRows(connection)
            .Where(candidate => candidate.Version.ResultKey == resultKey && (version == null || candidate.Version.Version == version))
            .OrderByDescending(candidate => candidate.Version.Version)
            .FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : ToResult(row);
    }

    /// <inheritdoc/>
    public async Task<Page<StoredResult>> ListResultsAsync(ResultFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<ResultRow> query = NewestOf(connection, Filter(ResultRows(connection), filter), filter.RunKey);

        if (page.After is { } after)
        {
            query = page.OldestFirst ? query.Where(row => row.Version.VersionKey > after) : query.Where(row => row.Version.VersionKey < after);
        }

        query = page.OldestFirst ? query.OrderBy(row => row.Version.VersionKey) : query.OrderByDescending(row => row.Version.VersionKey);
        List<ResultRow> rows = await query.Take(page.Size + 1).ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.Version.VersionKey, ToResult);
    }

    // The results of one run, or of the run that is each plate's newest: a sample or dilution that a corrected layout no longer names has no
    // result in that run, and so none in a list. A run that was reinstated has several versions of each; the newest stands for them.
    private static IQueryable<ResultRow> NewestOf(DataConnection connection, IQueryable<ResultRow> query, long? runKey)
    {
        ITable<ResultVersionTable> versions = connection.GetTable<ResultVersionTable>();
        IQueryable<ResultRow> ofRun = runKey is { } key ? query.Where(row => row.Version.RunKey == key) : query.Where(row => row.Version.RunKey == row.Plate.RunKey);
        return ofRun.Where(row => !versions.Any(newer =>
            newer.ResultKey == row.Version.ResultKey && newer.RunKey == row.Version.RunKey && newer.Version > row.Version.Version));
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

    private static IQueryable<RunRow> RunRows(DataConnection connection) =>
        from run in connection.GetTable<AnalyticalRunTable>()
        join plate in connection.GetTable<PlateTable>() on run.PlateKey equals plate.PlateKey
        join read in connection.GetTable<PlateReadTable>() on run.ReadKey equals read.ReadKey
        join layout in connection.GetTable<PlateLayoutTable>() on run.LayoutKey equals layout.LayoutKey
        join assay in connection.GetTable<AssayTable>() on run.AssayKey equals assay.AssayKey
        // A run is saved once, so this row of the feed is the only one of its kind and target.
        join feed in connection.GetTable<ChangeFeedTable>() on new { Kind = (int)FeedKind.RunSaved, Target = run.RunKey } equals new { feed.Kind, Target = feed.TargetKey }
        select new RunRow
        {
            Run = run,
            Plate = plate,
            ReadId = read.ReadId,
            InstrumentId = read.InstrumentId,
            LayoutVersion = layout.Version,
            AssayVersion = assay.Version,
            Feed = feed,
        };

    private static IQueryable<ResultRow> ResultRows(DataConnection connection) =>
        from version in connection.GetTable<ResultVersionTable>()
        join identity in connection.GetTable<ResultTable>() on version.ResultKey equals identity.ResultKey
        join plate in connection.GetTable<PlateTable>() on identity.PlateKey equals plate.PlateKey
        join run in connection.GetTable<AnalyticalRunTable>() on version.RunKey equals run.RunKey
        join assay in connection.GetTable<AssayTable>() on run.AssayKey equals assay.AssayKey
        select new ResultRow
        {
            Version = version,
            Identity = identity,
            Plate = plate,
            AssayId = assay.AssayId,
            AssayVersion = assay.Version,
            Verdict = run.Verdict,
        };

    private static RunSummary ToSummary(RunRow row) => new(
        row.Run.RunKey,
        row.Feed.Sequence,
        row.Plate.Barcode,
        row.ReadId,
        row.LayoutVersion,
        row.InstrumentId,
        $"{row.Run.AssayId}@{row.AssayVersion}",
        row.Run.RulePack,
        row.Run.EngineVersion,
        (RunVerdict)row.Run.Verdict,
        RowMapping.FromJson<IReadOnlyList<AcceptanceCriterion>>(row.Run.Criteria),
        ContentHash.FromBytes(row.Run.InputsHash),
        Instant.FromMicroseconds(row.Run.SaveTime),
        row.Run.ResultCount,
        row.Run.FlagCount);

    private static StoredResult ToResult(ResultRow row) => new(
        row.Version.ResultKey,
        row.Version.Version,
        row.Version.VersionKey,
        (ResultStatus)row.Version.Status,
        row.Plate.Barcode,
        row.Version.RunKey,
        $"{row.AssayId}@{row.AssayVersion}",
        (RunVerdict)row.Verdict,
        Instant.FromMicroseconds(row.Version.CreateTime),
        RunMapping.ToResult(row.Identity, row.Version));

    private sealed class RunRow
    {
        public required AnalyticalRunTable Run { get; init; }

        public required PlateTable Plate { get; init; }

        public required string ReadId { get; init; }

        public required string InstrumentId { get; init; }

        public required int LayoutVersion { get; init; }

        public required int AssayVersion { get; init; }

        public required ChangeFeedTable Feed { get; init; }
    }

    private sealed class ResultRow
    {
        public required ResultVersionTable Version { get; init; }

        public required ResultTable Identity { get; init; }

        public required PlateTable Plate { get; init; }

        public required string AssayId { get; init; }

        public required int AssayVersion { get; init; }

        public required int Verdict { get; init; }
    }
}
