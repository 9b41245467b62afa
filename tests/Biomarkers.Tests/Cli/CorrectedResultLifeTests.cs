using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>The life of one corrected result, from the reader's file to the correction in the LIMS, by the commands that README.md tells it with.</summary>
public sealed class CorrectedResultLifeTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private const string Barcode = "PLATE-0042";

    // Duplicates of seven calibrators, two sets of three controls, three samples; one well of S-0002 reads half of the other.
    private const string PlateWithABubble =
        """
        well,content,name,set,nominal_concentration,unit,dilution_factor,analyte,response
        A01,calibrator,CAL1,,0.15625,pg/mL,,il-6,0.1362
        A02,calibrator,CAL1,,0.15625,pg/mL,,il-6,0.1362
        B01,calibrator,CAL2,,0.3125,pg/mL,,il-6,0.2294
        B02,calibrator,CAL2,,0.3125,pg/mL,,il-6,0.2322
        C01,calibrator,CAL3,,0.625,pg/mL,,il-6,0.4111
        C02,calibrator,CAL3,,0.625,pg/mL,,il-6,0.4026
        D01,calibrator,CAL4,,1.25,pg/mL,,il-6,0.7392
        D02,calibrator,CAL4,,1.25,pg/mL,,il-6,0.7326
        E01,calibrator,CAL5,,2.5,pg/mL,,il-6,1.2227
        E02,calibrator,CAL5,,2.5,pg/mL,,il-6,1.2288
        F01,calibrator,CAL6,,5,pg/mL,,il-6,1.8237
        F02,calibrator,CAL6,,5,pg/mL,,il-6,1.8491
        G01,calibrator,CAL7,,10,pg/mL,,il-6,2.3810
        G02,calibrator,CAL7,,10,pg/mL,,il-6,2.3616
        A03,control,LQC,1,0.48,pg/mL,,il-6,0.3251
        B03,control,LQC,2,0.48,pg/mL,,il-6,0.3237
        C03,control,MQC,1,2,pg/mL,,il-6,1.0559
        D03,control,MQC,2,2,pg/mL,,il-6,1.0727
        E03,control,HQC,1,7.5,pg/mL,,il-6,2.1502
        F03,control,HQC,2,7.5,pg/mL,,il-6,2.1454
        A04,unknown,S-0001,,,pg/mL,2,il-6,0.4066
        A05,unknown,S-0001,,,pg/mL,2,il-6,0.3946
        B04,unknown,S-0002,,,pg/mL,2,il-6,1.0092
        B05,unknown,S-0002,,,pg/mL,2,il-6,0.5617
        C04,unknown,S-0003,,,pg/mL,2,il-6,1.6680
        C05,unknown,S-0003,,,pg/mL,2,il-6,1.6404

        """;

    private readonly CommandLine line = new();

    private string Inbox => Path.Combine(line.Folder, "INBOX");

    private string LimsKey => Path.Combine(line.Folder, "lims-1.key");

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Life_OfOneCorrectedResult_GoesAsReadmeTellsIt()
    {
        await SaysAsync("Made keys/", server.RunAsync("keys", "create", "--name", "lims-1", "--role", "lims", "--out", LimsKey));
        await SaysAsync("hospital", LimsAsync("subscriptions", "create", "hospital", "--analyte", "il-6"));
        string file = line.Write($"{Barcode}.csv", PlateWithABubble);
        await SaysAsync("PLATE-0042, read", server.RunAsync("send", file, "--instrument", "reader-1", "--assay", "il-6", "--wait"));

        // What is not released does not leave.
        await SaysAsync("0 written", PullAsync());
        await SaysAsync("S_REP_CV", server.RunAsync("review", "list", Barcode));
        await SaysAsync("final", server.RunAsync("review", "release", "--plate", Barcode));
        await SaysAsync("3 written", PullAsync());
        Assert.StartsWith("2.733", Observation("result-2-v2.hl7")[5], StringComparison.Ordinal);
        Assert.Equal("F", Observation("result-2-v2.hl7")[11]);

        // The correction is computed, and is the laboratory's alone until a person lets it leave.
        await SaysAsync("PLATE-0042", server.RunAsync("review", "reanalyze", Barcode, "--exclude", "B05=bubble", "--reason", "bubble in B05"));
        await UntilAsync("2 accepted", () => server.RunAsync("review", "list", Barcode));
        await SaysAsync("0 written", PullAsync());
        await SaysAsync("corrected", server.RunAsync("review", "correct", "2@3", "--reason", "bubble in B05"));
        await SaysAsync("results/2@4 corrected: result-2-v4.hl7", PullAsync());
        Assert.StartsWith("3.785", Observation("result-2-v4.hl7")[5], StringComparison.Ordinal);
        Assert.Equal("C", Observation("result-2-v4.hl7")[11]);
        string correction = File.ReadAllText(Path.Combine(Inbox, "result-2-v4.hl7"));
        Assert.Contains("supersedes: results/2@2", correction, StringComparison.Ordinal);
        Assert.Contains("reason: bubble in B05", correction, StringComparison.Ordinal);

        // Nothing of it is gone, in the laboratory or in the inbox.
        CommandLine.Outcome versions = await server.RunAsync("review", "versions", "2");
        Assert.Equal(
            ["preliminary", "final", "preliminary", "corrected"],
            versions.Output.Split('\n').Where(row => row.Contains("2@", StringComparison.Ordinal)).Select(row => row.Split('│')[3].Trim()));
        Assert.Equal(
            ["result-1-v2.hl7", "result-2-v2.hl7", "result-2-v4.hl7", "result-3-v2.hl7"],
            Directory.GetFiles(Inbox, "*.hl7").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    private static async Task SaysAsync(string expected, Task<CommandLine.Outcome> command)
    {
        CommandLine.Outcome outcome = await command;
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains(expected, outcome.Output + outcome.Error, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(string expected, Func<Task<CommandLine.Outcome>> ask)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await ask()).Output.Contains(expected, StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
        }
    }

    // The fields of OBX: 5 is the value, 11 the status.
    private string[] Observation(string file) =>
        File.ReadAllText(Path.Combine(Inbox, file)).Split('\r').Single(segment => segment.StartsWith("OBX|", StringComparison.Ordinal)).Split('|');

    private Task<CommandLine.Outcome> PullAsync() =>
        LimsAsync("pull", "--subscription", "hospital", "--format", "hl7", "--out", Inbox, "--receiver", "LIMS", "--once");

    private Task<CommandLine.Outcome> LimsAsync(params string[] args) => CommandLine.RunAsync([.. args, "--server", server.Address, "--key-file", LimsKey]);
}
