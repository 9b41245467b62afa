using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Intervals;

public class BootstrapIntervalTests
{
    private static readonly double[] X = [0, 0, 0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32];
    private static readonly double[] Y = [0.04, 0.05, 0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.62, 1.95, 1.99];

    [Theory]
    [InlineData("4pl", "variance:0.01,0.04,1")] // z
    [InlineData("4pl", "variance:0.01,0.04,1,8")] // t(8)
    [InlineData("4pl", "shape:0.01,0.04,1")] // t(12)
    [InlineData("4pl", "none")]
    [InlineData("5pl", "variance:0.01,0.04,1")]
    public void Of_MiddleOfTheCurve_AgreesWithTheInversion(string model, string weights)
    {
        CurveFitProblem problem = Problem(model, weights);
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        WithinPlateInterval inverted = WithinPlateInterval.Of(fit, 0.9, 2)!;
        BootstrapInterval bootstrap = BootstrapInterval.Of(fit, problem, 0.9, 2, new BootstrapOptions(42))!;
        double width = Math.Log(inverted.Upper!.Value / inverted.Lower!.Value);

        // A percentile of 1999 draws scatters by about 3 % of the width.
        Assert.Equal(0, Math.Log(bootstrap.Lower!.Value / inverted.Lower.Value) / width, 0.1);
        Assert.Equal(0, Math.Log(bootstrap.Upper!.Value / inverted.Upper.Value) / width, 0.1);
        Assert.Equal(1999, bootstrap.DrawCount);
        Assert.InRange(bootstrap.FailedFitCount, 0, 20);
    }

    [Fact]
    public void Of_EqualSeeds_IsTheSameInterval()
    {
        CurveFitProblem problem = Problem("4pl", "variance:0.01,0.04,1");
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        var options = new BootstrapOptions(7) { DrawCount = 199 };
        BootstrapInterval first = BootstrapInterval.Of(fit, problem, 0.9, 2, options)!;
        Assert.Equal(first, BootstrapInterval.Of(fit, problem, 0.9, 2, options));
        Assert.NotEqual(first, BootstrapInterval.Of(fit, problem, 0.9, 2, options with { Seed = 8 }));
    }

    [Fact]
    public void Of_ResponseNearTheAsymptote_IsUnboundedOnThatSide()
    {
        CurveFitProblem problem = Problem("4pl", "variance:0.01,0.04,1");
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        BootstrapInterval high = BootstrapInterval.Of(fit, problem, fit.Parameters[1] - 0.02, 1, new BootstrapOptions(1) { DrawCount = 499 })!;
        Assert.Null(high.Upper);
        Assert.NotNull(high.Lower);
        Assert.Null(BootstrapInterval.Of(fit, problem, fit.Parameters[1] + 1, 1, new BootstrapOptions(1)));
    }

    [Fact]
    public void Of_Tubes_IsWiderAndAgreesWithTheSandwich()
    {
        CurveFitProblem problem = Problem("4pl", "variance:0.005,0.02,1");
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        WithinPlateInterval joined = WithinPlateInterval.Of(CalibratorTubes.Join(fit, problem, 0.06), 0.9, 2)!;
        WithinPlateInterval plain = WithinPlateInterval.Of(fit, 0.9, 2)!;
        BootstrapInterval bootstrap = BootstrapInterval.Of(fit, problem, 0.9, 2, new BootstrapOptions(3) { TubeLnStandardDeviation = 0.06 })!;
        double width = Math.Log(joined.Upper!.Value / joined.Lower!.Value);
        Assert.True(width > 1.2 * Math.Log(plain.Upper!.Value / plain.Lower!.Value));
        Assert.Equal(1, Math.Log(bootstrap.Upper!.Value / bootstrap.Lower!.Value) / width, 0.1);
    }

    [Fact]
    public void Of_RefitsThatFail_AreCounted()
    {
        // Fixed weights by the observed response have none where a drawn response falls below zero.
        double[] y = [.. Y.Select((value, i) => i < 2 ? 0.01 + (0.05 * i) : value)];
        var problem = new CurveFitProblem(ReferenceFits.Model("4pl"), ReferenceFits.Weights("power:0.5"), X, y, new Dictionary<string, double>());
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        BootstrapInterval bootstrap = BootstrapInterval.Of(fit, problem, 0.9, 2, new BootstrapOptions(5) { DrawCount = 999 })!;
        Assert.InRange(bootstrap.FailedFitCount, 1, 900);
    }

    [Fact]
    public void SeededGenerator_FirstBits_AreThoseOfThePublishedAlgorithm()
    {
        // xoshiro256** over splitmix64 of seed 0, whose first outputs are published: e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec.
        const ulong s1 = 0x6e789e6aa1b965f4;
        Assert.Equal(unchecked(ulong.RotateLeft(s1 * 5, 7) * 9), new SeededGenerator(0).NextBits());
    }

    [Fact]
    public void SeededGenerator_ManyDraws_HaveTheirMoments()
    {
        var random = new SeededGenerator(11);
        const int count = 200_000;
        double sum = 0, squares = 0, fourth = 0, uniform = 0;
        for (int i = 0; i < count; i++)
        {
            double normal = random.NextNormal();
            sum += normal;
            squares += normal * normal;
            fourth += normal * normal * normal * normal;
            uniform += random.NextUniform();
        }

        Assert.Equal(0, sum / count, 0.012);
        Assert.Equal(1, squares / count, 0.016);
        Assert.Equal(3, fourth / count, 0.11);
        Assert.Equal(0.5, uniform / count, 0.003);
        foreach (double df in (double[])[1, 3.7, 40])
        {
            double[] draws = [.. Enumerable.Range(0, 50_000).Select(_ => random.NextChiSquared(df))];
            double mean = draws.Average();
            Assert.Equal(1, mean / df, 0.04);
            Assert.Equal(1, draws.Sum(draw => (draw - mean) * (draw - mean)) / draws.Length / (2 * df), 0.1);
        }
    }

    private static CurveFitProblem Problem(string model, string weights) =>
        new(ReferenceFits.Model(model), ReferenceFits.Weights(weights), X, Y, new Dictionary<string, double>());
}
