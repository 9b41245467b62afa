using Biomarkers.Client;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Server.Verbs;

/// <summary>The verbs of the executable, run as an operator runs them.</summary>
public sealed class VerbTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-verbs-");

    /// <summary>What the container files do: certificates in one folder, the authority in another, a server with TLS, a check of its health.</summary>
    [Fact]
    public async Task CertificatesThenServeThenHealth_OverTls_TrustOnlyTheLaboratorysAuthority()
    {
        (await RunAsync("certs", "init", "--out", PathOf("certs"), "--authority", PathOf("authority"))).OutputOrThrow();
        Assert.Equal(["ca.crt", "server.crt", "server.key"], Directory.GetFiles(PathOf("certs")).Select(path => Path.GetFileName(path)).Order());
        await using TestServer server = await TestServer.StartAsync(change: options => options with
        {
            CertificateFile = Path.Combine(PathOf("certs"), "server.crt"),
            CertificateKeyFile = Path.Combine(PathOf("certs"), "server.key"),
        });
        string address = server.Address.ToString();

        ProgramRun trusting = await RunAsync("health", "--address", address, "--ca", Path.Combine(PathOf("certs"), "ca.crt"));
        Assert.Equal((0, $"{address}: Serving\n"), (trusting.ExitCode, trusting.Output));
        Assert.Equal(1, (await RunAsync("health", "--address", address)).ExitCode);

        using BiomarkersConnection connection = server.Connect(authority: Path.Combine(PathOf("certs"), "ca.crt"));
        Assert.NotEmpty((await connection.Assays.ListAssaysAsync(new ListAssaysRequest())).Assays);
        Cli.CommandLine.Outcome untrusting = await Cli.CommandLine.RunAsync("plates", "--server", address, "--key-file", server.Options.KeyFile);
        Assert.Equal(2, untrusting.Code);
        Assert.Contains("Give its authority's certificate by --ca FILE.", Assert.Single(untrusting.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_MadeAgain_KeepTheAuthority()
    {
        (await RunAsync("certs", "init", "--out", PathOf("certs"))).OutputOrThrow();
        string authority = await File.ReadAllTextAsync(Path.Combine(PathOf("certs"), "ca.crt"));
        string server = await File.ReadAllTextAsync(Path.Combine(PathOf("certs"), "server.crt"));
        (await RunAsync("certs", "init", "--out", PathOf("certs"))).OutputOrThrow();
        Assert.Equal(authority, await File.ReadAllTextAsync(Path.Combine(PathOf("certs"), "ca.crt")));
        Assert.NotEqual(server, await File.ReadAllTextAsync(Path.Combine(PathOf("certs"), "server.crt")));
    }

    // Nobody listens at port 1; a word is no address; an address that others reach needs TLS.
    [Theory]
    [InlineData(1, "does not answer", "health", "--address", "http://127.0.0.1:1", "--timeout-seconds", "2")]
    [InlineData(2, "is no address", "health", "--address", "lab-server")]
    [InlineData(2, "need TLS", "serve", "--listen", "0.0.0.0:0")]
    public async Task Verb_WrongCall_SaysWhyAndEndsWithItsCode(int exitCode, string reason, params string[] arguments)
    {
        ProgramRun run = await RunAsync(arguments);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(folder.FullName, name);

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        ProgramRun.OfAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), .. arguments], folder.FullName);
}
