using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;

namespace Biomarkers.Tests.Pipeline;

/// <summary>A small noise-free plate of the built-in IL-6 assay, whose answers are known by construction.</summary>
internal static class TestPlates
{
    public static AssayDefinition Assay { get; } = BuiltInAssays.All.First(assay => assay.Id == "il-6");

    /// <summary>A day on which the plate's lots may be used: a plate that says no time leaves a criterion unjudged.</summary>
    public static DateTimeOffset ReadTime { get; } = new(2026, 11, 2, 8, 30, 0, TimeSpan.Zero);

    private static AnalyteSpecification Analyte => Assay.Analytes[0];

    // Lower, upper, inflection, slope, asymmetry of the truth.
    private static double[] Truth => [0.05, 3.0, Analyte.Uloq / 3, -1.1, 1.0];

    public static double ResponseOf(double concentration)
    {
        CurveModels.TryFind("5pl", out CurveModel? model);
        return model!.Response(Truth, concentration);
    }

    /// <summary>Concentration of the n-th of the three samples.</summary>
    public static double SampleConcentration(int n) => Analyte.Lloq * Math.Pow(Analyte.Uloq / Analyte.Lloq, 0.25 * (n + 1));

    public static WholePlateRead Whole(string barcode, string readId = "r1", bool withLayout = true, double factor = 1, DateTimeOffset? readTime = null) =>
        new(new ReadOrigin(readId, "kim", readTime), Read(barcode, factor), withLayout ? Layout() : null);

    public static PlateRead Read(string barcode, double factor = 1)
    {
        IReadOnlyList<LayoutWell> wells = Layout().Wells;
        var column = new ResponseColumn(
            Analyte.Analyte,
            ColumnPurpose.Measurement,
            450,
            [.. wells.Select(well => well.Position)],
            [.. wells.Select(well => factor * ResponseOf(ConcentrationIn(well.Content)))],
            [],
            []);
        return PlateRead.Create(barcode, 96, Assay.ResponseKind, [column]).ValueOrThrow();
    }

    public static PlateLayout Layout(int sampleNumberOffset = 0)
    {
        var wells = new List<LayoutWell>();
        for (int level = 0; level < 8; level++)
        {
            double nominal = Analyte.Lloq * Math.Pow(Analyte.Uloq / Analyte.Lloq, level / 7.0);
            var content = new Calibrator($"CAL{level + 1}", CalibratorKind.Calibrator, [new NominalConcentration(Analyte.Analyte, nominal, Analyte.Unit)]);
            wells.Add(new LayoutWell(new WellPosition(level, 0), content));
            wells.Add(new LayoutWell(new WellPosition(level, 1), content));
        }

        for (int n = 0; n < 3; n++)
        {
            wells.Add(new LayoutWell(new WellPosition(n, 2), new UnknownSample($"S-{n + sampleNumberOffset}", 1, new Specimen(StudyId: "LARSEN", Visit: "week 13"))));
            wells.Add(new LayoutWell(new WellPosition(n, 3), new UnknownSample($"S-{n + sampleNumberOffset}", 1, new Specimen(StudyId: "LARSEN", Visit: "week 13"))));
            var control = new Control($"QC{n}", 1, "LOT-7", 1, [new NominalConcentration(Analyte.Analyte, SampleConcentration(n), Analyte.Unit)]);
            wells.Add(new LayoutWell(new WellPosition(n, 4), control));
        }

        var lots = new[] { new LotReference(LotKind.Kit, "KIT-1", new DateOnly(2027, 6, 30)) };
        return PlateLayout.Create(Assay.Id, PlateLayout.NewestAssayVersion, PlateFormat.Wells96, wells, lots).ValueOrThrow();
    }

    /// <summary>The wells of a column of the plate, as a part.</summary>
    public static IndexedColumn Part(int plateColumn, double factor = 1)
    {
        ResponseColumn column = Read("any", factor).Columns[0];
        int[] chosen = [.. Enumerable.Range(0, column.Positions.Count).Where(i => column.Positions[i].Column == plateColumn)];
        return new IndexedColumn(
            column.Analyte,
            column.Purpose,
            450,
            [.. chosen.Select(i => PlateFormat.Wells96.IndexOf(column.Positions[i]))],
            [.. chosen.Select(i => column.Responses[i])],
            [],
            []);
    }

    private static double ConcentrationIn(WellContent content) => content switch
    {
        Calibrator calibrator => calibrator.Nominals[0].Value,
        Control control => control.Nominals[0].Value,
        UnknownSample sample => SampleConcentration(sample.SampleId[^1] - '0'),
        _ => 0,
    };
}
