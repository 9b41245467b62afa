using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Tests.Server;
using Biomarkers.Tests.Storage.Bundles;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary><c>biomarkers export</c> of what a real server left behind, and <c>biomarkers verify --bundle</c> without anything of it.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly AuditedServer audited = new();
    private readonly CommandLine files = new();

    private string Bundle => Path.Combine(files.Folder, "run.zip");

    public void Dispose()
    {
        audited.Dispose();
        files.Dispose();
    }

    [Fact]
    public async Task Export_StoppedDatabase_IsVerifiedWithoutItAndNoByteOfItsFolderChanges()
    {
        await audited.ServeAsync("E-1", "E-2");
        string before = audited.Fingerprint();

        CommandLine.Outcome made = await ExportAsync(0);

        Assert.Equal(before, audited.Fingerprint());
        string key = files.Write("lab.pem", File.ReadAllText(audited.PublicKey));
        Directory.Delete(audited.Data, recursive: true);
        CommandLine.Outcome text = await VerifyAsync(0, Bundle, "--public-key", key, "--recompute");
        using JsonDocument answer = JsonDocument.Parse((await VerifyAsync(0, Bundle, "--public-key", key, "--recompute", "--json")).Output);
        JsonElement report = answer.RootElement;
        Assert.Equal(("analyticalRuns/1", "plates/E-1", "given-key", true), (
            report.GetProperty("run").GetString(), report.GetProperty("plate").GetString(), report.GetProperty("checkpointTrust").GetString(), report.GetProperty("isVouchedFor").GetBoolean()));
        Assert.Equal((1, 1), (report.GetProperty("originalEventCount").GetInt32(), report.GetProperty("rows").GetProperty("recomputedRunCount").GetInt32()));
        Assert.StartsWith($"Made '{Bundle}': {new FileInfo(Bundle).Length} bytes", made.Output, StringComparison.Ordinal);
        Assert.Contains("Intact: bundle of analyticalRuns/1 (plates/E-1)", text.Output, StringComparison.Ordinal);
        Assert.Contains("It is signed by the key that you gave.", text.Output, StringComparison.Ordinal);
        Assert.Contains("Not in the bundle, and so not proven: audit events 1 to ", text.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(files.Folder, "*.partial"));
    }

    [Fact]
    public async Task Export_OriginalEvent_IsByteForByteWhatTheInstrumentSent()
    {
        await audited.ServeAsync("E-1");
        await ExportAsync(0);

        byte[] sent = (await BundleFile.QueryAsync(Bundle, "SELECT content FROM stream_event", row => row.GetFieldValue<byte[]>(0))).Single();

        V1.StreamEventContent content = V1.StreamEventContent.Parser.ParseFrom(sent);
        Assert.Equal("E-1", content.PlateRead.PlateBarcode);
        Assert.Contains("Original event 0 of instruments/", Encoding.UTF8.GetString(BundleFile.Read(Bundle)["summary.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WithoutOrWithAnotherKey_SaysThatTheBundleBroughtItOrThatItIsNotTheLaboratorys()
    {
        await audited.ServeAsync("E-1");
        await ExportAsync(0);
        using CheckpointKey other = CheckpointKey.ReadOrCreate(Path.Combine(files.Folder, "other.key"));

        CommandLine.Outcome own = await VerifyAsync(0, Bundle);
        CommandLine.Outcome foreign = await VerifyAsync(1, Bundle, "--public-key", files.Write("other.pem", other.PublicPem));
        CommandLine.Outcome kept = await VerifyAsync(0, Bundle, "--public-key", audited.PublicKey, "--checkpoints", audited.Checkpoints);

        Assert.Contains("Its key came in the bundle: this proves that the parts belong together, and not who made them.", own.Output, StringComparison.Ordinal);
        Assert.StartsWith("BAD_SIGNATURE ledger", foreign.Output, StringComparison.Ordinal);
        Assert.Contains("It is signed by the key that you gave.", kept.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_WithoutCheckpoints_SaysWhatItDoesNotProve()
    {
        await audited.ServeAsync("E-1");

        CommandLine.Outcome made = await CommandLine.RunAsync("export", "--data", audited.Data, "--run", "1", "--out", Bundle);
        CommandLine.Outcome verified = await VerifyAsync(0, Bundle);

        Assert.Equal(0, made.Code);
        Assert.Contains("The bundle has no checkpoint", made.Error, StringComparison.Ordinal);
        Assert.Contains("Checkpoint: NONE that fits.", verified.Output, StringComparison.Ordinal);
        CommandLine.Outcome asked = await VerifyAsync(2, Bundle, "--public-key", audited.PublicKey);
        Assert.Contains("nothing says whose it is", asked.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Damages => new()
    {
        { "manifest hash", "CHANGED", "summary.txt" },
        { "manifest run", "CHANGED", "manifest.json" },
        { "manifest stream", "CHANGED", "manifest.json" },
        { "summary", "CHANGED", "summary.txt" },
        { "summary and manifest", "CHANGED", "summary.txt" },
        { "results and manifest", "CHANGED", "results.csv" },
        { "rows", "CHANGED", "bundle.db" },
        { "rows are no database", "CHANGED", "bundle.db" },
        { "responses and manifest", "CHANGED", "responses.csv" },
        { "larger than said", "CHANGED", "results.csv" },
        { "extra part", "INSERTED", "more.txt" },
        { "path", "INSERTED", "../evil.txt" },
        { "twice", "INSERTED", "summary.txt" },
        { "extra part that is named", "INSERTED", "more.txt" },
        { "missing part", "DELETED", "results.csv" },
        { "missing part that is not named", "DELETED", "results.csv" },
        { "checkpoint statement", "BAD_SIGNATURE", "ledger" },
        { "checkpoint is none", "CHANGED", "checkpoint.json" },
        { "key of another", "CHANGED", "checkpoint-key.pem" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Verify_PartChangedAddedOrGone_IsNamedAndExitsWithOne(string damage, string kind, string target)
    {
        await audited.ServeAsync("E-1");
        await ExportAsync(0);
        using CheckpointKey other = CheckpointKey.ReadOrCreate(Path.Combine(files.Folder, "other.key"));
        string changed = damage == "twice" ? Doubled() : BundleFile.Change(Bundle, parts => Damage(damage, parts, other));

        CommandLine.Outcome outcome = await VerifyAsync(1, changed, "--json");

        using JsonDocument answer = JsonDocument.Parse(outcome.Output);
        Assert.Contains(answer.RootElement.GetProperty("findings").EnumerateArray(), finding =>
            finding.GetProperty("kind").GetString() == kind && finding.GetProperty("target").GetString() == target);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(files.Folder)!, "evil.txt"));
    }

    [Theory]
    [InlineData("nothing there", "Unable to read the bundle")]
    [InlineData("no archive", "is no bundle")]
    [InlineData("bytes behind", "is no bundle")]
    [InlineData("no manifest", "has no 'manifest.json'")]
    [InlineData("manifest is none", "can't be read")]
    [InlineData("newer format", "is of format 2; this program knows format 1")]
    [InlineData("another schema", "has schema 0; this program reads bundles of schema ")]
    [InlineData("bundle and database", "expected one of --data, --postgres and --bundle")]
    [InlineData("checkpoints without key", "belong together")]
    public async Task Verify_WhatIsNoBundle_ExitsWithTwoAndSaysWhy(string what, string says)
    {
        await audited.ServeAsync("E-1");
        await ExportAsync(0);
        string file = what switch
        {
            "nothing there" => Bundle + ".gone",
            "no archive" => files.Write("text.zip", new string('x', 500)),
            "bytes behind" => Behind(),
            "no manifest" => BundleFile.Change(Bundle, parts => parts.Remove(BundleFile.Manifest)),
            "manifest is none" => BundleFile.Change(Bundle, parts => parts[BundleFile.Manifest] = "[]"u8.ToArray()),
            "newer format" => BundleFile.Change(Bundle, parts => BundleFile.Edit(parts, manifest => manifest["format"] = 2)),
            "another schema" => BundleFile.Change(Bundle, parts => BundleFile.Edit(parts, manifest => manifest["schema"] = 0)),
            _ => Bundle,
        };
        string[] more = what switch
        {
            "bundle and database" => ["--data", audited.Data],
            "checkpoints without key" => ["--checkpoints", audited.Checkpoints],
            _ => [],
        };

        CommandLine.Outcome outcome = await VerifyAsync(2, file, more);

        Assert.Equal("", outcome.Output);
        Assert.StartsWith("biomarkers verify: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown run", "There is no run analyticalRuns/99 ")]
    [InlineData("no run", "'analyticalRuns/first' is no run")]
    [InlineData("no database", "There is no database")]
    [InlineData("a server runs", "A server uses the database")]
    [InlineData("file exists", "exists; a bundle replaces nothing")]
    [InlineData("no folder", "Unable to write the bundle")]
    [InlineData("nothing named", "expected either --data or --postgres")]
    [InlineData("no checkpoints", "Could not find")]
    public async Task Export_WithoutWhatItNeeds_ExitsWithTwoAndMakesNothing(string what, string says)
    {
        await audited.ServeAsync("E-1");
        await using TestServer? server = what == "a server runs" ? await TestServer.StartAsync(audited.Data) : null;
        string existing = files.Write("there.zip", "mine");
        string[] args = what switch
        {
            "unknown run" => ["--data", audited.Data, "--run", "99", "--out", Bundle],
            "no run" => ["--data", audited.Data, "--run", "first", "--out", Bundle],
            "no database" => ["--data", audited.Checkpoints, "--run", "1", "--out", Bundle],
            "file exists" => ["--data", audited.Data, "--run", "1", "--out", existing],
            "no folder" => ["--data", audited.Data, "--run", "1", "--out", Path.Combine(files.Folder, "gone", "run.zip")],
            "nothing named" => ["--run", "1", "--out", Bundle],
            "no checkpoints" => ["--data", audited.Data, "--run", "1", "--out", Bundle, "--checkpoints", audited.Checkpoints + "-gone"],
            _ => ["--data", audited.Data, "--run", "1", "--out", Bundle],
        };

        CommandLine.Outcome outcome = await CommandLine.RunAsync(["export", .. args]);

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.StartsWith("biomarkers export: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
        Assert.Equal([existing], Directory.GetFiles(files.Folder));
        Assert.Equal("mine", await File.ReadAllTextAsync(existing));
    }

    /// <summary>Four gibibytes of zeros in a few megabytes: no more is unpacked than the manifest says.</summary>
    [Fact]
    public async Task Verify_PartThatUnpacksToFarMore_IsCutAtItsLengthAndFound()
    {
        await audited.ServeAsync("E-1");
        await ExportAsync(0);
        string bomb = Path.Combine(files.Folder, "bomb.zip");
        using (var stream = new FileStream(bomb, FileMode.Create))
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] content) in BundleFile.Read(Bundle))
            {
                using Stream part = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
                part.Write(content);
                byte[] zeros = new byte[1 << 20];
                for (int i = 0; name == BundleFile.Database && i < 512; i++)
                {
                    part.Write(zeros);
                }
            }
        }

        CommandLine.Outcome outcome = await VerifyAsync(1, bomb);

        Assert.StartsWith("CHANGED bundle.db: 'bundle.db' can't be unpacked, or has more than its ", outcome.Output, StringComparison.Ordinal);
    }

    private static void Damage(string damage, Dictionary<string, byte[]> parts, CheckpointKey other)
    {
        switch (damage)
        {
            case "manifest hash":
                BundleFile.Edit(parts, manifest => manifest["parts"]!.AsArray().Single(part => (string)part!["name"]! == "summary.txt")!["sha256"] = new string('0', 64));
                break;
            case "manifest run":
                BundleFile.Edit(parts, manifest => manifest["engineVersion"] = "0");
                break;
            case "manifest stream":
                BundleFile.Edit(parts, manifest => manifest["streams"]![0]!["name"] = "instruments/reader-9/readStreams/s1");
                break;
            case "summary" or "summary and manifest":
                parts["summary.txt"] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(parts["summary.txt"]).Replace("accepted", "rejected", StringComparison.Ordinal));
                break;
            case "results and manifest" or "larger than said":
                parts["results.csv"] = [.. parts["results.csv"], (byte)'\n'];
                break;
            case "responses and manifest":
                parts["responses.csv"] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(parts["responses.csv"]).Replace(",A01,", ",A02,", StringComparison.Ordinal));
                break;
            case "rows":
                parts[BundleFile.Database][^1] ^= 1;
                break;
            case "rows are no database":
                parts[BundleFile.Database] = Encoding.ASCII.GetBytes(new string('x', 5000));
                break;
            case "extra part" or "extra part that is named":
                parts["more.txt"] = "more"u8.ToArray();
                break;
            case "path":
                parts["../evil.txt"] = "evil"u8.ToArray();
                break;
            case "missing part" or "missing part that is not named":
                parts.Remove("results.csv");
                break;
            case "checkpoint statement":
                parts["checkpoint.json"] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(parts["checkpoint.json"]).Replace("\\ngeneration 1", "\\ngeneration 2", StringComparison.Ordinal));
                break;
            case "checkpoint is none":
                parts["checkpoint.json"] = "{}"u8.ToArray();
                break;
            default:
                parts["checkpoint-key.pem"] = Encoding.ASCII.GetBytes(other.PublicPem);
                break;
        }

        if (damage is "extra part that is named" or "missing part that is not named")
        {
            BundleFile.Edit(parts, manifest =>
            {
                var named = manifest["parts"]!.AsArray();
                if (damage == "extra part that is named")
                {
                    named.Add(new System.Text.Json.Nodes.JsonObject { ["name"] = "more.txt", ["bytes"] = 0, ["sha256"] = "" });
                }
                else
                {
                    named.Remove(named.Single(part => (string)part!["name"]! == "results.csv"));
                }
            });
        }

        if (damage.EndsWith("manifest", StringComparison.Ordinal) || damage.StartsWith("checkpoint", StringComparison.Ordinal) || damage is "rows are no database" or "key of another" or "extra part that is named")
        {
            BundleFile.Remake(parts);
        }
    }

    private string Doubled()
    {
        string file = Path.Combine(files.Folder, "doubled.zip");
        Dictionary<string, byte[]> parts = BundleFile.Read(Bundle);
        BundleFile.Write(file, [.. parts, KeyValuePair.Create("summary.txt", "another"u8.ToArray())]);
        return file;
    }

    private string Behind()
    {
        string file = Path.Combine(files.Folder, "behind.zip");
        File.WriteAllBytes(file, [.. File.ReadAllBytes(Bundle), 0]);
        return file;
    }

    private async Task<CommandLine.Outcome> ExportAsync(int expected, params string[] args)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["export", "--data", audited.Data, "--run", "analyticalRuns/1", "--out", Bundle, "--checkpoints", audited.Checkpoints, .. args]);
        Assert.True(outcome.Code == expected, outcome.Output + outcome.Error);
        return outcome;
    }

    private static async Task<CommandLine.Outcome> VerifyAsync(int expected, string bundle, params string[] args)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync(["verify", "--bundle", bundle, .. args]);
        Assert.True(outcome.Code == expected, $"{outcome.Code}: {outcome.Output}{outcome.Error}");
        return outcome;
    }
}
