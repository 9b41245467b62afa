using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Puts the parts of a read together.</summary>
internal static class PlateReadParts
{
    /// <summary>Gives the wells of a part their places on the plate.</summary>
    public static Checked<PlateRead> Place(PendingReadRow pending, IReadOnlyList<IndexedColumn> columns)
    {
        PlateFormat format = pending.Format;
        var faults = new List<Fault>();
        for (int i = 0; i < columns.Count; i++)
        {
            CheckPlaces($"columns[{i}].positions", columns[i].Positions, format, faults);
            CheckPlaces($"columns[{i}].exceptions", [.. columns[i].Exceptions.Select(exception => exception.Position)], format, faults);
        }

        return faults.Count > 0
            ? faults
            : PlateRead.Create(BarcodeOf(pending), format.WellCount, pending.ResponseKind, [.. columns.Select(column => Place(column, format))]);
    }

    /// <summary>One read of all parts. A well that arrived twice with the same value counts once; with another value it is a fault.</summary>
    public static Checked<PlateRead> Merge(PendingReadRow pending, IReadOnlyList<PlateRead> parts)
    {
        var columns = parts.SelectMany(part => part.Columns)
            .GroupBy(column => (column.Analyte, column.Purpose))
            .Select(group => Merge([.. group]))
            .ToList();
        return PlateRead.Create(BarcodeOf(pending), pending.Format.WellCount, pending.ResponseKind, columns);
    }

    private static string BarcodeOf(PendingReadRow pending) =>
        pending.PlateBarcode == WholePlateRead.NoBarcode ? WholePlateRead.StandInBarcode : pending.PlateBarcode;

    private static void CheckPlaces(string field, IReadOnlyList<int> places, PlateFormat format, List<Fault> faults)
    {
        for (int i = 0; i < places.Count; i++)
        {
            if (places[i] < 0 || places[i] >= format.WellCount)
            {
                faults.Add(new Fault($"{field}[{i}]", FaultReasons.WellOutOfRange, $"Place {places[i]} is off a plate of {format}; expected 0 to {format.WellCount - 1}."));
            }
        }
    }

    private static ResponseColumn Place(IndexedColumn column, PlateFormat format) => new(
        column.Analyte,
        column.Purpose,
        column.WavelengthNm,
        [.. column.Positions.Select(format.WellAt)],
        column.Responses,
        column.BeadCounts,
        [.. column.Exceptions.Select(exception => new WellException(format.WellAt(exception.Position), exception.Status, exception.Token))]);

    private static ResponseColumn Merge(IReadOnlyList<ResponseColumn> columns)
    {
        bool hasBeads = columns.All(column => column.BeadCounts.Count > 0 || column.Positions.Count == 0);
        var measured = columns
            .SelectMany(column => column.Positions.Select((position, i) => (position, response: column.Responses[i], beads: hasBeads ? column.BeadCounts[i] : 0)))
            .Distinct()
            .ToList();
        return new ResponseColumn(
            columns[0].Analyte,
            columns[0].Purpose,
            columns[0].WavelengthNm,
            [.. measured.Select(well => well.position)],
            [.. measured.Select(well => well.response)],
            hasBeads ? [.. measured.Select(well => well.beads)] : [],
            [.. columns.SelectMany(column => column.Exceptions).Distinct()]);
    }
}
