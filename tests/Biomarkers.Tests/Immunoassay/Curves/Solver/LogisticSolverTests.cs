using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Solver;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Solver;

public class LogisticSolverTests
{
    private const int PointCount = 16;

    [Theory]
    [InlineData(LogisticFamily.FourParameter)]
    [InlineData(LogisticFamily.FiveParameter)]
    [InlineData(LogisticFamily.FiveParameterAd)]
    public void Solve_SimulatedCurves_NeverLeavesMoreThanTheTrueCurve(LogisticFamily family)
    {
        // The truth is a curve of the family, inside the box: the least sum of squares can't be above its.
        foreach (Curve curve in Curves(300, family))
        {
            LogisticSummary found = LogisticSolver.Solve(curve.Problem(family));
            Assert.True(found.IsUsable, $"{found}");
            Assert.True(found.WeightedSumOfSquares <= curve.TrueSumOfSquares * (1 + 1e-9), $"{found} for {curve.TrueSumOfSquares}");
        }
    }

    [Fact]
    public void Solve_FiveParameters_IsNowhereAboveAnotherMinimizerFromManyStarts()
    {
        foreach (Curve curve in Curves(15, LogisticFamily.FiveParameter))
        {
            LogisticSummary found = LogisticSolver.Solve(curve.Problem(LogisticFamily.FiveParameter));
            double[] starts = [0.25, 1, 4];
            double other = starts.Min(asymmetry => MathNetSum(curve, found, asymmetry));
            Assert.True(found.WeightedSumOfSquares <= other * (1 + 1e-9), $"{found}; MathNet {other}");
        }
    }

    [Theory]
    [InlineData(LogisticFamily.FourParameter)]
    [InlineData(LogisticFamily.FiveParameterAd)]
    public void Solve_Repeatedly_AllocatesNothing(LogisticFamily family)
    {
        Curve[] curves = [.. Curves(50, family)];
        var summaries = new LogisticSummary[curves.Length];
        Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Fill()
        {
            for (int i = 0; i < curves.Length; i++)
            {
                summaries[i] = LogisticSolver.Solve(curves[i].Problem(family));
            }
        }
    }

    [Theory]
    [InlineData(LogisticFamily.FourParameter)]
    [InlineData(LogisticFamily.FiveParameter)]
    [InlineData(LogisticFamily.FiveParameterAd)]
    public void SolveBatch_ManyCurves_GivesEachAsIfAlone(LogisticFamily family)
    {
        Curve[] curves = [.. Curves(500, family)];
        var summaries = new LogisticSummary[curves.Length];
        LogisticBatch.Solve(
            new LogisticBatchProblem
            {
                Family = family,
                PointCount = PointCount,
                Concentrations = curves.SelectMany(curve => curve.Concentrations).ToArray(),
                Responses = curves.SelectMany(curve => curve.Responses).ToArray(),
                Weights = curves.SelectMany(curve => curve.Weights).ToArray(),
            },
            summaries);
        for (int i = 0; i < curves.Length; i++)
        {
            LogisticSummary alone = LogisticSolver.Solve(curves[i].Problem(family));
            Assert.Equal(alone.IsUsable, summaries[i].IsUsable);
            Assert.Equal(alone.WeightedSumOfSquares, summaries[i].WeightedSumOfSquares, 1e-9 * alone.WeightedSumOfSquares);
        }
    }

    [Fact]
    public void SolveBatch_RowsOfAnotherLength_AreRefused() => Assert.Throws<ArgumentException>(() => LogisticBatch.Solve(
        new LogisticBatchProblem { Family = LogisticFamily.FourParameter, PointCount = 4, Concentrations = [1, 2, 3, 4], Responses = [1, 2, 3, 4, 5] },
        new LogisticSummary[1]));

    [Theory]
    [InlineData(new double[] { 1, 2, 3 }, new double[] { 0, 0, 0 }, "all zero")]
    [InlineData(new double[] { 5, 5, 5 }, new double[] { 1, 2, 3 }, "one level")]
    [InlineData(new double[] { 0, 0, 0 }, new double[] { 1, 2, 3 }, "no positive concentration")]
    [InlineData(new double[] { 1, 2, double.PositiveInfinity }, new double[] { 1, 2, 3 }, "infinite concentration")]
    [InlineData(new double[] { 1, 2, 3 }, new double[] { 1, double.NaN, 3 }, "response that is no number")]
    [InlineData(new double[] { 1e-320, 1e300, 1e308 }, new double[] { 1e-310, 1e308, -1e308 }, "huge ranges")]
    public void Solve_HopelessPoints_EndsWithASummary(double[] concentrations, double[] responses, string reason)
    {
        foreach (LogisticFamily family in Enum.GetValues<LogisticFamily>())
        {
            LogisticSummary found = LogisticSolver.Solve(new LogisticProblem { Family = family, Concentrations = concentrations, Responses = responses });
            bool isCurve = double.IsFinite(found.LowerAsymptote) && double.IsFinite(found.UpperAsymptote) && found.Inflection > 0 && found.Asymmetry > 0;
            Assert.True(isCurve || !found.IsUsable, $"{reason}: {found}");
        }
    }

    /// <summary>The sum of squares that MathNet's minimizer reaches from the found curve with another asymmetry.</summary>
    private static double MathNetSum(Curve curve, in LogisticSummary found, double asymmetry)
    {
        IObjectiveModel objective = ObjectiveFunction.NonlinearModel(
            (p, x) => x.Map(lnX => p[0] + ((p[1] - p[0]) * Math.Exp(-Math.Exp(p[4]) * Math.Log(1 + Math.Exp(p[3] * (lnX - p[2])))))),
            Vector<double>.Build.DenseOfEnumerable(curve.Concentrations.Select(x => Math.Log(x))),
            Vector<double>.Build.DenseOfArray(curve.Responses),
            Vector<double>.Build.DenseOfArray(curve.Weights));
        double[] start = [found.LowerAsymptote, found.UpperAsymptote, Math.Log(found.Inflection), found.Slope, Math.Log(asymmetry)];
        try
        {
            return 2 * new LevenbergMarquardtMinimizer(maximumIterations: 300).FindMinimum(objective, Vector<double>.Build.DenseOfArray(start)).ModelInfoAtMinimum.Value;
        }
        catch (Exception exception) when (exception is MathNet.Numerics.NonConvergenceException or EvaluationException or ArgumentException)
        {
            return double.PositiveInfinity;
        }
    }

    private static IEnumerable<Curve> Curves(int count, LogisticFamily family)
    {
        var generator = new SeededGenerator(42);
        for (int i = 0; i < count; i++)
        {
            bool isFalling = i % 5 == 0;
            double lower = 0.05 + (0.1 * generator.NextUniform()), upper = 1.5 + (2.5 * generator.NextUniform());
            double slope = 0.7 + (1.5 * generator.NextUniform()), asymmetry = family == LogisticFamily.FourParameter ? 1 : Math.Exp(generator.NextNormal() * 0.6);
            double inflection = 20 * Math.Exp(generator.NextNormal() * 0.5);
            bool isMirrored = family == LogisticFamily.FiveParameterAd && !isFalling;
            var concentrations = new double[PointCount];
            var responses = new double[PointCount];
            var weights = new double[PointCount];
            double sum = 0;
            for (int j = 0; j < PointCount; j++)
            {
                concentrations[j] = 500 / Math.Pow(3, j / 2);
                double power = Math.Pow(1 + Math.Pow(concentrations[j] / inflection, isFalling || isMirrored ? slope : -slope), -asymmetry);
                double mean = lower + ((upper - lower) * (isMirrored ? 1 - power : power));
                responses[j] = mean * (1 + (0.05 * generator.NextNormal()));
                weights[j] = 1 / (mean * mean);
                sum += weights[j] * (responses[j] - mean) * (responses[j] - mean);
            }

            yield return new Curve(concentrations, responses, weights, sum);
        }
    }

    private sealed record Curve(double[] Concentrations, double[] Responses, double[] Weights, double TrueSumOfSquares)
    {
        public LogisticProblem Problem(LogisticFamily family) => new()
        {
            Family = family,
            Concentrations = Concentrations,
            Responses = Responses,
            Weights = Weights,
        };
    }
}
