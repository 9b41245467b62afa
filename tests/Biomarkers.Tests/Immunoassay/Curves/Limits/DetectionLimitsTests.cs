using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Limits;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearAlgebra;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves.Limits;

/// <summary>MDC, LoB and LoD against their formulas, worked out another way.</summary>
public class DetectionLimitsTests(ITestOutputHelper output)
{
    private static readonly double[] X = [0, 0, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64];
    private static readonly double[] Y = [0.051, 0.047, 0.17, 0.18, 0.34, 0.36, 0.63, 0.67, 1.06, 1.12, 1.55, 1.6, 1.92, 1.99, 2.1, 2.19];

    [Theory]
    [InlineData("none", 1)]
    [InlineData("1/y", 2)]
    [InlineData("variance:0.01,0.03,1", 2)]
    public void Mdc_RisingCurve_IsTheInverseOfTheUpperPredictionLimitOfZero(string weights, int wells)
    {
        CurveFit fit = ReferenceFits.Fit("4pl", weights, X, Y);
        ConcentrationLimit limit = MinimumDetectableConcentration.Of(fit, wells);

        // The weighted Jacobian by finite differences, its covariance by MathNet.
        double lower = fit.Parameters[0];
        bool isKnown = fit.Weighting.Variance is not null;
        Matrix<double> jacobian = Matrix<double>.Build.Dense(X.Length, 4, (i, j) =>
        {
            double[] up = [.. fit.Parameters], down = [.. fit.Parameters];
            double step = 1e-6 * Math.Max(Math.Abs(fit.Parameters[j]), 1e-3);
            up[j] += step;
            down[j] -= step;
            double weight = fit.Weighting.WeightOf(isKnown ? fit.Response(X[i]) : Y[i]);
            return Math.Sqrt(weight) * (fit.Model.Response(up, X[i]) - fit.Model.Response(down, X[i])) / (2 * step);
        });
        Matrix<double> covariance = (jacobian.TransposeThisAndMultiply(jacobian)).Inverse() * (isKnown ? 1 : fit.ResidualVariance!.Value);
        double well = isKnown ? (0.01 * 0.01) + (0.03 * 0.03 * lower * lower) : fit.ResidualVariance!.Value * (weights == "none" ? 1 : lower);
        // At zero a rising curve is its lower asymptote: the gradient there is (1, 0, 0, 0).
        double quantile = isKnown ? 1.6448536269514722 : StudentT.InvCDF(0, 1, 12, 0.95);
        double response = lower + (quantile * Math.Sqrt((well / wells) + covariance[0, 0]));

        Assert.Equal(LimitOutcome.Found, limit.Outcome);
        Assert.Equal(response, limit.Response!.Value, 1e-7);
        Assert.Equal(response, fit.Response(limit.Concentration!.Value), 1e-7);
    }

    [Fact]
    public void Mdc_MirroredCurve_IsTheSame()
    {
        ConcentrationLimit rising = MinimumDetectableConcentration.Of(ReferenceFits.Fit("4pl", "none", X, Y), 2);
        ConcentrationLimit falling = MinimumDetectableConcentration.Of(ReferenceFits.Fit("4pl", "none", X, [.. Y.Select(y => 3 - y)]), 2);

        Assert.Equal(rising.Concentration!.Value, falling.Concentration!.Value, 1e-7);
        Assert.Equal(3 - rising.Response!.Value, falling.Response!.Value, 1e-7);
    }

    [Fact]
    public void Mdc_WithoutAZeroOrAnErrorOrARange_SaysWhy()
    {
        CurveFit line = ReferenceFits.Fit("loglog", "none", X[2..], Y[2..]);
        Assert.Equal((LimitOutcome.NotEstimable, null), (MinimumDetectableConcentration.Of(line, 1).Outcome, MinimumDetectableConcentration.Of(line, 1).Concentration));

        // Noise as large as the curve: the limit lies above its other end.
        CurveFit vague = ReferenceFits.Fit("4pl", "variance:5,0,0", X, Y);
        Assert.Equal((LimitOutcome.AboveCurve, null), (MinimumDetectableConcentration.Of(vague, 1).Outcome, MinimumDetectableConcentration.Of(vague, 1).Concentration));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, 1)] // a falling curve: the limit lies below the mean
    public void LimitOfBlank_Parametric_IsMeanAndSdOfResponsesInverted(int slope, double scale)
    {
        // Responses 9.5 and 10.5 in turn: mean 10, SD 0.5 sqrt(60 / 59).
        double[] blanks = [.. Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? 9.5 : 10.5)];
        var limit = LimitOfBlank.Of([new BlankLot("A", blanks, Line(slope, scale))]);

        double response = 10 + (slope * 1.645 * 0.5 * Math.Sqrt(60.0 / 59));
        Assert.Equal(LimitOutcome.Found, limit.Limit.Outcome);
        Assert.Equal(response, limit.Limit.Response!.Value, 1e-12);
        Assert.Equal(slope == 1 ? response : 1 / response, limit.Limit.Concentration!.Value, 1e-12);
    }

    [Theory]
    [InlineData(60, 1, 57.5)] // 0.5 + 0.95 x 60
    [InlineData(60, -1, 3.5)] // the same from the other end
    [InlineData(100, 1, 95.5)]
    [InlineData(20, 1, 19.5)]
    public void LimitOfBlank_ByRank_IsLinearBetweenRanks(int count, int slope, double expected)
    {
        // The response of rank r is r, in any order.
        double[] blanks = [.. Enumerable.Range(1, count).Select(rank => (double)rank).OrderBy(rank => rank * 7 % count)];
        var limit = LimitOfBlank.Of([new BlankLot("A", blanks, Line(slope, 1))], BlankEstimator.Rank, minimumResultCount: 20);
        Assert.Equal(expected, limit.Limit.Response!.Value, 1e-12);
    }

    [Fact]
    public void LimitOfBlank_SeveralLots_IsTheLargest()
    {
        double[] At(double mean) => [.. Enumerable.Range(0, 60).Select(i => mean + (0.1 * ((i % 3) - 1)))];
        CurveFit sigmoid = ReferenceFits.Fit("4pl", "none", X, Y);
        BlankLot[] lots = [new BlankLot("low", At(-5), sigmoid), new BlankLot("mid", At(0.2), sigmoid), new BlankLot("high", At(0.5), sigmoid)];

        var all = LimitOfBlank.Of(lots);
        Assert.Equal([LimitOutcome.BelowCurve, LimitOutcome.Found, LimitOutcome.Found], all.Lots.Select(lot => lot.Limit.Outcome));
        Assert.Equal(all.Lots[2].Limit, all.Limit);
        Assert.True(all.Lots[1].Limit.Concentration < all.Limit.Concentration);
        Assert.Equal((LimitOutcome.BelowCurve, null), (LimitOfBlank.Of(lots[..1]).Limit.Outcome, LimitOfBlank.Of(lots[..1]).Limit.Concentration));

        // One lot beyond the other end, or with too few results, leaves the whole open.
        Assert.Equal(LimitOutcome.AboveCurve, LimitOfBlank.Of([.. lots, new BlankLot("far", At(9), sigmoid)]).Limit.Outcome);
        Assert.Equal(LimitOutcome.NotEnoughResults, LimitOfBlank.Of([.. lots, new BlankLot("few", At(0.2)[..59], sigmoid)]).Limit.Outcome);
        Assert.Equal(LimitOutcome.NotEstimable, LimitOfBlank.Of([new BlankLot("none", At(0.2), ReferenceFits.Fit("4pl", "none", X, [.. X.Select(_ => 1.0)]))]).Limit.Outcome);
    }

    [Fact]
    public void LimitOfDetection_LowSamples_IsTheFormula()
    {
        // Five samples of twelve results m - 1 and m + 1 in turn: each has a variance of 12/11, and so has the pool on 55 degrees of freedom.
        double[][] samples = [.. Enumerable.Range(0, 5).Select(sample => Enumerable.Range(0, 12).Select(i => 3 + sample + (i % 2 == 0 ? -1.0 : 1)).ToArray())];
        var limit = LimitOfDetection.Of(2, samples);

        double sd = Math.Sqrt(12.0 / 11);
        Assert.Equal((60, 5), (limit.ResultCount, limit.SampleCount));
        Assert.Equal(sd, limit.PooledSd!.Value, 1e-12);
        Assert.Equal(2 + (1.645 / (1 - (1.0 / 220)) * sd), limit.Limit.Concentration!.Value, 1e-12);

        // A single result says nothing of scatter: it does not count.
        Assert.Equal(limit.Limit, LimitOfDetection.Of(2, [.. samples, [7.0]]).Limit);
        var few = LimitOfDetection.Of(2, samples[..4]);
        Assert.Equal((LimitOutcome.NotEnoughResults, null, 48), (few.Limit.Outcome, few.Limit.Concentration, few.ResultCount));
        Assert.Equal(LimitOfDetection.Of(3, samples).Limit, LimitOfDetection.LargestOf([limit, LimitOfDetection.Of(3, samples)]).Limit);
        Assert.Equal(LimitOutcome.NotEnoughResults, LimitOfDetection.LargestOf([limit, few]).Limit.Outcome);
    }

    /// <summary>What LoB and LoD promise: 5 % of blanks above the one, 5 % of samples at the other below it.</summary>
    [Fact]
    public void Limits_NormalBlanksAndLowSamples_KeepTheirErrorsAtFivePercent()
    {
        var random = new Random(5);
        double above = 0, below = 0;
        const int studies = 400;
        for (int study = 0; study < studies; study++)
        {
            double[] blanks = new double[60];
            Normal.Samples(random, blanks, 10, 1);
            double[][] samples = [.. Enumerable.Range(0, 5).Select(_ => new double[12])];
            foreach (double[] sample in samples)
            {
                Normal.Samples(random, sample, 15, 1.5);
            }

            double lob = LimitOfBlank.Of([new BlankLot("A", blanks, Line(1, 1))]).Limit.Concentration!.Value;
            double lod = LimitOfDetection.Of(lob, samples).Limit.Concentration!.Value;
            above += (1 - Normal.CDF(10, 1, lob)) / studies;
            below += Normal.CDF(lod, 1.5, lob) / studies;
        }

        output.WriteLine($"{100 * above:F2} % of blanks above the LoB, {100 * below:F2} % of samples at the LoD below it");
        // The estimated limits scatter about the true ones, which the convex tail turns into a little more than 5 %.
        Assert.InRange(above, 0.048, 0.058);
        Assert.InRange(below, 0.047, 0.057);
    }

    /// <summary>A line response = scale x^slope, exact.</summary>
    private static CurveFit Line(int slope, double scale)
    {
        double[] x = [1, 2, 4, 8, 16];
        return ReferenceFits.Fit("loglog", "none", x, [.. x.Select(value => scale * Math.Pow(value, slope))]);
    }
}
