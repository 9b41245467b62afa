using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Simulation.Plates;

/// <summary>Makes 96-well plates of known truth.</summary>
/// <remarks>Response of a well: f = hidden curve at its concentration after pipetting (CV 1.5 %, shared by the analytes of a well), plus normal
/// noise of sd^2 = a^2 + (b f)^2, b = 3 %, rounded as the detector prints. Everything follows from assay, scenario and seed, on every platform.</remarks>
public static class PlateSimulator
{
    /// <summary>Coefficient of variation of a pipetted volume.</summary>
    public const double PipettingCvPercent = 1.5;

    /// <summary>Share of noise that grows with the response, b of sd^2 = a^2 + (b f)^2.</summary>
    public const double ResponseCvPercent = 3;

    /// <summary>Samples that a scenario touches.</summary>
    private const int TouchedSamples = 4;

    private const string OverflowToken = "OVRFLW";

    // Dispensed over nominal concentration, by level; neighbours err in opposite senses, so that no monotone curve passes near both.
    private static readonly Dictionary<int, double> MisdispensedLevels = new() { [2] = 2.6, [3] = 0.38, [5] = 2.4, [6] = 0.38 };

    /// <summary>Makes a plate.</summary>
    /// <param name="assay">Gives analytes, units, ranges and detector. A model that begins with <c>5pl</c> gets an asymmetric truth, every other a 4PL.</param>
    /// <param name="scenario">What goes wrong.</param>
    /// <param name="seed">Equal seeds give equal plates.</param>
    /// <param name="plateBarcode">A name; default <c>SIM-assay-seed</c>.</param>
    /// <exception cref="ArgumentException">The barcode is no name, or the assay's id makes none.</exception>
    public static SimulatedPlate Create(AssayDefinition assay, PlateScenario scenario, ulong seed, string? plateBarcode = null)
    {
        var random = new SeededGenerator(seed);
        Dictionary<string, TrueCurve> curves = assay.Analytes.ToDictionary(analyte => analyte.Analyte, analyte => CurveOf(assay, analyte, random));
        (IReadOnlyList<UnknownSample> samples, double[][] concentrations) = SampleSource.Draw(assay, seed, random);
        int[] touched = [.. random.Shuffled(Enumerable.Range(0, samples.Count)).Take(TouchedSamples).Order()];
        samples = PlantConcentrations(assay, scenario, touched, samples, concentrations, random);
        Dictionary<WellPosition, double> dispensed = Dispensed(scenario, touched);
        HashSet<WellPosition> saturated = scenario == PlateScenario.SaturatedWells ? SaturatedWells(touched) : [];

        IReadOnlyList<LayoutWell> wells = SimulatedLayout.Wells(assay, samples);
        Dictionary<WellPosition, double> pipetting = wells.OrderBy(well => well.Position)
            .ToDictionary(well => well.Position, well => dispensed.GetValueOrDefault(well.Position, 1) * (1 + (PipettingCvPercent / 100 * random.NextNormal())));
        DetectorScale scale = DetectorScale.Of(assay.ResponseKind);
        ResponseColumn[] columns =
        [
            .. assay.Analytes.Select((analyte, i) =>
            {
                Dictionary<WellPosition, double> nominals = TrueInWells(analyte, i, samples, concentrations);
                return ReadColumn(analyte.Analyte, curves[analyte.Analyte], scale, wells, nominals, pipetting, saturated, random);
            }),
        ];
        string barcode = plateBarcode ?? string.Create(CultureInfo.InvariantCulture, $"SIM-{assay.Id}-{seed:000000}");
        return new SimulatedPlate(
            PlateRead.Create(barcode, PlateFormat.Wells96.WellCount, assay.ResponseKind, columns).ValueOrThrow(),
            PlateLayout.Create(assay.Id, assay.Version, PlateFormat.Wells96, wells, SimulatedLayout.Lots).ValueOrThrow(),
            scenario,
            curves,
            Truths(assay, samples, concentrations),
            Faults(scenario, touched, samples, saturated),
            scenario is PlateScenario.BadCalibrator or PlateScenario.FailingControl ? RunVerdict.Rejected : RunVerdict.Accepted);
    }

    private static TrueCurve CurveOf(AssayDefinition assay, AnalyteSpecification analyte, SeededGenerator random)
    {
        double asymmetry = analyte.CurveModel.StartsWith("5pl", StringComparison.Ordinal) ? random.NextBetween(0.7, 0.85) : 1;
        return TrueCurve.Through(DetectorScale.Of(assay.ResponseKind), analyte.Lloq, analyte.Uloq, asymmetry, plateFactor: 1 + (0.05 * random.NextNormal()));
    }

    // Moves the touched samples to where their scenario needs them; the others stay well inside the range.
    private static UnknownSample[] PlantConcentrations(
        AssayDefinition assay, PlateScenario scenario, int[] touched, IReadOnlyList<UnknownSample> samples, double[][] concentrations, SeededGenerator random)
    {
        UnknownSample[] planted = [.. samples];
        (double low, double high)? Bounds(AnalyteSpecification analyte) => scenario switch
        {
            PlateScenario.AboveUloq => (2 * analyte.Uloq, 3.5 * analyte.Uloq),
            PlateScenario.BelowLloq => (0.3 * analyte.Lloq, 0.55 * analyte.Lloq),
            PlateScenario.HighReplicateCv or PlateScenario.SaturatedWells => (3 * analyte.Lloq, Math.Max(3 * analyte.Lloq, 0.3 * analyte.Uloq)),
            _ => null,
        };
        foreach (int sample in touched)
        {
            for (int i = 0; i < assay.Analytes.Count; i++)
            {
                if (Bounds(assay.Analytes[i]) is { } bounds)
                {
                    concentrations[sample][i] = SampleSource.LogUniform(bounds.low, bounds.high, random);
                    planted[sample] = samples[sample] with { DilutionFactor = 1 };
                }
            }
        }

        return planted;
    }

    // Dispensed over intended concentration of the wells where it is not 1.
    private static Dictionary<WellPosition, double> Dispensed(PlateScenario scenario, int[] touched)
    {
        var dispensed = new Dictionary<WellPosition, double>();
        switch (scenario)
        {
            case PlateScenario.BadCalibrator:
                foreach ((int level, double factor) in MisdispensedLevels)
                {
                    Add(SimulatedLayout.CalibratorWells(level), factor);
                }

                break;
            case PlateScenario.FailingControl:
                for (int set = 0; set < SimulatedLayout.SetCount; set++)
                {
                    Add(SimulatedLayout.ControlWells(1, set), 1.6);
                }

                break;
            case PlateScenario.HighReplicateCv:
                foreach (int sample in touched)
                {
                    Add(SimulatedLayout.SampleWells(sample)[1..], 2.2);
                }

                break;
        }

        return dispensed;

        void Add(IEnumerable<WellPosition> wells, double factor)
        {
            foreach (WellPosition well in wells)
            {
                dispensed[well] = factor;
            }
        }
    }

    // Both wells of the first touched sample, one well of the others.
    private static HashSet<WellPosition> SaturatedWells(int[] touched) =>
        [.. touched.SelectMany((sample, i) => i == 0 ? SimulatedLayout.SampleWells(sample) : SimulatedLayout.SampleWells(sample)[..1])];

    private static Dictionary<WellPosition, double> TrueInWells(AnalyteSpecification analyte, int index, IReadOnlyList<UnknownSample> samples, double[][] concentrations)
    {
        var inWells = new Dictionary<WellPosition, double>();
        for (int level = 0; level < SimulatedLayout.LevelCount; level++)
        {
            Add(SimulatedLayout.CalibratorWells(level), SimulatedLayout.CalibratorNominal(analyte, level));
        }

        for (int level = 0; level < SimulatedLayout.ControlLevels.Count; level++)
        {
            for (int set = 0; set < SimulatedLayout.SetCount; set++)
            {
                Add(SimulatedLayout.ControlWells(level, set), SimulatedLayout.ControlNominal(analyte, level));
            }
        }

        for (int i = 0; i < samples.Count; i++)
        {
            Add(SimulatedLayout.SampleWells(i), concentrations[i][index] / samples[i].DilutionFactor);
        }

        return inWells;

        void Add(WellPosition[] wells, double concentration) => Array.ForEach(wells, well => inWells[well] = concentration);
    }

    private static ResponseColumn ReadColumn(
        string analyte,
        TrueCurve curve,
        DetectorScale scale,
        IReadOnlyList<LayoutWell> wells,
        Dictionary<WellPosition, double> inWells,
        Dictionary<WellPosition, double> pipetting,
        HashSet<WellPosition> saturated,
        SeededGenerator random)
    {
        WellPosition[] order = [.. wells.Select(well => well.Position).Order()];
        var responses = new Dictionary<WellPosition, double>();
        foreach (WellPosition well in order)
        {
            double mean = curve.Response(inWells.GetValueOrDefault(well) * pipetting[well]);
            double share = ResponseCvPercent / 100 * mean;
            double response = mean + (Math.Sqrt((scale.FloorSd * scale.FloorSd) + (share * share)) * random.NextNormal());
            responses[well] = Math.Round(response * scale.StepsPerUnit) / scale.StepsPerUnit;
        }

        WellPosition[] measured = [.. order.Where(well => !saturated.Contains(well))];
        int[] beadCounts = scale.CountsBeads ? [.. measured.Select(_ => 50 + random.NextIndex(100))] : [];
        return new ResponseColumn(
            analyte,
            ColumnPurpose.Measurement,
            wavelengthNm: null,
            measured,
            [.. measured.Select(well => responses[well])],
            beadCounts,
            [.. saturated.Order().Select(well => new WellException(well, WellStatus.Saturated, OverflowToken))]);
    }

    private static SampleTruth[] Truths(AssayDefinition assay, IReadOnlyList<UnknownSample> samples, double[][] concentrations) =>
    [
        .. assay.Analytes.SelectMany((analyte, i) => samples.Select((sample, j) =>
        {
            double inWell = concentrations[j][i] / sample.DilutionFactor;
            RangeStatus status = inWell < analyte.Lloq ? RangeStatus.BelowLloq : inWell > analyte.Uloq ? RangeStatus.AboveUloq : RangeStatus.Quantified;
            return new SampleTruth(sample.SampleId, analyte.Analyte, concentrations[j][i], sample.DilutionFactor, status);
        })),
    ];

    private static PlantedFault[] Faults(PlateScenario scenario, int[] touched, IReadOnlyList<UnknownSample> samples, HashSet<WellPosition> saturated)
    {
        PlantedFault[] OfSamples(string flag) => [.. touched.Select(sample => new PlantedFault(flag, samples[sample].SampleId, SimulatedLayout.SampleWells(sample)))];
        return scenario switch
        {
            PlateScenario.BadCalibrator =>
            [
                .. MisdispensedLevels.Keys.Order().Select(level =>
                    new PlantedFault(FlagCodes.CurveRejected, SimulatedLayout.CalibratorName(level), SimulatedLayout.CalibratorWells(level))),
            ],
            PlateScenario.FailingControl =>
            [
                .. Enumerable.Range(0, SimulatedLayout.SetCount).Select(set =>
                    new PlantedFault(FlagCodes.ControlsPerLevel, SimulatedLayout.MiddleControl, SimulatedLayout.ControlWells(1, set))),
            ],
            PlateScenario.AboveUloq => OfSamples(FlagCodes.AboveUloq),
            PlateScenario.BelowLloq => OfSamples(FlagCodes.BelowLloq),
            PlateScenario.HighReplicateCv => OfSamples(FlagCodes.ReplicateCv),
            PlateScenario.SaturatedWells =>
            [
                .. touched.Select(sample =>
                    new PlantedFault(FlagCodes.WellSaturated, samples[sample].SampleId, [.. SimulatedLayout.SampleWells(sample).Where(saturated.Contains)])),
            ],
            _ => [],
        };
    }
}
