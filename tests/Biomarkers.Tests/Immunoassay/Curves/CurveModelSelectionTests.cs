using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using MathNet.Numerics.Distributions;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class CurveModelSelectionTests
{
    private static readonly double[] Ladder = [0, 0.3, 1, 3, 10, 30, 100, 300];

    // Fixed disturbances of about unit size and zero mean, so that no random number decides.
    private static readonly double[] Noise =
        [0.3, -1.1, 0.7, -0.2, 1.4, -0.9, 0.1, 0.8, -1.3, 0.5, -0.6, 1.2, -0.4, -0.7, 1.0, 0.2, -0.3, 1.1, -0.7, 0.2, -1.4, 0.9, -0.1, -0.8];

    [Theory]
    [InlineData("4pl", new[] { 0.1, 3, 12, -1.1 })]
    [InlineData("5pl", new[] { 0.1, 3, 6, -1.4, 3.5 })]
    [InlineData("5pl-ad", new[] { 0.1, 3, 30, -1.6, 0.3 })]
    [InlineData("linear", new[] { 0.2, 0.01 })]
    [InlineData("quadratic", new[] { 0.2, 0.012, -1.6e-5, 0, 300 })]
    public void Select_PointsOfACurve_ChoosesItsModel(string id, double[] truth)
    {
        CurveModel model = ReferenceFits.Model(id);
        double[] x = [.. Enumerable.Range(0, 24).Select(i => Ladder[i / 3])];
        double[] y = [.. x.Select((at, i) => model.Response(truth, at) + (0.004 * Noise[i]))];
        ModelChoice choice = CurveModelSelection.Select(Weighting.None, x, y, CurveFitOptions.Default);
        Assert.Equal(id, choice.Chosen!.Model.Id);
        Assert.Equal(CurveModels.All.Select(known => known.Id), choice.Candidates.Select(candidate => candidate.Model.Id));
        Assert.Contains(id, choice.Reason, StringComparison.Ordinal);
    }

    /// <summary>With V = A^2 known, S / A^2 is chi-square: the criterion and the test are those of the textbook without a scale to estimate.</summary>
    [Fact]
    public void Select_KnownVariance_TakesTheKnownScale()
    {
        double[] x = [.. Enumerable.Range(0, 24).Select(i => Ladder[i / 3])];
        CurveModel truth = ReferenceFits.Model("5pl");
        double[] y = [.. x.Select((at, i) => truth.Response([0.2, 3, 12, -1.1, 1.3], at) + (0.02 * Noise[i]))];
        Assert.True(Weighting.TryParse("variance:0.02,0,0", out Weighting? known));
        ModelChoice choice = CurveModelSelection.Select(known, x, y, CurveFitOptions.Default);
        ModelCandidate line = choice.Candidates.Single(candidate => candidate.Model.Id == "linear");
        ModelCandidate four = choice.Candidates.Single(candidate => candidate.Model.Id == "4pl");
        ModelCandidate five = choice.Candidates.Single(candidate => candidate.Model.Id == "5pl");
        Assert.Equal(ChiSquareOf(line) + 4 + (2.0 * 2 * 3 / 21), line.Aicc!.Value, 1e-9 * line.Aicc.Value); // p = 2, n - p - 1 = 21
        double gain = ChiSquareOf(four) - ChiSquareOf(five);
        Assert.Equal(gain, five.ChiSquare!.Value, 1e-6 * Math.Max(1, gain));
        Assert.Equal(1 - ChiSquared.CDF(1, five.ChiSquare.Value), five.ChiSquareProbability!.Value, 1e-9);
        Assert.Null(five.FStatistic);

        double ChiSquareOf(ModelCandidate candidate) => x.Zip(y, (at, response) => Math.Pow((response - candidate.Fit!.Response(at)) / 0.02, 2)).Sum();
    }

    [Fact]
    public void Select_Candidates_HaveTheTextbookFigures()
    {
        double[] x = [.. Enumerable.Range(0, 24).Select(i => Ladder[i / 3])];
        CurveModel truth = ReferenceFits.Model("5pl");
        double[] y = [.. x.Select((at, i) => truth.Response([0.2, 3, 12, -1.1, 1.3], at) * (1 + (0.02 * Noise[i])))];
        ModelChoice choice = CurveModelSelection.Select(Weighting.OneOverY2, x, y, CurveFitOptions.Default);
        ModelCandidate line = choice.Candidates.Single(candidate => candidate.Model.Id == "linear");
        double sum = SumOf(line);
        Assert.Equal(sum, line.WeightedSumOfSquares!.Value, 1e-12 * sum);
        Assert.Equal((24 * Math.Log(sum / 24)) + 6 + (2.0 * 3 * 4 / 20), line.Aicc!.Value, 1e-9); // K = 3

        ModelCandidate four = choice.Candidates.Single(candidate => candidate.Model.Id == "4pl");
        ModelCandidate five = choice.Candidates.Single(candidate => candidate.Model.Id == "5pl");
        double f = (SumOf(four) - SumOf(five)) / (SumOf(five) / 19);
        Assert.Equal(f, five.FStatistic!.Value, 1e-6 * f);
        Assert.Equal(1 - FisherSnedecor.CDF(1, 19, f), five.FProbability!.Value, 1e-6);
        Assert.Equal(0, choice.Candidates.Min(candidate => candidate.AiccDifference));

        foreach (string id in (string[])["loglog", "point-to-point"])
        {
            ModelCandidate other = choice.Candidates.Single(candidate => candidate.Model.Id == id);
            Assert.NotNull(other.LeftOut);
            Assert.Null(other.Aicc);
        }

        double SumOf(ModelCandidate candidate) => x.Zip(y, (at, response) => Math.Pow((response - candidate.Fit!.Response(at)) / response, 2)).Sum();
    }

    /// <summary>8 means and 6 parameters add 84; with 7 means the criterion is not defined.</summary>
    [Fact]
    public void Aicc_FewPoints_IsNotDefined()
    {
        Assert.Equal(12 + 84, CurveModelSelection.Aicc(8, 8, 5));
        Assert.Null(CurveModelSelection.Aicc(7, 7, 5));
        double[] x = [.. Ladder.Take(7)];
        CurveModel truth = ReferenceFits.Model("5pl");
        ModelChoice choice = CurveModelSelection.Select(
            Weighting.None, x, [.. x.Select((at, i) => truth.Response([0.1, 3, 6, -1.4, 3.5], at) + (0.004 * Noise[i]))], CurveFitOptions.Default);
        Assert.NotEqual("5pl", choice.Chosen?.Model.Id);
        Assert.Contains("AICc is not defined for 7 points and 5 parameters", choice.Candidates.Single(candidate => candidate.Model.Id == "5pl").LeftOut, StringComparison.Ordinal);
    }

    [Fact]
    public void Select_NothingToFit_ChoosesNone()
    {
        ModelChoice choice = CurveModelSelection.Select(Weighting.None, [1, 2, 3], [1, 1, 1], CurveFitOptions.Default);
        Assert.Null(choice.Chosen);
        Assert.All(choice.Candidates, candidate => Assert.NotNull(candidate.LeftOut));
    }

    [Fact]
    public void Assay_OfModelAuto_IsRefused()
    {
        AssayDefinition assay = BuiltInAssays.Il6 with { Analytes = [BuiltInAssays.Il6.Analytes[0] with { CurveModel = CurveModelSelection.Id }] };
        Fault fault = Assert.Single(AssayDefinition.Check(assay).Faults);
        Assert.Equal("analytes[0].curve_model", fault.Field);
        Assert.Contains("while an assay is developed", fault.Description, StringComparison.Ordinal);
    }

    /// <summary>The 3PL is the 4PL with its lower asymptote held: against the same curve fitted as two linear parameters at each slope and EC50.</summary>
    [Theory]
    [InlineData(-1.2)]
    [InlineData(1.2)]
    public void Fit_ThreeParameterLogistic_FindsItsCurve(double slope)
    {
        var held = new Dictionary<string, double> { ["lowerAsymptote"] = 0 };
        double[] y = [.. Ladder.Select(at => 2.5 / (1 + Math.Pow(at / 8, slope)))];
        CurveFit fit = CurveFitter.Fit(new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.None, Ladder, y, held), CurveFitOptions.Default);
        double[] truth = [0, 2.5, 8, slope];
        for (int i = 0; i < truth.Length; i++)
        {
            Assert.Equal(truth[i], fit.Parameters[i], 1e-9 * Math.Abs(truth[i]));
        }

        Assert.Equal(Ladder.Length - 3, fit.DegreesOfFreedom);
        Assert.Equal(0, fit.StandardErrors![0]);
    }

    /// <summary>A zero calibrator has its place in every model but those of ln concentration.</summary>
    [Fact]
    public void Fit_ZeroCalibrator_CountsWhereTheModelHasAPlaceForIt()
    {
        double[] y = [.. Ladder.Select((at, i) => 0.1 + (2.5 * at / (at + 40)) + (0.002 * Noise[i]))];
        foreach (CurveModel model in CurveModels.All)
        {
            var problem = new CurveFitProblem(model, Weighting.None, Ladder, y, new Dictionary<string, double>());
            if (!model.AllowsZeroConcentration)
            {
                Assert.NotEmpty(CurveFitter.Check(problem));
                continue;
            }

            CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
            CurveFit moved = CurveFitter.Fit(problem with { Responses = [y[0] + 0.01, .. y.Skip(1)] }, CurveFitOptions.Default);
            Assert.True(fit.IsUsable, $"{model.Id}: {fit.Failure}");
            Assert.True(moved.Response(0) > fit.Response(0), model.Id);
        }
    }
}
