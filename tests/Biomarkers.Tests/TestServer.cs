using System.Net;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;

namespace Biomarkers.Tests;

/// <summary>The real server on free ports of this machine, with a data directory of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly DirectoryInfo folder;

    private TestServer(DirectoryInfo folder, ServerOptions options, ServerHost host)
    {
        this.folder = folder;
        Options = options;
        Host = host;
    }

    public ServerOptions Options { get; }

    public ServerHost Host { get; }

    /// <summary>Starts a server.</summary>
    /// <param name="certificates">Folder of server.crt and server.key; null to serve without TLS.</param>
    public static async Task<TestServer> StartAsync(string? certificates = null)
    {
        DirectoryInfo data = Directory.CreateTempSubdirectory("biomarkers-");
        var options = new ServerOptions
        {
            DataDirectory = data.FullName,
            GrpcEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
            WebEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
            CertificateFile = certificates is null ? null : Path.Combine(certificates, "server.crt"),
            CertificateKeyFile = certificates is null ? null : Path.Combine(certificates, "server.key"),
        };
        return new TestServer(data, options, await ServerHost.StartAsync(options, TimeProvider.System, _ => { }, CancellationToken.None));
    }

    /// <summary>Opens a connection with the server's key.</summary>
    public BiomarkersConnection Connect() => BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = Host.GrpcAddress, KeyFile = Options.KeyFile });

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
