using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Weights;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class WithinPlateIntervalTests(ITestOutputHelper output)
{
    private static readonly double[] X = [0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32];
    private static readonly double[] Y = [0.11, 0.12, 0.19, 0.2, 0.36, 0.38, 0.66, 0.7, 1.1, 1.15, 1.6, 1.62, 1.95, 1.99];

    [SharedDataFact]
    public void DeltaErrors_EveryReferenceRow_MatchAnIndependentImplementation()
    {
        var worst = new Dictionary<string, double>();
        int compared = 0;
        var rowsByFit = ReferenceFits.Rows("fits/certified_fits.csv").ToDictionary(ReferenceFits.Name);
        foreach (IGrouping<string, Dictionary<string, string>> group in ReferenceFits.Rows("fits/inverse_prediction_python.csv").GroupBy(ReferenceFits.Name))
        {
            if (!rowsByFit.TryGetValue(group.Key, out Dictionary<string, string>? row))
            {
                continue;
            }

            CurveFit fit = ReferenceFits.FitOf(row);
            foreach (Dictionary<string, string> prediction in group)
            {
                Inversion inversion = fit.Invert(prediction.Number("response"));
                Assert.Equal(InversionStatus.Found, inversion.Status);
                double x = inversion.Concentration;
                Note("conc", x, prediction.Number("conc"));
                Note("se_curve", x * WithinPlateInterval.LnConcentrationStandardError(fit, x, null)!.Value, prediction.Number("se_curve"));
                Note("se_total_m1", x * WithinPlateInterval.LnConcentrationStandardError(fit, x, 1)!.Value, prediction.Number("se_total_m1"));
                Note("se_total_m2", x * WithinPlateInterval.LnConcentrationStandardError(fit, x, 2)!.Value, prediction.Number("se_total_m2"));

                // Their intervals are x -+ t SE(x), relative here to their upper end: lower ends near zero have lost their own digits.
                double t = MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, fit.DegreesOfFreedom, 0.975);
                foreach ((string name, int? wells) in (ReadOnlySpan<(string, int?)>)[("curve", null), ("total_m1", 1), ("total_m2", 2)])
                {
                    double half = t * x * WithinPlateInterval.LnConcentrationStandardError(fit, x, wells)!.Value;
                    Note($"ci95 {name}", 1 + ((x - half - prediction.Number($"ci95_low_{name}")) / (x + half)), 1);
                    Note($"ci95 {name}", 1 + ((x + half - prediction.Number($"ci95_high_{name}")) / (x + half)), 1);
                }

                compared++;
            }
        }

        output.WriteLine($"{compared} predictions; largest relative deviations: {string.Join(", ", worst.Select(pair => $"{pair.Key} {pair.Value:E1}"))}");
        Assert.True(compared > 500);
        Assert.All(worst, pair => Assert.True(pair.Value <= 1e-6, pair.ToString()));

        void Note(string quantity, double actual, double expected) =>
            worst[quantity] = Math.Max(worst.GetValueOrDefault(quantity), Math.Abs(actual - expected) / Math.Abs(expected));
    }

    // One well: inversion is ours with weights none; Wald is x -+ t SE(x), with our SE (the interval of ByDelta is symmetric on ln x, and so another one).
    // Two wells: investr counts the wells of the sample as a further degree of freedom of the same s^2 (t on n - p + m - 1); ours stays at n - p, since the
    // two wells of a sample are not looked at. So for two wells the same region is asked for with investr's quantile.
    [SharedDataFact]
    public void Of_InvestrRows_AgreesToSixDigits()
    {
        var worst = new Dictionary<string, double>();
        var compared = new Dictionary<string, int>();
        foreach (Dictionary<string, string> row in ReferenceFits.Rows("fits/inverse_prediction_R.csv").Where(row => row["method"].StartsWith("investr", StringComparison.Ordinal)))
        {
            Assert.Equal("none", row["weight"]);
            bool isInversion = row["method"].Contains("inversion", StringComparison.Ordinal);
            int wells = row["method"].Contains("m=1", StringComparison.Ordinal) ? 1 : 2;
            CurveFit fit = ReferenceFits.FitOf(row);
            double response = row.Number("y0");
            double x = fit.Invert(response).Concentration;
            Note("conc", x, row["conc"]);
            int df = fit.DegreesOfFreedom + wells - 1;
            if (isInversion)
            {
                var constant = new VarianceFunction(Math.Sqrt(fit.ResidualVariance!.Value), 0, 0);
                fit = wells == 1 ? fit : fit with { Weighting = Weighting.Learned(constant, df) };
                WithinPlateInterval interval = WithinPlateInterval.Of(fit, response, wells)!;
                Note("inversion, lower", interval.Lower!.Value, row["lower"]);
                Note("inversion, upper", interval.Upper ?? double.PositiveInfinity, row["upper"]);
            }
            else
            {
                double error = x * WithinPlateInterval.LnConcentrationStandardError(fit, x, wells)!.Value;
                double t = MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, df, 0.975);
                Note("Wald, se", error, row["se"]);
                // Relative to the concentration: an end that happens to lie near zero has lost its own digits.
                Note("Wald, lower", 1 + ((x - (t * error) - row.Number("lower")) / x), "1");
                Note("Wald, upper", 1 + ((x + (t * error) - row.Number("upper")) / x), "1");
            }
        }

        output.WriteLine(string.Join(", ", worst.Select(pair => $"{pair.Key}: {compared[pair.Key]} rows, {pair.Value:E1}")));
        Assert.True(compared["inversion, lower"] > 50 && compared["Wald, se"] > 50);
        Assert.All(worst, pair => Assert.True(pair.Value <= 1e-6, pair.ToString()));

        void Note(string quantity, double actual, string text)
        {
            double expected = text is "Inf" or "" ? double.PositiveInfinity : double.Parse(text);
            double deviation = actual == expected ? 0 : Math.Abs(actual - expected) / Math.Abs(expected);
            worst[quantity] = Math.Max(worst.GetValueOrDefault(quantity), deviation);
            compared[quantity] = compared.GetValueOrDefault(quantity) + 1;
        }
    }

    [Theory]
    [InlineData("4pl", "none", 1)]
    [InlineData("4pl", "1/y2", 2)]
    [InlineData("5pl", "1/y", 3)]
    [InlineData("5pl-ad", "none", 2)]
    [InlineData("loglog", "none", 2)]
    public void Of_ResponseOnTheCurve_EndsWhereTheDefinitionIsAnEquality(string model, string weights, int wells)
    {
        CurveFit fit = ReferenceFits.Fit(model, weights, X, Y);
        const double response = 0.9;
        WithinPlateInterval interval = WithinPlateInterval.Of(fit, response, wells)!;
        double estimate = fit.Invert(response).Concentration;
        Assert.InRange(estimate, interval.Lower!.Value, interval.Upper!.Value);

        // 97.5 % quantiles of Student's t, from a printed table, for 9, 10 and 12 degrees of freedom.
        double t = fit.DegreesOfFreedom switch { 9 => 2.262157, 10 => 2.228139, 12 => 2.178813, _ => throw new InvalidOperationException("Add the quantile.") };
        foreach (double end in (double[])[interval.Lower.Value, interval.Upper.Value])
        {
            var gradient = new double[fit.Parameters.Length];
            fit.Model.Gradient(fit.Parameters, end, gradient);
            double curve = gradient.SelectMany((g, i) => gradient.Select((h, j) => g * h * fit.Covariance![(i * gradient.Length) + j])).Sum();
            double fitted = fit.Response(end);
            double power = fit.Weighting.Power + (fit.Model.FitsLnResponse ? 2 : 0);
            double allowed = t * Math.Sqrt((fit.ResidualVariance!.Value * Math.Pow(fitted, power) / wells) + curve);
            Assert.Equal(Math.Abs(response - fitted), allowed, 1e-5 * allowed);
        }
    }

    [Theory]
    [InlineData("4pl", "none")]
    [InlineData("4pl", "variance:0.01,0.05,1")]
    [InlineData("5pl", "shape:0.02,0.1,0.7")]
    [InlineData("5pl-ad", "variance:0,0.15,1,6")] // so wide that regions end far away or nowhere
    public void Of_ResponsesAllOverTheCurve_IsThePieceThatAPlainScanFinds(string model, string weights)
    {
        CurveFit fit = ReferenceFits.Fit(model, weights, X, Y);
        double t = fit.QuantileDegreesOfFreedom is { } df ? MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, df, 0.975) : 1.959963984540054;
        var gradient = new double[fit.Parameters.Length];
        int bounded = 0;
        for (double share = 0.005; share < 1; share += 0.0331)
        {
            double response = fit.Parameters[0] + (share * (fit.Parameters[1] - fit.Parameters[0]));
            WithinPlateInterval interval = WithinPlateInterval.Of(fit, response, 2)!;
            double start = Math.Log(fit.Invert(response).Concentration);
            Check(interval.Lower, -1);
            Check(interval.Upper, 1);

            void Check(double? end, int direction)
            {
                const double step = 2e-3;
                double? found = null;
                for (int i = 1; i * step < 22.5 && found is null; i++)
                {
                    found = IsInside(Math.Exp(start + (direction * i * step))) ? null : start + (direction * (i - 0.5) * step);
                }

                Assert.Equal(found is null, end is null);
                Assert.Equal(found ?? 0, end is null ? 0 : Math.Log(end.Value), step);
                bounded += found is null ? 0 : 1;
            }

            bool IsInside(double x)
            {
                fit.Model.Gradient(fit.Parameters, x, gradient);
                double curve = gradient.SelectMany((g, i) => gradient.Select((h, j) => g * h * fit.Covariance![(i * gradient.Length) + j])).Sum();
                double fitted = fit.Response(x);
                return Math.Abs(response - fitted) <= t * Math.Sqrt((fit.WellVariance(fitted)!.Value / 2) + curve);
            }
        }

        Assert.True(bounded > 20);
    }

    [Fact]
    public void Of_MoreWells_IsNarrowerAndAgreesWithDeltaInTheMiddle()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "none", X, Y);
        double estimate = fit.Invert(0.9).Concentration;
        double previous = double.PositiveInfinity;
        foreach (int wells in (int[])[1, 2, 4, 100])
        {
            WithinPlateInterval interval = WithinPlateInterval.Of(fit, 0.9, wells)!;
            double halfWidth = Math.Log(interval.Upper!.Value / interval.Lower!.Value) / 2;
            Assert.True(halfWidth < previous);
            previous = halfWidth;

            // The curve is nearly straight here, so that both methods give nearly one width.
            double delta = 2.228139 * WithinPlateInterval.LnConcentrationStandardError(fit, estimate, wells)!.Value;
            Assert.Equal(1, halfWidth / delta, 0.02);
        }
    }

    [Fact]
    public void Of_ResponsesNearTheAsymptotes_AreUnboundedOnThatSide()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "none", X, Y);
        WithinPlateInterval low = WithinPlateInterval.Of(fit, fit.Parameters[0] + 0.002, 1)!;
        Assert.Null(low.Lower);
        Assert.NotNull(low.Upper);
        WithinPlateInterval high = WithinPlateInterval.Of(fit, fit.Parameters[1] - 0.002, 1)!;
        Assert.NotNull(high.Lower);
        Assert.Null(high.Upper);
        Assert.Null(WithinPlateInterval.Of(fit, fit.Parameters[1] + 1, 1));
    }

    [Fact]
    public void LnConcentrationGradient_AnyParameter_IsThatOfReadingOffAnotherCurve()
    {
        CurveFit fit = ReferenceFits.Fit("5pl", "1/y", X, Y);
        double x = fit.Invert(0.9).Concentration;
        double[] gradient = WithinPlateInterval.LnConcentrationGradient(fit, x)!;
        for (int i = 0; i < gradient.Length; i++)
        {
            double width = 1e-6 * Math.Abs(fit.Parameters[i]);
            double[] up = [.. fit.Parameters];
            double[] down = [.. fit.Parameters];
            up[i] += width;
            down[i] -= width;
            double expected = Math.Log(fit.Model.Invert(up, 0.9).Concentration / fit.Model.Invert(down, 0.9).Concentration) / (2 * width);
            Assert.Equal(expected, gradient[i], 1e-5 * Math.Abs(expected));
        }
    }

    [Fact]
    public void ResponseVariance_WeightedFit_GoesWithTheWeights()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "1/y2", X, Y);
        Assert.Equal(fit.ResidualVariance!.Value * 0.81 / 3, WithinPlateInterval.ResponseVariance(fit, 0.9, 3)!.Value, 1e-15);
    }
}
