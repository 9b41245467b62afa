using Biomarkers.Immunoassay.Curves;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

/// <summary>Linear and quadratic curves against certified values, and what they do at their turn.</summary>
public class PolynomialModelTests
{
    /// <summary>Relative accuracy against values that are certified to 15 digits.</summary>
    private const double CertifiedDigits = 1e-10;

    private static readonly Dictionary<string, double> NoneFixed = [];

    // NIST StRD, Norris (J. Norris, calibration of ozone monitors; 36 observations, lower difficulty).
    private static readonly double[] NorrisX =
    [
        0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0, 447.5, 11.6,
        556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5,
    ];

    private static readonly double[] NorrisY =
    [
        0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3, 448.9, 10.8,
        557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2,
    ];

    // NIST StRD, Pontius (P. Pontius, calibration of load cells; 40 observations, lower difficulty): two passes over 150,000 to 3,000,000.
    private static readonly double[] PontiusX = [.. Enumerable.Range(0, 40).Select(i => 150000.0 * ((i % 20) + 1))];

    private static readonly double[] PontiusY =
    [
        .11019, .21956, .32949, .43899, .54803, .65694, .76562, .87487, .98292, 1.09146, 1.20001, 1.30822, 1.41599, 1.52399, 1.63194, 1.73947, 1.84646, 1.95392, 2.06128, 2.16844,
        .11052, .22018, .32939, .43886, .54798, .65739, .76596, .87474, .98300, 1.09150, 1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965, 1.84696, 1.95445, 2.06177, 2.16829,
    ];

    [Fact]
    public void Fit_Norris_MeetsTheCertifiedLine()
    {
        CurveFit fit = ReferenceFits.Fit("linear", "none", NorrisX, NorrisY);
        Close([-0.262323073774029, 1.00211681802045], fit.Parameters);
        Close([0.232818234301152, 0.429796848199937E-03], fit.StandardErrors!);
        Close([0.884796396144373 * 0.884796396144373], [fit.ResidualVariance!.Value]);
        Assert.Equal(34, fit.DegreesOfFreedom);
    }

    [Fact]
    public void Fit_Pontius_MeetsTheCertifiedParabola()
    {
        CurveFit fit = ReferenceFits.Fit("quadratic", "none", PontiusX, PontiusY);
        Close([0.673565789473684E-03, 0.732059160401003E-06, -0.316081871345029E-14], fit.Parameters[..3]);
        Close([0.107938612033077E-03, 0.157817399981659E-09, 0.486652849992036E-16], fit.StandardErrors![..3]);
        Assert.Equal([150000, 3000000], fit.Parameters[3..]);
        Assert.Equal([0, 0], fit.StandardErrors![3..]);
        Assert.Equal(37, fit.DegreesOfFreedom);
        Assert.Equal(["intercept", "linearCoefficient", "quadraticCoefficient", "lowestConcentration", "highestConcentration"], fit.ParameterNames);
        Assert.Null(fit.Model.TurningPoint(fit.Parameters));
    }

    /// <summary>Weighted fits against MathNet's weighted regression, an implementation of its own.</summary>
    [Theory]
    [InlineData("linear", 1)]
    [InlineData("quadratic", 2)]
    public void Fit_Weighted_IsThatOfMathNet(string model, int order) =>
        Gen.Select(Gen.Double[-2, 2], Gen.Double[-3, 3], Gen.Double[-0.5, 0.5], Gen.Double[0.1, 1].Array[9])
            .Where((_, linear, quadratic, _) => Math.Abs(linear) > 0.1 && Math.Abs(quadratic) > 0.01)
            .Sample(
                (intercept, linear, quadratic, noise) =>
                {
                    double[] x = [0, 0, 1, 1, 2, 4, 8, 8, 16];
                    double[] y = [.. x.Select((at, i) => 200 + intercept + (linear * at) + (quadratic * at * at * (order - 1)) + noise[i])];
                    CurveFit fit = ReferenceFits.Fit(model, "1/y", x, y);
                    double[] expected = MathNet.Numerics.Fit.PolynomialWeighted(x, y, [.. y.Select(response => 1 / response)], order);
                    double[] actual = fit.Parameters[..(order + 1)];
                    double scale = expected.Max(Math.Abs);
                    for (int i = 0; i < expected.Length; i++)
                    {
                        Assert.Equal(expected[i], actual[i], 1e-10 * scale);
                    }
                },
                seed: "0N0XIzNsQ0O2", iter: 200);

    [Fact]
    public void Fit_LineThroughAFixedIntercept_IsTheRatioOfSums()
    {
        double[] x = [0, 1, 2, 3, 5];
        double[] y = [0.4, 2.9, 5.2, 7.7, 12.3];
        CurveFit fit = CurveFitter.Fit(
            new CurveFitProblem(ReferenceFits.Model("linear"), Weighting.None, x, y, new Dictionary<string, double> { ["intercept"] = 0.5 }), CurveFitOptions.Default);

        // By hand: sum x (y - 0.5) / sum x^2 = (2.4 + 9.4 + 21.6 + 59) / 39.
        Assert.Equal(0.5, fit.Parameters[0]);
        Assert.Equal(92.4 / 39, fit.Parameters[1], 1e-14);
        Assert.Equal(0, fit.StandardErrors![0]);
        Assert.Equal(4, fit.DegreesOfFreedom);
    }

    /// <summary>A parabola whose quadratic coefficient is held at 0 is the line, and one held elsewhere fits the rest of the response.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    public void Fit_ParabolaWithAHeldCoefficient_IsTheLineOfTheRest(double held)
    {
        double[] x = [0.5, 1, 2, 4, 6];
        double[] y = [1.1, 1.7, 3.2, 7.9, 13.8];
        CurveFit fit = CurveFitter.Fit(
            new CurveFitProblem(ReferenceFits.Model("quadratic"), Weighting.None, x, y, new Dictionary<string, double> { ["quadraticCoefficient"] = held }), CurveFitOptions.Default);
        (double intercept, double slope) = MathNet.Numerics.Fit.Line(x, [.. x.Select((at, i) => y[i] - (held * at * at))]);
        Assert.Equal(intercept, fit.Parameters[0], 1e-13);
        Assert.Equal(slope, fit.Parameters[1], 1e-13);
        Assert.Equal(held, fit.Parameters[2]);
        Assert.Equal(3, fit.DegreesOfFreedom);
    }

    [Theory]
    [InlineData(1)] // rising
    [InlineData(-1)] // falling
    public void Invert_Line_EndsAtItsIntercept(int sign)
    {
        double[] x = [0, 1, 2, 4];
        CurveFit fit = ReferenceFits.Fit("linear", "none", x, [.. x.Select(at => sign * (3 + (2 * at)))]);
        Assert.Equal(2.5, fit.Invert(sign * 8).Concentration, 1e-14);
        Assert.Equal(InversionStatus.BelowCurve, fit.Invert(sign * 2.9).Status);
        Assert.Equal(InversionStatus.BelowCurve, fit.Invert(sign * fit.Response(0)).Status);
        Assert.Equal(InversionStatus.Found, fit.Invert(sign * 1e6).Status);
    }

    [Fact]
    public void Invert_FlatLine_GivesNoConcentration()
    {
        CurveFit fit = ReferenceFits.Fit("linear", "none", [1, 2, 3], [1, 4, 1]);
        Assert.Equal(0, fit.Parameters[1], 1e-15);
        Assert.NotEqual(InversionStatus.Found, ReferenceFits.Model("linear").Invert([2, 0], 2).Status);
        Assert.Equal(InversionStatus.Ambiguous, ReferenceFits.Model("linear").Invert([2, 0], 5).Status);
    }

    /// <summary>y = 1 + 10 x - x^2 turns at 5 and 26; the ladder decides what that means.</summary>
    [Theory]
    [InlineData(0, 4, 17, InversionStatus.Found, 2)] // the turn lies above the ladder: the side before it
    [InlineData(0, 4, 27, InversionStatus.AboveCurve, 0)] // beyond the turn
    [InlineData(0, 4, 1, InversionStatus.BelowCurve, 0)] // concentration 0
    [InlineData(0, 4, 0, InversionStatus.BelowCurve, 0)]
    [InlineData(6, 10, 17, InversionStatus.Found, 8)] // the turn lies below the ladder: the falling side
    [InlineData(6, 10, 27, InversionStatus.BelowCurve, 0)]
    [InlineData(6, 10, -10, InversionStatus.Found, 11)] // beyond the ladder, still on its side
    [InlineData(0, 7, 10, InversionStatus.Found, 1)] // the turn lies inside; 9 is not on the ladder
    [InlineData(0, 7, 25, InversionStatus.Ambiguous, 0)] // 4 and 6 are both on the ladder
    [InlineData(0, 7, 22, InversionStatus.Ambiguous, 0)] // 3 and 7: the end of the ladder counts
    [InlineData(0, 7, 26, InversionStatus.Found, 5)] // the turn itself, once
    [InlineData(0, 7, 27, InversionStatus.AboveCurve, 0)]
    [InlineData(3, 20, 27, InversionStatus.BelowCurve, 0)] // most of the ladder lies beyond the turn
    public void Invert_Parabola_KeepsToTheLadder(double lowest, double highest, double response, InversionStatus status, double concentration)
    {
        CurveModel model = ReferenceFits.Model("quadratic");
        double[] parameters = [1, 10, -1, lowest, highest];
        Inversion inversion = model.Invert(parameters, response);
        Assert.Equal(status, inversion.Status);
        if (status == InversionStatus.Found)
        {
            Assert.Equal(concentration, inversion.Concentration, 1e-12);
        }

        Assert.Equal(lowest < 5 && highest > 5 ? 5.0 : null, model.TurningPoint(parameters));
        // The mirrored curve does the same.
        Assert.Equal(inversion, model.Invert([-1, -10, 1, lowest, highest], -response));
    }

    [Fact]
    public void Fit_LevelsThatDoNotDetermineAParabola_IsAValue()
    {
        // Three of the four squares are below the smallest number beside 1.
        CurveFit fit = ReferenceFits.Fit("quadratic", "none", [1e-200, 2e-200, 3e-200, 1], [1, 2, 3, 4]);
        Assert.Equal(FitTermination.Stalled, fit.Termination);
        Assert.Empty(fit.Parameters);
        Assert.NotNull(fit.Failure);
        CurveFit few = ReferenceFits.Fit("quadratic", "none", [1, 2, 3], [1, 2, 3]);
        Assert.Equal(FitTermination.TooFewLevels, few.Termination);
    }

    [Fact]
    public void Fit_UnknownNameOfAnotherModel_IsRefused() => Assert.NotEmpty(CurveFitter.Check(
        new CurveFitProblem(ReferenceFits.Model("quadratic"), Weighting.None, [1, 2], [1, 2], new Dictionary<string, double> { ["lowestConcentration"] = 1 })));

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], CertifiedDigits * Math.Abs(expected[i]));
        }
    }
}
