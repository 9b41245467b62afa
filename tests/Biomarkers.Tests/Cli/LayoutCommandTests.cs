using System.Text.Json;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Cli;

public sealed class LayoutCommandTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Layout_BeforeAndAfterARun_IsStoredAndAsksWhyItChanges()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 15);
        string csv = PlainPlateCsv.Write(plate.Read, plate.Layout);
        string layout = line.Write("any-name.csv", csv);
        string bare = line.Write("laid.csv", PlainPlateCsv.Write(plate.Read, null));
        string sample = plate.Samples[0].SampleId;
        string changed = line.Write("changed.csv", csv.Replace($",{sample},", $",{sample}-X,", StringComparison.Ordinal));
        string[] rest = ["--plate", "laid", "--assay", "il-6"];

        CommandLine.Outcome before = await server.RunAsync(["layout", layout, .. rest, "--json"]);
        CommandLine.Outcome sent = await server.RunAsync("send", bare, "--instrument", "reader-9", "--assay", "il-6", "--no-layout", "--wait");
        CommandLine.Outcome same = await server.RunAsync(["layout", layout, .. rest]);
        CommandLine.Outcome unexplained = await server.RunAsync(["layout", changed, .. rest]);
        CommandLine.Outcome explained = await server.RunAsync(["layout", changed, .. rest, "--reason", "wrong sample", "--json"]);

        Assert.Equal((0, 0, 0, 2, 0), (before.Code, sent.Code, same.Code, unexplained.Code, explained.Code));
        using var first = JsonDocument.Parse(before.Output);
        Assert.Equal((1, "il-6@1"), (first.RootElement.GetProperty("layoutVersion").GetInt32(), first.RootElement.GetProperty("assay").GetString()));
        Assert.Contains("accepted", sent.Output, StringComparison.Ordinal);
        Assert.Contains("laid", same.Output, StringComparison.Ordinal);
        Assert.Contains("--reason", unexplained.Error, StringComparison.Ordinal);
        Assert.Contains("Say by --reason why the layout changes.", unexplained.Error, StringComparison.Ordinal);
        using var second = JsonDocument.Parse(explained.Output);
        Assert.Equal(2, second.RootElement.GetProperty("layoutVersion").GetInt32());
    }

    [Fact]
    public async Task Layout_BadFileOrOption_IsRefusedWithEveryFault()
    {
        string bad = line.Write("bad-layout.csv", "well,content,name,analyte,response\nA13,unknown,S1,il-6,\nA1,sample,S2,il-6,\n");
        string none = line.Write("no-layout.csv", "well,analyte,response\nA1,il-6,1\n");

        CommandLine.Outcome faults = await server.RunAsync("layout", bad, "--plate", "p", "--assay", "il-6");
        CommandLine.Outcome empty = await server.RunAsync("layout", none, "--plate", "p", "--assay", "il-6");
        CommandLine.Outcome name = await server.RunAsync("layout", none, "--plate", "a b", "--assay", "il-6");

        Assert.Equal((2, 2, 2), (faults.Code, empty.Code, name.Code));
        Assert.Contains("Well A13 is off the plate", faults.Error, StringComparison.Ordinal);
        Assert.Contains("line 3, column content", faults.Error, StringComparison.Ordinal);
        Assert.Contains("does not say what is in the wells", empty.Error, StringComparison.Ordinal);
        Assert.Contains("--plate", name.Error, StringComparison.Ordinal);
    }
}
