using Biomarkers.Immunoassay.Curves;
using MathNet.Numerics.Distributions;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Intervals;

public class QuantileTests
{
    private static readonly double[] X = [0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32];
    private static readonly double[] Y = [0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.62, 1.95, 1.99];

    // 1 and 2 have closed forms, tan(0.475 pi) and sqrt(2 0.95^2 / (1 - 0.95^2)); the rest as a printed table and MathNet have them.
    [Theory]
    [InlineData(1, 12.706204736174698)]
    [InlineData(2, 4.302652729749462)]
    [InlineData(3, 3.182446305283708)]
    [InlineData(12, 2.178812829667229)]
    [InlineData(999.999, 1.962339083)] // below and from 1000 on are two ways
    [InlineData(1000, 1.962339081)]
    [InlineData(1e9, 1.959963987)]
    public void ByDelta_DegreesOfFreedom_TakesStudentsQuantile(double df, double expected)
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "variance:0.01,0.05,1", X, Y);
        WithinPlateInterval interval = WithinPlateInterval.ByDelta(fit with { Weighting = Weighting.Learned(fit.Weighting.Variance!, df) }, 0.9, 2)!;
        double error = WithinPlateInterval.LnConcentrationStandardError(fit, fit.Invert(0.9).Concentration, 2)!.Value;
        double quantile = Math.Log(interval.Upper!.Value / interval.Lower!.Value) / 2 / error;
        Assert.Equal(expected, quantile, 1e-8);

        // MathNet's own has seven digits only for very many.
        Assert.Equal(StudentT.InvCDF(0, 1, df, 0.975), quantile, 1e-6);
    }
}
