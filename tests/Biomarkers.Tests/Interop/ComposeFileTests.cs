using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Biomarkers.Server.Hosting;
using Biomarkers.Tests.Architecture;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>The container files hold what operators rely on.</summary>
public sealed partial class ComposeFileTests : IDisposable
{
    // Debian's docker-compose is made of Python and brings the reader of YAML.
    private const string ToJson = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";

    // Of the image that they are made from, or nothing that could ask; docker-compose.yml says which.
    private static readonly string[] WithoutOwnHealthCheck = ["certs", "collector", "server-1", "server-2", "single"];

    private static readonly string Compose = ProjectTree.PathOf("docker-compose.yml");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-compose-");

    public void Dispose() => folder.Delete(recursive: true);

    [DockerComposeFact]
    public async Task ComposeFile_CheckedByDockerCompose_IsValid()
    {
        ProgramRun run = await ProgramRun.OfAsync("/usr/bin/docker-compose", ["-f", Compose, "config", "-q"], ProjectTree.Root);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
    }

    [DockerComposeFact]
    public async Task ComposeFile_WithAnUnknownKey_IsRefused()
    {
        string broken = await BrokenAsync("cap_drop:", "cap_drops:");
        ProgramRun run = await ProgramRun.OfAsync("/usr/bin/docker-compose", ["-f", broken, "config", "-q"], folder.FullName);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("cap_drops", run.Error, StringComparison.Ordinal);
    }

    [DockerComposeFact]
    public async Task ComposeFile_EveryService_GivesUpItsRightsAndHoldsNoSecret()
    {
        JsonElement compose = await ReadAsync(Compose);
        Assert.Equal(
            ["balancer", "certs", "collector", "postgres", "server-1", "server-2", "single"], compose.GetProperty("services").EnumerateObject().Select(service => service.Name).Order());
        Architecture.Faults.None(FaultsOf(compose));
    }

    // One right at a time is kept, or a secret is written down.
    [DockerComposeTheory]
    [InlineData("user: postgres", "hostname: store", "postgres runs as root")]
    [InlineData("read_only: true", "tty: false", "balancer has a file system that can be written")]
    [InlineData("    - ALL", "    - NET_RAW", "balancer keeps capabilities")]
    [InlineData("no-new-privileges:true", "label:none", "balancer may gain privileges")]
    [InlineData("POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password", "POSTGRES_PASSWORD: biomarkers", "postgres has POSTGRES_PASSWORD in its environment")]
    [InlineData("stop_grace_period: 40s", "stop_grace_period: 20s", "server-1 is killed after 20 s")]
    [InlineData("      test: [CMD, pg_isready, --quiet, --host, 127.0.0.1, --username, biomarkers, --dbname, biomarkers]\n", "", "postgres has no health check")]
    public async Task ComposeFile_WithAWeakness_IsFound(string found, string weakness, string fault)
    {
        JsonElement compose = await ReadAsync(await BrokenAsync(found, weakness));
        Assert.Contains(FaultsOf(compose), text => text.StartsWith(fault, StringComparison.Ordinal));
    }

    /// <summary>HAProxy itself takes its configuration with the variables of the compose file.</summary>
    [TopologyFact]
    public async Task BalancerConfiguration_WithTheVariablesOfTheComposeFile_IsValid()
    {
        JsonElement compose = await ReadAsync(Compose);
        string certificates = Path.Combine(folder.FullName, "certs");
        (await ProgramRun.OfAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), "certs", "init", "--out", certificates], folder.FullName)).OutputOrThrow();
        var variables = compose.GetProperty("services").GetProperty("balancer").GetProperty("environment").EnumerateObject()
            .ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!);
        Assert.Equal("/certs/ca.crt", variables["AUTHORITY"]);
        variables["AUTHORITY"] = Path.Combine(certificates, "ca.crt");
        // Names that only the containers' network knows.
        variables["REPLICA_1"] = variables["REPLICA_2"] = "127.0.0.1";

        ProgramRun run = await ProgramRun.OfAsync("/usr/sbin/haproxy", ["-c", "-f", ProjectTree.PathOf("src/Biomarkers.Server/Deployment/haproxy.cfg")], folder.FullName, variables);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.DoesNotContain("[WARNING]", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ComposeFile_MountsOfTheProject_Exist() => Assert.All(
        Mount().Matches(File.ReadAllText(Compose)).Select(match => match.Groups[1].Value), path => Assert.True(File.Exists(ProjectTree.PathOf(path)), path));

    private static IEnumerable<string> FaultsOf(JsonElement compose)
    {
        foreach (JsonProperty service in compose.GetProperty("services").EnumerateObject())
        {
            foreach (string fault in FaultsOfService(service.Value))
            {
                yield return $"{service.Name} {fault}";
            }

            bool isDisabled = service.Value.TryGetProperty("healthcheck", out JsonElement check) && check.TryGetProperty("disable", out _);
            if (!WithoutOwnHealthCheck.Contains(service.Name) && (isDisabled || check.ValueKind == JsonValueKind.Undefined || !check.TryGetProperty("test", out _)))
            {
                yield return $"{service.Name} has no health check";
            }
        }

        foreach (JsonProperty secret in compose.GetProperty("secrets").EnumerateObject().Where(secret => !secret.Value.TryGetProperty("file", out _)))
        {
            yield return $"secret {secret.Name} is no file";
        }
    }

    private static IEnumerable<string> FaultsOfService(JsonElement service)
    {
        if (!service.TryGetProperty("user", out JsonElement user) || user.ToString() is "" or "0" or "root")
        {
            yield return "runs as root";
        }

        if (!service.TryGetProperty("read_only", out JsonElement readOnly) || !readOnly.GetBoolean())
        {
            yield return "has a file system that can be written";
        }

        if (Words(service, "cap_drop") is not ["ALL"])
        {
            yield return "keeps capabilities";
        }

        if (!Words(service, "security_opt").Contains("no-new-privileges:true"))
        {
            yield return "may gain privileges";
        }

        if (service.TryGetProperty("environment", out JsonElement environment))
        {
            foreach (JsonProperty variable in environment.EnumerateObject().Where(variable => SecretName().IsMatch(variable.Name)))
            {
                yield return $"has {variable.Name} in its environment";
            }
        }

        string[] command = Words(service, "command");
        int drain = Array.IndexOf(command, "--drain-seconds");
        if (drain >= 0)
        {
            int grace = int.Parse(service.GetProperty("stop_grace_period").GetString()!.TrimEnd('s'), CultureInfo.InvariantCulture);
            double needed = int.Parse(command[drain + 1], CultureInfo.InvariantCulture) + new WireLimits().Shutdown.TotalSeconds;
            if (grace <= needed)
            {
                yield return $"is killed after {grace} s; it may need {needed} s to end";
            }
        }
    }

    private static string[] Words(JsonElement service, string name) =>
        service.TryGetProperty(name, out JsonElement words) && words.ValueKind == JsonValueKind.Array ? [.. words.EnumerateArray().Select(word => word.ToString())] : [];

    // What docker-compose makes of the file, its anchors and defaults resolved.
    private async Task<JsonElement> ReadAsync(string file)
    {
        string yaml = (await ProgramRun.OfAsync("/usr/bin/docker-compose", ["-f", file, "--profile", "single", "config"], folder.FullName)).OutputOrThrow();
        string resolved = Path.Combine(folder.FullName, "resolved.yml");
        await File.WriteAllTextAsync(resolved, yaml);
        ProgramRun json = await ProgramRun.OfAsync("/bin/sh", ["-c", "exec /usr/bin/python3 -c \"$1\" < \"$2\"", "sh", ToJson, resolved], folder.FullName);
        return JsonDocument.Parse(json.OutputOrThrow()).RootElement;
    }

    private async Task<string> BrokenAsync(string found, string replacement)
    {
        string text = await File.ReadAllTextAsync(Compose);
        Assert.Contains(found, text, StringComparison.Ordinal);
        string broken = Path.Combine(folder.FullName, "docker-compose.yml");
        await File.WriteAllTextAsync(broken, text.Replace(found, replacement, StringComparison.Ordinal));
        return broken;
    }

    [GeneratedRegex("(PASSWORD|SECRET|TOKEN|KEY)(?!_FILE)")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"- \./(src/[^:]+):")]
    private static partial Regex Mount();
}
