using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Faults.Cases;

/// <summary>Stands between one client and the server, and breaks the connection when part of a message has passed.</summary>
internal sealed class HalfwayRelay : RelayServer
{
    private readonly IPEndPoint server;

    // Bytes that may still pass to the server; none are counted before the cut is asked for.
    private long left = long.MaxValue;

    public HalfwayRelay(Uri server)
    {
        this.server = new IPEndPoint(IPAddress.Loopback, server.Port);
        Begin();
    }

    /// <summary>Breaks the connection after so many bytes more.</summary>
    public void CutAfter(int bytes) => Volatile.Write(ref left, bytes);

    protected override Task<Socket?> ConnectAsync(CancellationToken cancellationToken) => Relay.TryConnectAsync(server, cancellationToken);

    protected override Task RunAsync(Relay relay, CancellationToken cancellationToken) => relay.RunAsync(
        async (bytes, passOn) =>
        {
            long may = Volatile.Read(ref left);
            if (bytes.Length < may)
            {
                Interlocked.CompareExchange(ref left, may == long.MaxValue ? may : may - bytes.Length, may);
                await passOn(bytes);
                return;
            }

            await passOn(bytes[..(int)may]);
            relay.Cut();
        },
        toClient: null,
        cancellationToken);
}
