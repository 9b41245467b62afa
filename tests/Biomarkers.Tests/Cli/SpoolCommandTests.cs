using System.Text.Json;
using Biomarkers.Client.Spool;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary><c>biomarkers spool</c>, and <c>send --spool</c>, against a real server and without one.</summary>
public sealed class SpoolCommandTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private const string Nobody = "http://127.0.0.1:1";

    private readonly DirectoryInfo parent = Directory.CreateTempSubdirectory("biomarkers-spool-command-");

    private string Folder => Path.Combine(parent.FullName, "spool");

    [Fact]
    public async Task Spool_FilledWhileTheServerWasAway_IsShownThenSentAndStored()
    {
        using (EventSpool spool = EventSpool.Open(Folder, new EventSpoolOptions { InstrumentId = "reader-9" }, TimeProvider.System))
        {
            SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.All[0], PlateScenario.Clean, 7, "SPOOLED-1");
            await spool.AcceptAsync(new StreamEventContent { PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) });
        }

        CommandLine.Outcome away = await CommandLine.RunAsync(["spool", Folder, "--send", "--patience", "0.2", "--server", Nobody]);
        CommandLine.Outcome shown = await CommandLine.RunAsync(["spool", Folder, "--json"]);
        CommandLine.Outcome sent = await server.RunAsync("spool", Folder, "--send");
        CommandLine.Outcome after = await CommandLine.RunAsync(["spool", Folder]);
        CommandLine.Outcome plates = await server.RunAsync("plates");

        Assert.Equal(3, away.Code);
        Assert.Contains("Spooled: 1 event waits in", away.Error, StringComparison.Ordinal);
        Assert.Equal(3, shown.Code);
        using JsonDocument status = JsonDocument.Parse(shown.Output);
        Assert.Equal((1, "reader-9"), (status.RootElement.GetProperty("waitingCount").GetInt32(), status.RootElement.GetProperty("instrumentId").GetString()));
        Assert.Contains("Unavailable", status.RootElement.GetProperty("lastFault").GetString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (sent.Code, after.Code));
        Assert.Contains("SPOOLED-1", plates.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_WithASpool_GoesOnWhileTheServerIsAwayWithTheAssayThatItSawLast()
    {
        string[] first = ["send", await WriteAsync(1), "--assay", "il-6", "--instrument", "reader-8", "--spool", Folder];
        string[] second = ["send", await WriteAsync(2), "--assay", "il-6", "--instrument", "reader-8", "--spool", Folder, "--patience", "0.2"];

        CommandLine.Outcome sent = await server.RunAsync([.. first, "--json"]);
        CommandLine.Outcome away = await CommandLine.RunAsync([.. second, "--server", Nobody]);
        CommandLine.Outcome back = await server.RunAsync("spool", Folder, "--send");
        CommandLine.Outcome again = await server.RunAsync(second);

        Assert.True(sent.Code == 0, $"{sent.Code}: {sent.Output} {sent.Error}");
        using JsonDocument files = JsonDocument.Parse(sent.Output);
        Assert.Equal(("stored", 0), (files.RootElement[0].GetProperty("outcome").GetString(), files.RootElement[0].GetProperty("offset").GetInt32()));
        Assert.True(away.Code == 3, $"{away.Code}: {away.Output} {away.Error}");
        Assert.Contains(": SPOOLED, plate BY-SPOOL-2", away.Output, StringComparison.Ordinal);
        Assert.Contains("as it was when it was last seen", away.Error, StringComparison.Ordinal);
        Assert.Equal(0, back.Code);
        // The same reading of the plate once more is another event, and changes nothing.
        Assert.True(again.Code == 0, $"{again.Code}: {again.Output} {again.Error}");
        Assert.Contains(": DUPLICATE, plate BY-SPOOL-2", again.Output, StringComparison.Ordinal);

        async Task<string> WriteAsync(int number)
        {
            SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, (ulong)number, $"BY-SPOOL-{number}");
            string file = Path.Combine(parent.FullName, $"BY-SPOOL-{number}.csv");
            await File.WriteAllTextAsync(file, PlainPlateCsv.Write(plate.Read, plate.Layout));
            return file;
        }
    }

    [Fact]
    public async Task Spool_WhereThereIsNone_SaysSo()
    {
        CommandLine.Outcome none = await CommandLine.RunAsync(["spool", Folder]);

        Assert.Equal(2, none.Code);
        Assert.Contains("holds no spool", none.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder));
    }

    public void Dispose() => parent.Delete(recursive: true);
}
