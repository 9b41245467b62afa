using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Curves;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Analysis;

/// <summary>Compares whole analyses with what xPONENT 3.1 computed from the same plate: 5PL, weights 1/y2, single wells, net MFI.</summary>
public class XponentComparisonTests(ITestOutputHelper output)
{
    /// <summary>Judges nothing, so that the range is the declared one.</summary>
    private static readonly RulePack NoRules = new("none@1", "No rules", [new RuleEntry("run-verdict@1", new Dictionary<string, double>(), FlagSeverity.Reject, null)]);

    [SharedDataTheory]
    [InlineData("IL6")] // the analyte of the product
    [InlineData("EOTAXIN")] // the others whose standards all have net MFI > 0
    [InlineData("GMCSF")]
    [InlineData("IFNg")]
    [InlineData("IL12")]
    [InlineData("IL17")]
    [InlineData("IL5")]
    [InlineData("IP10")]
    public void Analyze_PlateOfXponent_MeetsEveryVendorConcentration(string analyte)
    {
        Dictionary<string, string>[] wells = [.. ReferenceFits.Rows("vendor/xponent_plate1_wells.csv").Where(row => row["analyte"] == analyte)];
        AnalysisInputs inputs = InputsOf(analyte, wells, NoRules);
        AnalyticalRun run = PlateAnalyzer.Analyze(inputs);
        AnalyteSpecification specification = inputs.Assay.Analytes[0];
        (int inside, int outside, int beyond) = (0, 0, 0);
        (double worstInside, double worstOutside) = (0, 0);
        foreach (Dictionary<string, string> row in wells)
        {
            WellPosition well = WellPosition.Parse(row["well"]);
            if (run.Results.SingleOrDefault(result => result.Wells.Contains(well)) is { } result)
            {
                if (row["result"].StartsWith('>'))
                {
                    Assert.Equal(RangeStatus.AboveUloq, result.RangeStatus);
                    Assert.Equal(specification.Uloq * result.DilutionFactor, result.Limit);
                    beyond++;
                    continue;
                }

                if (row["result"].StartsWith('<'))
                {
                    Assert.Equal(RangeStatus.BelowLloq, result.RangeStatus);
                    Assert.Equal(specification.Lloq * result.DilutionFactor, result.Limit);
                    beyond++;
                    continue;
                }

                double vendor = row.Number("result");
                RangeStatus expected = vendor / 2 < specification.Lloq ? RangeStatus.BelowLloq : vendor / 2 > specification.Uloq ? RangeStatus.AboveUloq : RangeStatus.Quantified;
                Assert.Equal(expected, result.RangeStatus);
                Assert.Equal(expected == RangeStatus.Quantified, result.Concentration is not null);
                double ours = (result.Concentration ?? result.ExtrapolatedConcentration)!.Value;
                double difference = Math.Abs((ours / vendor) - 1);
                (inside, outside) = expected == RangeStatus.Quantified ? (inside + 1, outside) : (inside, outside + 1);
                (worstInside, worstOutside) = expected == RangeStatus.Quantified
                    ? (Math.Max(worstInside, difference), worstOutside)
                    : (worstInside, Math.Max(worstOutside, difference));
            }
            else if (KnownConcentration(run, well) is { } ours && double.TryParse(row["result"], out double vendor) && double.IsFinite(vendor))
            {
                inside++;
                worstInside = Math.Max(worstInside, Math.Abs((ours / vendor) - 1));
            }
        }

        output.WriteLine($"{analyte}: {inside} inside, worst {worstInside:E1}; {outside} extrapolated, worst {worstOutside:E1}; {beyond} off the curve");
        Assert.True(inside > 30, "The comparison must see the plate.");
        Assert.InRange(worstInside, 0, 1e-6);
        Assert.InRange(worstOutside, 0, 1e-6);
    }

    [SharedDataFact]
    public void Analyze_Il6OfXponentByIchM10_MovesTheLloqToTheFirstRecoveredStandard()
    {
        Dictionary<string, string>[] wells = [.. ReferenceFits.Rows("vendor/xponent_plate1_wells.csv").Where(row => row["analyte"] == "IL6")];
        AnalyticalRun run = PlateAnalyzer.Analyze(InputsOf("IL6", wells, RulePacks.IchM10Lba));

        // xPONENT recovers Standard16 to 145.84 % and Standard15 to 72.92 %, Standard14 (0.714 pg/mL) to 112.47 %.
        Assert.True(run.Curves[0].IsAccepted);
        Assert.Equal(0.7141113281, run.Curves[0].Range!.Lloq, 1e-9);
        Assert.Equal(5850, run.Curves[0].Range!.Uloq);
        Assert.Contains(run.Flags, flag => flag.Code == FlagCodes.LimitMoved && flag.Subject == "LLOQ");
        Assert.Equal(["Standard16", "Standard15"], run.Flags.Where(flag => flag.Code == FlagCodes.CalibratorRecovery).Select(flag => flag.Subject!));
        // Six control sets between 86 and 105 % of nominal by the vendor's own recovery.
        Assert.All(run.Controls, control => Assert.True(control.IsAccepted));
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
    }

    private static double? KnownConcentration(AnalyticalRun run, WellPosition well) =>
        run.Controls.SingleOrDefault(control => control.Wells.Contains(well)) is { } control
            ? control.Concentration
            : run.Curves[0].Calibrators
                .SelectMany(calibrator => calibrator.Wells.Zip(calibrator.WellConcentrations))
                .FirstOrDefault(standard => standard.First == well).Second;

    private static AnalysisInputs InputsOf(string analyte, Dictionary<string, string>[] wells, RulePack pack)
    {
        string id = analyte.ToLowerInvariant();
        var nominals = ReferenceFits.Rows("datasets/drlumi_expected_concentrations.csv")
            .Where(row => row["analyte"] == analyte)
            .ToDictionary(row => row["sample"], row => row.Number("ec"));
        double[] standards = [.. nominals.Where(nominal => nominal.Key.StartsWith("Standard", StringComparison.Ordinal)).Select(nominal => nominal.Value)];
        var assay = new AssayDefinition("luminex", 1, "Luminex", ResponseKind.MedianFluorescence, pack.Name,
        [
            new AnalyteSpecification
            {
                Analyte = id,
                DisplayName = analyte,
                Unit = ConcentrationUnit.PgPerMl,
                Lloq = standards.Min(),
                Uloq = standards.Max(),
                CurveModel = "5pl",
                Weights = "1/y2",
            },
        ]);
        var sets = new Dictionary<string, int>();
        LayoutWell[] contents = [.. wells.Select(row => new LayoutWell(WellPosition.Parse(row["well"]), ContentOf(row)))];
        PlateLayout layout = PlateLayout.Create("luminex", 1, PlateFormat.Wells96, contents, []).ValueOrThrow();
        var column = new ResponseColumn(
            id,
            ColumnPurpose.Measurement,
            null,
            [.. wells.Select(row => WellPosition.Parse(row["well"]))],
            [.. wells.Select(row => row.Number("net_mfi"))],
            [.. wells.Select(row => int.Parse(row["bead_count"]))],
            []);
        PlateRead read = PlateRead.Create("plate1", 96, ResponseKind.MedianFluorescence, [column]).ValueOrThrow();
        return AnalysisInputs.Check(read, layout, assay, pack).ValueOrThrow();

        WellContent ContentOf(Dictionary<string, string> row)
        {
            string sample = row["sample"];
            NominalConcentration[] nominal = nominals.TryGetValue(sample, out double value) ? [new NominalConcentration(id, value, ConcentrationUnit.PgPerMl)] : [];
            if (sample.StartsWith("Standard", StringComparison.Ordinal))
            {
                return new Calibrator(sample, CalibratorKind.Calibrator, nominal);
            }

            if (sample.StartsWith("Control", StringComparison.Ordinal))
            {
                sets[sample] = sets.GetValueOrDefault(sample) + 1;
                return new Control(sample, sets[sample], null, row.Number("dilution_factor"), nominal);
            }

            return sample.StartsWith("Background", StringComparison.Ordinal) ? new Blank(sample) : new UnknownSample(sample, row.Number("dilution_factor"), null);
        }
    }
}
