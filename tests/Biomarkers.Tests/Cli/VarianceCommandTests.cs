using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Weights;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Cli;

public sealed class VarianceCommandTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Variance_PlatesOfAnAssay_GivesTheWeightsOfItsNextVersion()
    {
        string[] plates = Plates(24);
        string artefact = Path.Combine(line.Folder, "variance.json");
        string picture = Path.Combine(line.Folder, "variance.svg");
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["variance", .. plates, "--assay", "il-6", "--json", "--out", artefact, "--plot", picture]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Equal(24, document.RootElement.GetProperty("plateCount").GetInt32());
        JsonElement learned = Assert.Single(document.RootElement.GetProperty("analytes").EnumerateArray());
        string weights = learned.GetProperty("weights").GetString()!;

        // The text is a weighting, learned on all of the replicates' degrees of freedom, and an assay takes it.
        Assert.True(Weighting.TryParse(weights, out Weighting? weighting));
        Assert.Equal(learned.GetProperty("pooledDegreesOfFreedom").GetDouble(), weighting.PooledDegreesOfFreedom);
        Assert.Equal(learned.GetProperty("theta").GetDouble(), weighting.Variance!.Theta);
        AssayDefinition next = BuiltInAssays.Il6 with { Version = 2, Analytes = [BuiltInAssays.Il6.Analytes[0] with { Weights = weights }] };
        Assert.Empty(AssayDefinition.Check(next).Faults);

        // The record on disk is the one whose hash was told.
        VarianceFunctionArtefact read = VarianceFunctionArtefact.Read(await File.ReadAllBytesAsync(artefact)).ValueOrThrow();
        Assert.Equal((weights, "il-6", 24), (read.Weights, read.AssayId, read.ReadHashes.Count));
        Assert.Equal(learned.GetProperty("artefactSha256").GetString(), read.ComputeHash().Hex);
        Assert.Equal(learned.GetProperty("groupCount").GetInt32(), learned.GetProperty("zeroVarianceCount").GetInt32() + CirclesOf(picture) - 1);
    }

    [Fact]
    public async Task Variance_ForPeople_SaysWhatToDoWithIt()
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["variance", .. Plates(3), "--assay", "il-6", "--prior", "0.001,0.05,1", "--resolution", "0.0001"]);
        // Three plates leave the SD at some response to the prior.
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.Contains("the prior speaks; take more plates", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("weights for the next version of the assay: variance:", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Expected A,B,THETA", "--prior", "1,2")]
    [InlineData("Expected A,B,THETA", "--prior", "0,0,1")]
    [InlineData("Expected A,B,THETA", "--prior", "0,0.1,3")]
    [InlineData("expected 0 or more", "--resolution", "-1")]
    [InlineData("expected one of il-6", "--analyte", "crp")]
    [InlineData("expected a file that ends with .svg or .png", "--plot", "a.pdf")]
    [InlineData("Unable to write", "--out", "no-such-folder/a.json")]
    public async Task Variance_BadOption_IsRefused(string expected, string option, string value)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["variance", .. Plates(1), "--assay", "il-6", option, value]);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variance_SamePlateTwiceOrNone_IsRefused()
    {
        string[] plates = Plates(1);
        CommandLine.Outcome twice = await CommandLine.RunAsync("variance", plates[0], plates[0], "--assay", "il-6");
        Assert.Equal(2, twice.Code);
        Assert.Contains("expected each once", twice.Error, StringComparison.Ordinal);
        CommandLine.Outcome missing = await CommandLine.RunAsync("variance", plates[0], Path.Combine(line.Folder, "none.csv"), "--assay", "il-6");
        Assert.Equal(2, missing.Code);
        Assert.Contains("No such file", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variance_PlateWithoutReplicates_AnswersWithOne()
    {
        const string Single = "well,content,name,nominal_concentration,unit,dilution_factor,analyte,response\nA01,calibrator,C1,1,pg/mL,,il-6,0.2\nA02,calibrator,C2,2,pg/mL,,il-6,0.4\n";
        CommandLine.Outcome outcome = await CommandLine.RunAsync("variance", line.Write("single.csv", Single), "--assay", "il-6");
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.Contains("no variance to learn from", outcome.Output, StringComparison.Ordinal);
    }

    /// <summary>One wild well on each of three plates of 24: they are named, the function without them is nearer to the clean plates', and both are shown.</summary>
    [Fact]
    public async Task Variance_WildWells_ShowsTheFunctionWithoutThemBesideTheOther()
    {
        string[] plates = Plates(24);
        using var clean = JsonDocument.Parse((await CommandLine.RunAsync(["variance", .. plates, "--assay", "il-6", "--json"])).Output);
        foreach (string plate in plates.Take(3))
        {
            string[] rows = await File.ReadAllLinesAsync(plate);
            int response = Array.IndexOf(rows[0].Split(','), "response");
            int wild = Array.FindIndex(rows, row => row.Contains(",unknown,", StringComparison.Ordinal));
            string[] cells = rows[wild].Split(',');
            cells[response] = (3 * double.Parse(cells[response], CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);
            rows[wild] = string.Join(',', cells);
            await File.WriteAllLinesAsync(plate, rows);
        }

        CommandLine.Outcome json = await CommandLine.RunAsync(["variance", .. plates, "--assay", "il-6", "--json"]);
        Assert.Equal((0, ""), (json.Code, json.Error));
        using var document = JsonDocument.Parse(json.Output);
        JsonElement learned = document.RootElement.GetProperty("analytes")[0];
        JsonElement without = learned.GetProperty("withoutOutlying");
        Assert.InRange(without.GetProperty("leftOut").GetArrayLength(), 3, 5);
        Assert.True(without.GetProperty("isAllLeftOut").GetBoolean());
        string cleanWeights = clean.RootElement.GetProperty("analytes")[0].GetProperty("weights").GetString()!;
        double Distance(JsonElement one) => Math.Abs(Math.Log(VarianceAtOne(one.GetProperty("weights").GetString()!) / VarianceAtOne(cleanWeights)));
        Assert.True(Distance(without) < Distance(learned) / 2);

        string people = (await CommandLine.RunAsync(["variance", .. plates, "--assay", "il-6"])).Output;
        Assert.Contains("take the one without", people, StringComparison.Ordinal);
        Assert.Contains(without.GetProperty("weights").GetString()!, people, StringComparison.Ordinal);
        Assert.Contains("the fourth number is the pooled degrees of freedom", people, StringComparison.Ordinal);
        Assert.Contains($"with {learned.GetProperty("outlying").GetArrayLength()} outlying", string.Join(' ', people.Split([' ', '│', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

        // On request the ones without are what is printed and recorded.
        using var asked = JsonDocument.Parse((await CommandLine.RunAsync(["variance", .. plates, "--assay", "il-6", "--without-outlying", "--json"])).Output);
        Assert.Equal(without.GetProperty("weights").GetString(), asked.RootElement.GetProperty("analytes")[0].GetProperty("weights").GetString());
        Assert.True(asked.RootElement.GetProperty("analytes")[0].GetProperty("leftOutOutlying").GetBoolean());

        static double VarianceAtOne(string weights) => Weighting.TryParse(weights, out Weighting? weighting) ? weighting.Variance!.VarianceAt(1) : double.NaN;
    }

    private string[] Plates(int count) =>
    [
        .. Enumerable.Range(1, count).Select(i =>
        {
            SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, (ulong)i);
            return line.Write($"P{i}.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        }),
    ];

    private static int CirclesOf(string svg) => XDocument.Load(svg).Descendants().Count(element => element.Name.LocalName == "ellipse");
}
