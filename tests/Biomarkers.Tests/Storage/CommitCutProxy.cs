using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Tests.Storage;

/// <summary>Where a connection is cut.</summary>
public enum CommitCut
{
    /// <summary>The COMMIT is not passed on.</summary>
    BeforeTheServer,

    /// <summary>The COMMIT reaches the server, its answer reaches nobody.</summary>
    AfterTheServer,
}

/// <summary>Passes the bytes between a store and its PostgreSQL on, and cuts the connection of the next COMMIT when it is told to.</summary>
internal sealed class CommitCutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly int target;
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> passing = [];
    private readonly Task accepting;
    private int armed = -1;

    private CommitCutProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Connections that were cut.</summary>
    public int CutCount { get; private set; }

    public static CommitCutProxy Before(int target) => new(target);

    /// <summary>Cuts the connection of the next COMMIT.</summary>
    public void Arm(CommitCut cut) => Volatile.Write(ref armed, (int)cut);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await Task.WhenAll([accepting, .. passing]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await listener.AcceptSocketAsync(stop.Token);
            passing.Add(PassAsync(client));
        }
    }

    private async Task PassAsync(Socket client)
    {
        using Socket near = client;
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        await far.ConnectAsync(IPAddress.Loopback, target, stop.Token);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var silence = new Silence();
        await Task.WhenAny(UpAsync(near, far, silence, cut.Token), DownAsync(far, near, silence, cut.Token));
        await cut.CancelAsync();
    }

    // One write of the driver is one buffer here: a COMMIT stands alone in its own. With its end, because READ COMMITTED begins a transaction.
    private async Task UpAsync(Socket near, Socket far, Silence silence, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[65536];
        int count;
        while ((count = await near.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            bool isCommit = buffer.AsSpan(0, count).IndexOf("COMMIT\0"u8) >= 0;
            int ordered = isCommit ? Interlocked.Exchange(ref armed, -1) : -1;
            if (ordered >= 0)
            {
                CutCount++;
            }

            if (ordered == (int)CommitCut.BeforeTheServer)
            {
                return;
            }

            silence.IsWanted = ordered == (int)CommitCut.AfterTheServer;
            await far.SendAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    private static async Task DownAsync(Socket far, Socket near, Silence silence, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[65536];
        int count;
        while ((count = await far.ReceiveAsync(buffer, cancellationToken)) > 0 && !silence.IsWanted)
        {
            await near.SendAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    // Set before the COMMIT goes up: whatever comes down after it is its answer.
    private sealed class Silence
    {
        private volatile bool isWanted;

        public bool IsWanted
        {
            get => isWanted;
            set => isWanted = value;
        }
    }
}
