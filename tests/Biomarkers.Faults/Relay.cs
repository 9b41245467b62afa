using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Faults;

/// <summary>Two TCP connections whose bytes are passed on to each other, and which can be cut at once.</summary>
internal sealed class Relay(Socket client, Socket server) : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly Lock gate = new();
    private int isCut;

    /// <summary>Looks at bytes before they are passed on, and may cut; null passes everything on.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="passOn">Passes bytes on; a part may be passed on before a cut.</param>
    public delegate ValueTask Watch(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ValueTask> passOn);

    public bool IsCut => Volatile.Read(ref isCut) != 0;

    /// <summary>Passes on in both directions until both are closed or it is cut.</summary>
    /// <param name="toServer">Sees what the client sends.</param>
    /// <param name="toClient">Sees what the server answers.</param>
    /// <param name="cancellationToken">Cuts.</param>
    public async Task RunAsync(Watch? toServer, Watch? toClient, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.Register(Cut);
        await Task.WhenAll(PassAsync(client, server, toServer), PassAsync(server, client, toClient));
    }

    /// <summary>Ends both connections with RST: neither side is told politely, and nothing that is still on its way arrives.</summary>
    public void Cut()
    {
        if (Interlocked.Exchange(ref isCut, 1) == 0)
        {
            CutClient();
            Reset(server);
        }
    }

    /// <summary>Ends the client's connection with RST; the server is not told.</summary>
    public void CutClient() => Reset(client);

    /// <summary>Closes both connections as if both sides had done so.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref isCut, 1) == 0)
        {
            client.Close();
            server.Close();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    /// <summary>Listens on a free port of this machine.</summary>
    public static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    /// <summary>Connects; null where nobody listens.</summary>
    public static async Task<Socket?> TryConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private void Reset(Socket socket)
    {
        lock (gate)
        {
            if (!socket.SafeHandle.IsClosed)
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Close();
            }
        }
    }

    private async Task PassAsync(Socket from, Socket to, Watch? watch)
    {
        byte[] buffer = new byte[BufferBytes];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                if (watch is null)
                {
                    await SendAsync(buffer.AsMemory(0, count));
                }
                else
                {
                    await watch(buffer.AsMemory(0, count), SendAsync);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One side is gone without a word: the other one must see the same.
            Cut();
        }

        async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await to.SendAsync(bytes)..];
            }
        }
    }
}

/// <summary>A server that relays each connection that it takes.</summary>
internal abstract class RelayServer : IAsyncDisposable
{
    private readonly Socket listener = Relay.Listen();
    private readonly CancellationTokenSource ended = new();
    private readonly Lock gate = new();
    private readonly List<Relay> relays = [];
    private readonly List<Task> running = [];
    private Task accepting = Task.CompletedTask;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)listener.LocalEndPoint!;

    /// <summary>Connections that pass through it now.</summary>
    protected Relay[] Living()
    {
        lock (gate)
        {
            return [.. relays.Where(relay => !relay.IsCut)];
        }
    }

    /// <summary>Begins to take connections.</summary>
    protected void Begin() => accepting = AcceptAsync();

    /// <summary>Connects a client that has come to what is behind; null where that is out of reach, and then the client is turned away.</summary>
    protected abstract Task<Socket?> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Relays one connection until its end.</summary>
    protected abstract Task RunAsync(Relay relay, CancellationToken cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        listener.Dispose();
        await accepting;
        Task[] left;
        lock (gate)
        {
            left = [.. running];
        }

        await Task.WhenAll(left);
        ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync(ended.Token);
                client.NoDelay = true;
                lock (gate)
                {
                    running.RemoveAll(task => task.IsCompletedSuccessfully);
                    running.Add(RelayAsync(client));
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException && ended.IsCancellationRequested)
        {
            // The harness is done with it.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        await Task.Yield();
        Socket? server = null;
        try
        {
            server = await ConnectAsync(ended.Token);
        }
        catch (OperationCanceledException)
        {
            // Turned away below, as when nobody is behind it.
        }

        if (server is null)
        {
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Dispose();
            return;
        }

        using var relay = new Relay(client, server);
        lock (gate)
        {
            relays.Add(relay);
        }

        try
        {
            await RunAsync(relay, ended.Token);
        }
        finally
        {
            lock (gate)
            {
                relays.Remove(relay);
            }
        }
    }
}
