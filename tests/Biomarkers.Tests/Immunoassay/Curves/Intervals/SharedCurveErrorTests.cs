using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using MathNet.Numerics.LinearAlgebra;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Intervals;

public class SharedCurveErrorTests
{
    private static readonly double[] X = [0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32];
    private static readonly double[] Y = [0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.62, 1.95, 1.99];
    private static readonly Dictionary<string, double> NoneHeld = [];

    [Theory]
    [InlineData("4pl", "none")]
    [InlineData("4pl", "1/y2")]
    [InlineData("4pl", "variance:0.01,0.05,1")]
    [InlineData("5pl", "shape:0.01,0.05,1")]
    [InlineData("loglog", "variance:0.01,0.05,1")]
    public void Join_Tubes_IsTheSandwichOverLevels(string model, string weights)
    {
        var problem = new CurveFitProblem(ReferenceFits.Model(model), ReferenceFits.Weights(weights), X, Y, NoneHeld);
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        CurveFit joined = CalibratorTubes.Join(fit, problem, 0.04);

        // A second way, with whole matrices: B J'W T W J B, T the covariance of the wells' errors by tubes.
        int p = fit.Parameters.Length;
        var jacobian = Matrix<double>.Build.Dense(X.Length, p);
        var weight = Matrix<double>.Build.Dense(X.Length, X.Length);
        var tubes = Matrix<double>.Build.Dense(X.Length, X.Length, (i, j) => X[i] == X[j] ? 0.04 * 0.04 * Math.Pow(fit.Model.SlopeByLnConcentration(fit.Parameters, X[i]), 2) : 0);
        for (int i = 0; i < X.Length; i++)
        {
            var gradient = new double[p];
            fit.Model.Gradient(fit.Parameters, X[i], gradient);
            jacobian.SetRow(i, gradient);
            double fitted = fit.Response(X[i]);
            weight[i, i] = fit.Weighting.Variance is { } variance ? 1 / variance.VarianceAt(fitted) : fit.Weighting.WeightOf(Y[i]);
        }

        Matrix<double> bread = (jacobian.Transpose() * weight * jacobian).Inverse();
        Matrix<double> expected = (bread * fit.CovarianceScale!.Value) + (bread * jacobian.Transpose() * weight * tubes * weight * jacobian * bread);
        for (int i = 0; i < p * p; i++)
        {
            double unit = Math.Sqrt(expected[i / p, i / p] * expected[i % p, i % p]);
            Assert.Equal(expected[i / p, i % p] / unit, joined.Covariance![i] / unit, 1e-6);
        }

        Assert.Same(fit, CalibratorTubes.Join(fit, problem, 0));
        WithinPlateInterval narrow = WithinPlateInterval.Of(fit, 0.9, 2)!;
        WithinPlateInterval wide = WithinPlateInterval.Of(joined, 0.9, 2)!;
        Assert.True(wide.Lower < narrow.Lower && wide.Upper > narrow.Upper);
    }

    [Fact]
    public void Matrix_TwoSamples_HasTheCurveSharedAndTheWellsNot()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "variance:0.01,0.05,1", X, Y);
        double[] matrix = ConcentrationCovariance.Matrix(fit, [1.5, 9], [2, 3])!;
        Assert.Equal(Math.Pow(WithinPlateInterval.LnConcentrationStandardError(fit, 1.5, 2)!.Value, 2), matrix[0], 1e-12);
        Assert.Equal(Math.Pow(WithinPlateInterval.LnConcentrationStandardError(fit, 9, 3)!.Value, 2), matrix[3], 1e-12);
        Assert.Equal(ConcentrationCovariance.Between(fit, 1.5, 9)!.Value, matrix[1], 1e-15);
        Assert.Equal(matrix[1], matrix[2]);

        // A sample with itself shares all of the curve's error.
        Assert.Equal(Math.Pow(WithinPlateInterval.LnConcentrationStandardError(fit, 9, null)!.Value, 2), ConcentrationCovariance.Between(fit, 9, 9)!.Value, 1e-14);
        Assert.Null(ConcentrationCovariance.Matrix(ReferenceFits.Fit("4pl", "replicates", X, Y), [1.5], [2]));
        Assert.Throws<ArgumentException>(() => ConcentrationCovariance.Matrix(fit, [1.5], [0]));
    }

    [Fact]
    public void DilutionAverage_ThreeDilutions_IsGeneralisedLeastSquares()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "variance:0.01,0.05,1,200", X, Y);
        DilutionReading[] readings = [new(9, 2, 1, 0), new(2.3, 2, 4, 1), new(0.6, 3, 16, 2)];
        DilutionAverage average = DilutionAverage.Of(fit, readings, DilutionOptions.Default)!;

        Matrix<double> c = Matrix<double>.Build.Dense(3, 3, ConcentrationCovariance.Matrix(fit, [9, 2.3, 0.6], [2, 2, 3])!);
        c += Matrix<double>.Build.DenseOfArray(new double[,] { { 0, 0, 0 }, { 0, 1, 1 }, { 0, 1, 2 } }) * (0.03 * 0.03);
        Matrix<double> inverse = c.Inverse();
        var ones = Vector<double>.Build.Dense(3, 1);
        var r = Vector<double>.Build.Dense([Math.Log(9), Math.Log(9.2), Math.Log(9.6)]);
        double information = ones * inverse * ones;
        double mean = (ones * inverse * r) / information;
        Vector<double> rest = r - mean;
        Assert.True(average.Agrees);
        Assert.Equal(Math.Exp(mean), average.Concentration!.Value, 1e-10);
        Assert.Equal(Math.Sqrt(1 / information), average.LnStandardError!.Value, 1e-12);
        Assert.Equal(rest * inverse * rest, average.Q, 1e-10);
        // The variance was learned: Q / 2 against F(2, df), whose upper tail is (1 + Q / df)^(-df / 2).
        double df = fit.QuantileDegreesOfFreedom!.Value;
        Assert.Equal(Math.Pow(1 + (average.Q / df), -df / 2), average.Probability, 1e-10);
        Assert.Equal(1, average.Weights.Sum(), 1e-12);

        // t(200) from a printed table.
        Assert.Equal(1.971896 * average.LnStandardError.Value, Math.Log(average.Upper!.Value / average.Concentration.Value), 1e-7);
        Assert.Equal(average.Concentration.Value * average.Concentration.Value, average.Upper.Value * average.Lower!.Value, 1e-9);
    }

    [Fact]
    public void DilutionAverage_DilutionsThatDisagree_AreNotAveraged()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "variance:0.01,0.05,1", X, Y);
        DilutionAverage average = DilutionAverage.Of(fit, [new(9, 2, 1, 0), new(4.5, 2, 4, 1)], DilutionOptions.Default)!;
        Assert.False(average.Agrees);
        Assert.Null(average.Concentration);
        Assert.Null(average.Upper);
        Assert.InRange(average.Probability, 0, 0.01);
        Assert.Equal(100 * Math.Sqrt(2) / 3, average.CvPercent!.Value, 1e-9); // 9 and 18
    }

    [Fact]
    public void DilutionAverage_OneDilution_IsTheDeltaInterval()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "shape:0.01,0.05,1", X, Y);
        WithinPlateInterval delta = WithinPlateInterval.ByDelta(fit, 0.9, 2)!;
        DilutionAverage average = DilutionAverage.Of(fit, [new(fit.Invert(0.9).Concentration, 2, 1, 0)], DilutionOptions.Default)!;
        Assert.Equal(delta.Lower!.Value, average.Lower!.Value, 1e-9);
        Assert.Equal(delta.Upper!.Value, average.Upper!.Value, 1e-9);
        Assert.True(average.Agrees);
        Assert.Throws<ArgumentException>(() => DilutionAverage.Of(fit, [], DilutionOptions.Default));
        Assert.Throws<ArgumentException>(() => DilutionAverage.Of(fit, [new(1, 0, 1, 0)], DilutionOptions.Default));
    }
}
