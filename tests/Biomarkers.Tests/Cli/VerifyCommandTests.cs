using System.Text.Json;
using Biomarkers.Tests.Server;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary><c>biomarkers verify</c> on what a real server left behind.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private readonly AuditedServer audited = new();

    public void Dispose() => audited.Dispose();

    [Fact]
    public async Task Verify_StoppedDatabase_IsIntactAndNoByteOfItsFolderChanges()
    {
        await audited.ServeAsync("V-1");
        string before = audited.Fingerprint();

        using JsonDocument answer = JsonDocument.Parse((await VerifyAsync(0, "--recompute", "--json")).Output);
        CommandLine.Outcome text = await VerifyAsync(0);

        Assert.Equal(before, audited.Fingerprint());
        JsonElement report = answer.RootElement;
        Assert.True(report.GetProperty("isIntact").GetBoolean());
        Assert.Equal((1, 1), (report.GetProperty("runCount").GetInt32(), report.GetProperty("recomputedRunCount").GetInt32()));
        Assert.Equal(report.GetProperty("eventCount").GetInt64(), report.GetProperty("checkpointedSequence").GetInt64());
        Assert.Contains($"Newest SHA-256: {report.GetProperty("sha256").GetString()}", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_DatabaseThatWasNotClosed_IsReadWithItsLogAndNotChanged()
    {
        await audited.ServeAsync("V-1");
        string copy = audited.Database + ".copy";
        // As a killed server leaves it: a writer is there, and its commit is in the log alone.
        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={audited.Database};Pooling=False"))
        {
            await connection.OpenAsync();
            await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE ledger_head SET sequence = sequence + 1";
            await command.ExecuteNonQueryAsync();
            File.Copy(audited.Database, copy);
            File.Copy($"{audited.Database}-wal", $"{copy}-wal");
        }

        Assert.True(new FileInfo($"{copy}-wal").Length > 0);
        string before = audited.Fingerprint();

        CommandLine.Outcome outcome = await CommandLine.RunAsync("verify", "--data", copy);

        Assert.Equal(1, outcome.Code);
        Assert.Contains("TRUNCATED ledger", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(before, audited.Fingerprint());
    }

    [Fact]
    public async Task Verify_ChangedAuditEvent_SaysWhichAndExitsWithOne()
    {
        await audited.ServeAsync("V-1");
        await audited.TamperAsync("UPDATE audit_event SET actor = 'mallory' WHERE sequence = 3");

        using JsonDocument answer = JsonDocument.Parse((await VerifyAsync(1, "--json")).Output);

        JsonElement first = answer.RootElement.GetProperty("findings")[0];
        Assert.Equal(("CHANGED", "ledger", 3), (first.GetProperty("kind").GetString(), first.GetProperty("target").GetString(), first.GetProperty("sequence").GetInt32()));
        Assert.NotEqual(first.GetProperty("expectedSha256").GetString(), first.GetProperty("actualSha256").GetString());
    }

    /// <summary>Honest about what it can't see: a tail behind the newest checkpoint that was kept.</summary>
    [Fact]
    public async Task Verify_OlderCopyInPlaceOfTheDatabase_IsFoundByWhoKeptACheckpointOnly()
    {
        await audited.ServeAsync("V-1");
        string older = audited.Database + ".older";
        File.Copy(audited.Database, older);
        await audited.ServeAsync("V-2");
        File.Move(older, audited.Database, overwrite: true);

        CommandLine.Outcome without = await CommandLine.RunAsync("verify", "--data", audited.Data);
        CommandLine.Outcome with = await VerifyAsync(1);

        Assert.Equal(0, without.Code);
        Assert.Contains("only --checkpoints that were kept elsewhere show that", without.Error, StringComparison.Ordinal);
        Assert.Contains("TRUNCATED ledger", with.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no database")]
    [InlineData("no key")]
    [InlineData("no checkpoints")]
    [InlineData("a server runs")]
    public async Task Verify_WithoutWhatItNeeds_ExitsWithTwo(string what)
    {
        await audited.ServeAsync("V-1");
        await using TestServer? server = what == "a server runs" ? await TestServer.StartAsync(audited.Data) : null;
        string[] args = what switch
        {
            "no database" => ["verify", "--data", audited.Checkpoints],
            "no key" => ["verify", "--data", audited.Data, "--checkpoints", audited.Checkpoints],
            "no checkpoints" => ["verify", "--data", audited.Data, "--checkpoints", audited.Checkpoints + "-gone", "--public-key", audited.PublicKey],
            _ => ["verify", "--data", audited.Data],
        };

        CommandLine.Outcome outcome = await CommandLine.RunAsync(args);

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.StartsWith("biomarkers verify: ", outcome.Error, StringComparison.Ordinal);
    }

    private async Task<CommandLine.Outcome> VerifyAsync(int expected, params string[] args)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["verify", "--data", audited.Data, "--checkpoints", audited.Checkpoints, "--public-key", audited.PublicKey, .. args]);
        Assert.True(outcome.Code == expected, outcome.Output + outcome.Error);
        return outcome;
    }
}
