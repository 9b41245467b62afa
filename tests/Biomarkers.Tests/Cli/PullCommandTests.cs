using System.Text.Json;
using Biomarkers.Cli.Pulling;
using Biomarkers.Client;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Tests.Client;
using Biomarkers.Tests.Interchange;
using Biomarkers.V1;
using Hl7.Fhir.Model;
using Xunit;
using Observation = Hl7.Fhir.Model.Observation;
using Task = System.Threading.Tasks.Task;

namespace Biomarkers.Tests.Cli;

/// <summary>Released results of a real server in files, read back by decoders of others.</summary>
public sealed class PullCommandTests : IAsyncLifetime, IDisposable
{
    private readonly CommandLine line = new();
    private PulledServer server = null!;

    private string Out => Path.Combine(line.Folder, "out");

    public async Task InitializeAsync() => server = await PulledServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Pull_AsFhir_WritesBundlesThatTheStrictParserReadsAndKeepsTheCheckpoint()
    {
        string[] released = await server.ReleaseAsync("P1");

        CommandLine.Outcome outcome = await PullAsync("fhir", "--json");

        Assert.True(outcome.Code == 0, outcome.Error);
        JsonElement summary = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal((released.Length, released.Length), (summary.GetProperty("written").GetInt32(), summary.GetProperty("acknowledged").GetInt32()));
        Observation[] observations = [.. Files("*.fhir.json").Select(file => FhirDecoder.Parse(File.ReadAllBytes(file)).Entry.Select(entry => entry.Resource).OfType<Observation>().Single())];
        Assert.Equal(released.Order(), observations.Select(one => one.Identifier.Single(identifier => identifier.System == "biomarkers:result-versions").Value).Order());
        Assert.All(observations, one => Assert.Equal(ObservationStatus.Final, one.Status));
        Assert.NotEmpty(new CheckpointFolder(Path.Combine(Out, "checkpoints")).ReadAll());
        Assert.Single(Directory.GetFiles(Path.Combine(Out, "checkpoints"), "checkpoint-key-*.pem"));
        Assert.Equal(0, (await server.BacklogAsync()).WaitingCount);
    }

    [Theory]
    [InlineData("hl7", "hl7-v2.5.1", "*.hl7")]
    [InlineData("lis2", "lis2-a2", "*.lis2")]
    [InlineData("csv", "csv", "*.csv")]
    [InlineData("json", "json", "*.jsonl")]
    public async Task Pull_AsAnotherFormat_IsReadBackByTheDecodersOfOthers(string name, string format, string pattern)
    {
        string[] released = await server.ReleaseAsync("P1");
        PullResultsResponse leased = await server.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1000 });
        await LetGoAsync(leased);

        CommandLine.Outcome outcome = await PullAsync(name, "--sender", "BIO", "--sender-facility", "Lab 1", "--receiver", "LIMS");
        IReadOnlyList<SortedDictionary<string, string>> read = await PythonDecoder.DecodeAsync(format, Files(pattern).Select(File.ReadAllBytes), CancellationToken.None);

        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(released.Length, read.Count);
        foreach (Delivery delivery in leased.Deliveries)
        {
            ReportedResult reported = DeliveryMessages.ToReported(delivery).ValueOrThrow();
            InterchangeOptions options = InterchangeOptions.Create(
                new MessageParty("BIO", "Lab 1"), new MessageParty("LIMS", null), reported.Times.Reported, ResultFolder.ControlIdOf(reported.Version)).ValueOrThrow();
            Assert.Contains(ExpectedFields.Of(format, reported, options), read);
        }
    }

    [Fact]
    public async Task Pull_AsJson_SaysValueTimesAndPlaceInTheLedger()
    {
        await server.ReleaseAsync("P1");
        PullResultsResponse leased = await server.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1000 });
        await LetGoAsync(leased);
        Delivery expected = leased.Deliveries.First(delivery => delivery.Result.HasConcentration);

        await PullAsync("json");

        string file = $"{expected.VerificationToken.Sequence:D10}-result-{expected.Result.Name.Split('/')[1]}-v{expected.Result.Version}.jsonl";
        JsonElement read = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, file))).RootElement;
        Assert.Equal(expected.Result.Concentration, read.GetProperty("concentration").GetDouble());
        Assert.Equal(expected.VerificationToken.Sequence, read.GetProperty("verificationToken").GetProperty("sequence").GetInt64());
        Assert.Equal(read.GetProperty("times").GetProperty("reported").GetString(), read.GetProperty("message").GetProperty("time").GetString());
        Assert.Equal($"{expected.Result.Name.Split('/')[1]}-{expected.Result.Version}", read.GetProperty("message").GetProperty("controlId").GetString());
        Assert.Equal("LARSEN", read.GetProperty("specimen").GetProperty("studyId").GetString());
    }

    /// <summary>A command that was killed between the file and the acknowledgement, and one whose file was cut before.</summary>
    [Theory]
    [InlineData("fhir")]
    [InlineData("hl7")]
    [InlineData("lis2")]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task Pull_AfterACrashBeforeTheAcknowledgement_WritesTheSameBytes(string format)
    {
        await server.ReleaseAsync("P1");
        await PullAsync(format);
        Dictionary<string, byte[]> first = Files("*-result-*").ToDictionary(file => file, File.ReadAllBytes);
        File.WriteAllBytes(first.Keys.First(), []);
        File.WriteAllBytes($"{first.Keys.Last()}.new", [1, 2, 3]);
        await server.Lims.Delivery.SeekAsync(new SeekRequest { Subscription = "subscriptions/lims-1" });

        CommandLine.Outcome again = await PullAsync(format);

        Assert.True(again.Code == 0, again.Error);
        Assert.NotEmpty(first);
        Assert.Equal(first.Keys.Order(), Files("*-result-*").Order());
        Assert.All(first, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact]
    public async Task Pull_CorrectionAndWithdrawal_AreFilesOfTheirOwnWithoutANumberWhereItWasTakenBack()
    {
        string[] released = await server.ReleaseAsync("P1");
        await PullAsync("json");
        await server.Laboratory.Reviews.WithdrawResultsAsync(new WithdrawResultsRequest { Results = { released[0] }, Reason = "swapped" });

        await PullAsync("json");

        string id = released[0].Split('/', '@')[1];
        JsonElement withdrawn = JsonDocument.Parse(File.ReadAllText(Files($"*-result-{id}-v3.jsonl").Single())).RootElement;
        Assert.Equal(("withdrawn", "swapped", 2), (withdrawn.GetProperty("status").GetString(), withdrawn.GetProperty("reason").GetString(), withdrawn.GetProperty("supersededVersion").GetInt32()));
        Assert.False(withdrawn.TryGetProperty("concentration", out _));
        // By name, too, what takes the place of another comes after it.
        Assert.Equal(["v2", "v3"], Files($"*-result-{id}-v*.jsonl").Select(file => file[^8..^6]));
    }

    [Fact]
    public async Task Pull_Once_SaysWhatIsParkedAndWhatAnotherHolds()
    {
        string[] released = await server.ReleaseAsync("P1");
        for (int attempt = 0; attempt < 10; attempt++)
        {
            await LetGoAsync(await server.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1 }));
        }

        await server.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1 });

        CommandLine.Outcome outcome = await PullAsync("csv");

        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.StartsWith($"{released.Length - 2} written", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("1 version not due yet, or leased", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("1 version parked", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_SubscriptionOfAnother_SaysSoAndExitsWithTwo()
    {
        using BiomarkersConnection other = await server.ConnectAsAsync("lims-2");
        string key = Path.Combine(Path.GetDirectoryName(server.KeyFile)!, "lims-2.key");

        CommandLine.Outcome outcome = await CommandLine.RunAsync(
            "pull", "--subscription", "lims-1", "--format", "json", "--out", Out, "--once", "--server", server.Address.ToString(), "--key-file", key);

        Assert.Equal(2, outcome.Code);
        Assert.Contains("SUBSCRIPTION_NOT_FOUND", outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public async Task Pull_WrongArguments_AreAllNamed()
    {
        CommandLine.Outcome outcome = await PullAsync("pdf", "--wait", "21", "--max", "0", "--receiver-facility", "Hospital");

        Assert.Equal(2, outcome.Code);
        foreach (string option in new[] { "--format", "--wait", "--max", "--receiver-facility" })
        {
            Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Pull_FolderInUseByAnother_IsRefusedAndNothingIsPulled()
    {
        await server.ReleaseAsync("P1");
        Directory.CreateDirectory(Out);
        using var inUse = new FileStream(Path.Combine(Out, ".pull.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        CommandLine.Outcome outcome = await PullAsync("json");

        Assert.Equal(2, outcome.Code);
        Assert.Contains(Out, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Files("*-result-*"));
    }

    private Task<CommandLine.Outcome> PullAsync(string format, params string[] more) => CommandLine.RunAsync(
        ["pull", "--subscription", "lims-1", "--format", format, "--out", Out, "--once", "--server", server.Address.ToString(), "--key-file", server.KeyFile, .. more]);

    private string[] Files(string pattern) => [.. Directory.GetFiles(Out, pattern).Order(StringComparer.Ordinal)];

    private async Task LetGoAsync(PullResultsResponse leased) => await server.Lims.Delivery.ModifyAckDeadlineAsync(
        new ModifyAckDeadlineRequest { Subscription = "subscriptions/lims-1", DeliveryIds = { leased.Deliveries.Select(delivery => delivery.DeliveryId) } });
}
