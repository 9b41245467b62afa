using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using MathNet.Numerics.Distributions;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Diagnosis;

public class RobustFitTests
{
    private static readonly double[] X = [.. Enumerable.Range(0, 16).Select(i => 1000 / Math.Pow(3, i / 2))];

    [Theory]
    [InlineData(RobustLoss.Huber, "none")]
    [InlineData(RobustLoss.Bisquare, "none")]
    [InlineData(RobustLoss.Bisquare, "1/y2")]
    [InlineData(RobustLoss.Bisquare, "variance:10,0.05,1")]
    public void Of_NoisyPoints_SolvesTheEstimatingEquations(RobustLoss loss, string weights)
    {
        double[] y = Noisy(0.05, 4);
        CurveFitProblem problem = Problem(y, weights);
        RobustFit robust = RobustFit.Of(problem, new RobustFitOptions { Loss = loss });

        Assert.True(robust.Fit.IsUsable, robust.Fit.Failure);
        var sums = new double[4];
        var sizes = new double[4];
        var gradient = new double[4];
        for (int i = 0; i < X.Length; i++)
        {
            double fitted = robust.Fit.Response(X[i]);
            double weight = problem.Weighting.WeightOf(problem.Weighting.Variance is null ? y[i] : fitted);
            double u = Math.Sqrt(weight) * (y[i] - fitted) / robust.Scale!.Value;
            double psi = loss == RobustLoss.Huber ? Math.Clamp(u, -1.345, 1.345) : Math.Abs(u) < 4.685 ? u * Math.Pow(1 - Math.Pow(u / 4.685, 2), 2) : 0;
            Assert.Equal(u == 0 ? 1 : psi / u, robust.PointWeights[i], 1e-6);
            robust.Fit.Model.Gradient(robust.Fit.Parameters, X[i], gradient);
            for (int j = 0; j < 4; j++)
            {
                sums[j] += psi * Math.Sqrt(weight) * gradient[j];
                sizes[j] += Math.Abs(psi * Math.Sqrt(weight) * gradient[j]);
            }
        }

        Assert.All(sums, (sum, j) => Assert.True(Math.Abs(sum) < 1e-5 * sizes[j], $"equation {j}: {sum} of {sizes[j]}"));
    }

    [Fact]
    public void Of_OneGrossOutlier_LeavesTheCurveWhereTheOthersPutIt()
    {
        double[] y = Noisy(0.02, 8);
        y[4] /= 3;
        CurveFitProblem problem = Problem(y, "1/y2");
        RobustFit robust = RobustFit.Of(problem, new RobustFitOptions());
        CurveFit squares = CurveFitter.Fit(problem, CurveFitOptions.Default);
        CurveFit without = CurveFitter.Fit(
            problem with { Concentrations = [.. X.Where((_, i) => i != 4)], Responses = [.. y.Where((_, i) => i != 4)] }, CurveFitOptions.Default);

        Assert.Equal(0, robust.PointWeights[4]);
        Assert.True(robust.PointWeights.Where((_, i) => i != 4).All(weight => weight > 0.2));
        double probe = X[6];
        Assert.InRange(robust.Fit.Response(probe) / without.Response(probe), 0.98, 1.02);
        Assert.True(Math.Abs((squares.Response(X[4]) / without.Response(X[4])) - 1) > 0.1);
        Assert.NotNull(WithinPlateInterval.Of(robust.Fit, without.Response(probe), 2));
    }

    /// <summary>Efficiency of 95 % at normal errors: over many clean plates the robust curve scatters by 1/0.95 of the variance of least squares.</summary>
    [Fact]
    public void Of_CleanPlates_CostsLittle()
    {
        var random = new Random(12);
        double robust = 0, squares = 0, stated = 0;
        const int plates = 500;
        double[] x = [.. Enumerable.Range(0, 40).Select(i => Math.Pow(2, i / 4.0))];
        for (int plate = 0; plate < plates; plate++)
        {
            double[] y = [.. x.Select(value => 5 * value * Math.Exp(0.05 * Normal.Sample(random, 0, 1)))];
            var problem = new CurveFitProblem(ReferenceFits.Model("loglog"), Weighting.None, x, y, new Dictionary<string, double>());
            CurveFit fit = RobustFit.Of(problem, new RobustFitOptions()).Fit;
            robust += Math.Pow(fit.Parameters[1] - 1, 2) / plates;
            stated += fit.Covariance![3] / plates;
            squares += Math.Pow(CurveFitter.Fit(problem, CurveFitOptions.Default).Parameters[1] - 1, 2) / plates;
        }

        // A ratio of two correlated variances over 500 plates; and the stated covariance against the observed one.
        Assert.InRange(squares / robust, 0.88, 1.0);
        Assert.InRange(stated / robust, 0.8, 1.25);
    }

    [Fact]
    public void Of_PointsOnTheCurve_IsTheLeastSquaresFit()
    {
        double[] y = [.. X.Select(Truth)];
        CurveFitProblem problem = Problem(y, "none");

        RobustFit robust = RobustFit.Of(problem, new RobustFitOptions());

        Assert.Equal(CurveFitter.Fit(problem, CurveFitOptions.Default).Parameters, robust.Fit.Parameters);
        Assert.All(robust.PointWeights, weight => Assert.Equal(1, weight));
    }

    [Fact]
    public void Of_PointsWithoutACurve_SaysSo()
    {
        RobustFit robust = RobustFit.Of(Problem([.. X.Select(_ => 7.0)], "none"), new RobustFitOptions());

        Assert.Equal(FitTermination.NoResponseRange, robust.Fit.Termination);
        Assert.Empty(robust.PointWeights);
        Assert.Null(robust.Scale);
    }

    /// <summary>Clean plates, as they come: each settles, is near the truth, and names no well by residuals that are at no minimum.</summary>
    [Theory]
    [InlineData(RobustLoss.Huber)]
    [InlineData(RobustLoss.Bisquare)]
    public void Of_CleanPlates_SettlesAndTestsNoOutlier(RobustLoss loss)
    {
        for (int seed = 0; seed < 150; seed++)
        {
            CurveFitProblem problem = Problem(Noisy(0.06, seed), "1/y2");
            var robust = RobustFit.Of(problem, new RobustFitOptions { Loss = loss });
            Assert.True(robust.Fit.IsUsable, $"seed {seed}: {robust.Fit.Failure}");
            Assert.InRange(robust.Fit.Response(100) / Truth(100), 0.8, 1.2);
            CurveDiagnosis diagnosis = CurveDiagnosis.Of(robust, problem)!;
            Assert.All(diagnosis.Points, point => Assert.Null(point.PValue));
            Assert.All(diagnosis.Levels, level => Assert.Null(level.AdjustedPValue));
            Assert.Null(diagnosis.LackOfFit);
            Assert.Contains("robust fit", diagnosis.NotTested, StringComparison.Ordinal);
        }
    }

    /// <summary>A plate on which the quantile that is the scale and the curve answered each other for ever.</summary>
    [Fact]
    public void Of_ScaleThatJumps_Settles()
    {
        double[] y =
        [
            3.002536362238777, 3.146348660537745, 2.753092855515998, 2.7911593569950495, 2.1360893415214868, 2.2244712254166883, 1.2210483370762364, 1.3819696422575112,
            0.5211135038908689, 0.5613792662803052, 0.2250142596886434, 0.23158372178853856, 0.10544834370802401, 0.0999593859438794, 0.06716108250494233, 0.05610710918473991,
        ];
        var robust = RobustFit.Of(Problem(y, "1/y2"), new RobustFitOptions { Loss = RobustLoss.Huber });
        Assert.True(robust.Fit.IsUsable, robust.Fit.Failure);
        Assert.InRange(robust.Fit.Response(50), 1.4, 1.7);

        // Cut off early it says what happened, and keeps the curve that it had.
        var early = RobustFit.Of(Problem(y, "1/y2"), new RobustFitOptions { Loss = RobustLoss.Huber, IterationLimit = 2 });
        Assert.Equal(FitTermination.WeightsUnsettled, early.Fit.Termination);
        Assert.Contains("did not settle in 2 rounds", early.Fit.Failure, StringComparison.Ordinal);
        Assert.Equal(4, early.Fit.Parameters.Length);
    }

    private static double Truth(double x) => 50 + (20_000 / (1 + Math.Pow(x / 200, -1.1)));

    private static double[] Noisy(double cv, int seed)
    {
        var random = new Random(seed);
        return [.. X.Select(x => Truth(x) * (1 + (cv * Normal.Sample(random, 0, 1))))];
    }

    private static CurveFitProblem Problem(double[] y, string weights) =>
        new(ReferenceFits.Model("4pl"), ReferenceFits.Weights(weights), X, y, new Dictionary<string, double>());
}
