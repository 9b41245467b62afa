using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Limits;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves.Limits;

public class PrecisionProfileTests(ITestOutputHelper output)
{
    private static readonly double[] X = [0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64];
    private static readonly double[] Y = [0.08, 0.12, 0.17, 0.21, 0.34, 0.39, 0.63, 0.71, 1.06, 1.16, 1.55, 1.62, 1.92, 1.99, 2.1, 2.19];

    private static readonly Lazy<ILookup<string, (double X, double Y)>> DrLumiStandards = new(() =>
    {
        var expected = ReferenceFits.Rows("datasets/drlumi_expected_concentrations.csv")
            .Where(row => row["sample"].StartsWith("Standard", StringComparison.Ordinal)).ToDictionary(row => (row["analyte"], row["sample"]), row => row.Number("ec"));
        return ReferenceFits.Rows("datasets/drlumi_mfi.csv").Where(row => row["plate"] == "plate_1" && expected.ContainsKey((row["analyte"], row["sample"])))
            .ToLookup(row => row["analyte"], row => (expected[(row["analyte"], row["sample"])], Math.Log10(row.Number("mfi"))));
    });

    /// <summary>10 x - x^2 turns at 5: on a ladder up to 6 the responses from 4 on belong to two concentrations, and nothing is said of them.</summary>
    [Fact]
    public void Of_AParabolaThatTurns_EndsWhereResponsesAreShared()
    {
        double[] x = [0.5, 0.5, 1, 1, 2, 2, 3, 3, 4, 4, 6, 6];
        double[] y = [.. x.Select((at, i) => (10 * at) - (at * at) + (i % 2 == 0 ? 1e-3 : -1e-3))];
        PrecisionProfile profile = PrecisionProfile.Of(ReferenceFits.Fit("quadratic", "none", x, y), 0.5, 6, 1)!;
        PrecisionRegion region = Assert.Single(profile.Regions);
        Assert.Equal(0.5, region.Lower);
        Assert.Equal(4, region.Upper, 1e-3);
        Assert.All(profile.Points, point => Assert.Equal(point.Concentration < region.Upper, point.CvPercent is not null));
    }

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
        int compared = 0;
        double worst = 0;
        foreach (IGrouping<string, Dictionary<string, string>> analyte in ReferenceFits.Rows("fits/drLumi_est_conc.csv")
            .Where(row => row["lfct"] == "SSl4" && row["warning"].Length == 0 && row["log10.fitted.conc.se"].Length > 0).GroupBy(row => row["analyte"]))
        {
            CurveFit fit = DrLumiFit(analyte.Key).Fit;
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

    /// <summary>drLumi's limits by CV are those of the curve alone at 20 %, on a grid of its own and within the ladder: ours, found between any grid, hold them, and
    /// are the same where the ladder is the limit.</summary>
    [SharedDataFact]
    public void Of_EveryPlateOfDrLumi_HoldsTheirLimitsByCv()
    {
        int atEnds = 0;
        List<Dictionary<string, string>> rows = [.. ReferenceFits.Rows("fits/drLumi_loq.csv").Where(row => row["method"] == "loq_cv" && row["lfct"] == "SSl4")];
        foreach (Dictionary<string, string> row in rows)
        {
            (CurveFit fit, double bottom, double top) = DrLumiFit(row["analyte"]);
            (double lower, double upper) = (Math.Pow(10, row.Number("lloq")), Math.Pow(10, row.Number("uloq")));
            // So many wells leave the error of the curve alone.
            PrecisionProfile profile = PrecisionProfile.Of(fit, bottom, top, int.MaxValue)!;
            PrecisionRegion region = Assert.Single(profile.Regions);
            Assert.True(region.Lower <= lower * (1 + 1e-3) && upper * (1 - 1e-3) <= region.Upper, $"{row["analyte"]}: {region} against {lower} to {upper}");
            // Theirs are no coarser than the lowest tenth of the ladder on either side.
            Assert.InRange(Math.Log(lower / region.Lower), -1e-3, 0.1 * Math.Log(top / bottom));
            Assert.InRange(Math.Log(region.Upper / upper), -1e-3, 0.1 * Math.Log(top / bottom));
            foreach ((double theirs, double ours, double end) in new[] { (lower, region.Lower, bottom), (upper, region.Upper, top) })
            {
                bool isAtEnd = Math.Abs((theirs / end) - 1) < 1e-6;
                atEnds += isAtEnd ? 1 : 0;
                Assert.True(!isAtEnd || Math.Abs((ours / theirs) - 1) < 1e-3, $"{row["analyte"]}: {ours} against {theirs}");
            }
        }

        output.WriteLine($"{rows.Count} curves; {atEnds} limits at the ends of the ladder");
        Assert.Equal(26, rows.Count);
        Assert.True(atEnds > 5);
    }

    private static (CurveFit Fit, double Bottom, double Top) DrLumiFit(string analyte)
    {
        (double X, double Y)[] points = [.. DrLumiStandards.Value[analyte]];
        CurveFit fit = ReferenceFits.Fit("4pl", "none", [.. points.Select(point => point.X)], [.. points.Select(point => point.Y)]);
        return (fit, points.Min(point => point.X), points.Max(point => point.X));
    }

    private static double Cv(CurveFit fit, double x, int wells) => 100 * WithinPlateInterval.LnConcentrationStandardError(fit, x, wells)!.Value;
}
