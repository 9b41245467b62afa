using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Weights;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Intervals;

/// <summary>A small form of the benchmarks' <c>coverage</c>, so that a wrong quantile or scale fails here.</summary>
public class CoverageTests
{
    [Fact]
    public void Of_SimulatedPlates_CoversAsManyAsItSays()
    {
        double[] x = [.. Enumerable.Range(0, 16).Select(i => 1000 / Math.Pow(3, i / 2))];
        double[] truth = [200, 20_000, 176, -1];
        CurveModel model = ReferenceFits.Model("4pl");
        var variance = new VarianceFunction(0, 0.06, 1);
        var random = new SeededGenerator(20261122);
        var none = new Dictionary<string, double>();
        int known = 0, plate = 0, wrong = 0, narrow = 0, total = 0;
        for (int i = 0; i < 1500; i++)
        {
            double[] y = [.. x.Select(c => Draw(model.Response(truth, c)))];
            CurveFit fit = CurveFitter.Fit(new CurveFitProblem(model, Weighting.Known(variance), x, y, none), CurveFitOptions.Default);
            CurveFit shape = CurveFitter.Fit(new CurveFitProblem(model, Weighting.Shape(variance), x, y, none), CurveFitOptions.Default);
            for (int k = 0; k < 4; k++)
            {
                double concentration = Math.Exp(random.NextUniform() * 6);
                double expected = model.Response(truth, concentration);
                double mean = (Draw(expected) + Draw(expected)) / 2;
                total++;
                known += Covers(fit, mean, concentration);
                plate += Covers(shape, mean, concentration);
                wrong += Covers(fit with { Weighting = Weighting.Learned(variance, fit.DegreesOfFreedom) }, mean, concentration);
                narrow += Covers(shape with { Weighting = Weighting.Known(variance.Scaled(shape.ResidualVariance!.Value)) }, mean, concentration);
            }
        }

        // SD of chance 0.4 %, with four unknowns of a plate that share its curve.
        Assert.InRange(100.0 * known / total, 94, 96);
        Assert.InRange(100.0 * plate / total, 94, 96);
        Assert.InRange(100.0 * wrong / total, 96.2, 98); // t(n-p) on a known variance is too wide,
        Assert.InRange(100.0 * narrow / total, 91.5, 93.8); // and z on the plate's own too narrow.

        double Draw(double expected) => expected + (Math.Sqrt(variance.VarianceAt(expected)) * random.NextNormal());

        static int Covers(CurveFit fit, double mean, double concentration) =>
            WithinPlateInterval.Of(fit, mean, 2) is { } interval && !(interval.Lower > concentration) && !(interval.Upper < concentration) ? 1 : 0;
    }
}
