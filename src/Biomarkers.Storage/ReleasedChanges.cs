using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Versions that left, from the change feed.</summary>
internal static class ReleasedChanges
{
    /// <summary>Those behind a place of the feed, in its order.</summary>
    public static async Task<IReadOnlyList<ReleasedChange>> ListAsync(DataConnection connection, long afterSequence, int limit, CancellationToken cancellationToken) =>
        [.. (await Rows(connection).Where(row => row.Sequence > afterSequence).OrderBy(row => row.Sequence).Take(limit).ToListAsync(cancellationToken)).Select(ToChange)];

    /// <summary>The version of a result that left last before a place of the feed; null where none had.</summary>
    public static async Task<ReleasedChange?> NewestOfAsync(DataConnection connection, long resultKey, long beforeSequence, CancellationToken cancellationToken) =>
        await Rows(connection)
            .Where(row => row.ResultKey == resultKey && row.Sequence < beforeSequence)
            .OrderByDescending(row => row.Sequence)
            .FirstOrDefaultAsync(cancellationToken) is { } row ? ToChange(row) : null;

    private static IQueryable<Row> Rows(DataConnection connection) =>
        from change in connection.GetTable<ChangeFeedTable>()
        join version in connection.GetTable<ResultVersionTable>() on change.TargetKey equals version.VersionKey
        join result in connection.GetTable<ResultTable>() on version.ResultKey equals result.ResultKey
        where change.Kind == (int)FeedKind.ResultVersionLeft
        select new Row
        {
            Sequence = change.Sequence,
            VersionKey = version.VersionKey,
            ResultKey = result.ResultKey,
            SampleId = result.SampleId,
            Analyte = result.Analyte,
            Specimen = version.Specimen,
            Status = version.Status,
        };

    private static ReleasedChange ToChange(Row row) => new(
        row.Sequence,
        row.VersionKey,
        row.SampleId,
        row.Analyte,
        row.Specimen is { } specimen ? RowMapping.FromJson<Specimen>(specimen).StudyId : null,
        (ResultStatus)row.Status);

    private sealed class Row
    {
        public long Sequence { get; init; }

        public long VersionKey { get; init; }

        public long ResultKey { get; init; }

        public string SampleId { get; init; } = "";

        public string Analyte { get; init; } = "";

        public string? Specimen { get; init; }

        public int Status { get; init; }
    }
}
