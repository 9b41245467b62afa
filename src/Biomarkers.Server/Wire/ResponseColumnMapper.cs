using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;

namespace Biomarkers.Server.Wire;

/// <summary>Columns of responses, whose wells are counted row by row on the wire.</summary>
internal static class ResponseColumnMapper
{
    /// <summary>Most columns of one message: 64 analytes, each with a reference.</summary>
    private const int MaximumColumns = 128;

    /// <summary>The columns on a plate of a format; what has no place on it gets a stand-in and a fault.</summary>
    public static IReadOnlyList<ResponseColumn> ToDomain(IReadOnlyList<V1.ResponseColumn> columns, PlateFormat format, WireFaults faults)
    {
        if (columns.Count > MaximumColumns)
        {
            faults.Add("columns", FaultReasons.LimitExceeded, $"{columns.Count} columns were sent; expected at most {MaximumColumns}.");
            return [];
        }

        var mapped = new ResponseColumn[columns.Count];
        for (int i = 0; i < mapped.Length; i++)
        {
            mapped[i] = ToDomain(columns[i], $"columns[{i}]", format, faults);
        }

        return mapped;
    }

    /// <summary>The columns with their wells as counted, for a plate whose size only the store knows.</summary>
    /// <param name="columns">The columns, without a fault.</param>
    /// <param name="mapped">What <c>ToDomain</c> made of them.</param>
    public static IReadOnlyList<IndexedColumn> ToIndexed(IReadOnlyList<V1.ResponseColumn> columns, IReadOnlyList<ResponseColumn> mapped) =>
    [
        .. columns.Zip(mapped, (column, checkedColumn) => new IndexedColumn(
            checkedColumn.Analyte,
            checkedColumn.Purpose,
            checkedColumn.WavelengthNm,
            [.. column.Positions.Select(position => (int)position)],
            checkedColumn.Responses,
            checkedColumn.BeadCounts,
            [.. column.Exceptions.Zip(checkedColumn.Exceptions, (exception, known) => ((int)exception.Position, known.Status, known.Token))])),
    ];

    private static ResponseColumn ToDomain(V1.ResponseColumn column, string place, PlateFormat format, WireFaults faults)
    {
        ColumnPurpose purpose = WireWords.ReadColumnPurpose(column.Purpose, $"{place}.purpose", faults);
        int count = column.Positions.Count + column.Exceptions.Count;
        if (count > format.WellCount || column.Responses.Count > format.WellCount || column.BeadCounts.Count > format.WellCount)
        {
            faults.Add(place, FaultReasons.LimitExceeded, $"The column has {Math.Max(count, column.Responses.Count)} entries; expected at most one per well of {format}.");
            return new ResponseColumn(column.Analyte, purpose, null, [], [], [], []);
        }

        var places = new WellPlaces(format, column.Positions.Concat(column.Exceptions.Select(exception => exception.Position)));
        var positions = new WellPosition[column.Positions.Count];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = places.At(column.Positions[i], $"{place}.positions[{i}]", faults);
        }

        var exceptions = new WellException[column.Exceptions.Count];
        for (int i = 0; i < exceptions.Length; i++)
        {
            V1.WellException exception = column.Exceptions[i];
            string field = $"{place}.exceptions[{i}]";
            exceptions[i] = new WellException(
                places.At(exception.Position, $"{field}.position", faults),
                WireWords.ReadWellStatus(exception.Status, $"{field}.status", faults),
                exception.Token);
        }

        double? wavelength = column.HasWavelengthNm ? column.WavelengthNm : null;
        return new ResponseColumn(column.Analyte, purpose, wavelength, positions, [.. column.Responses], [.. column.BeadCounts], exceptions);
    }

    /// <summary>Turns counts into wells; a count that is off the plate gets a well that nobody else in the column has, so that no second
    /// fault follows from the first.</summary>
    private sealed class WellPlaces(PlateFormat format, IEnumerable<uint> counts)
    {
        private readonly HashSet<uint> taken = [.. counts];
        private uint next;

        public WellPosition At(uint count, string field, WireFaults faults)
        {
            if (count < format.WellCount)
            {
                return format.WellAt((int)count);
            }

            faults.Add(field, FaultReasons.WellOutOfRange, $"Well number {count} is off a plate of {format}; expected 0 for A01 to {format.WellCount - 1} for {format.LastWell}.");
            while (!taken.Add(next))
            {
                next++;
            }

            return format.WellAt((int)next);
        }
    }
}
