using System.Globalization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Simulation.Plates;

/// <summary>What stands where on every simulated plate: columns 1 and 2 the eight calibrators, the highest in row A; columns 3 and 4 zero, blank
/// and two sets of three controls; columns 5 to 12 thirty-two samples. Everything in two wells side by side.</summary>
internal static class SimulatedLayout
{
    public const int LevelCount = 8;
    public const int SampleCount = 32;
    public const int SetCount = 2;
    public const string ZeroName = "ZERO";
    public const string BlankName = "BLANK";
    public const string MiddleControl = "MQC";
    private const string CalibratorLot = "SIM-CAL-1";
    private const string ControlLot = "SIM-QC-1";

    /// <summary>Levels of the controls, in their order.</summary>
    public static IReadOnlyList<string> ControlLevels { get; } = ["LQC", MiddleControl, "HQC"];

    public static IReadOnlyList<LotReference> Lots { get; } =
        [new(LotKind.Calibrator, CalibratorLot, null), new(LotKind.Control, ControlLot, null)];

    /// <summary>The two wells of calibrator level 0 (LLOQ) to 7 (ULOQ).</summary>
    public static WellPosition[] CalibratorWells(int level) => Pair(LevelCount - 1 - level, 0);

    public static WellPosition[] ZeroWells() => Pair(0, 2);

    public static WellPosition[] BlankWells() => Pair(1, 2);

    /// <summary>The two wells of a control level, 0 to 2, and 0-based set.</summary>
    public static WellPosition[] ControlWells(int level, int set) => Pair(2 + (level * SetCount) + set, 2);

    /// <summary>The two wells of sample 0 to 31, down the columns.</summary>
    public static WellPosition[] SampleWells(int sample) => Pair(sample % 8, 4 + (sample / 8 * 2));

    public static string CalibratorName(int level) => string.Create(CultureInfo.InvariantCulture, $"CAL{level + 1}");

    /// <summary>Nominal concentration of a calibrator level: LLOQ and ULOQ exactly, between them evenly on the logarithm, four digits.</summary>
    public static double CalibratorNominal(AnalyteSpecification analyte, int level)
    {
        if (level is 0 or LevelCount - 1)
        {
            return level == 0 ? analyte.Lloq : analyte.Uloq;
        }

        double share = (double)level / (LevelCount - 1);
        return FourDigits(PortableMath.Exp(((1 - share) * PortableMath.Log(analyte.Lloq)) + (share * PortableMath.Log(analyte.Uloq))));
    }

    /// <summary>Nominal concentration of a control: three times the LLOQ, the middle of the range on the logarithm, three quarters of the ULOQ.</summary>
    public static double ControlNominal(AnalyteSpecification analyte, int level) => FourDigits(level switch
    {
        0 => 3 * analyte.Lloq,
        1 => Math.Sqrt(analyte.Lloq * analyte.Uloq),
        _ => 0.75 * analyte.Uloq,
    });

    /// <summary>All wells with their contents.</summary>
    public static IReadOnlyList<LayoutWell> Wells(AssayDefinition assay, IReadOnlyList<UnknownSample> samples)
    {
        var wells = new List<LayoutWell>();
        for (int level = 0; level < LevelCount; level++)
        {
            int number = level;
            Add(CalibratorWells(level), new Calibrator(CalibratorName(level), CalibratorKind.Calibrator, Nominals(assay, analyte => CalibratorNominal(analyte, number))));
        }

        Add(ZeroWells(), new Calibrator(ZeroName, CalibratorKind.Zero, Nominals(assay, _ => 0)));
        Add(BlankWells(), new Blank(BlankName));
        for (int level = 0; level < ControlLevels.Count; level++)
        {
            int number = level;
            for (int set = 0; set < SetCount; set++)
            {
                Add(ControlWells(level, set), new Control(ControlLevels[level], set + 1, ControlLot, 1, Nominals(assay, analyte => ControlNominal(analyte, number))));
            }
        }

        for (int i = 0; i < samples.Count; i++)
        {
            Add(SampleWells(i), samples[i]);
        }

        return wells;

        void Add(WellPosition[] positions, WellContent content) => wells.AddRange(positions.Select(position => new LayoutWell(position, content)));
    }

    private static WellPosition[] Pair(int row, int column) => [new(row, column), new(row, column + 1)];

    private static NominalConcentration[] Nominals(AssayDefinition assay, Func<AnalyteSpecification, double> value) =>
        [.. assay.Analytes.Select(analyte => new NominalConcentration(analyte.Analyte, value(analyte), analyte.Unit))];

    // Through text, so that a label's digits are exactly the number.
    private static double FourDigits(double value) =>
        double.Parse(value.ToString("E3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
