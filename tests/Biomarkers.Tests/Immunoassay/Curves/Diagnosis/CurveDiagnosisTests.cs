using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Limits;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearAlgebra;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves.Diagnosis;

/// <summary>A log-log line is linear regression of ln y on ln x, for which leverages and studentised residuals have exact formulas.</summary>
public class CurveDiagnosisTests(ITestOutputHelper output)
{
    private static readonly double[] X = [1, 1, 2, 2, 5, 5, 12, 12, 30, 30, 100];
    private static readonly double[] Y = [2.1, 2.4, 3.9, 4.4, 9.1, 11.5, 23, 26, 55, 71, 190];

    [Fact]
    public void Of_StraightLine_GivesTheTextbooksLeveragesAndResiduals()
    {
        (double[] x, double[] y) = ([.. X.Select(value => Math.Log(value))], [.. Y.Select(value => Math.Log(value))]);
        int n = x.Length;
        double meanX = x.Average(), sxx = x.Sum(value => (value - meanX) * (value - meanX));
        double slope = x.Zip(y, (u, v) => (u - meanX) * v).Sum() / sxx, intercept = y.Average() - (slope * meanX);
        double[] residuals = [.. x.Zip(y, (u, v) => v - intercept - (slope * u))];
        double variance = residuals.Sum(e => e * e) / (n - 2);

        CurveDiagnosis diagnosis = Diagnose(X, Y, "none");

        Assert.Equal(2, diagnosis.Points.Sum(point => point.Leverage), 1e-12);
        for (int i = 0; i < n; i++)
        {
            PointDiagnosis point = diagnosis.Points[i];
            double leverage = (1.0 / n) + ((x[i] - meanX) * (x[i] - meanX) / sxx);
            double internally = residuals[i] / Math.Sqrt(variance * (1 - leverage));
            double externally = internally * Math.Sqrt((n - 3) / (n - 2 - (internally * internally)));
            Assert.Equal(leverage, point.Leverage, 1e-12);
            Assert.Equal(internally, point.InternallyStudentised!.Value, 1e-10);
            Assert.Equal(externally, point.ExternallyStudentised!.Value, 1e-10);
            Assert.Equal(2 * StudentT.CDF(0, 1, n - 3, -Math.Abs(externally)), point.PValue!.Value, 1e-10);
        }
    }

    /// <summary>Externally studentised means: predicted by a curve that has not seen the point, over the standard error of that prediction.</summary>
    [Fact]
    public void Of_StraightLine_JudgesEachPointAsAFitWithoutItWould()
    {
        CurveDiagnosis diagnosis = Diagnose(X, Y, "none");
        for (int i = 0; i < X.Length; i++)
        {
            CurveFit without = ReferenceFits.Fit("loglog", "none", [.. X.Where((_, j) => j != i)], [.. Y.Where((_, j) => j != i)]);
            var gradient = new double[2];
            without.Model.Gradient(without.Parameters, X[i], gradient);
            double fitted = without.Response(X[i]);
            (double a, double b) = (gradient[0] / fitted, gradient[1] / fitted);
            double[] covariance = without.Covariance!;
            double error = Math.Sqrt(without.ResidualVariance!.Value + (a * a * covariance[0]) + (2 * a * b * covariance[1]) + (b * b * covariance[3]));
            Assert.Equal(Math.Log(Y[i] / fitted) / error, diagnosis.Points[i].ExternallyStudentised!.Value, 1e-9);
        }
    }

    /// <summary>The test of a level is the extra-sum-of-squares F test of an indicator of its wells.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("1/y")] // wells of one level then have unlike weights
    public void Of_StraightLine_JudgesEachLevelAsAnIndicatorWould(string weights)
    {
        CurveDiagnosis diagnosis = Diagnose(X, Y, weights);
        double[] w = [.. Y.Select(y => weights == "none" ? 1 : 1 / y)];
        double before = SumOfSquares(_ => null);
        Assert.Equal([1, 2, 5, 12, 30, 100], diagnosis.Levels.Select(level => level.Concentration));
        foreach (LevelDiagnosis level in diagnosis.Levels)
        {
            double after = SumOfSquares(i => X[i] == level.Concentration ? 1 : 0);
            double f = (before - after) / (after / (X.Length - 3));
            Assert.Equal(f, level.ExternallyStudentised!.Value * level.ExternallyStudentised.Value, f * 1e-8);
            Assert.Equal(1 - FisherSnedecor.CDF(1, X.Length - 3, f), level.PValue!.Value, 1e-9);
        }

        double SumOfSquares(Func<int, double?> indicator)
        {
            double[][] rows = [.. Enumerable.Range(0, X.Length).Select(i => ((double[])[1, Math.Log(X[i]), indicator(i) ?? 0])[..(indicator(0) is null ? 2 : 3)])];
            Matrix<double> design = Matrix<double>.Build.DenseOfRowArrays(rows.Select((row, i) => row.Select(value => value * Math.Sqrt(w[i])).ToArray()));
            Vector<double> target = Vector<double>.Build.Dense([.. Y.Select((y, i) => Math.Log(y) * Math.Sqrt(w[i]))]);
            return (target - (design * design.QR().Solve(target))).DotProduct(target - (design * design.QR().Solve(target)));
        }
    }

    [Fact]
    public void Of_Replicates_TestsLackOfFitAsTheAnalysisOfVarianceDoes()
    {
        double[] y = [.. Y.Select(value => Math.Log(value))];
        double pure = X.Select((x, i) => (x, y: y[i])).GroupBy(pair => pair.x).Sum(level => level.Sum(pair => Math.Pow(pair.y - level.Average(other => other.y), 2)));
        CurveFit fit = ReferenceFits.Fit("loglog", "none", X, Y);
        double expected = (fit.WeightedSumOfSquares - pure) / (6 - 2) / (pure / (11 - 6));

        LackOfFit test = Diagnose(X, Y, "none").LackOfFit!;

        Assert.Equal((4, 5), (test.NumeratorDegreesOfFreedom, test.DenominatorDegreesOfFreedom));
        Assert.Equal(expected, test.F, expected * 1e-10);
        Assert.Equal(1 - FisherSnedecor.CDF(4, 5, expected), test.PValue, 1e-10);
    }

    [Fact]
    public void Of_PointsWithoutReplicatesOrScatter_TestsNothing()
    {
        Assert.Null(Diagnose([1, 2, 5, 12, 30, 100], [2, 4.1, 9.8, 25, 60, 199], "none").LackOfFit);

        CurveDiagnosis exact = Diagnose(X, [.. X.Select(x => 3 * x)], "none");
        Assert.Null(exact.LackOfFit);
        Assert.All(exact.Points, point => Assert.Null(point.PValue));
        Assert.All(exact.Levels, level => Assert.Null(level.AdjustedPValue));
    }

    [Fact]
    public void Of_KnownVariance_TakesTheNormalDistributionAndLearnedVarianceT()
    {
        CurveDiagnosis known = Diagnose(X, Y, "variance:0,0.1,1"), learned = Diagnose(X, Y, "variance:0,0.1,1,25"), shape = Diagnose(X, Y, "shape:0,0.1,1");
        for (int i = 0; i < X.Length; i++)
        {
            // 10 % of the response is 0.1 on the scale of ln response, whatever the response.
            PointDiagnosis point = known.Points[i];
            double z = point.Residual / (0.1 * Math.Sqrt(1 - point.Leverage));
            Assert.Equal(z, point.ExternallyStudentised!.Value, 1e-9);
            Assert.Equal(2 * Normal.CDF(0, 1, -Math.Abs(z)), point.PValue!.Value, 1e-10);
            Assert.Equal(2 * StudentT.CDF(0, 1, 25, -Math.Abs(z)), learned.Points[i].PValue!.Value, 1e-10);
            Assert.Equal(Diagnose(X, Y, "none").Points[i].ExternallyStudentised!.Value, shape.Points[i].ExternallyStudentised!.Value, 1e-8);
        }
    }

    [Fact]
    public void Of_AdjustedProbabilities_AreHolms()
    {
        IReadOnlyList<PointDiagnosis> points = Diagnose(X, Y, "none").Points;
        double[] sorted = [.. points.Select(point => point.PValue!.Value).Order()];
        foreach (PointDiagnosis point in points)
        {
            // The definition: the largest of (m - j + 1) p_j up to the own place, at most 1.
            int place = Array.IndexOf(sorted, point.PValue!.Value);
            double expected = Math.Min(1, Enumerable.Range(0, place + 1).Max(j => (sorted.Length - j) * sorted[j]));
            Assert.Equal(expected, point.AdjustedPValue!.Value, 1e-15);
        }
    }

    [Fact]
    public void Of_FarTails_KeepTheirDigits()
    {
        double[] y = [.. Y];
        y[4] *= 3;
        PointDiagnosis point = Diagnose(X, y, "variance:0,0.02,1").Points[4];

        // P(|Z| > z) lies between the two bounds of Abramowitz and Stegun 7.1.13, which meet far out.
        double z = Math.Abs(point.ExternallyStudentised!.Value) / Math.Sqrt(2), scale = 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z);
        Assert.True(z > 15);
        Assert.InRange(point.PValue!.Value, scale / (z + Math.Sqrt((z * z) + 2)), scale / (z + Math.Sqrt((z * z) + (4 / Math.PI))));
    }

    [Theory]
    [InlineData("none", 0.05)] // t by the plate's own scatter
    [InlineData("variance:0,0.08,1", 0.05)] // normal by a known one
    public void Of_CleanPlates_NamesAnyWellOrLevelAsOftenAsStated(string weights, double level)
    {
        const int plates = 4000;
        double[] x = [.. Enumerable.Range(0, 16).Select(i => Math.Pow(2, i / 2))];
        var random = new Random(20260101);
        int wells = 0, levels = 0;
        for (int plate = 0; plate < plates; plate++)
        {
            CurveDiagnosis diagnosis = Diagnose(x, [.. x.Select(value => 5 * value * Math.Exp(0.08 * Normal.Sample(random, 0, 1)))], weights);
            wells += diagnosis.Points.Any(point => point.AdjustedPValue < level) ? 1 : 0;
            levels += diagnosis.Levels.Any(one => one.AdjustedPValue < level) ? 1 : 0;
        }

        output.WriteLine($"{weights}: any well {100.0 * wells / plates:F2} %, any level {100.0 * levels / plates:F2} % of clean plates at {100 * level} %");
        // Holm holds the level and, for nearly independent tests, nearly reaches it; 3.3 binomial standard errors either way.
        double margin = 3.3 * Math.Sqrt(level * (1 - level) / plates);
        Assert.InRange((double)wells / plates, 0.8 * level - margin, level + margin);
        Assert.InRange((double)levels / plates, 0.8 * level - margin, level + margin);
    }

    /// <summary>The power that the documentation states was simulated elsewhere, over other curves and ladders. It is not more than what is found here, and of its size.</summary>
    [Theory]
    [InlineData("4pl", 1.2, 0.03, 0.88)]
    [InlineData("4pl", 1.2, 0.06, 0.37)]
    [InlineData("4pl", 1.1, 0.03, 0.41)]
    [InlineData("4pl", 1.1, 0.10, 0.02)]
    [InlineData("5pl", 1.2, 0.03, 0.65)]
    [InlineData("5pl", 1.1, 0.03, 0.11)]
    public void Of_ShiftedLevel_IsFoundAboutAsOftenAsStated(string model, double factor, double cv, double stated)
    {
        const int plates = 240;
        double[] x = [.. Enumerable.Range(0, 16).Select(i => 1000 / Math.Pow(3, i / 2))];
        var random = new Random(31);
        int found = 0;
        for (int plate = 0; plate < plates; plate++)
        {
            double shifted = x[2 * (plate % 8)];
            double[] y = [.. x.Select(value => (50 + (20_000 / (1 + Math.Pow(value / 200, -1.1)))) * (value == shifted ? factor : 1) * (1 + (cv * Normal.Sample(random, 0, 1))))];
            found += Diagnose(x, y, FormattableString.Invariant($"variance:0,{cv},1"), model).Levels.Any(level => level.AdjustedPValue < 0.01) ? 1 : 0;
        }

        output.WriteLine($"{model}, shift x {factor}, CV {100 * cv} %: found on {100.0 * found / plates:F1} % of plates; stated {100 * stated:F0} %");
        Assert.InRange((double)found / plates, stated - 0.05, stated + 0.3);
    }

    /// <summary>A ladder in the foot of its curve: the fit ends on the bound of the inflection. With that held at the bound, where nothing is on a bound any more,
    /// the same curve must have the same leverages and tests.</summary>
    [Fact]
    public void Of_ParameterOnItsBound_CountsItAsFixed()
    {
        double[] x = [5, 5, 2.5, 2.5, 1.25, 1.25, 0.625, 0.625, 0.3125, 0.3125, 0.15625, 0.15625, 0.078125, 0.078125, 0.0390625, 0.0390625];
        double[] y = [0.3168, 0.3157, 0.18, 0.1783, 0.1132, 0.1217, 0.0863, 0.0856, 0.0689, 0.0641, 0.0591, 0.0601, 0.0567, 0.0524, 0.0513, 0.0471];
        var free = new CurveFitProblem(ReferenceFits.Model("4pl"), ReferenceFits.Weights("1/y2"), x, y, new Dictionary<string, double>());
        CurveFit fit = CurveFitter.Fit(free, CurveFitOptions.Default);
        Assert.Equal([CurveParameters.Inflection], fit.ParametersAtBound);
        CurveFitProblem held = free with { FixedParameters = new Dictionary<string, double> { [CurveParameters.Inflection] = fit.Parameters[2] } };

        CurveDiagnosis diagnosis = CurveDiagnosis.Of(fit, free)!;
        CurveDiagnosis expected = CurveDiagnosis.Of(CurveFitter.Fit(held, CurveFitOptions.Default), held)!;

        Assert.Null(diagnosis.NotTested);
        Assert.Equal(3, diagnosis.Points.Sum(point => point.Leverage), 1e-9);
        Assert.Equal(expected.LackOfFit!.PValue, diagnosis.LackOfFit!.PValue, 1e-6);
        Assert.All(diagnosis.Levels, (level, k) =>
        {
            Assert.Equal(expected.Levels[k].ExternallyStudentised!.Value, level.ExternallyStudentised!.Value, 1e-4);
            Assert.InRange(level.ExternallyStudentised.Value, -3, 3);
            Assert.True(level.AdjustedPValue > 0.1);
        });
    }

    [Theory]
    [InlineData(0, 0.1, "4pl", "none")]
    [InlineData(0, 0.1, "4pl", "1/y2")]
    [InlineData(0.05, 0.01, "4pl", "none")]
    [InlineData(0.05, 0.01, "5pl", "none")]
    [InlineData(0.05, 0.01, "linear", "1/y")]
    public void Of_PointsOnALine_TestsNothingByRounding(double intercept, double slope, string model, string weights)
    {
        double[] x = [1, 2, 4, 8, 16, 32];
        CurveDiagnosis diagnosis = Diagnose(x, [.. x.Select(value => intercept + (slope * value))], weights, model);

        Assert.Contains("the points lie on the curve", diagnosis.NotTested, StringComparison.Ordinal);
        Assert.All(diagnosis.Levels, level => Assert.Null(level.ExternallyStudentised));
        Assert.All(diagnosis.Points, point => Assert.Null(point.AdjustedPValue));
    }

    /// <summary>Without the one point that is off, nothing scatters: there is no variance to test it by, and no number may pretend to one.</summary>
    [Fact]
    public void Of_OnePointOffAnExactLine_HasNoVarianceToTestIt()
    {
        double[] x = [1, 2, 3, 5, 8, 13, 21];
        CurveDiagnosis diagnosis = Diagnose(x, [.. x.Select(value => value == 5 ? 12 : 2 * value)], "none", "linear");
        Assert.Null(diagnosis.Points[3].ExternallyStudentised);
        Assert.Null(diagnosis.Points[3].PValue);
        // The internal form has an end, sqrt(n - p), and stands on it.
        Assert.Equal(Math.Sqrt(5), diagnosis.Points[3].InternallyStudentised!.Value, 1e-6);
        Assert.All(diagnosis.Points, point => Assert.True(Math.Abs(point.ExternallyStudentised ?? 0) < 100));
    }

    [Fact]
    public void Of_WeightsByReplicates_TestsNothing()
    {
        double[] x = [.. X.Take(10)], y = [.. Y.Take(10)];
        CurveDiagnosis diagnosis = Diagnose(x, y, "replicates");
        Assert.Null(diagnosis.LackOfFit);
        Assert.All(diagnosis.Points, point => Assert.Null(point.PValue));
        Assert.All(diagnosis.Levels, level => Assert.Null(level.ExternallyStudentised));
        Assert.Contains("under weights by replicates", diagnosis.NotTested, StringComparison.Ordinal);
        CurveFit fit = ReferenceFits.Fit("loglog", "replicates", x, y);
        Assert.Null(FitIntervals.OfParameters(fit));
        Assert.Null(FitIntervals.BandAt(fit, 3));
        Assert.Null(PrecisionProfile.Of(fit, 1, 30, 2));
    }

    private static CurveDiagnosis Diagnose(double[] x, double[] y, string weights, string model = "loglog")
    {
        var problem = new CurveFitProblem(ReferenceFits.Model(model), ReferenceFits.Weights(weights), x, y, new Dictionary<string, double>());
        return CurveDiagnosis.Of(CurveFitter.Fit(problem, CurveFitOptions.Default), problem)!;
    }
}
