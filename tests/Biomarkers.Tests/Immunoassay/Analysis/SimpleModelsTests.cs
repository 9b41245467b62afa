using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Analysis;

/// <summary>Lines, parabolas and point-to-point curves in a run.</summary>
public class SimpleModelsTests
{
    // The same disturbance up and down leaves each level's mean where it was.
    private static readonly double[] Disturbances = [0.995, 1.005];

    public static TheoryData<string> Ids => new(CurveModels.All.Select(model => model.Id));

    [Fact]
    public void Analyze_Line_ReadsConcentrationsOffItAndCountsTheZero()
    {
        AnalyticalRun run = PlateOf("linear", x => 3 + (2 * x)).AddSample("S", 43, 43).Analyze();
        Assert.Equal(20, run.Results[0].Concentration!.Value, 1e-9);
        Assert.True(run.Results[0].Lower < 20 && run.Results[0].Upper > 20);
        Assert.All(run.Curves[0].Calibrators, calibrator => Assert.True(calibrator.InFit));
        Assert.Equal(3, run.Curves[0].Fit.Parameters[0], 1e-9);
    }

    /// <summary>y = 400 x - x^2 turns at 200, between the calibrators 128 and 256: up to 150 and from 250 two concentrations of the ladder share a response.</summary>
    [Fact]
    public void Analyze_ParabolaThatTurns_GivesNoNumberWhereTwoConcentrationsShareAResponse()
    {
        static double Parabola(double x) => (400 * x) - (x * x);
        AnalyticalRun run = PlateOf("quadratic", Parabola, [1, 2, 4, 8, 16, 32, 64, 128, 256]).AddSample("unique", Parabola(100)).AddSample("shared", Parabola(190)).Analyze();
        Assert.Equal(RangeStatus.Quantified, run.Results[0].RangeStatus);
        Assert.Equal(100, run.Results[0].Concentration!.Value, 1e-6);
        Assert.Equal(RangeStatus.NotDetermined, run.Results[1].RangeStatus);
        Assert.Null(run.Results[1].Concentration);
        Assert.Null(run.Results[1].ExtrapolatedConcentration);
        QcFlag turn = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.NonMonotone);
        Assert.All(run.Results, result => Assert.Contains(FlagCodes.NonMonotone, result.FlagCodes));
        Assert.NotEmpty(turn.Text);
        CalibratorResult beyond = run.Curves[0].Calibrators.Single(calibrator => calibrator.Nominal == 256);
        Assert.Null(beyond.BackCalculated);
        Assert.False(beyond.IsAccepted);
    }

    [Fact]
    public void Analyze_PointToPoint_LeavesTheZeroOutAndGivesNoInterval()
    {
        AnalyticalRun run = PlateOf("point-to-point", x => 10 + (5 * x)).AddSample("S", 10 + (5 * 24)).Analyze();
        StandardCurve curve = run.Curves[0];
        Assert.False(curve.Calibrators.Single(calibrator => calibrator.Kind == CalibratorKind.Zero).InFit);
        Assert.True(curve.Calibrators.Single(calibrator => calibrator.Kind == CalibratorKind.Anchor).InFit);
        Assert.Equal(9, curve.Fit.Parameters.Length / 2); // eight levels and the anchor
        Assert.All(curve.Calibrators.Where(calibrator => calibrator.Kind == CalibratorKind.Calibrator), calibrator => Assert.Equal(100, calibrator.RecoveryPercent!.Value, 1e-9));

        // Half of the way between the responses of 16 and 32: the root of their product.
        Assert.Equal(Math.Sqrt(16 * 32), run.Results[0].Concentration!.Value, 1e-9);
        Assert.Null(run.Results[0].Lower);
        Assert.Null(run.Results[0].Upper);
        Assert.Null(curve.Diagnosis);
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
    }

    /// <summary>An anchor beyond the range shapes every curve and is judged by none; a zero does where the model has a place for it.</summary>
    [Theory]
    [MemberData(nameof(Ids))]
    public void Analyze_AnchorAndZero_TakePartAsTheModelAllows(string model)
    {
        static double Response(double x) => 20 + (3000 * x / (x + 60));
        StandardCurve curve = PlateOf(model, Response).Analyze().Curves[0];
        Assert.True(curve.Fit.IsUsable, curve.Fit.Failure);
        CalibratorResult anchor = curve.Calibrators.Single(calibrator => calibrator.Kind == CalibratorKind.Anchor);
        CalibratorResult zero = curve.Calibrators.Single(calibrator => calibrator.Kind == CalibratorKind.Zero);
        Assert.True(anchor.InFit);
        Assert.Equal(curve.Fit.Model.AllowsZeroConcentration, zero.InFit);
        Assert.Null(anchor.IsAccepted);
        Assert.Null(zero.IsAccepted);
    }

    private static TestPlate PlateOf(string model, Func<double, double> responseOf, double[]? levels = null)
    {
        AnalyteSpecification analyte = TestPlate.Line() with
        {
            CurveModel = model,
            Weights = "none",
            Uloq = levels?[^1] ?? 128,
            FixedParameters = new Dictionary<string, double>(),
        };
        var plate = new TestPlate(analyte) { Pack = RulePacks.Clinical };
        Calibrator[] calibrators =
        [
            TestPlate.CalibratorOf(0, CalibratorKind.Zero),
            .. (levels ?? [.. TestPlate.Levels]).Select(level => TestPlate.CalibratorOf(level)),
            .. levels is null ? [TestPlate.CalibratorOf(256, CalibratorKind.Anchor)] : Array.Empty<Calibrator>(),
        ];
        foreach (Calibrator calibrator in calibrators)
        {
            foreach (double disturbance in Disturbances)
            {
                plate.Add(calibrator, responseOf(calibrator.Nominals[0].Concentration.Value) * disturbance);
            }
        }

        return plate;
    }
}
