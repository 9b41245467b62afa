using System.Text.Json;
using System.Text.Json.Nodes;
using Biomarkers.Client;
using Biomarkers.Tests.Server;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>What waits for a person, listed and decided from the command line.</summary>
public sealed class HoldCommandTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();
    private readonly BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri(server.Address), KeyFile = server.KeyFile });

    public void Dispose()
    {
        connection.Dispose();
        line.Dispose();
    }

    [Fact]
    public async Task Held_ReadWithoutABarcode_IsListedUsedAndCannotBeDecidedAgain()
    {
        PlateRead nameless = TestServer.Read("any");
        nameless.PlateBarcode = "";
        await SendAsync("held", new StreamEventContent { PlateRead = nameless });

        CommandLine.Outcome people = await server.RunAsync("held", "list", "--instrument", "held");
        JsonElement listed = Parse(await server.RunAsync("held", "list", "--instrument", "held", "--json"))[0];
        string number = listed.GetProperty("name").GetString()!;
        CommandLine.Outcome nowhere = await server.RunAsync("held", "use", number, "--reason", "scanned");
        JsonElement used = Parse(await server.RunAsync("held", "use", number, "--reason", "scanned by hand", "--plate", "HELD-1", "--json"));
        CommandLine.Outcome again = await server.RunAsync("held", "dismiss", number, "--reason", "scanned");

        Assert.Contains("BARCODE_MISSING", people.Output, StringComparison.Ordinal);
        Assert.Equal("BARCODE_MISSING", listed.GetProperty("reason").GetString());
        Assert.Equal((2, 2), (nowhere.Code, again.Code));
        Assert.Contains("expected the barcode of its plate", nowhere.Error, StringComparison.Ordinal);
        Assert.Contains("ALREADY_RESOLVED", again.Error, StringComparison.Ordinal);
        Assert.Equal(("used", "HELD-1"), (used.GetProperty("resolution").GetProperty("kind").GetString(), used.GetProperty("resolution").GetProperty("plate").GetString()));
        Assert.Empty(Parse(await server.RunAsync("held", "list", "--instrument", "held", "--json")).EnumerateArray());
        Assert.Single(Parse(await server.RunAsync("held", "list", "--instrument", "held", "--all", "--json")).EnumerateArray());
    }

    [Fact]
    public async Task Quarantine_BadPlate_IsShownMendedAndReplayed()
    {
        PlateRead bad = TestServer.Read("MENDED-1");
        bad.Columns[0].Positions[3] = 99;
        await SendAsync("bad", new StreamEventContent { PlateRead = bad });

        JsonElement listed = Parse(await server.RunAsync("quarantine", "list", "--instrument", "bad", "--json"))[0];
        string number = listed.GetProperty("name").GetString()!;
        CommandLine.Outcome shown = await server.RunAsync("quarantine", "show", number);
        CommandLine.Outcome unmended = await server.RunAsync("quarantine", "replay", number, "--reason", "mended");
        JsonNode content = JsonNode.Parse(shown.Output)!;
        content["plateRead"]!["columns"]![0]!["positions"]![3] = TestServer.Read("any").Columns[0].Positions[3];
        string file = line.Write("mended.json", content.ToJsonString());
        JsonElement replayed = Parse(await server.RunAsync("quarantine", "replay", number, "--reason", "a slip of the export", "--content", file, "--json"));

        Assert.Contains("plate_read.columns[0].positions[3]: WELL_OUT_OF_RANGE", shown.Error, StringComparison.Ordinal);
        Assert.Equal(2, unmended.Code);
        Assert.Contains("WELL_OUT_OF_RANGE", unmended.Error + listed, StringComparison.Ordinal);
        Assert.Equal("repaired", replayed.GetProperty("resolution").GetProperty("kind").GetString());
        Plate plate = await connection.Plates.GetPlateAsync(new GetPlateRequest { Name = "plates/MENDED-1" });
        Assert.Equal("instruments/bad", Assert.Single(plate.Reads).Instrument);
    }

    [Fact]
    public async Task Quarantine_NoMessageAtAll_IsShownAsBytesAndDismissed()
    {
        using TestStream stream = await TestStream.OpenAsync(connection, "s1", "instruments/noise");
        await stream.SendAsync(0, [0xFF]);
        await stream.AckedToAsync(1);
        string number = Parse(await server.RunAsync("quarantine", "list", "--instrument", "noise", "--json"))[0].GetProperty("name").GetString()!;

        CommandLine.Outcome shown = await server.RunAsync("quarantine", "show", number);
        CommandLine.Outcome noFile = await server.RunAsync("quarantine", "replay", number, "--reason", "x", "--content", line.Write("no.json", "{"));
        CommandLine.Outcome dismissed = await server.RunAsync("quarantine", "dismiss", number, "--reason", "noise on the line");

        Assert.Equal("/w==", shown.Output.Trim());
        Assert.Equal((2, 0), (noFile.Code, dismissed.Code));
        Assert.Contains("no content of an event", noFile.Error, StringComparison.Ordinal);
        Assert.Contains("dismissed", dismissed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Close_ReadingWhoseRestDoesNotCome_EndsIt()
    {
        PlateRead whole = TestServer.Read("CLOSED-1");
        var started = new PlateStarted { PlateBarcode = "CLOSED-1", ReadId = "r1", WellCount = 96, ResponseKind = whole.ResponseKind, Layout = whole.Layout };
        await SendAsync("slow", new StreamEventContent { PlateStarted = started }, new StreamEventContent { WellsRead = new WellsRead { ReadId = "r1", Columns = { whole.Columns } } });

        CommandLine.Outcome wrong = await server.RunAsync("close", "CLOSED-1", "--read", "r2", "--reason", "switched off");
        JsonElement closed = Parse(await server.RunAsync("close", "CLOSED-1", "--reason", "switched off", "--json"));

        Assert.Equal(2, wrong.Code);
        Assert.Contains("'r1' of instruments/slow/readStreams/s1", wrong.Error, StringComparison.Ordinal);
        Assert.Equal((0, 1), (closed.GetProperty("pendingReads").GetArrayLength(), closed.GetProperty("reads").GetArrayLength()));
    }

    private async Task SendAsync(string instrument, params StreamEventContent[] contents)
    {
        using TestStream stream = await TestStream.OpenAsync(connection, "s1", $"instruments/{instrument}");
        for (int offset = 0; offset < contents.Length; offset++)
        {
            await stream.SendAsync(offset, contents[offset]);
        }

        await stream.AckedToAsync(contents.Length);
    }

    private static JsonElement Parse(CommandLine.Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        using var document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.Clone();
    }
}
