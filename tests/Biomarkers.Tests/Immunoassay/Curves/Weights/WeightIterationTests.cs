using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Weights;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Weights;

public class WeightIterationTests
{
    private static readonly double[] X = [0, 0, 0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32];
    private static readonly double[] Y = [0.02, -0.01, 0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.62, 1.95, 1.99];

    [Theory]
    [InlineData("4pl", "variance:0.02,0.04,1")]
    [InlineData("4pl", "variance:0.02,0.04,1,160")]
    [InlineData("5pl", "shape:0.02,0.04,1")]
    [InlineData("5pl-ad", "shape:0.01,0.05,0.5")]
    [InlineData("4pl", "variance:0.02,0.04,1.5")]
    public void Fit_VarianceFunction_SolvesTheQuasiLikelihoodEquations(string model, string weights)
    {
        CurveFit fit = ReferenceFits.Fit(model, weights, X, Y);
        Assert.True(fit.IsUsable, fit.Failure);
        Assert.InRange(fit.WeightIterationCount, 2, 40);
        VarianceFunction variance = fit.Weighting.Variance!;
        int p = fit.Parameters.Length;
        var score = new double[p];
        var size = new double[p];
        var gradient = new double[p];
        double sum = 0;
        for (int i = 0; i < X.Length; i++)
        {
            double fitted = fit.Response(X[i]);
            fit.Model.Gradient(fit.Parameters, X[i], gradient);
            double v = variance.VarianceAt(fitted);
            sum += (Y[i] - fitted) * (Y[i] - fitted) / v;
            for (int k = 0; k < p; k++)
            {
                score[k] += (Y[i] - fitted) * gradient[k] / v;
                size[k] += Math.Abs((Y[i] - fitted) * gradient[k] / v);
            }
        }

        Assert.All(score.Zip(size), pair => Assert.True(Math.Abs(pair.First) <= 1e-8 * pair.Second, $"{pair.First} of {pair.Second}"));
        Assert.Equal(sum, fit.WeightedSumOfSquares, 1e-9 * sum);
        Assert.Equal(weights.StartsWith("shape", StringComparison.Ordinal) ? sum / (X.Length - p) : 1, fit.CovarianceScale!.Value, 1e-9);
    }

    [Fact]
    public void Fit_KnownLearnedOrShape_IsOneCurveWithThreeErrors()
    {
        CurveFit known = ReferenceFits.Fit("4pl", "variance:0.02,0.04,1", X, Y);
        CurveFit learned = ReferenceFits.Fit("4pl", "variance:0.02,0.04,1,20", X, Y);
        CurveFit shape = ReferenceFits.Fit("4pl", "shape:0.02,0.04,1", X, Y);
        Assert.Equal(known.Parameters, learned.Parameters);
        Assert.Equal(known.Parameters, shape.Parameters);
        Assert.Equal(known.Covariance, learned.Covariance);
        double s2 = shape.ResidualVariance!.Value;
        Assert.All(known.Covariance!.Zip(shape.Covariance!), pair => Assert.Equal(pair.First * s2, pair.Second, 1e-12 * Math.Abs(pair.Second)));
        Assert.Equal(s2 * known.WellVariance(1)!.Value, shape.WellVariance(1)!.Value, 1e-15);
        Assert.Equal((null, 20.0, 12.0), (known.QuantileDegreesOfFreedom, learned.QuantileDegreesOfFreedom, shape.QuantileDegreesOfFreedom));

        // t(20), t(12) and z from a printed table: the widths of the delta intervals on ln x tell the quantile and the scale.
        double width = WidthOf(known) / 1.959964;
        Assert.Equal(2.085963, WidthOf(learned) / width, 1e-5);
        Assert.Equal(2.178813 * Math.Sqrt(s2), WidthOf(shape) / width, 1e-5);

        static double WidthOf(CurveFit fit)
        {
            WithinPlateInterval interval = WithinPlateInterval.ByDelta(fit, 0.9, 2)!;
            return Math.Log(interval.Upper!.Value / interval.Lower!.Value);
        }
    }

    [Fact]
    public void Fit_ConstantVariance_IsTheUnweightedFit()
    {
        CurveFit plain = ReferenceFits.Fit("4pl", "none", X, Y);
        CurveFit constant = ReferenceFits.Fit("4pl", "shape:0.1,0,1", X, Y);
        Assert.Equal(plain.Parameters, constant.Parameters, (a, b) => Math.Abs(a - b) <= 1e-9 * Math.Abs(a));
        Assert.Equal(plain.StandardErrors!, constant.StandardErrors!, (a, b) => Math.Abs(a - b) <= 1e-8 * Math.Abs(a));
    }

    [Fact]
    public void Fit_MeansOfWells_IsTheFitOfTheWells()
    {
        CurveFit wells = ReferenceFits.Fit("4pl", "variance:0.02,0.04,1", X, Y);
        double[] levels = [.. X.Distinct()];
        double[] means = [.. levels.Select((_, i) => (Y[2 * i] + Y[(2 * i) + 1]) / 2)];
        var problem = new CurveFitProblem(ReferenceFits.Model("4pl"), wells.Weighting, levels, means, new Dictionary<string, double>())
        {
            WellCounts = [.. levels.Select(_ => 2)],
        };
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        Assert.Equal(wells.Parameters, fit.Parameters, (a, b) => Math.Abs(a - b) <= 1e-7 * Math.Abs(a));
        Assert.Equal(wells.StandardErrors!, fit.StandardErrors!, (a, b) => Math.Abs(a - b) <= 1e-7 * Math.Abs(a));
    }

    [Fact]
    public void Fit_MeansUnderFixedWeights_TellTheVarianceOfAWell()
    {
        // s^2 of means of m wells is that of a well over m: with the same means, the sample's part of the interval is that of its own wells.
        double[] levels = [.. X.Distinct().Skip(1)];
        double[] means = [.. levels.Select((_, i) => (Y[(2 * i) + 2] + Y[(2 * i) + 3]) / 2)];
        var problem = new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.OneOverY2, levels, means, new Dictionary<string, double>());
        CurveFit points = CurveFitter.Fit(problem, CurveFitOptions.Default);
        CurveFit fit = CurveFitter.Fit(problem with { WellCounts = [2, 2, 2, 2, 2, 2, 2] }, CurveFitOptions.Default);
        Assert.Equal(points.Parameters, fit.Parameters);
        Assert.Equal(points.Covariance, fit.Covariance);
        Assert.Equal(2 * points.WellVariance(0.9)!.Value, fit.WellVariance(0.9)!.Value, 1e-15);
        Assert.Equal(WithinPlateInterval.Of(points, 0.9, 1)!.Lower!.Value, WithinPlateInterval.Of(fit, 0.9, 2)!.Lower!.Value, 1e-12);
        Assert.Equal(7 / 3.75, CurveFitter.Fit(problem with { WellCounts = [4, 4, 4, 1, 1, 2, 2] }, CurveFitOptions.Default).WellsPerPoint, 1e-12);
    }

    [Fact]
    public void Fit_PointsInAnotherOrder_AreTheSameBits()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "variance:0.02,0.04,1", X, Y);
        CurveFit reversed = ReferenceFits.Fit("4pl", "variance:0.02,0.04,1", [.. X.Reverse()], [.. Y.Reverse()]);
        Assert.Equal(fit.Parameters, reversed.Parameters);
    }

    [Fact]
    public void Fit_LogLog_WeighsByTheVarianceOfLnResponse()
    {
        // V = (b f)^2 makes the variance of ln y constant: the plain log-log regression.
        CurveFit plain = ReferenceFits.Fit("loglog", "none", X[2..], Y[2..]);
        CurveFit weighted = ReferenceFits.Fit("loglog", "shape:0,0.05,1", X[2..], Y[2..]);
        Assert.Equal(plain.Parameters, weighted.Parameters, (a, b) => Math.Abs(a - b) <= 1e-12);
        Assert.Equal(plain.WellVariance(0.7)!.Value, weighted.WellVariance(0.7)!.Value, 1e-15);
    }

    [Fact]
    public void Fit_LimitOfOneRound_SaysThatItDidNotSettle()
    {
        var problem = new CurveFitProblem(
            ReferenceFits.Model("4pl"), ReferenceFits.Weights("variance:0.02,0.04,1"), X, Y, new Dictionary<string, double>());
        CurveFit fit = CurveFitter.Fit(problem, new CurveFitOptions { WeightIterationLimit = 1 });
        Assert.Equal(FitTermination.WeightsUnsettled, fit.Termination);
        Assert.False(fit.IsUsable);
        Assert.NotNull(fit.Failure);
        Assert.Null(WithinPlateInterval.Of(fit, 0.9, 1));
    }

    [Fact]
    public void Fit_VarianceOfZero_HasNoWeight()
    {
        // Held at zero, the curve gives 0 at zero concentration, where V is 0 without a floor.
        var problem = new CurveFitProblem(
            ReferenceFits.Model("4pl"), ReferenceFits.Weights("variance:0,0.04,1"), X, Y, new Dictionary<string, double> { ["lowerAsymptote"] = 0 });
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        Assert.Equal(FitTermination.UndefinedWeight, fit.Termination);
        Assert.False(fit.IsUsable);
        Assert.True(CurveFitter.Fit(problem with { Weighting = ReferenceFits.Weights("variance:0.02,0.04,1") }, CurveFitOptions.Default).IsUsable);
    }

    [Fact]
    public void Fit_AsManyPointsAsParametersLessOne_HasErrorsOnlyWhereTheVarianceIsBrought()
    {
        double[] x = [0.5, 2, 8, 32, 128];
        double[] y = [0.11, 0.36, 1.1, 1.95, 2.2];
        var held = new Dictionary<string, double>();
        CurveFit fit = CurveFitter.Fit(new CurveFitProblem(ReferenceFits.Model("4pl"), ReferenceFits.Weights("variance:0.02,0.04,1"), x, y, held), CurveFitOptions.Default);
        Assert.NotNull(WithinPlateInterval.Of(fit, 0.9, 1));
    }

    [Fact]
    public void Fit_Replicates_WeighsEachLevelByItsOwnVariance()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "replicates", X, Y);
        Assert.True(fit.IsUsable, fit.Failure);
        double sum = 0;
        for (int i = 0; i < X.Length; i += 2)
        {
            double variance = (Y[i] - Y[i + 1]) * (Y[i] - Y[i + 1]) / 2;
            sum += (Math.Pow(Y[i] - fit.Response(X[i]), 2) + Math.Pow(Y[i + 1] - fit.Response(X[i]), 2)) / variance;
        }

        Assert.Equal(sum, fit.WeightedSumOfSquares, 1e-10 * sum);
        Assert.Null(fit.WellVariance(0.9));
        Assert.Null(WithinPlateInterval.Of(fit, 0.9, 2));
        Assert.Null(WithinPlateInterval.ResponseVariance(fit, 0.9, 2));
        Assert.NotNull(WithinPlateInterval.LnConcentrationStandardError(fit, 4, null));
    }

    [Theory]
    [InlineData(new[] { 0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16 }, "concentration 16 has one point")]
    [InlineData(new[] { 0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16 }, "concentration 16 do not differ")]
    public void Fit_ReplicatesWithoutAVariance_SaysWhichLevel(double[] x, string expected)
    {
        double[] y = [0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.6];
        CurveFit fit = ReferenceFits.Fit("4pl", "replicates", x, y[..x.Length]);
        Assert.Equal(FitTermination.UndefinedWeight, fit.Termination);
        Assert.Contains(expected, fit.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_WellCountsThatDoNotFit_AreAFault()
    {
        var problem = new CurveFitProblem(ReferenceFits.Model("4pl"), Weighting.None, X, Y, new Dictionary<string, double>());
        Assert.Empty(CurveFitter.Check(problem));
        Assert.NotEmpty(CurveFitter.Check(problem with { WellCounts = [1, 2] }));
        Assert.NotEmpty(CurveFitter.Check(problem with { WellCounts = [.. X.Select(_ => 0)] }));
    }
}
