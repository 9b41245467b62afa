using System.Text.Json;
using Biomarkers.Tests.Architecture;
using Biomarkers.Tests.Cli;
using Biomarkers.Tests.Storage.Bundles;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>A second verifier, in another language and without a line of this project's code, comes to the same answer: a fault in one of the two is seen.</summary>
public sealed class LedgerVerifierTests : IDisposable
{
    private const string Script = "tests/Biomarkers.Tests/Interop/ledger_verifier.py";

    private readonly AuditedServer audited = new();

    public void Dispose() => audited.Dispose();

    [LedgerVerifierFact]
    public async Task PythonVerifier_CleanAndTamperedFiles_AgreesWithTheCommand()
    {
        await audited.ServeAsync("V-1");
        await audited.ServeAsync("V-2");
        string clean = audited.Database + ".clean";
        File.Copy(audited.Database, clean);
        string[] tamperings =
        [
            "",
            "UPDATE audit_event SET detail = detail || 'x' WHERE sequence = 4",
            "UPDATE audit_event SET event_time = event_time + 1 WHERE sequence = 1",
            "UPDATE audit_event SET reason = '' WHERE sequence = 2",
            "UPDATE audit_event SET hash = zeroblob(32) WHERE sequence = 5",
            "UPDATE audit_event SET previous_hash = zeroblob(32) WHERE sequence = 5",
            "DELETE FROM audit_event WHERE sequence = 6",
            "DELETE FROM audit_event WHERE sequence = 6; " + Shift("> 6", "- 1"),
            Shift(">= 3", "+ 1") + "; INSERT INTO audit_event SELECT 3, event_time, 'mallory', action, target, reason, detail, previous_hash, hash FROM audit_event WHERE sequence = 4",
            "UPDATE audit_event SET sequence = -1 WHERE sequence = 4; UPDATE audit_event SET sequence = 4 WHERE sequence = 7; UPDATE audit_event SET sequence = 7 WHERE sequence = -1",
            "DELETE FROM audit_event WHERE sequence > 8",
            "DELETE FROM audit_event WHERE sequence > 8; UPDATE ledger_head SET sequence = 8, hash = (SELECT hash FROM audit_event WHERE sequence = 8)",
            "UPDATE ledger_head SET hash = zeroblob(32)",
            "UPDATE stream_event SET content = x'00' WHERE event_offset = 0",
            "UPDATE stream_event SET chain_hash = zeroblob(32) WHERE event_offset = 1",
            "UPDATE read_stream SET next_offset = 1",
            "UPDATE read_stream SET instrument_id = 'reader-9'",
            "DELETE FROM stream_event WHERE event_offset = 1; UPDATE read_stream SET next_offset = 1, chain_hash = (SELECT chain_hash FROM stream_event WHERE event_offset = 0)",
        ];
        var answers = new List<string>();
        foreach (string tampering in tamperings)
        {
            File.Copy(clean, audited.Database, overwrite: true);
            if (tampering.Length > 0)
            {
                await audited.TamperAsync(tampering);
            }

            string command = await CommandAsync();
            Assert.Equal((tampering, command), (tampering, await PythonAsync()));
            answers.Add(command);
        }

        Assert.StartsWith("intact", answers[0], StringComparison.Ordinal);
        Assert.All(answers.Skip(1), answer => Assert.StartsWith("tampered", answer, StringComparison.Ordinal));
    }

    [LedgerVerifierFact]
    public async Task PythonVerifier_CleanAndTamperedBundles_AgreesWithTheCommand()
    {
        await audited.ServeAsync("V-1", "V-2", "V-3");
        string bundle = Path.Combine(audited.Data, "run.zip");
        CommandLine.Outcome made = await CommandLine.RunAsync("export", "--data", audited.Data, "--run", "2", "--out", bundle, "--checkpoints", audited.Checkpoints);
        Assert.True(made.Code == 0, made.Output + made.Error);
        long last = (await BundleFile.QueryAsync(bundle, "SELECT sequence FROM ledger_head", row => row.GetInt64(0)))[0];
        var answers = new List<string>();
        foreach (string tampering in (string[])
        [
            "SELECT 1",
            $"UPDATE audit_event SET detail = detail || 'x' WHERE sequence = {last - 1}",
            $"UPDATE audit_event SET previous_hash = zeroblob(32) WHERE sequence = {last - 1}",
            $"DELETE FROM audit_event WHERE sequence = {last - 1}",
            $"DELETE FROM audit_event WHERE sequence = {last}",
            $"DELETE FROM audit_event WHERE sequence = {last}; UPDATE ledger_head SET sequence = {last - 1}, hash = (SELECT hash FROM audit_event WHERE sequence = {last - 1})",
            "DELETE FROM audit_event WHERE sequence = (SELECT MIN(sequence) FROM audit_event)",
            "UPDATE ledger_head SET hash = zeroblob(32)",
            "UPDATE stream_event SET content = x'00' WHERE length(content) > 0",
            "UPDATE stream_event SET chain_hash = zeroblob(32) WHERE length(content) > 0",
            "UPDATE read_stream SET next_offset = next_offset + 1",
        ])
        {
            string changed = await BundleFile.ChangeRowsAsync(bundle, tampering);
            string command = Words(await JsonOfAsync("verify", "--bundle", changed, "--public-key", audited.PublicKey, "--json"));
            Assert.Equal((tampering, command), (tampering, await PythonAsync(changed, audited.PublicKey)));
            answers.Add(command);
        }

        string summary = BundleFile.Change(bundle, parts => parts["summary.txt"][0] ^= 1);
        Assert.Equal(Words(await JsonOfAsync("verify", "--bundle", summary, "--public-key", audited.PublicKey, "--json")), await PythonAsync(summary, audited.PublicKey));
        Assert.StartsWith("intact", answers[0], StringComparison.Ordinal);
        Assert.All(answers.Skip(1), answer => Assert.StartsWith("tampered", answer, StringComparison.Ordinal));
    }

    private static string Shift(string which, string by) =>
        $"UPDATE audit_event SET sequence = -sequence WHERE sequence {which}; UPDATE audit_event SET sequence = -sequence {by} WHERE sequence < 0";

    private async Task<string> CommandAsync() =>
        Words(await JsonOfAsync("verify", "--data", audited.Data, "--checkpoints", audited.Checkpoints, "--public-key", audited.PublicKey, "--json"));

    private static async Task<JsonElement> JsonOfAsync(params string[] args)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(args);
        Assert.True(outcome.Code < 2, outcome.Error);
        using JsonDocument answer = JsonDocument.Parse(outcome.Output);
        return answer.RootElement.Clone();
    }

    // Of a bundle, what is said of its rows stands apart.
    private static string Words(JsonElement report) => Words(
        report.TryGetProperty("rows", out JsonElement rows) ? rows : report,
        report.GetProperty("isIntact").GetBoolean(),
        report.GetProperty("findings").EnumerateArray().Select(finding => (JsonElement?)finding).FirstOrDefault());

    private Task<string> PythonAsync() => PythonAsync(audited.Database, audited.Checkpoints, audited.PublicKey);

    private async Task<string> PythonAsync(params string[] args)
    {
        ProgramRun run = await ProgramRun.OfAsync("/usr/bin/python3", [ProjectTree.PathOf(Script), .. args], audited.Data);
        Assert.True(run.ExitCode < 2 && run.Error.Length == 0, run.Error);
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        JsonElement first = answer.RootElement.GetProperty("first");
        return Words(answer.RootElement, answer.RootElement.GetProperty("isIntact").GetBoolean(), first.ValueKind == JsonValueKind.Null ? null : first);
    }

    private static string Words(JsonElement report, bool isIntact, JsonElement? first)
    {
        string Value(string name) => first is { } finding && finding.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "-";
        string verdict = isIntact ? "intact" : "tampered";
        return $"{verdict}, {report.GetProperty("eventCount")} events, {report.GetProperty("checkpointCount")} checkpoints: "
            + $"{Value("kind")} {Value("target")} at {Value("sequence")} to {Value("latestSequence")}, offset {Value("offset")}";
    }
}
