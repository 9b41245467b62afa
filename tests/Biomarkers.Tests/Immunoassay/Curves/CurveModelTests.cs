using Biomarkers.Immunoassay.Curves;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class CurveModelTests
{
    public static TheoryData<string> Ids => new(CurveModels.All.Select(model => model.Id));

    /// <summary>Parameters of a rising or falling curve in the model's order, and a concentration where the curve still moves.</summary>
    private static Gen<(double[] Parameters, double X)> Cases(CurveModel model) =>
        Gen.Select(Gen.Double[-1, 1], Gen.Double[0.5, 4], Gen.Double[-4, 4], Gen.Double[0.3, 4], Gen.Double[-1.5, 1.5], Gen.Bool, Gen.Double[-2, 2])
            .Select((lower, amplitude, lnInflection, steepness, lnAsymmetry, rises, offset) =>
            {
                double slope = rises ? -steepness : steepness;
                double x = Math.Exp(lnInflection + (offset / steepness));
                double[] parameters = model.Id switch
                {
                    "loglog" or "linear" => [lower, -slope],
                    "quadratic" => [lower, -slope, -slope * amplitude / x, x / 2, x * 2], // the turn lies at a negative concentration
                    "point-to-point" => [x / 5, lower, x / 2, lower - slope, 3 * x, lower - (slope * (1 + amplitude))],
                    "4pl" => [lower, lower + amplitude, Math.Exp(lnInflection), slope],
                    _ => [lower, lower + amplitude, Math.Exp(lnInflection), slope, Math.Exp(lnAsymmetry)],
                };
                return (parameters, x);
            });

    [Theory]
    [MemberData(nameof(Ids))]
    public void Gradient_AnyCurve_IsThatOfFiniteDifferences(string id)
    {
        CurveModel model = ReferenceFits.Model(id);
        Cases(model).Sample(
            c =>
            {
                var gradient = new double[c.Parameters.Length];
                model.Gradient(c.Parameters, c.X, gradient);
                IReadOnlyList<string> names = model.ParameterNamesOf(gradient.Length);
                for (int i = 0; i < gradient.Length; i++)
                {
                    if (names[i].StartsWith("concentration", StringComparison.Ordinal))
                    {
                        // An assigned concentration has no error.
                        Assert.Equal(0, gradient[i]);
                        continue;
                    }

                    double width = 1e-5 * Math.Max(0.1, Math.Abs(c.Parameters[i]));
                    double[] up = [.. c.Parameters];
                    double[] down = [.. c.Parameters];
                    up[i] += width;
                    down[i] -= width;
                    double expected = (model.Response(up, c.X) - model.Response(down, c.X)) / (2 * width);
                    Assert.Equal(expected, gradient[i], 1e-6 * (1 + Math.Abs(expected)));
                }

                double h = 1e-5;
                double slope = (model.Response(c.Parameters, c.X * Math.Exp(h)) - model.Response(c.Parameters, c.X * Math.Exp(-h))) / (2 * h);
                Assert.Equal(slope, model.SlopeByLnConcentration(c.Parameters, c.X), 1e-6 * (1 + Math.Abs(slope)));
            },
            seed: "0N0XIzNsQ0O2", iter: 2000);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Invert_ResponseOfAConcentration_GivesItBack(string id)
    {
        CurveModel model = ReferenceFits.Model(id);
        Cases(model).Sample(
            c =>
            {
                double response = model.Response(c.Parameters, c.X);
                Inversion inversion = model.Invert(c.Parameters, response);
                Assert.Equal(InversionStatus.Found, inversion.Status);

                // Half an ulp of the response is what the inverse can't know.
                double tolerance = 1e-12 + (1e-15 * (1 + Math.Abs(response)) / Math.Abs(model.SlopeByLnConcentration(c.Parameters, c.X)));
                Assert.Equal(0, Math.Log(inversion.Concentration / c.X), tolerance);
            },
            seed: "0N0XIzNsQ0O2", iter: 5000);
    }

    [Theory]
    [InlineData("4pl", -1.2)] // rising
    [InlineData("4pl", 1.2)] // falling
    [InlineData("5pl", -1.2)]
    [InlineData("5pl", 1.2)]
    [InlineData("5pl-ad", -1.2)]
    [InlineData("5pl-ad", 1.2)]
    public void Response_EndsOfTheConcentrations_AreTheAsymptotesWithoutOverflow(string id, double slope)
    {
        CurveModel model = ReferenceFits.Model(id);
        double[] parameters = [.. new[] { 0.1, 3.5, 20, slope, 0.4 }.Take(model.ParameterCount)];
        (double atZero, double atInfinity) = slope < 0 ? (0.1, 3.5) : (3.5, 0.1);
        Assert.Equal(atZero, model.Response(parameters, 0));
        foreach ((double x, double expected) in new[] { (double.Epsilon, atZero), (1e-300, atZero), (1e300, atInfinity), (double.MaxValue, atInfinity) })
        {
            var gradient = new double[model.ParameterCount];
            Assert.Equal(expected, model.Response(parameters, x), 1e-12);
            model.Gradient(parameters, x, gradient);
            Assert.All(gradient, derivative => Assert.True(double.IsFinite(derivative)));
            Assert.Equal(0, model.SlopeByLnConcentration(parameters, x), 1e-12);
        }

        (double beyondLow, double beyondHigh) = slope < 0 ? (0.05, 4.0) : (4.0, 0.05);
        Assert.Equal(InversionStatus.BelowCurve, model.Invert(parameters, beyondLow).Status);
        Assert.Equal(InversionStatus.AboveCurve, model.Invert(parameters, beyondHigh).Status);
        Assert.Equal(InversionStatus.BelowCurve, model.Invert(parameters, atZero).Status);
        Assert.Equal(InversionStatus.AboveCurve, model.Invert(parameters, atInfinity).Status);
    }

    [Fact]
    public void FivePl_BothFamilies_AreTheirTextbookForms()
    {
        // y = D + (A - D) / (1 + (x/C)^B)^G with A = 0.1, D = 3.5 at x = 7, C = 20, B = 1.2, G = 0.4, by hand; and the other family.
        double bracket = 1 + Math.Pow(7 / 20.0, 1.2);
        double expectedAd = 3.5 + ((0.1 - 3.5) / Math.Pow(bracket, 0.4));
        double expected = 0.1 + ((3.5 - 0.1) / Math.Pow(1 + Math.Pow(7 / 20.0, -1.2), 0.4));
        double[] rising = [0.1, 3.5, 20, -1.2, 0.4];
        double[] falling = [0.1, 3.5, 20, 1.2, 0.4];
        Assert.Equal(expectedAd, ReferenceFits.Model("5pl-ad").Response(rising, 7), 1e-14);
        Assert.Equal(expected, ReferenceFits.Model("5pl").Response(rising, 7), 1e-14);

        // A falling curve is one and the same in both.
        Assert.Equal(3.4 / Math.Pow(bracket, 0.4) + 0.1, ReferenceFits.Model("5pl-ad").Response(falling, 7), 1e-14);
        Assert.Equal(ReferenceFits.Model("5pl").Response(falling, 7), ReferenceFits.Model("5pl-ad").Response(falling, 7));
    }
}
