using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>What <c>biomarkers fit</c> finds and how it says it.</summary>
public sealed class FitFindingsTests : IDisposable
{
    // A hook: the two highest levels turn back by far more than their duplicates scatter.
    private const string Hook = "1,0.08\n1,0.083\n3,0.16\n3,0.155\n10,0.41\n10,0.43\n30,0.98\n30,0.95\n100,1.75\n100,1.70\n300,2.3\n300,2.38\n1000,2.60\n1000,2.65\n3000,2.2\n3000,2.25\n10000,1.5\n10000,1.4\n";

    // A plateau whose means turn by less than their duplicates scatter.
    private const string Plateau = "1,0.08\n1,0.083\n3,0.16\n3,0.155\n10,0.41\n10,0.43\n30,0.98\n30,0.95\n100,1.75\n100,1.70\n300,2.3\n300,2.38\n1000,2.60\n1000,2.65\n3000,2.57\n3000,2.66\n";

    private const string Line = "0.1,1.5\n0.1,0.9\n1,3.1\n1,2.9\n2,5.2\n2,5.1\n3,6.8\n3,7.2\n5,11.1\n5,10.7\n7,15.3\n7,14.8\n";

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Fit_LevelsThatTurnBackByMoreThanTheyScatter_AreFlagged()
    {
        JsonElement flag = Assert.Single(await FlagsAsync(Hook, "C_NON_MONOTONE"));
        Assert.Contains("from 1000 to 3000; 3000 to 10000", flag.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Empty(await FlagsAsync(Plateau, "C_NON_MONOTONE"));
    }

    [Theory]
    [InlineData("variance:0,0.004,1", 1)] // 2.625 to 2.595: 0.030 over 0.004 x 2.61 is z = 2.9
    [InlineData("variance:0,0.5,1", 0)]
    [InlineData("variance:0,0.5,1,30", 0)]
    public async Task Fit_KnownVariance_JudgesATurn(string weights, int count) =>
        Assert.Equal(count, (await FlagsAsync(Plateau.Replace("2.57", "2.53", StringComparison.Ordinal), "C_NON_MONOTONE", "--weights", weights)).Length);

    [Fact]
    public async Task Prediction_WithoutAnEnd_IsFlaggedAndALineReachesBelowZero()
    {
        JsonElement flag = Assert.Single(await FlagsAsync(Line, "S_CI_UNBOUNDED", "--model", "linear", "--predict", "1.3,5"));
        Assert.Equal(1.3, flag.GetProperty("observed").GetDouble());
        Assert.Contains("below concentration 0", flag.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Empty(await FlagsAsync(Line, "S_CI_UNBOUNDED", "--model", "linear", "--predict", "5"));
        string people = await PeopleAsync(Line, "--model", "linear", "--predict", "1.3");
        Assert.Contains("below 0", people, StringComparison.Ordinal);
        Assert.DoesNotContain("unbounded", people, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_OfATurningParabola_HaveNoEndsOfTheLadderAndMarkRecoveries()
    {
        string people = await PeopleAsync(Hook, "--model", "quadratic", "--weights", "1/Y2");
        Assert.DoesNotContain("lowestConcentration", people, StringComparison.Ordinal);
        Assert.Contains("* recovery outside 80 to 120 %", people, StringComparison.Ordinal);
        Assert.DoesNotContain("* recovery", await PeopleAsync(Line["0.1,1.5\n0.1,0.9\n".Length..], "--model", "linear"), StringComparison.Ordinal);
        string json = (await RunAsync(Hook, "--model", "quadratic", "--json")).Output;
        Assert.Contains("\"lowestConcentration\": 1", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_WithoutAZero_SayWhyInWords()
    {
        string people = await PeopleAsync(Line, "--model", "loglog");
        Assert.Contains("no minimum detectable concentration: the model has no response at 0", people, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loglog", "none", "or another --model.")]
    [InlineData("loglog", "1/y", "or another --model with --weights none")]
    [InlineData("4pl", "1/y", "or --weights none or a variance function")]
    public async Task Response_WithoutAPlace_IsRefusedWithAdviceThatHelps(string model, string weights, string advice)
    {
        CommandLine.Outcome outcome = await RunAsync("1,-0.1\n2,3\n4,5\n8,6\n16,7\n", "--model", model, "--weights", weights);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(advice, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_InAnyCase_AreUnderstood()
    {
        JsonElement root = Parse((await RunAsync(Plateau, "--model", "4PL", "--weights", "1/Y2", "--json")).Output);
        Assert.Equal(("4pl", "1/y2"), (root.GetProperty("model").GetString(), root.GetProperty("weights").GetString()));
    }

    [Fact]
    public async Task Fix_SlopeAgainstTheCurve_SaysWhichSignARisingCurveHas()
    {
        CommandLine.Outcome outcome = await RunAsync(Plateau, "--fix", "slope=1");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("a rising curve has a negative slope", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_KnownVariance_SaysThatWeightsAreCommonAndTestsByChiSquare()
    {
        string people = await PeopleAsync(Plateau, "--model", "auto", "--weights", "variance:0.002,0.03,1");
        Assert.Contains("common weights, 1/V at the level means", people, StringComparison.Ordinal);
        Assert.Contains("Chi-square over", string.Join(' ', people.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("common weights", await PeopleAsync(Plateau, "--model", "auto"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plot_RobustFit_NamesItAndDrawsLessenedWellsApart()
    {
        string file = Path.Combine(line.Folder, "robust.svg");
        string wild = Plateau.Replace("10,0.43", "10,0.9", StringComparison.Ordinal);
        JsonElement root = Parse((await RunAsync(wild, "--weights", "1/y2", "--robust", "--plot", file, "--json")).Output);
        Assert.Equal("bisquare", root.GetProperty("robustLoss").GetString());
        int lessened = root.GetProperty("points").EnumerateArray().Count(point => point.GetProperty("robustWeight").GetDouble() < 0.5);
        Assert.InRange(lessened, 1, 6);
        XElement svg = XDocument.Load(file).Root!;
        Assert.Contains("robust (bisquare)", svg.Value, StringComparison.Ordinal);
        Assert.Equal(16 - lessened + 1, svg.Descendants().Count(element => element.Name.LocalName == "ellipse"));
        Assert.False(Parse((await RunAsync(wild, "--json")).Output).TryGetProperty("robustLoss", out _));
    }

    [Fact]
    public async Task Plot_UnusableFit_SaysSoInItsTitle()
    {
        string file = Path.Combine(line.Folder, "flat.svg");
        await RunAsync("1,2\n2,2\n4,2\n8,2\n16,2\n", "--plot", file);
        Assert.EndsWith("no usable curve", XDocument.Load(file).Root!.Elements().First().Value, StringComparison.Ordinal);
    }

    /// <summary>The heights of the circles: at equal distances for equal factors on a logarithmic axis, for equal steps on a linear one.</summary>
    [Theory]
    [InlineData(null, true)]
    [InlineData("log", true)]
    [InlineData("linear", false)]
    public async Task ResponseAxis_OfAWideLadder_IsLogarithmicUnlessAskedOtherwise(string? axis, bool isLogarithmic)
    {
        string file = Path.Combine(line.Folder, "axis.svg");
        string[] option = axis is null ? [] : ["--response-axis", axis];
        CommandLine.Outcome outcome = await RunAsync("1,10\n10,100\n100,1000\n1000,10000\n", ["--model", "linear", "--plot", file, .. option]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        double[] heights =
        [
            .. XDocument.Load(file).Descendants().Where(element => element.Name.LocalName == "ellipse").Select(CentreOf).OrderDescending().Distinct(),
        ];
        double[] steps = [.. heights.Zip(heights.Skip(1), (lower, upper) => lower - upper)];
        // The circle of the legend is above the lowest three.
        Assert.Equal(isLogarithmic, Math.Abs(steps[0] - steps[1]) < 1e-3);
        Assert.Equal(2, (await RunAsync(Line, "--response-axis", "square")).Code);

        static double CentreOf(XElement circle) => double.Parse(circle.Attribute("cy")!.Value, CultureInfo.InvariantCulture);
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private async Task<JsonElement[]> FlagsAsync(string points, string code, params string[] options) =>
        [.. Parse((await RunAsync(points, [.. options, "--json"])).Output).GetProperty("flags").EnumerateArray().Where(flag => flag.GetProperty("code").GetString() == code)];

    private async Task<string> PeopleAsync(string points, params string[] options)
    {
        CommandLine.Outcome outcome = await RunAsync(points, options);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        return outcome.Output;
    }

    private Task<CommandLine.Outcome> RunAsync(string points, params string[] options) =>
        CommandLine.RunAsync(["fit", line.Write("points.csv", $"concentration,response\n{points}"), .. options]);
}
