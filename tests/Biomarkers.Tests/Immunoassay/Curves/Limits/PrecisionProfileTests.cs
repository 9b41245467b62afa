using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Limits;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves.Limits;

public class PrecisionProfileTests(ITestOutputHelper output)
{
    private static readonly double[] X = [0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64];
    private static readonly double[] Y = [0.08, 0.12, 0.17, 0.21, 0.34, 0.39, 0.63, 0.71, 1.06, 1.16, 1.55, 1.62, 1.92, 1.99, 2.1, 2.19];

    [Theory]
    [InlineData("4pl", "none", 1, 20)]
    [InlineData("4pl", "none", 2, 12)]
    [InlineData("5pl", "none", 3, 15)]
    [InlineData("4pl", "variance:0.02,0.02,1", 2, 10)]
    public void Of_AnyCurve_HoldsTheLimitInsideItsRegionsAndNowhereElse(string model, string weights, int wells, double limit)
    {
        CurveFit fit = ReferenceFits.Fit(model, weights, X, Y);
        PrecisionProfile profile = PrecisionProfile.Of(fit, 0.5, 64, wells, limit)!;

        Assert.NotEmpty(profile.Regions);
        Assert.Equal((profile.Regions[0].Lower, profile.Regions[^1].Upper), (profile.Lowest!.Value, profile.Highest!.Value));
        for (int i = 0; i <= 2000; i++)
        {
            double x = 0.5 * Math.Pow(128, i / 2000.0);
            bool isInside = profile.Regions.Any(region => region.Lower <= x && x <= region.Upper);
            Assert.Equal(isInside, Cv(fit, x, wells) <= limit);
        }

        foreach (PrecisionRegion region in profile.Regions)
        {
            Assert.True(region.Lower == 0.5 || Math.Abs(Cv(fit, region.Lower, wells) - limit) < 1e-8);
            Assert.True(region.Upper == 64 || Math.Abs(Cv(fit, region.Upper, wells) - limit) < 1e-8);
        }

        Assert.Equal((0.5, 64), (profile.Points[0].Concentration, profile.Points[^1].Concentration));
        Assert.All(profile.Points, point => Assert.Equal(Cv(fit, point.Concentration, wells), point.CvPercent!.Value, 1e-9));
        output.WriteLine($"{model} {weights}: {string.Join("; ", profile.Regions.Select(region => $"{region.Lower:G5} to {region.Upper:G5}"))}");
    }

    /// <summary>Calibrators at both ends only: between them the curve is known worse, and many wells leave its error alone.</summary>
    [Fact]
    public void Of_LadderWithAGap_HasTwoRegions()
    {
        double[] x = [1, 1.5, 2, 3, 300, 450, 600, 1000];
        double[] y = [.. x.Select((value, i) => (1000 / (1 + Math.Pow(value / 30, -1))) * (i % 2 == 0 ? 1.01 : 0.99))];
        CurveFit fit = ReferenceFits.Fit("5pl", "1/y2", x, y);
        double peak = Enumerable.Range(0, 400).Max(i => Cv(fit, 3 * Math.Pow(100, i / 400.0), 1_000_000));
        double atEnds = Math.Max(Cv(fit, 2, 1_000_000), Cv(fit, 400, 1_000_000));
        Assert.True(peak > 1.05 * atEnds, $"{peak} against {atEnds}");

        // A limit just below the peak: the gap is narrower than a step of a grid of 9 points.
        double limit = 0.9999 * peak;
        PrecisionProfile profile = PrecisionProfile.Of(fit, 1.5, 400, 1_000_000, limit, pointCount: 9)!;
        Assert.True(profile.Regions.Count >= 2, $"{profile.Regions.Count} regions");
        (PrecisionRegion below, PrecisionRegion above) = (profile.Regions[0], profile.Regions[1]);
        Assert.True(below.Upper < above.Lower);
        Assert.True(Cv(fit, Math.Sqrt(below.Upper * above.Lower), 1_000_000) > limit);
    }

    [Fact]
    public void Of_LimitThatNoConcentrationMeets_HasNoRegion()
    {
        CurveFit fit = ReferenceFits.Fit("4pl", "none", X, Y);
        PrecisionProfile profile = PrecisionProfile.Of(fit, 0.5, 64, 1, 0.001)!;

        Assert.Empty(profile.Regions);
        Assert.Null(profile.Lowest);
        Assert.Null(profile.Highest);
    }

    /// <summary>drLumi's standard error of log10 concentration is that of the curve alone, on a fit of log10 MFI without weights.</summary>
    [SharedDataFact]
    public void StandardErrorOfTheCurve_EveryPlateOfDrLumi_IsTheirs()
    {
        var expected = ReferenceFits.Rows("datasets/drlumi_expected_concentrations.csv")
            .Where(row => row["sample"].StartsWith("Standard", StringComparison.Ordinal)).ToDictionary(row => (row["analyte"], row["sample"]), row => row.Number("ec"));
        var wells = ReferenceFits.Rows("datasets/drlumi_mfi.csv").Where(row => row["plate"] == "plate_1" && expected.ContainsKey((row["analyte"], row["sample"])))
            .GroupBy(row => row["analyte"]).ToDictionary(group => group.Key, group => group.ToArray());
        int compared = 0;
        double worst = 0;
        foreach (IGrouping<string, Dictionary<string, string>> analyte in ReferenceFits.Rows("fits/drLumi_est_conc.csv")
            .Where(row => row["lfct"] == "SSl4" && row["warning"].Length == 0 && row["log10.fitted.conc.se"].Length > 0).GroupBy(row => row["analyte"]))
        {
            double[] x = [.. wells[analyte.Key].Select(row => expected[(analyte.Key, row["sample"])])];
            double[] y = [.. wells[analyte.Key].Select(row => Math.Log10(row.Number("mfi")))];
            CurveFit fit = ReferenceFits.Fit("4pl", "none", x, y);
            foreach (Dictionary<string, string> row in analyte)
            {
                double concentration = Math.Pow(10, row.Number("log10.fitted.conc"));
                double error = WithinPlateInterval.LnConcentrationStandardError(fit, concentration, null)!.Value / Math.Log(10);
                worst = Math.Max(worst, Math.Abs((error / row.Number("log10.fitted.conc.se")) - 1));
                compared++;
            }
        }

        output.WriteLine($"{compared} standard errors, largest relative deviation {worst:E1}");
        Assert.True(compared > 1000);
        Assert.True(worst < 1e-3);
    }

    private static double Cv(CurveFit fit, double x, int wells) => 100 * WithinPlateInterval.LnConcentrationStandardError(fit, x, wells)!.Value;
}
