using System.Net;

namespace Biomarkers.Faults;

/// <summary>The servers of one store.</summary>
internal sealed class ReplicaSet : IAsyncDisposable
{
    private readonly StoreUnderTest store;
    private readonly ServerProcess[] servers;

    private ReplicaSet(StoreUnderTest store, ServerProcess[] servers)
    {
        this.store = store;
        this.servers = servers;
    }

    public int Count => servers.Length;

    public IReadOnlyList<ServerProcess> Servers => servers;

    /// <summary>Where they listen by now; one that is not back yet has its old address, at which nobody answers.</summary>
    public IReadOnlyList<IPEndPoint> Addresses => [.. servers.Select(server => new IPEndPoint(IPAddress.Loopback, server.GrpcAddress.Port))];

    /// <summary>Starts all of them; they serve when this returns.</summary>
    public static async Task<ReplicaSet> StartAsync(StoreUnderTest store, int count, CancellationToken cancellationToken)
    {
        var started = new List<ServerProcess>();
        try
        {
            // One after the other: the first makes the key that all of them share.
            while (started.Count < count)
            {
                started.Add(await ServerProcess.StartAsync(store.ServerAt(started.Count), cancellationToken));
            }

            return new ReplicaSet(store, [.. started]);
        }
        catch
        {
            foreach (ServerProcess server in started)
            {
                await server.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(int replica) => servers[replica].KillAsync();

    /// <summary>Starts one that was killed anew.</summary>
    public async Task StartAgainAsync(int replica, CancellationToken cancellationToken)
    {
        ServerProcess again = await ServerProcess.StartAsync(store.ServerAt(replica), cancellationToken);
        await servers[replica].DisposeAsync();
        servers[replica] = again;
    }

    /// <exception cref="InvalidOperationException">One of them has ended without being told to.</exception>
    public void ThrowIfEnded()
    {
        if (Array.Find(servers, server => server.HasEnded) is { } ended)
        {
            throw new InvalidOperationException($"A server ended by itself:\n{ended.LastLines()}");
        }
    }

    /// <summary>SIGTERM, one after the other.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (ServerProcess server in servers)
        {
            await server.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerProcess server in servers)
        {
            await server.DisposeAsync();
        }
    }
}
