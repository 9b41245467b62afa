using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Intervals;

public class FitIntervalsTests
{
    private static readonly double[] X = [1, 2, 3, 4, 5, 6];
    private static readonly double[] Y = [2.1, 3.9, 6.2, 7.8, 10.1, 11.9];

    /// <summary>The bands of a straight line: t s sqrt(1/n + (x - mean)^2 / Sxx), and with 1 under the root for a further well.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3.5)]
    [InlineData(9)]
    public void BandAt_Line_IsTheTextbookBand(double x)
    {
        CurveFit fit = ReferenceFits.Fit("linear", "none", X, Y);
        const double t = 2.7764451051977987; // Student's t, 97.5 %, 4 degrees of freedom: R's qt(0.975, 4)
        double leverage = (1.0 / 6) + ((x - 3.5) * (x - 3.5) / 17.5);
        double s = Math.Sqrt(fit.ResidualVariance!.Value);
        CurveBand band = FitIntervals.BandAt(fit, x)!.Value;
        Assert.Equal(t * s * Math.Sqrt(leverage), band.Curve, 1e-10);
        Assert.Equal(t * s * Math.Sqrt(1 + leverage), band.Well!.Value, 1e-10);
    }

    /// <summary>With a known variance the normal quantile, whatever the plate's residuals are.</summary>
    [Fact]
    public void OfParameters_KnownVariance_TakesTheNormalQuantile()
    {
        CurveFit fit = ReferenceFits.Fit("linear", "variance:0.5,0,0", X, Y);
        (double lower, double upper) = FitIntervals.OfParameters(fit)![1];
        Assert.Equal(2 * 1.959963984540054 * 0.5 / Math.Sqrt(17.5), upper - lower, 1e-12);
    }

    [Fact]
    public void BandAt_Interpolation_HasNone()
    {
        CurveFit fit = ReferenceFits.Fit("point-to-point", "variance:0.5,0,0", X, Y);
        Assert.True(fit.IsUsable);
        Assert.Null(FitIntervals.BandAt(fit, 2.5));
        Assert.Null(FitIntervals.OfParameters(fit));
        Assert.Null(BootstrapInterval.Of(
            fit, new CurveFitProblem(fit.Model, fit.Weighting, X, Y, new Dictionary<string, double>()), 5, 1, new BootstrapOptions(1)));
    }
}
