using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Series of controls: the points of each lot in the order in which their runs were saved.</summary>
internal sealed partial class SqlStoreTransaction
{
    private readonly List<SavedControl> savedControls = [];

    // At the end of the transaction, and all series in one order: two servers that save runs of the same lots wait for each other and are never
    // locked crosswise. The row of a series is locked by its update, until the commit.
    private async Task ContinueSeriesAsync(CancellationToken cancellationToken)
    {
        var points = new List<ControlSeriesPointTable>(savedControls.Count);
        foreach (IGrouping<SeriesName, SavedControl> series in savedControls.GroupBy(control => control.Series).OrderBy(series => series.Key.ToString(), StringComparer.Ordinal))
        {
            int count = series.Count();
            (long seriesKey, long pointCount) = await LengthenSeriesAsync(series.Key, count, cancellationToken);
            long position = pointCount - count;
            points.AddRange(series.Select(control => new ControlSeriesPointTable
            {
                SeriesKey = seriesKey,
                Position = ++position,
                RunKey = control.RunKey,
                Ordinal = control.Ordinal,
            }));
        }

        await InsertAllAsync(points, cancellationToken);
    }

    private async Task<(long SeriesKey, long PointCount)> LengthenSeriesAsync(SeriesName name, int count, CancellationToken cancellationToken)
    {
        ITable<ControlSeriesTable> table = connection.GetTable<ControlSeriesTable>();
        IQueryable<ControlSeriesTable> own = table.Where(row =>
            row.AssayId == name.AssayId && row.Analyte == name.Analyte && row.Level == name.Level && row.LotNumber == name.LotNumber);
        if (await own.Set(row => row.PointCount, row => row.PointCount + count).UpdateAsync(cancellationToken) == 0)
        {
            var first = new ControlSeriesTable
            {
                SeriesKey = await NextKeyAsync("control_series", cancellationToken),
                AssayId = name.AssayId,
                Analyte = name.Analyte,
                Level = name.Level,
                LotNumber = name.LotNumber,
                PointCount = count,
            };
            await connection.InsertAsync(first, token: cancellationToken);
            return (first.SeriesKey, count);
        }

        ControlSeriesTable known = await own.SingleAsync(cancellationToken);
        return (known.SeriesKey, known.PointCount);
    }

    private sealed record SeriesName(string AssayId, string Analyte, string Level, string LotNumber);

    private sealed record SavedControl(SeriesName Series, long RunKey, int Ordinal);
}
