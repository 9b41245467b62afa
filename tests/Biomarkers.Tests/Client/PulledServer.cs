using Biomarkers.Client;
using Biomarkers.Tests.Server;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>A real server that may be restarted on its port, and a LIMS with a subscription <c>lims-1</c>.</summary>
internal sealed class PulledServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-pulled-").FullName;
    private TestServer? server;

    /// <summary>A folder for whatever a test keeps.</summary>
    public string Kept => Path.Combine(folder, "kept");

    /// <summary>Key file of the LIMS.</summary>
    public string KeyFile => Path.Combine(folder, "lims-1.key");

    public Uri Address => server!.Address;

    public BiomarkersConnection Lims { get; private set; } = null!;

    public BiomarkersConnection Laboratory => server!.Connection;

    /// <summary>Starts it.</summary>
    /// <param name="leaseSeconds">Lease of the subscription.</param>
    public static async Task<PulledServer> StartAsync(int leaseSeconds = 60)
    {
        var started = new PulledServer();
        started.server = await TestServer.StartAsync(Path.Combine(started.folder, "data"));
        started.Lims = await started.ConnectAsAsync("lims-1", started.KeyFile);
        var wanted = new Subscription { AckDeadline = new Duration { Seconds = leaseSeconds } };
        await started.Lims.Delivery.CreateSubscriptionAsync(new CreateSubscriptionRequest { SubscriptionId = "lims-1", Subscription = wanted });
        return started;
    }

    /// <summary>A connection of a LIMS of its own.</summary>
    public async Task<BiomarkersConnection> ConnectAsAsync(string name, string? keyFile = null)
    {
        CreateKeyResponse made = await Laboratory.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = name, Roles = { Role.Lims } });
        string file = keyFile ?? Path.Combine(folder, $"{name}.key");
        await File.WriteAllTextAsync(file, made.Secret);
        return server!.Connect(file);
    }

    /// <summary>Analyses a plate and releases its results.</summary>
    /// <returns>The versions that left, such as <c>results/1@2</c>.</returns>
    public async Task<string[]> ReleaseAsync(string barcode)
    {
        await server!.AnalyzeAsync(barcode);
        ListAffectedResultsResponse waiting = await Laboratory.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = $"plates/{barcode}", PageSize = 1000 });
        var request = new ReleaseResultsRequest { Results = { waiting.AffectedResults.Select(result => NameOf(result.After)) } };
        return [.. (await Laboratory.Reviews.ReleaseResultsAsync(request)).Results.Select(NameOf)];
    }

    /// <summary>The backlog of the subscription.</summary>
    public async Task<Subscription> BacklogAsync() => await Lims.Delivery.GetSubscriptionAsync(new GetSubscriptionRequest { Name = "subscriptions/lims-1" });

    /// <summary>Ends the server, and starts another one over the same data and port.</summary>
    public async Task RestartAsync()
    {
        Uri address = Address;
        string data = server!.Options.DataDirectory;
        await server.DisposeAsync();
        server = await TestServer.StartAsync(data, change: options => options with { GrpcEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, address.Port) });
        Assert.Equal(address, Address);
    }

    public async ValueTask DisposeAsync()
    {
        Lims.Dispose();
        await server!.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string NameOf(Result result) => $"{result.Name}@{result.Version}";
}
