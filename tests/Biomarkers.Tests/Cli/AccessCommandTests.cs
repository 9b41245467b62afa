using System.Text.Json;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary><c>biomarkers keys</c> and <c>biomarkers instruments</c> against a real server that was only just started.</summary>
public sealed class AccessCommandTests(CommandServer server) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();

    [Fact]
    public async Task Instrument_EnrolledWithAKey_SendsItsPlates()
    {
        string key = Path.Combine(line.Folder, "reader-7.key");
        string plate = line.Write("P-7.csv", "well,content,name,nominal_concentration,unit,analyte,response\nA01,calibrator,C1,1,pg/mL,il-6,0.5\nA02,unknown,S1,,pg/mL,il-6,0.4\n");
        CommandLine.Outcome early = await server.RunAsync("keys", "create", "--name", "reader-7", "--role", "instrument", "--instrument", "reader-7", "--out", key);
        CommandLine.Outcome enrolled = await server.RunAsync("instruments", "enroll", "reader-7", "--display-name", "Room 12");
        CommandLine.Outcome odd = await server.RunAsync("instruments", "enroll", "../etc/reader-8");
        CommandLine.Outcome made = await server.RunAsync("keys", "create", "--name", "reader-7", "--role", "instrument", "--instrument", "reader-7", "--out", key);
        string[] own = ["--server", server.Address, "--key-file", key];
        CommandLine.Outcome sent = await CommandLine.RunAsync(["send", plate, "--instrument", "reader-7", "--assay", "il-6", .. own]);
        CommandLine.Outcome other = await CommandLine.RunAsync(["send", plate, "--instrument", "reader-8", "--assay", "il-6", .. own]);
        CommandLine.Outcome plates = await CommandLine.RunAsync(["plates", .. own]);
        CommandLine.Outcome again = await server.RunAsync("keys", "create", "--name", "reader-7", "--role", "instrument", "--instrument", "reader-7", "--out", key);

        Assert.Equal(2, early.Code);
        Assert.Contains("(INVALID_CONTENT): instrument: Instrument 'reader-7' is not enrolled; enroll it first.", early.Error, StringComparison.Ordinal);
        Assert.StartsWith("instruments/reader-7 is enrolled since ", enrolled.Output, StringComparison.Ordinal);
        Assert.Equal(2, odd.Code);
        Assert.Contains("'../etc/reader-8'", odd.Error, StringComparison.Ordinal);
        Assert.EndsWith($"The key is in '{key}' and nowhere else.\n", made.Output, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync(key)).Trim(), made.Output, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }

        Assert.Equal((0, ""), (sent.Code, sent.Error));
        Assert.Contains("IDENTITY_MISMATCH", other.Error, StringComparison.Ordinal);
        Assert.Contains("PERMISSION_DENIED", plates.Error, StringComparison.Ordinal);
        // A file is never overwritten, and then no key is made.
        Assert.Contains("--out", again.Error, StringComparison.Ordinal);
        Assert.Equal((2, 2, 2), (other.Code, plates.Code, again.Code));

        CommandLine.Outcome retired = await server.RunAsync("instruments", "retire", "reader-7", "--reason", "sold", "--json");
        CommandLine.Outcome late = await CommandLine.RunAsync(["send", plate, "--instrument", "reader-7", "--assay", "il-6", .. own]);
        Assert.Equal("retired", JsonDocument.Parse(retired.Output).RootElement.GetProperty("state").GetString());
        Assert.Equal(2, late.Code);
        Assert.Contains("does not accept the key. The key was revoked.", late.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_CreatedRotatedRevoked_AreListedAsTheyAre()
    {
        JsonElement made = await JsonAsync("keys", "create", "--name", "robin", "--role", "analyst", "--role", "auditor", "--days", "30", "--json");
        string id = made.GetProperty("name").GetString()!;
        JsonElement next = await JsonAsync("keys", "rotate", id, "--overlap-days", "0", "--out", Path.Combine(line.Folder, "next.key"), "--json");
        CommandLine.Outcome revoked = await server.RunAsync("keys", "revoke", next.GetProperty("name").GetString()!["keys/".Length..], "--reason", "left");
        JsonElement[] all = [.. (await JsonAsync("keys", "list", "--all", "--json")).EnumerateArray().Where(key => key.GetProperty("displayName").GetString() == "robin")];
        CommandLine.Outcome active = await server.RunAsync("keys", "list");
        CommandLine.Outcome wrong = await server.RunAsync("keys", "create", "--name", "robin", "--role", "king");

        Assert.StartsWith("bmk_", made.GetProperty("secret").GetString(), StringComparison.Ordinal);
        Assert.False(next.TryGetProperty("secret", out _));
        Assert.StartsWith("bmk_", await File.ReadAllTextAsync(Path.Combine(line.Folder, "next.key")), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromDays(30), made.GetProperty("expireTime").GetDateTimeOffset() - made.GetProperty("createTime").GetDateTimeOffset());
        Assert.Contains("is revoked since", revoked.Output, StringComparison.Ordinal);
        Assert.Equal(["revoked", "revoked"], all.Select(key => key.GetProperty("state").GetString()));
        Assert.Equal(["analyst", "auditor"], all[0].GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.DoesNotContain("robin", active.Output, StringComparison.Ordinal);
        Assert.Contains("There is no 'king'; expected one of instrument, analyst, reviewer, lims, auditor, admin.", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await server.RunAsync("keys", "denials")).Code);
        Assert.Equal(0, (await server.RunAsync("instruments", "list")).Code);
    }

    public void Dispose() => line.Dispose();

    private async Task<JsonElement> JsonAsync(params string[] args)
    {
        CommandLine.Outcome outcome = await server.RunAsync(args);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
