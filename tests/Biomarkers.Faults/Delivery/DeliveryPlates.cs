using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;

namespace Biomarkers.Faults.Delivery;

/// <summary>Small noise-free plates of three samples, the same samples on each plate of a schedule.</summary>
internal static class DeliveryPlates
{
    public const int Samples = 3;

    private const int Levels = 8;

    public static string SampleOf(int schedule, int sample) => string.Create(CultureInfo.InvariantCulture, $"S{schedule}-{sample}");

    /// <summary>Wells of the samples: two of each.</summary>
    public static WellPosition WellOf(int sample) => new(sample, 2);

    public static SubmitPlateRead Create(string barcode, int schedule, string study, AssayDefinition assay)
    {
        AnalyteSpecification analyte = assay.Analytes[0];
        var wells = new List<LayoutWell>();
        var responses = new List<double>();
        for (int level = 0; level < Levels; level++)
        {
            double nominal = analyte.Lloq * Math.Pow(analyte.Uloq / analyte.Lloq, level / (Levels - 1.0));
            var calibrator = new Calibrator($"CAL{level + 1}", CalibratorKind.Calibrator, [new NominalConcentration(analyte.Analyte, nominal, analyte.Unit)]);
            Add(level, 0, calibrator, nominal);
            Add(level, 1, calibrator, nominal);
        }

        for (int sample = 0; sample < Samples; sample++)
        {
            double concentration = analyte.Lloq * Math.Pow(analyte.Uloq / analyte.Lloq, 0.25 * (sample + 1));
            var unknown = new UnknownSample(SampleOf(schedule, sample), 1, new Specimen(StudyId: study));
            Add(sample, 2, unknown, concentration);
            Add(sample, 3, unknown, concentration);
            Add(sample, 4, new Control($"QC{sample}", 1, "LOT-7", 1, [new NominalConcentration(analyte.Analyte, concentration, analyte.Unit)]), concentration);
        }

        PlateLayout layout = PlateLayout.Create(assay.Id, PlateLayout.NewestAssayVersion, PlateFormat.Wells96, wells, []).ValueOrThrow();
        var column = new ResponseColumn(analyte.Analyte, ColumnPurpose.Measurement, 450, [.. wells.Select(well => well.Position)], [.. responses], [], []);
        PlateRead read = PlateRead.Create(barcode, 96, assay.ResponseKind, [column]).ValueOrThrow();
        var content = new WholePlateRead(new ReadOrigin("r1", "kim", null), read, layout);
        return new SubmitPlateRead("reader-1", content, Encoding.UTF8.GetBytes(barcode), "instruments/reader-1");

        void Add(int row, int plateColumn, WellContent content, double concentration)
        {
            wells.Add(new LayoutWell(new WellPosition(row, plateColumn), content));
            responses.Add(ResponseOf(analyte, concentration));
        }
    }

    private static double ResponseOf(AnalyteSpecification analyte, double concentration) =>
        CurveModels.TryFind("5pl", out CurveModel? model)
            ? model.Response([0.05, 3.0, analyte.Uloq / 3, -1.1, 1.0], concentration)
            : throw new InvalidOperationException("There is no curve model '5pl'.");
}
