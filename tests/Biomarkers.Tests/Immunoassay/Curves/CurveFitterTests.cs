using Biomarkers.Immunoassay.Curves;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class CurveFitterTests
{
    // DNase ELISA, run 1: R datasets::DNase (Davidian and Giltinan 1995), ng/mL and OD.
    private static readonly double[] DNaseX =
        [0.04882812, 0.04882812, 0.1953125, 0.1953125, 0.390625, 0.390625, 0.78125, 0.78125, 1.5625, 1.5625, 3.125, 3.125, 6.25, 6.25, 12.5, 12.5];

    private static readonly double[] DNaseY =
        [0.017, 0.018, 0.121, 0.124, 0.206, 0.215, 0.377, 0.374, 0.614, 0.609, 1.019, 1.001, 1.334, 1.364, 1.73, 1.71];

    private static readonly Dictionary<string, double> NoneFixed = [];

    /// <summary>lower, upper, inflection, slope, their standard errors, and the sum of squares: scipy 1.x with 30-digit mpmath, and R's nls, agree to
    /// more than seven digits.</summary>
    [Theory]
    [InlineData("none", new[] { -0.007897174366093545, 2.377238866531051, 4.514989786867248, -0.9411068202835226,
        0.0171997058727966, 0.1095163213495831, 0.4608893965328561, 0.05048037768351204, 0.004707254958158715 })]
    [InlineData("1/y", new[] { -0.02305763332338539, 2.54116714482621, 5.254498842409038, -0.8785958136986778,
        0.005876741081445291, 0.1458669453833679, 0.7181230452797252, 0.03607335316551739, 0.00795882751270203 })]
    [InlineData("1/y2", new[] { -0.03288567663164294, 2.898691838219501, 7.255534714390131, -0.8089657615670986,
        0.004999230543565292, 0.3051626710828923, 1.763722605228764, 0.03725342272535383, 0.02032659956000074 })]
    public void Fit_DNaseRun1_GivesTheCurveOfOtherPrograms(string weights, double[] expected)
    {
        CurveFit fit = ReferenceFits.Fit("4pl", weights, DNaseX, DNaseY);
        double[] actual = [.. fit.Parameters, .. fit.StandardErrors!, fit.WeightedSumOfSquares];
        Assert.Equal(FitTermination.Converged, fit.Termination);
        Assert.Equal(12, fit.DegreesOfFreedom);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-9 * Math.Abs(expected[i]));
        }
    }

    [Fact]
    public void Fit_SameProblemInAnotherOrder_GivesTheSameBits()
    {
        CurveFit fit = ReferenceFits.Fit("5pl", "1/y", DNaseX, DNaseY);
        int[] order = [9, 2, 15, 0, 4, 11, 7, 1, 13, 3, 8, 5, 14, 6, 12, 10];
        CurveFit permuted = ReferenceFits.Fit("5pl", "1/y", [.. order.Select(i => DNaseX[i])], [.. order.Select(i => DNaseY[i])]);
        Assert.Equal(fit.Parameters, permuted.Parameters);
        Assert.Equal(fit.Covariance, permuted.Covariance);
        Assert.Equal(fit.WeightedSumOfSquares, permuted.WeightedSumOfSquares);
        CurveFit reversed = ReferenceFits.Fit("5pl", "1/y", [.. DNaseX.Reverse()], [.. DNaseY.Reverse()]);
        Assert.Equal(fit.Parameters, reversed.Parameters);
    }

    [Theory]
    [InlineData("4pl", "none")]
    [InlineData("4pl", "1/y2")]
    [InlineData("5pl", "1/y")]
    [InlineData("5pl-ad", "none")]
    [InlineData("loglog", "none")]
    public void Fit_OtherUnits_GivesTheSameCurveInThem(string model, string weights)
    {
        const double concentrationFactor = 1234.5;
        const double responseFactor = 0.0078;
        CurveFit fit = ReferenceFits.Fit(model, weights, DNaseX, DNaseY);
        CurveFit scaled = ReferenceFits.Fit(
            model, weights, [.. DNaseX.Select(x => x * concentrationFactor)], [.. DNaseY.Select(y => y * responseFactor)]);
        foreach (double x in DNaseX)
        {
            Assert.Equal(fit.Response(x) * responseFactor, scaled.Response(x * concentrationFactor), 1e-10 * responseFactor);
        }

        foreach (double response in (double[])[0.05, 0.5, 1.5])
        {
            double ratio = scaled.Invert(response * responseFactor).Concentration / fit.Invert(response).Concentration;
            Assert.Equal(concentrationFactor, ratio, concentrationFactor * 1e-9);
        }
    }

    [Fact]
    public void Fit_ExactPointsOfACurve_FindsItRisingOrFalling()
    {
        double[] x = [0, 0.3, 1, 3, 10, 30, 100, 300];
        Gen.Select(Gen.Double[0.05, 0.5], Gen.Double[2, 50], Gen.Double[0, 4], Gen.Double[0.7, 1.8], Gen.Bool, Gen.Int[0, 2])
            .Sample(
                (lower, upper, lnInflection, steepness, rises, power) =>
                {
                    string weights = new Weighting(power).Id;
                    double[] truth = [lower, upper, Math.Exp(lnInflection), rises ? -steepness : steepness];
                    CurveFit fit = ReferenceFits.Fit("4pl", weights, x, [.. x.Select(c => ReferenceFits.Model("4pl").Response(truth, c))]);
                    Assert.True(fit.IsUsable, fit.Failure);
                    for (int i = 0; i < truth.Length; i++)
                    {
                        Assert.Equal(truth[i], fit.Parameters[i], 1e-8 * Math.Abs(truth[i]));
                    }
                },
                seed: "0N0XIzNsQ0O2", iter: 500);
    }

    [Fact]
    public void Fit_MirroredResponses_GivesTheFallingMirrorImage()
    {
        // -y of a rising 5PL is a falling curve with the asymmetry at its upper end; 5pl-ad rising is what mirrors into 5pl falling.
        CurveFit rising = ReferenceFits.Fit("5pl-ad", "none", DNaseX, DNaseY);
        CurveFit falling = ReferenceFits.Fit("5pl", "none", DNaseX, [.. DNaseY.Select(y => 2 - y)]);
        Assert.Equal(rising.WeightedSumOfSquares, falling.WeightedSumOfSquares, 1e-12);
        Assert.Equal(rising.Parameters[3], -falling.Parameters[3], 1e-6);
        Assert.Equal(rising.Parameters[4], falling.Parameters[4], 1e-6);
    }

    [Theory]
    [InlineData("lowerAsymptote", 0)]
    [InlineData("upperAsymptote", 2.5)]
    [InlineData("inflection", 4)]
    [InlineData("slope", -1)]
    [InlineData("asymmetry", 1)] // a 4PL by another way
    public void Fit_FixedParameter_StaysAndTheRestIsTheMinimum(string name, double value)
    {
        var problem = new CurveFitProblem(
            ReferenceFits.Model("5pl"), Weighting.OneOverY, DNaseX, DNaseY, new Dictionary<string, double> { [name] = value });
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        int index = Array.IndexOf([.. fit.Model.ParameterNames], name);
        Assert.True(fit.IsUsable, fit.Failure);
        Assert.Equal(value, fit.Parameters[index]);
        Assert.Equal(0, fit.StandardErrors![index]);
        Assert.Equal(12, fit.DegreesOfFreedom);

        // No neighbour in the free parameters is better.
        for (int k = 0; k < 5; k++)
        {
            foreach (double factor in (double[])[0.999, 1.001])
            {
                double[] neighbour = [.. fit.Parameters];
                neighbour[k] *= k == index ? 1 : factor;
                double sum = DNaseX.Zip(DNaseY, (x, y) => Math.Pow(y - fit.Model.Response(neighbour, x), 2) / y).Sum();
                Assert.True(sum >= fit.WeightedSumOfSquares * (1 - 1e-12));
            }
        }

        if (name == "asymmetry")
        {
            Assert.Equal(ReferenceFits.Fit("4pl", "1/y", DNaseX, DNaseY).Parameters[2], fit.Parameters[2], 1e-9);
        }
    }

    [Fact]
    public void Fit_AllParametersFixed_OnlyWeighsThem()
    {
        var held = new Dictionary<string, double> { ["lowerAsymptote"] = 0, ["upperAsymptote"] = 2.4, ["inflection"] = 4.5, ["slope"] = -1 };
        CurveFit fit = CurveFitter.Fit(new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.None, DNaseX, DNaseY, held), CurveFitOptions.Default);
        Assert.Equal(FitTermination.Converged, fit.Termination);
        Assert.Equal(16, fit.DegreesOfFreedom);
        Assert.Equal([0, 2.4, 4.5, -1], fit.Parameters);
    }

    [Fact]
    public void Fit_LogLog_IsLinearRegressionOfTheLogarithms()
    {
        // By hand: ln y = 1, 2, 2.5, 4 at ln x = 0, 1, 2, 3: slope 0.95, intercept 0.95, residuals 0.05, 0.1, -0.35, 0.2, sum of squares 0.175.
        double[] x = [1, Math.E, Math.Exp(2), Math.Exp(3)];
        double[] y = [Math.E, Math.Exp(2), Math.Exp(2.5), Math.Exp(4)];
        CurveFit fit = ReferenceFits.Fit("loglog", "none", x, y);
        Assert.Equal([0.95, 0.95], fit.Parameters, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(0.175, fit.WeightedSumOfSquares, 1e-12);

        // SE(slope) = sqrt(s^2 / Sxx) = sqrt(0.0875 / 5); SE(intercept) = sqrt(s^2 (1/4 + 1.5^2 / 5)).
        Assert.Equal(Math.Sqrt(0.0875 / 5), fit.StandardErrors![1], 1e-12);
        Assert.Equal(Math.Sqrt(0.0875 * 0.7), fit.StandardErrors[0], 1e-12);
    }

    [Theory]
    [InlineData("4pl", "none", new double[] { 1, 2, 3, 4 }, new double[] { 1, 2, 3, 4 }, FitTermination.TooFewLevels)] // as many levels as parameters
    [InlineData("4pl", "1/y", new double[] { 1, 2, 3, 4, 5 }, new double[] { 0, 2, 3, 4, 5 }, FitTermination.UndefinedWeight)] // 1/0
    [InlineData("4pl", "1/y2", new double[] { 1, 2, 3, 4, 5 }, new double[] { 1e-200, 2, 3, 4, 5 }, FitTermination.UndefinedWeight)] // overflows
    [InlineData("loglog", "none", new double[] { 1, 2, 3 }, new double[] { -1, 2, 3 }, FitTermination.UndefinedWeight)] // no logarithm
    [InlineData("5pl", "none", new double[] { 1, 2, 3, 4, 5, 6 }, new double[] { 2, 2, 2, 2, 2, 2 }, FitTermination.NoResponseRange)]
    [InlineData("loglog", "none", new double[] { 1, 2, 3 }, new double[] { 2, 2, 2 }, FitTermination.NoResponseRange)]
    public void Fit_BadData_IsAValueWithAReason(string model, string weights, double[] x, double[] y, FitTermination expected)
    {
        CurveFit fit = ReferenceFits.Fit(model, weights, x, y);
        Assert.Equal(expected, fit.Termination);
        Assert.False(fit.IsUsable);
        Assert.Empty(fit.Parameters);
        Assert.NotNull(fit.Failure);
    }

    [Fact]
    public void Fit_LimitOfOneIteration_SaysSo()
    {
        var problem = new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.None, DNaseX, DNaseY, NoneFixed);
        CurveFit fit = CurveFitter.Fit(problem, new CurveFitOptions { IterationLimit = 1 });
        Assert.Equal(FitTermination.IterationLimit, fit.Termination);
        Assert.False(fit.IsUsable);
    }

    [Fact]
    public void Fit_NoPlateauInSight_EndsOnTheBoundAndSaysWhich()
    {
        // A straight line in x is the far left end of a 4PL whose middle is at infinity.
        double[] x = [1, 2, 4, 8, 16, 32];
        CurveFit fit = ReferenceFits.Fit("4pl", "none", x, [.. x.Select(c => c * c * 0.9)]);
        Assert.Equal(FitTermination.ConvergedAtBound, fit.Termination);
        Assert.Contains("inflection", fit.ParametersAtBound);
    }

    [Fact]
    public void Fit_FixedAsymptotesAgainstTheData_IsNotUsable()
    {
        var held = new Dictionary<string, double> { ["lowerAsymptote"] = 10 };
        CurveFit fit = CurveFitter.Fit(new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.None, DNaseX, DNaseY, held), CurveFitOptions.Default);
        Assert.Equal(FitTermination.Stalled, fit.Termination);
        Assert.False(fit.IsUsable);
    }

    [Theory]
    [InlineData("4pl", new[] { 1, 2, -3.0 }, new[] { 1, 2, 3.0 }, "slope", -1)] // negative concentration
    [InlineData("4pl", new[] { 1, 2, double.NaN }, new[] { 1, 2, 3.0 }, "slope", -1)]
    [InlineData("4pl", new[] { 1, 2, 3.0 }, new[] { 1, 2, double.PositiveInfinity }, "slope", -1)]
    [InlineData("4pl", new[] { 1, 2.0 }, new[] { 1, 2, 3.0 }, "slope", -1)] // lengths differ
    [InlineData("4pl", new double[0], new double[0], "slope", -1)]
    [InlineData("loglog", new[] { 0, 2, 3.0 }, new[] { 1, 2, 3.0 }, "intercept", -1)] // zero has no logarithm
    [InlineData("4pl", new[] { 1, 2, 3.0 }, new[] { 1, 2, 3.0 }, "asymmetry", 1)] // no such parameter
    [InlineData("5pl", new[] { 1, 2, 3.0 }, new[] { 1, 2, 3.0 }, "asymmetry", 0)] // out of its domain
    [InlineData("5pl", new[] { 1, 2, 3.0 }, new[] { 1, 2, 3.0 }, "inflection", -1)]
    [InlineData("5pl", new[] { 1, 2, 3.0 }, new[] { 1, 2, 3.0 }, "slope", double.NaN)]
    public void Fit_BugOfTheCaller_Throws(string model, double[] x, double[] y, string name, double value)
    {
        var problem = new CurveFitProblem(ReferenceFits.Model(model), Weighting.None, x, y, new Dictionary<string, double> { [name] = value });
        Assert.NotEmpty(CurveFitter.Check(problem));
        Assert.Throws<ArgumentException>(() => CurveFitter.Fit(problem, CurveFitOptions.Default));
    }
}
