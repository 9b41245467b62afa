using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments.Tables;

/// <summary>The size of the plate of a file.</summary>
internal static class PlateSize
{
    /// <summary>The stated size, else the smallest with as many wells as the file names; every well off it is a fault.</summary>
    /// <param name="stated">What options or file state; null when neither does.</param>
    /// <param name="wells">Wells of the file with their places, in its order; a well may stand several times.</param>
    /// <param name="faults">Receives wells off the plate.</param>
    public static PlateFormat Of(int? stated, IReadOnlyList<(WellPosition Well, string Field)> wells, List<Fault> faults)
    {
        int distinct = wells.Select(item => item.Well).Distinct().Count();
        int count = stated ?? distinct switch { <= 96 => 96, <= 384 => 384, _ => 1536 };
        PlateFormat format = PlateFormat.TryFromWellCount(count, out PlateFormat? known) ? known : PlateFormat.Wells96;
        foreach ((WellPosition well, string field) in wells)
        {
            if (!format.Contains(well))
            {
                string why = stated is null ? $"{distinct} wells are named, so the plate is taken for one of {format}" : $"the plate has {format}";
                faults.Add(new Fault(
                    field,
                    FaultReasons.WellOutOfRange,
                    $"Well {well} is off the plate: {why} and the last well is {format.LastWell}; correct the well or state the plate's well count."));
            }
        }

        return format;
    }
}
