using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Faults;

/// <summary>What stands between clients and replicas: each connection goes to the next replica in turn that can be reached.</summary>
internal sealed class ReplicaBalancer : RelayServer
{
    private readonly Func<IReadOnlyList<IPEndPoint>> replicas;
    private int turn;
    private int moves;

    /// <summary>Begins to take connections.</summary>
    /// <param name="replicas">Where the replicas listen by now.</param>
    public ReplicaBalancer(Func<IReadOnlyList<IPEndPoint>> replicas)
    {
        this.replicas = replicas;
        Begin();
    }

    /// <summary>Where clients connect to.</summary>
    public Uri Server => new($"http://{Address}");

    /// <summary>Connections that were cut to make their clients go elsewhere.</summary>
    public int Moves => moves;

    /// <summary>Cuts one connection, so that its client goes to another replica while the one that it leaves still lives.</summary>
    public void MoveOne(Random random)
    {
        Relay[] living = Living();
        if (living.Length > 0)
        {
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
            living[random.Next(living.Length)].Cut();
#pragma warning restore CA5394
            moves++;
        }
    }

    protected override async Task<Socket?> ConnectAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<IPEndPoint> known = replicas();
        int first = Interlocked.Increment(ref turn);
        for (int i = 0; i < known.Count; i++)
        {
            if (await Relay.TryConnectAsync(known[(first + i) % known.Count], cancellationToken) is { } socket)
            {
                return socket;
            }
        }

        return null;
    }

    protected override Task RunAsync(Relay relay, CancellationToken cancellationToken) => relay.RunAsync(null, null, cancellationToken);
}
