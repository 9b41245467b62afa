using System.Net;
using Biomarkers.Server.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>A real server on loopback with a database of its own, for the commands that talk to one.</summary>
public sealed class CommandServer : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-cli-server-").FullName;
    private ServerHost? host;

    public string KeyFile => Path.Combine(folder, "data", "client.key");

    public string Address => host!.GrpcAddress.ToString();

    public string WebAddress => host!.WebAddress.ToString();

    public async Task InitializeAsync()
    {
        var options = new ServerOptions
        {
            DataDirectory = Path.Combine(folder, "data"),
            GrpcEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
            WebEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
        };
        host = await ServerHost.StartAsync(options, TimeProvider.System, logging => logging.ClearProviders(), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await host!.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs a command against this server.</summary>
    internal Task<CommandLine.Outcome> RunAsync(params string[] args) => CommandLine.RunAsync([.. args, "--server", Address, "--key-file", KeyFile]);
}
