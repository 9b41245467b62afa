using Biomarkers.Immunoassay.Curves;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

/// <summary>NIST StRD nonlinear regression sets that are logistic curves in disguise: certified to eleven digits.</summary>
public class NistCurveTests
{
    // Rat42 (D. Ratkowsky 1983, pasture yield): y = b1 / (1 + exp(b2 - b3 t)). With concentration e^t it is a 4PL with the lower asymptote 0, the upper b1,
    // slope -b3 and inflection exp(b2 / b3).
    private static readonly double[] Rat42Times = [9, 14, 21, 28, 42, 57, 63, 70, 79];
    private static readonly double[] Rat42Yields = [8.930, 10.800, 18.590, 22.330, 39.350, 56.110, 61.730, 64.620, 67.080];

    // Rat43 (onion bulbs): y = b1 / (1 + exp(b2 - b3 t))^(1/b4), a 5PL with the lower asymptote 0 and asymmetry 1/b4.
    private static readonly double[] Rat43Yields =
        [16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56, 717.41];

    [Fact]
    public void Fit_Rat42_GivesNineCertifiedDigits()
    {
        CurveFit fit = Fit("4pl", Rat42Times, Rat42Yields);
        Assert.Equal(FitTermination.Converged, fit.Termination);
        double b3 = -fit.Parameters[3];
        AssertDigits(7.2462237576E+01, fit.Parameters[1]);
        AssertDigits(2.6180768402E+00, b3 * Math.Log(fit.Parameters[2]));
        AssertDigits(6.7359200066E-02, b3);
        AssertDigits(8.0565229338E+00, fit.WeightedSumOfSquares);
        AssertDigits(1.7340283401E+00, fit.StandardErrors![1]);
        AssertDigits(3.4465663377E-03, fit.StandardErrors[3]);
    }

    [Fact]
    public void Fit_Rat43_GivesNineCertifiedDigits()
    {
        CurveFit fit = Fit("5pl", [.. Enumerable.Range(1, 15).Select(time => (double)time)], Rat43Yields);
        Assert.Equal(FitTermination.Converged, fit.Termination);
        double b3 = -fit.Parameters[3];
        AssertDigits(6.9964151270E+02, fit.Parameters[1]);
        AssertDigits(5.2771253025E+00, b3 * Math.Log(fit.Parameters[2]));
        AssertDigits(7.5962938329E-01, b3);
        AssertDigits(1.2792483859E+00, 1 / fit.Parameters[4]);
        AssertDigits(8.7864049080E+03, fit.WeightedSumOfSquares);
    }

    private static CurveFit Fit(string model, double[] times, double[] responses)
    {
        Assert.True(CurveModels.TryFind(model, out CurveModel? found));
        var held = new Dictionary<string, double> { [CurveParameters.LowerAsymptote] = 0 };
        return CurveFitter.Fit(new CurveFitProblem(found, Weighting.None, [.. times.Select(time => Math.Exp(time))], responses, held), CurveFitOptions.Default);
    }

    private static void AssertDigits(double expected, double actual) => Assert.Equal(expected, actual, 1e-9 * Math.Abs(expected));
}
