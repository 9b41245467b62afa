using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>A run from a server is the run that is computed here, through database and wire.</summary>
public sealed class ServerRunTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("il-6", PlateScenario.Clean, 0)]
    [InlineData("proinsulin", PlateScenario.Clean, 0)] // luminescence, which only the assay says
    [InlineData("c-peptide", PlateScenario.FailingControl, 1)] // rejected: an answer, and negative
    public async Task Run_OfASentPlate_IsWhatAnalyzeGivesHere(string id, PlateScenario scenario, int code)
    {
        Assert.True(BuiltInAssays.TryFind(id, out AssayDefinition? assay));
        SimulatedPlate plate = PlateSimulator.Create(assay, scenario, 21);
        string path = line.Write($"same-{id}.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));

        CommandLine.Outcome here = await CommandLine.RunAsync("analyze", path, "--assay", id, "--json");
        CommandLine.Outcome sent = await server.RunAsync("send", path, "--instrument", "reader-1", "--assay", id, "--wait", "--json");
        string run = FileOf(sent.Output).GetProperty("run").GetProperty("name").GetString()!;
        CommandLine.Outcome there = await server.RunAsync("run", run, "--json");

        Assert.Equal((code, code, code), (here.Code, sent.Code, there.Code));
        // To the last bit: the only differences are the name that the server gave, and the points' residuals, which it does not send.
        Assert.Equal(WithoutDiagnosis(here.Output), WithoutDiagnosis(there.Output.Replace($"  \"name\": \"{run}\",\n", "", StringComparison.Ordinal)));
    }

    /// <summary>What such a curve carries beside its parameters goes to the database and over the wire and comes back.</summary>
    [Theory]
    [InlineData("point-to-point", "none")]
    [InlineData("quadratic", "1/y2")]
    [InlineData("linear", "variance:0.002,0.05,1,120")]
    public async Task Run_OfASimpleModel_IsWhatAnalyzeGivesHere(string model, string weights)
    {
        AssayDefinition assay = BuiltInAssays.Il6 with { Id = $"il-6-{model}", Analytes = [BuiltInAssays.Il6.Analytes[0] with { CurveModel = model, Weights = weights }] };
        string assayFile = line.Write($"{model}.json", Encoding.UTF8.GetString(CanonicalJson.Serialize(assay)));
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 22);
        string path = line.Write($"{model}.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        Assert.Equal(0, (await server.RunAsync("assays", "create", assayFile)).Code);

        CommandLine.Outcome here = await CommandLine.RunAsync("analyze", path, "--assay", assayFile, "--json");
        CommandLine.Outcome sent = await server.RunAsync("send", path, "--instrument", "reader-1", "--assay", assay.Id, "--wait", "--json");
        string run = FileOf(sent.Output).GetProperty("run").GetProperty("name").GetString()!;
        CommandLine.Outcome there = await server.RunAsync("run", run, "--json");

        Assert.Equal(here.Code, there.Code);
        Assert.Contains(model == "point-to-point" ? "\"response8\"" : "\"linearCoefficient\"", here.Output[..here.Output.IndexOf("calibrators", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.Equal(WithoutDiagnosis(here.Output), WithoutDiagnosis(there.Output.Replace($"  \"name\": \"{run}\",\n", "", StringComparison.Ordinal)));
    }

    private static string WithoutDiagnosis(string run)
    {
        JsonNode document = JsonNode.Parse(run)!;
        foreach (JsonNode? curve in document["curves"]!.AsArray())
        {
            curve!.AsObject().Remove("diagnosis");
        }

        return document.ToJsonString();
    }

    private static JsonElement FileOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement[0].Clone();
    }
}
