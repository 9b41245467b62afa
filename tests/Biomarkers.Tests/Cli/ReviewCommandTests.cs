using System.Text.Json;
using Biomarkers.Client;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.Tests.Server;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>The life of results from the command line.</summary>
public sealed class ReviewCommandTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();
    private readonly BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri(server.Address), KeyFile = server.KeyFile });

    public void Dispose()
    {
        connection.Dispose();
        line.Dispose();
    }

    [Fact]
    public async Task Review_OfAPlate_ReleasesCorrectsAndWithdraws()
    {
        await AnalyseAsync("REVIEW-1", runs: 1, () => connection.Ingest.SubmitPlateReadAsync(
            new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("REVIEW-1") }).ResponseAsync);

        JsonElement released = Parse(await server.RunAsync("review", "release", "--plate", "REVIEW-1", "--json"));
        CommandLine.Outcome again = await server.RunAsync("review", "release", "--plate", "REVIEW-1");
        CommandLine.Outcome both = await server.RunAsync("review", "withdraw", "1@2", "--plate", "REVIEW-1", "--reason", "swapped");
        await AnalyseAsync("REVIEW-1", runs: 2, async () =>
            Parse(await server.RunAsync("review", "reanalyze", "REVIEW-1", "--exclude", "A03=bubble", "--reason", "bubble in A03", "--json")));
        CommandLine.Outcome waiting = await server.RunAsync("review", "list", "REVIEW-1");
        JsonElement corrected = Parse(await server.RunAsync("review", "correct", "--plate", "REVIEW-1", "--reason", "bubble in A03", "--json"));
        string name = corrected[0].GetProperty("name").GetString()!["results/".Length..];
        CommandLine.Outcome stale = await server.RunAsync("review", "withdraw", $"{name}@2", "--reason", "swapped");
        CommandLine.Outcome withdrawn = await server.RunAsync("review", "withdraw", $"{name}@4", "--reason", "swapped");
        CommandLine.Outcome life = await server.RunAsync("review", "versions", name);
        JsonElement current = Parse(await server.RunAsync("results", "--plate", "REVIEW-1", "--released", "--json"));

        Assert.All(released.EnumerateArray(), result => Assert.Equal("final", result.GetProperty("status").GetString()));
        Assert.Equal((2, 2), (again.Code, both.Code));
        Assert.Contains("not both", both.Error, StringComparison.Ordinal);
        Assert.Contains("has 0 for this step", again.Error, StringComparison.Ordinal);
        Assert.Contains("final ", waiting.Output, StringComparison.Ordinal);
        Assert.All(corrected.EnumerateArray(), result => Assert.Equal(("corrected", 2), (result.GetProperty("status").GetString(), result.GetProperty("supersedesVersion").GetInt32())));
        Assert.Equal((2, 0), (stale.Code, withdrawn.Code));
        Assert.Contains("VERSION_CHANGED", stale.Error, StringComparison.Ordinal);
        Assert.Equal(5, life.Output.Split('\n').Count(row => row.Contains($"{name}@", StringComparison.Ordinal)));
        Assert.Single(current.EnumerateArray(), result => result.GetProperty("status").GetString() == "withdrawn");
    }

    [Fact]
    public async Task Review_OfAnAssayThatReleasesItsResults_ListsWhatWaitsAndWhy()
    {
        string builtIn = (await server.RunAsync("assays", "get", "il-6", "--json")).Output;
        string mine = builtIn.Replace("\"id\": \"il-6\"", "\"id\": \"il-6-auto\", \"release\": \"automatic\"", StringComparison.Ordinal);
        CommandLine.Outcome unknown = await server.RunAsync("assays", "create", line.Write("wrong.json", mine.Replace("\"automatic\"", "\"never\"", StringComparison.Ordinal)));
        CommandLine.Outcome misspelt = await server.RunAsync("assays", "create", line.Write("typo.json", mine.Replace("\"release\"", "\"releases\"", StringComparison.Ordinal)));
        JsonElement created = Parse(await server.RunAsync("assays", "create", line.Write("mine.json", mine), "--json"));
        CommandLine.Outcome shown = await server.RunAsync("assays", "get", "il-6-auto");
        PlateRead read = PlateMessages.ToWire(TestPlates.Read("REVIEW-4"), "r1", TestPlates.Layout().WithAssay("il-6-auto", 1));
        await AnalyseAsync("REVIEW-4", runs: 1, () => connection.Ingest.SubmitPlateReadAsync(
            new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read }).ResponseAsync);

        JsonElement waiting = Parse(await server.RunAsync("review", "list", "REVIEW-4", "--json"));
        CommandLine.Outcome table = await server.RunAsync("review", "list", "REVIEW-4");

        Assert.Equal((2, 2), (unknown.Code, misspelt.Code));
        Assert.Contains("\"never\" is no release; expected one of by-review, automatic", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("analytes, release", misspelt.Error, StringComparison.Ordinal);
        Assert.Equal("automatic", created.GetProperty("release").GetString());
        Assert.Contains("release automatic", shown.Output, StringComparison.Ordinal);
        Assert.All(waiting.EnumerateArray(), affected => Assert.Equal("NOT_ASSESSED (R_LOT_EXPIRED)", affected.GetProperty("withheld").GetString()));
        Assert.Contains("NOT_ASSESSED (R_LOT_EXPIRED)", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Review_SignedWithAPinFromAFile_NamesTheSigner()
    {
        await AnalyseAsync("REVIEW-2", runs: 1, () => connection.Ingest.SubmitPlateReadAsync(
            new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("REVIEW-2") }).ResponseAsync);
        CreateKeyResponse made = await connection.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Reviewer } });
        string key = line.Write("kim.key", made.Secret), pin = line.Write("pin", "correct horse\n");

        CommandLine.Outcome set = await CommandLine.RunAsync(["review", "pin", "--pin-file", pin, "--server", server.Address, "--key-file", key]);
        CommandLine.Outcome unsigned = await CommandLine.RunAsync(
            ["review", "release", "--plate", "REVIEW-2", "--sign", "approval", "--signer", "Kim Lee", "--server", server.Address, "--key-file", key]);
        JsonElement signed = Parse(await CommandLine.RunAsync(
        [
            "review", "release", "--plate", "REVIEW-2", "--sign", "approval", "--signer", "Kim Lee", "--pin-file", pin, "--json", "--server", server.Address, "--key-file", key,
        ]));

        Assert.Equal((0, 2), (set.Code, unsigned.Code));
        Assert.Contains("REAUTH_REQUIRED", unsigned.Error, StringComparison.Ordinal);
        Assert.All(signed.EnumerateArray(), result =>
        {
            JsonElement signature = result.GetProperty("signatures")[0];
            Assert.Equal(
                ("Kim Lee", "approval", result.GetProperty("versionSha256").GetString()),
                (signature.GetProperty("signerName").GetString(), signature.GetProperty("meaning").GetString(), signature.GetProperty("versionSha256").GetString()));
        });
    }

    [Fact]
    public async Task Review_HeldResult_IsNotReleasedUntilItIsLifted()
    {
        await AnalyseAsync("REVIEW-3", runs: 1, () => connection.Ingest.SubmitPlateReadAsync(
            new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("REVIEW-3") }).ResponseAsync);
        string name = Parse(await server.RunAsync("results", "--plate", "REVIEW-3", "--json"))[0].GetProperty("name").GetString()!;

        JsonElement held = Parse(await server.RunAsync("review", "hold", name, "--reason", "haemolysed", "--json"))[0];
        CommandLine.Outcome refused = await server.RunAsync("review", "release", "--plate", "REVIEW-3");
        JsonElement lifted = Parse(await server.RunAsync("review", "lift", held.GetProperty("name").GetString()!, "--reason", "drawn again", "--json"))[0];
        CommandLine.Outcome released = await server.RunAsync("review", "release", "--plate", "REVIEW-3");
        CommandLine.Outcome wrong = await server.RunAsync("review", "reanalyze", "REVIEW-3", "--exclude", "A03", "--reason", "bubble");

        Assert.Equal((2, 0, 2), (refused.Code, released.Code, wrong.Code));
        Assert.Contains("RESULT_HELD", refused.Error, StringComparison.Ordinal);
        Assert.Equal("drawn again", lifted.GetProperty("liftReason").GetString());
        Assert.Contains("A03=bubble", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Review_LinkedRepeat_IsShownWithTheResultUntilItIsUnlinked()
    {
        var names = new List<string>();
        foreach (string barcode in new[] { "REVIEW-5", "REVIEW-6" })
        {
            await AnalyseAsync(barcode, runs: 1, () => connection.Ingest.SubmitPlateReadAsync(
                new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read(barcode) }).ResponseAsync);
            JsonElement results = Parse(await server.RunAsync("results", "--plate", barcode, "--sample", "S-1", "--json"));
            names.Add(results[0].GetProperty("name").GetString()!["results/".Length..]);
        }

        JsonElement linked = Parse(await server.RunAsync("review", "link", names[1], names[0], "--reason", "was above the range", "--json"));
        CommandLine.Outcome again = await server.RunAsync("review", "link", names[0], names[1], "--reason", "was above the range");
        CommandLine.Outcome shown = await server.RunAsync("review", "versions", names[1]);
        string link = linked.GetProperty("name").GetString()!;
        CommandLine.Outcome unlinked = await server.RunAsync("review", "unlink", link, "--reason", "another draw");
        JsonElement original = Parse(await server.RunAsync("review", "versions", names[0], "--json"));

        Assert.Equal((names[1], names[0]), (linked.GetProperty("repeat").GetString(), linked.GetProperty("original").GetString()));
        Assert.Equal((2, 0), (again.Code, unlinked.Code));
        Assert.Contains("REPEAT_CYCLE", again.Error, StringComparison.Ordinal);
        Assert.Contains($"{link}: of {names[0]}, was above the range", shown.Output, StringComparison.Ordinal);
        Assert.Contains("another draw", unlinked.Output, StringComparison.Ordinal);
        Assert.Equal(0, original[0].GetProperty("repeats").GetArrayLength());
    }

    private async Task AnalyseAsync<T>(string barcode, int runs, Func<Task<T>> act)
    {
        using var watch = connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Plate = $"plates/{barcode}" }, deadline: TestServer.Deadline);
        await watch.ResponseHeadersAsync;
        await act();
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None), $"Run {runs} of the plate did not come.");
    }

    private static JsonElement Parse(CommandLine.Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
