using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Tests.Immunoassay.Analysis;

/// <summary>A plate that is filled well by well, row by row, with the responses that a test wants.</summary>
internal sealed class TestPlate(params AnalyteSpecification[] analytes)
{
    private readonly List<LayoutWell> wells = [];
    private readonly List<double?[]> responses = [];
    private readonly List<WellException> exceptions = [];

    /// <summary>Kit of eight calibrators from 1 to 128 pg/mL in twofold steps; the range is that of the calibrators.</summary>
    public static IReadOnlyList<double> Levels { get; } = [1, 2, 4, 8, 16, 32, 64, 128];

    public PlateFormat Format { get; init; } = PlateFormat.Wells96;

    public RulePack Pack { get; init; } = RulePacks.IchM10Lba;

    public Func<PlateFormat, int, WellPosition> Place { get; init; } = (format, index) => format.WellAt(index);

    public AssayDefinition Assay => new("test", 1, "Test", ResponseKind.Luminescence, Pack.Name, analytes);

    /// <summary>An analyte whose curve is response = concentration to the last bits: a log-log line of fixed slope 1. With it a test says
    /// concentrations where a plate has responses.</summary>
    public static AnalyteSpecification Line(string analyte = "a") => new()
    {
        Analyte = analyte,
        DisplayName = analyte,
        Unit = ConcentrationUnit.PgPerMl,
        Lloq = 1,
        Uloq = 128,
        CurveModel = "loglog",
        Weights = "none",
        FixedParameters = new Dictionary<string, double> { ["logLogSlope"] = 1 },
    };

    /// <summary>An analyte with a 4PL curve, weights 1/y2.</summary>
    public static AnalyteSpecification FourParameter(string analyte = "a") =>
        Line(analyte) with { CurveModel = "4pl", Weights = "1/y2", FixedParameters = new Dictionary<string, double>() };

    /// <summary>Response of a 4PL: from <paramref name="atZero"/> at concentration 0 to <paramref name="atInfinity"/>.</summary>
    public static double Sigmoid(double concentration, double atZero = 100, double atInfinity = 100_000) =>
        atInfinity + ((atZero - atInfinity) / (1 + Math.Pow(concentration / 30, 1.2)));

    /// <summary>Adds one well, one response per analyte; null for a well that was not read.</summary>
    public TestPlate Add(WellContent content, params double?[] response)
    {
        wells.Add(new LayoutWell(Place(Format, wells.Count), content));
        responses.Add(response);
        return this;
    }

    /// <summary>Adds one well without a number.</summary>
    public TestPlate AddWithout(WellContent content, WellStatus status, string token = "")
    {
        exceptions.Add(new WellException(Place(Format, wells.Count), status, token));
        return Add(content, [.. analytes.Select(_ => (double?)null)]);
    }

    public TestPlate AddSample(string id, params double[] replicates) => replicates.Aggregate(this, (plate, response) => plate.Add(new UnknownSample(id, 1, null), response));

    /// <summary>Adds the calibrators in duplicate; of each the given function makes the response.</summary>
    public TestPlate AddCalibrators(Func<double, double> responseOf, IReadOnlyList<double>? levels = null)
    {
        foreach (double level in levels ?? Levels)
        {
            Add(CalibratorOf(level), responseOf(level));
            Add(CalibratorOf(level), responseOf(level));
        }

        return this;
    }

    public static Calibrator CalibratorOf(double level, CalibratorKind kind = CalibratorKind.Calibrator) =>
        new($"CAL{level}", kind, [new NominalConcentration("a", level, ConcentrationUnit.PgPerMl)]);

    public static Control ControlOf(string level, int set, double nominal = 10, double dilution = 1) =>
        new(level, set, null, dilution, [new NominalConcentration("a", nominal, ConcentrationUnit.PgPerMl)]);

    /// <summary>Inputs; <paramref name="order"/> gives the order in which wells are handed over, and columns stand in it too.</summary>
    public AnalysisInputs Inputs(Func<int, IEnumerable<int>>? order = null)
    {
        int[] sequence = [.. order?.Invoke(wells.Count) ?? Enumerable.Range(0, wells.Count)];
        IEnumerable<ResponseColumn> columns = analytes.Select((analyte, i) => ColumnOf(analyte.Analyte, i, sequence));
        PlateRead read = PlateRead.Create("P1", Format.WellCount, ResponseKind.Luminescence, [.. order is null ? columns : columns.Reverse()]).ValueOrThrow();
        PlateLayout layout = PlateLayout.Create("test", 1, Format, [.. sequence.Select(i => wells[i])], []).ValueOrThrow();
        return AnalysisInputs.Check(read, layout, AssayDefinition.Check(Assay).ValueOrThrow(), Pack).ValueOrThrow();
    }

    public AnalyticalRun Analyze(Func<int, IEnumerable<int>>? order = null) => PlateAnalyzer.Analyze(Inputs(order));

    private ResponseColumn ColumnOf(string analyte, int index, int[] sequence)
    {
        int[] read = [.. sequence.Where(i => responses[i][index] is not null)];
        return new ResponseColumn(
            analyte, ColumnPurpose.Measurement, null, [.. read.Select(i => wells[i].Position)], [.. read.Select(i => responses[i][index]!.Value)], [], exceptions);
    }
}
