using System.Text.Json;
using Biomarkers.Client;
using Biomarkers.V1;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Server.Verbs;

/// <summary>Backups and restores by the executable, as an operator makes them.</summary>
public sealed class BackupVerbTests(BackedUpData backedUp) : IClassFixture<BackedUpData>, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-backups-");

    private string Data => PathOf("data");

    private string Database => Path.Combine(Data, "biomarkers.db");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Backup_WhileReadsCome_IsOneMomentThatCanBeRestored()
    {
        long generation;
        await using (TestServer server = await TestServer.StartAsync(Data))
        {
            await using PlateReadSender sender = server.Sender();
            await sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read("P0") });
            Task<SendOutcome>[] meanwhile = [.. Enumerable.Range(1, 20).Select(i => sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read($"P{i}") }).AsTask())];

            JsonElement made = await JsonAsync("backup", "--data", Data, "--out", PathOf("b.db"));

            await Task.WhenAll(meanwhile);
            generation = made.GetProperty("databaseGeneration").GetInt64();
            JsonElement stream = Assert.Single(made.GetProperty("streams").EnumerateArray());
            Assert.Equal(("reader-1", "s1"), (stream.GetProperty("instrument").GetString(), stream.GetProperty("stream").GetString()));
            Assert.InRange(stream.GetProperty("nextOffset").GetInt64(), 1, 21);
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(PathOf("b.db")))), made.GetProperty("sha256").GetString());
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("b.db")));
        }

        Assert.Equal(["b.db", "data"], folder.EnumerateFileSystemInfos().Select(entry => entry.Name).Order());
        JsonElement restored = await JsonAsync("restore", "--data", PathOf("other"), "--from", PathOf("b.db"));
        await using TestServer again = await TestServer.StartAsync(PathOf("other"));
        using TestStream opened = await TestStream.OpenAsync(again.Connection);
        Assert.Equal(restored.GetProperty("databaseGeneration").GetInt64(), opened.Opened.DatabaseGeneration);
        Assert.NotEqual(generation, opened.Opened.DatabaseGeneration);
        Assert.Equal(PlateState.Analyzed, (await again.UntilAsync("P0", PlateState.Analyzed)).State);
    }

    /// <summary>The list of what is lacking is held against what was sent after the backup; names of runs are not given again.</summary>
    [Fact]
    public async Task Restore_OverANewerDatabase_NamesWhatTheBackupLacksAndKeepsTheOldOne()
    {
        string lostRun;
        string revokedKey;
        await using (TestServer server = await TestServer.StartAsync(Data))
        {
            await server.AnalyzeAsync("P1");
            CreateKeyResponse key = await server.Connection.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Analyst } });
            await JsonAsync("backup", "--data", Data, "--out", PathOf("b.db"));
            await server.Connection.Access.RevokeKeyAsync(new RevokeKeyRequest { Name = key.Key.Name, Reason = "left" });
            revokedKey = key.Key.Name;
            using (TestStream stream = await TestStream.OpenAsync(server.Connection))
            {
                await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P2") });
                await stream.AckAsync();
            }

            lostRun = (await server.UntilAsync("P2", PlateState.Analyzed)).AnalyticalRun;
        }

        JsonElement restored = await JsonAsync("restore", "--data", Data, "--from", PathOf("b.db"), "--replace");

        JsonElement lacking = restored.GetProperty("lacking");
        JsonElement offsets = Assert.Single(lacking.GetProperty("offsets").EnumerateArray());
        Assert.Equal((0, 1), (offsets.GetProperty("firstOffset").GetInt64(), offsets.GetProperty("endOffset").GetInt64()));
        Assert.Equal(["plates/P2/reads/r1"], Texts(lacking, "plateReads"));
        Assert.Equal(["plates/P2"], Texts(lacking, "plates"));
        Assert.Equal([$"{lostRun} of plates/P2"], Texts(lacking, "runs"));
        Assert.Empty(Texts(lacking, "assays"));
        Assert.Equal([$"KEY_REVOKED {revokedKey} (kim)"], Texts(lacking, "accessChanges"));
        Assert.StartsWith("plates/P2 layout 1 by ", Assert.Single(Texts(lacking, "layouts")), StringComparison.Ordinal);
        Assert.True(File.Exists(restored.GetProperty("replacedFile").GetString()));
        await using TestServer again = await TestServer.StartAsync(Data);
        Plate sentAgain = await again.AnalyzeAsync("P2");
        Assert.True(NumberOf(sentAgain.AnalyticalRun) > NumberOf(lostRun), $"{sentAgain.AnalyticalRun} was given before: {lostRun}");
        Assert.Single(await ReadAsync(Database, "SELECT target FROM audit_event WHERE action = 'DATABASE_RESTORED'"));
    }

    [Fact]
    public async Task Restore_WhereAServerRuns_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync(Data);
        await JsonAsync("backup", "--data", Data, "--out", PathOf("b.db"));

        ProgramRun run = await RunAsync("restore", "--data", Data, "--from", PathOf("b.db"), "--replace");

        AssertRefused(run, "stop it");
        Assert.Equal(PlateState.Analyzed, (await server.AnalyzeAsync("P1")).State);
    }

    /// <summary>Each damage is done to a whole backup; a database is there, and is the same to the last byte afterwards.</summary>
    [Theory]
    [InlineData("garbage", "no backup")] // a file of anything
    [InlineData("truncated", "")] // a copy that was cut
    [InlineData("other", "not one of this program")] // a database of another program
    [InlineData("ledger", "ledger")] // changed behind the server
    [InlineData("newer", "schema 999")] // of a newer program
    [InlineData("lost event", "goes on at offset")] // a row is gone
    [InlineData("read", "plate read r1 has SHA-256")] // one byte of a measurement is another
    [InlineData("result", "analyticalRuns/1 is damaged")] // one number of a result is another
    [InlineData("missing", "There is no backup")] // no file
    [InlineData("no --replace", "--replace")] // whole, and somebody's database is in its place
    public async Task Restore_OfWhatIsNoBackup_SaysWhyAndChangesNothing(string damage, string reason)
    {
        backedUp.CopyTo(Data, PathOf("b.db"));
        await DamageAsync(PathOf("b.db"), damage);
        string[] before = Snapshot();

        ProgramRun run = await RunAsync(["restore", "--data", Data, "--from", PathOf("b.db"), .. damage == "no --replace" ? Array.Empty<string>() : ["--replace"]]);

        AssertRefused(run, reason);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task Backup_ThatCannotBeMade_SaysWhyAndLeavesNothing()
    {
        await (await TestServer.StartAsync(Data)).DisposeAsync();
        await File.WriteAllTextAsync(PathOf("there.db"), "mine");

        AssertRefused(await RunAsync("backup", "--data", Data, "--out", PathOf("there.db")), "replaces nothing");
        AssertRefused(await RunAsync("backup", "--data", Data, "--out", Path.Combine(folder.FullName, "none", "b.db")), "none");
        AssertRefused(await RunAsync("backup", "--data", PathOf("empty"), "--out", PathOf("b.db")), "no database");
        AssertRefused(await RunAsync("backup", "--data", Data), "--out");
        AssertRefused(await RunAsync("backup", "--postgres", "Host=db;Database=b"), "pg_dump");

        Assert.Equal("mine", await File.ReadAllTextAsync(PathOf("there.db")));
        Assert.Equal(["data", "there.db"], folder.EnumerateFileSystemInfos().Select(entry => entry.Name).Order());
    }

    /// <summary>Cut between the two renames, there is no database: a server that began an empty one would take every stream from the start.</summary>
    [Fact]
    public async Task Serve_AfterARestoreThatWasCutShort_DoesNotBeginAnEmptyDatabase()
    {
        await using (TestServer server = await TestServer.StartAsync(Data))
        {
            await JsonAsync("backup", "--data", Data, "--out", PathOf("b.db"));
        }

        File.Move(Database, Database + ".replaced-then");
        File.Copy(PathOf("b.db"), Database + ".restoring");

        AssertRefused(await RunAsync("serve", "--data", Data, "--listen", "127.0.0.1:0", "--listen-web", "127.0.0.1:0"), "restore");
        Assert.False(File.Exists(Database));
        await JsonAsync("restore", "--data", Data, "--from", PathOf("b.db"));
        await (await TestServer.StartAsync(Data)).DisposeAsync();
    }

    private static async Task DamageAsync(string file, string damage)
    {
        switch (damage)
        {
            case "garbage":
                await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("this is no backup. ", 1000)));
                break;
            case "truncated":
                await using (FileStream stream = File.OpenWrite(file))
                {
                    stream.SetLength(stream.Length * 2 / 3);
                }

                break;
            case "other":
                File.Delete(file);
                await ExecuteAsync(file, "CREATE TABLE songs (title TEXT)");
                break;
            case "ledger":
                await ExecuteAsync(file, "DROP TRIGGER audit_event_no_update; UPDATE audit_event SET actor = 'somebody' WHERE sequence = 2");
                break;
            case "newer":
                await ExecuteAsync(file, "INSERT INTO schema_version (number, name, apply_time) VALUES (999, 'of the future', 0)");
                break;
            case "lost event":
                await ExecuteAsync(file, "PRAGMA foreign_keys = OFF; DROP TRIGGER stream_event_no_delete; DELETE FROM stream_event");
                break;
            case "read":
                await ExecuteAsync(file, "DROP TRIGGER plate_read_no_update; UPDATE plate_read SET content = CAST(substr(content, 1, length(content) - 1) || x'7f' AS BLOB)");
                break;
            case "result":
                await ExecuteAsync(file, "DROP TRIGGER result_version_no_update; UPDATE result_version SET concentration = 1.5 * concentration WHERE ordinal = 0");
                break;
            case "missing":
                File.Delete(file);
                break;
            default:
                break;
        }
    }

    private static async Task ExecuteAsync(string file, string statements)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statements;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> ReadAsync(string file, string query)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = query;
        await using SqliteDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private static void AssertRefused(ProgramRun run, string reason)
    {
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("biomarkers-server: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private static string[] Texts(JsonElement element, string property) => [.. element.GetProperty(property).EnumerateArray().Select(item => item.GetString()!)];

    private static long NumberOf(string name) => long.Parse(name[(name.LastIndexOf('/') + 1)..]);

    private string[] Snapshot() =>
        [.. folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => $"{file.FullName} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file.FullName)))}").Order()];

    private string PathOf(string name) => Path.Combine(folder.FullName, name);

    private async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        using JsonDocument document = JsonDocument.Parse((await RunAsync([.. arguments, "--json"])).OutputOrThrow());
        return document.RootElement.Clone();
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        ProgramRun.OfAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), .. arguments], folder.FullName);
}

/// <summary>The folder of a server that has ended, with one analysed plate, and a backup of it: made once, copied for each test that damages it.</summary>
public sealed class BackedUpData : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-backups-");

    private string Data => Path.Combine(folder.FullName, "data");

    private string Backup => Path.Combine(folder.FullName, "b.db");

    public async Task InitializeAsync()
    {
        await using TestServer server = await TestServer.StartAsync(Data);
        using TestStream stream = await TestStream.OpenAsync(server.Connection);
        await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        await stream.AckAsync();
        await server.UntilAsync("P1", PlateState.Analyzed);
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), "backup", "--data", Data, "--out", Backup];
        (await ProgramRun.OfAsync("dotnet", arguments, folder.FullName)).OutputOrThrow();
    }

    public Task DisposeAsync()
    {
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Copies both.</summary>
    public void CopyTo(string data, string backup)
    {
        Directory.CreateDirectory(data);
        foreach (string file in Directory.EnumerateFiles(Data))
        {
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        }

        File.Copy(Backup, backup);
    }
}
