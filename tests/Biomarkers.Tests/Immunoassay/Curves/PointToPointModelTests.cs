using Biomarkers.Immunoassay.Curves;
using MathNet.Numerics.Interpolation;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class PointToPointModelTests
{
    private static readonly double[] X = [1, 1, 3, 3, 9, 9, 27, 27];
    private static readonly double[] Rising = [0.1, 0.12, 0.3, 0.34, 0.9, 0.98, 1.6, 1.7];

    [Fact]
    public void Fit_Replicates_GoesThroughTheirMeansAndSaysWhatItIs()
    {
        CurveFit fit = ReferenceFits.Fit("point-to-point", "none", X, Rising);
        Assert.True(fit.IsUsable);
        Assert.Equal(["concentration1", "response1", "concentration2", "response2", "concentration3", "response3", "concentration4", "response4"], fit.ParameterNames);
        double[] expected = [1, 0.11, 3, 0.32, 9, 0.94, 27, 1.65];
        Assert.Equal(expected, fit.Parameters, (a, b) => Math.Abs(a - b) < 1e-15);
        Assert.Equal(0, fit.DegreesOfFreedom);
        Assert.Null(fit.Covariance);
        Assert.Null(fit.StandardErrors);
        Assert.Null(WithinPlateInterval.Of(fit, 0.5, 2));

        // The scatter about the means: 2 (0.01^2 + 0.02^2 + 0.04^2 + 0.05^2).
        Assert.Equal(0.0092, fit.WeightedSumOfSquares, 1e-15);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Response_BetweenLevels_IsThatOfMathNetsLinearSpline(int sign)
    {
        CurveFit fit = ReferenceFits.Fit("point-to-point", "none", X, [.. Rising.Select(y => sign * y)]);
        var spline = LinearSpline.InterpolateSorted([0, Math.Log(3), Math.Log(9), Math.Log(27)], [sign * 0.11, sign * 0.32, sign * 0.94, sign * 1.65]);
        foreach (double x in (double[])[1, 1.7, 3, 5, 8.9, 9, 20, 27])
        {
            Assert.Equal(spline.Interpolate(Math.Log(x)), fit.Response(x), 1e-14);
            Inversion inversion = fit.Invert(fit.Response(x));
            Assert.Equal(InversionStatus.Found, inversion.Status);
            Assert.Equal(x, inversion.Concentration, 1e-12 * x);
        }

        Assert.Equal(InversionStatus.BelowCurve, fit.Invert(sign * 0.1).Status);
        Assert.Equal(InversionStatus.AboveCurve, fit.Invert(sign * 1.66).Status);

        // A mean that was formed in another order still belongs to its level.
        Assert.Equal(1, fit.Invert(sign * Math.BitDecrement(0.11)).Concentration);
        Assert.Equal(27, fit.Invert(sign * Math.BitIncrement(1.65)).Concentration);
        Assert.Null(fit.Model.TurningPoint(fit.Parameters));
    }

    [Fact]
    public void Invert_MeansThatTurn_GivesOnlyWhatBelongsToOneConcentration()
    {
        CurveFit fit = ReferenceFits.Fit("point-to-point", "none", [1, 10, 100, 1000], [1, 5, 10, 8]);
        Assert.Equal(100, fit.Model.TurningPoint(fit.Parameters));
        Assert.Equal(Math.Sqrt(10), fit.Invert(3).Concentration, 1e-14);
        Assert.Equal(InversionStatus.Ambiguous, fit.Invert(9).Status);
        Assert.Equal(InversionStatus.Ambiguous, fit.Invert(8).Status);
        Assert.Equal(100, fit.Invert(10).Concentration);
        Assert.Equal(InversionStatus.AboveCurve, fit.Invert(10.1).Status);
        Assert.Equal(InversionStatus.BelowCurve, fit.Invert(0.9).Status);
    }

    [Fact]
    public void Invert_FlatPiece_HasNoConcentration()
    {
        CurveFit fit = ReferenceFits.Fit("point-to-point", "none", [1, 10, 100], [1, 1, 2]);
        Assert.Equal(InversionStatus.Ambiguous, fit.Invert(1).Status);
        Assert.Equal(InversionStatus.Found, fit.Invert(1.5).Status);
        Assert.Null(fit.Model.TurningPoint(fit.Parameters));
    }

    [Fact]
    public void Fit_OneLevelOrAZeroCalibrator_HasNoCurve()
    {
        Assert.Equal(FitTermination.TooFewLevels, ReferenceFits.Fit("point-to-point", "none", [2, 2], [1, 3]).Termination);
        Assert.NotEmpty(CurveFitter.Check(new CurveFitProblem(ReferenceFits.Model("point-to-point"), Weighting.None, [0, 2], [1, 3], new Dictionary<string, double>())));
        Assert.NotEmpty(CurveFitter.Check(
            new CurveFitProblem(ReferenceFits.Model("point-to-point"), Weighting.None, [1, 2], [1, 3], new Dictionary<string, double> { ["response1"] = 1 })));
    }
}
