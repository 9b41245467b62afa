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
