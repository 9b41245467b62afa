using System.Text.Json;
using Biomarkers.Tests.Client;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>Subscriptions from the command line.</summary>
public sealed class SubscriptionsCommandTests : IAsyncLifetime
{
    private PulledServer server = null!;

    public async Task InitializeAsync() => server = await PulledServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Subscription_MadeListedShownAndEnded_IsGoneForGood()
    {
        JsonElement made = Parse(await RunAsync(
            "create", "hospital", "--study", "LARSEN", "--analyte", "il-6", "--status", "final", "--status", "withdrawn", "--ack-deadline", "120", "--from-beginning", "--json"));
        CommandLine.Outcome twice = await RunAsync("create", "hospital");
        JsonElement listed = Parse(await RunAsync("list", "--json"));
        CommandLine.Outcome people = await RunAsync("list");
        CommandLine.Outcome ended = await RunAsync("delete", "hospital", "--reason", "moved");
        CommandLine.Outcome gone = await RunAsync("show", "hospital");

        Assert.Equal(("subscriptions/hospital", 120), (made.GetProperty("name").GetString(), made.GetProperty("ackDeadlineSeconds").GetInt32()));
        Assert.Equal(["final", "withdrawn"], made.GetProperty("statuses").EnumerateArray().Select(status => status.GetString()!));
        Assert.Equal(2, twice.Code);
        Assert.Contains("SUBSCRIPTION_EXISTS", twice.Error, StringComparison.Ordinal);
        Assert.Equal(["subscriptions/hospital", "subscriptions/lims-1"], listed.EnumerateArray().Select(row => row.GetProperty("name").GetString()!));
        Assert.Contains("LARSEN il-6 final withdrawn", people.Output, StringComparison.Ordinal);
        Assert.Equal((0, 2), (ended.Code, gone.Code));
        Assert.Contains("SUBSCRIPTION_NOT_FOUND", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seek_OfWhatIsAcknowledged_HasItDeliveredAgain()
    {
        string[] released = await server.ReleaseAsync("P1");
        string folder = Path.Combine(server.Kept, "out");
        string[] pull = ["pull", "--subscription", "lims-1", "--format", "csv", "--out", folder, "--once", "--server", server.Address.ToString(), "--key-file", server.KeyFile];
        await CommandLine.RunAsync(pull);

        CommandLine.Outcome unsaid = await RunAsync("seek", "lims-1");
        JsonElement sought = Parse(await RunAsync("seek", "lims-1", "--from-beginning", "--json"));
        JsonElement shown = Parse(await RunAsync("show", "lims-1", "--json"));

        Assert.Equal(2, unsaid.Code);
        Assert.Contains("--from-beginning", unsaid.Error, StringComparison.Ordinal);
        Assert.Equal((released.Length, released.Length), (sought.GetProperty("waitingCount").GetInt32(), shown.GetProperty("waitingCount").GetInt32()));
        Assert.Empty(Parse(await RunAsync("parked", "lims-1", "--json")).EnumerateArray());
    }

    [Fact]
    public async Task Create_UnknownStatus_NamesThoseThatThereAre()
    {
        CommandLine.Outcome outcome = await RunAsync("create", "hospital", "--status", "done");

        Assert.Equal(2, outcome.Code);
        Assert.Contains("withdrawn", outcome.Error, StringComparison.Ordinal);
    }

    private static JsonElement Parse(CommandLine.Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private Task<CommandLine.Outcome> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["subscriptions", .. args, "--server", server.Address.ToString(), "--key-file", server.KeyFile]);
}
