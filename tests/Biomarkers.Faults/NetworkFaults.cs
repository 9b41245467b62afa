using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Faults;

/// <summary>What happens to one connection on its way.</summary>
internal enum NetworkFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Cut by RST after so many bytes from the client.</summary>
    CutAfterSent,

    /// <summary>Cut by RST after so many bytes from the server: what was answered is lost.</summary>
    CutAfterAnswered,

    /// <summary>Closed politely, in both directions, after so many bytes from the client.</summary>
    Close,

    /// <summary>Nothing passes for a while after so many bytes from the client, then everything does.</summary>
    Stall,

    /// <summary>The server's answers are swallowed after so many bytes, and the connection stays; then it is cut.</summary>
    HalfOpen,

    /// <summary>A few bytes at a time pass.</summary>
    Throttle,

    /// <summary>A bit of what the client sends is flipped after so many bytes: TLS must catch it.</summary>
    Flip,

    /// <summary>A bit of an event's content is flipped on a connection without TLS: its hash must catch it.</summary>
    FlipContent,

    /// <summary>The client is cut and the server is not told for a while: when the client comes again, its old connection still lives.</summary>
    DuplicateConnection,
}

/// <summary>One fault.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="AfterBytes">After how many bytes.</param>
internal sealed record PlannedFault(NetworkFault Kind, int AfterBytes);

/// <summary>Stands between a client and a server. Each connection suffers the fault that was planned for it; when no more are planned, connections are whole.</summary>
internal sealed class FaultProxy : RelayServer
{
    private const int ThrottledBytes = 97;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly IPEndPoint server;
    private long mostSent;
    private long mostAnswered;
    private readonly Func<PlannedFault> next;

    /// <summary>Begins to take connections.</summary>
    /// <param name="server">What is behind it.</param>
    /// <param name="next">Plans the fault of the next connection.</param>
    public FaultProxy(IPEndPoint server, Func<PlannedFault> next)
    {
        this.server = server;
        this.next = next;
        Begin();
    }

    /// <summary>Most bytes that a client sent on one connection.</summary>
    public long MostSent => Interlocked.Read(ref mostSent);

    /// <summary>Most bytes that the server answered on one connection.</summary>
    public long MostAnswered => Interlocked.Read(ref mostAnswered);

    /// <summary>Stands in the content of every event, so that its bytes are known on the way.</summary>
    public static ReadOnlySpan<byte> ContentMark => "MARKED-CONTENT"u8;

    protected override Task<Socket?> ConnectAsync(CancellationToken cancellationToken) => Relay.TryConnectAsync(server, cancellationToken);

    protected override async Task RunAsync(Relay relay, CancellationToken cancellationToken)
    {
        var connection = new Connection(relay, next(), cancellationToken);
        await relay.RunAsync(connection.ToServerAsync, connection.ToClientAsync, cancellationToken);
        Raise(ref mostSent, connection.Sent);
        Raise(ref mostAnswered, connection.Answered);
    }

    private static void Raise(ref long most, long value)
    {
        long known;
        while ((known = Interlocked.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, known) != known)
        {
        }
    }

    private sealed class Connection(Relay relay, PlannedFault fault, CancellationToken cancellationToken)
    {
        private long sent;
        private long answered;
        private bool isDone;

        public long Sent => Interlocked.Read(ref sent);

        public long Answered => Interlocked.Read(ref answered);

        public async ValueTask ToServerAsync(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ValueTask> passOn)
        {
            int whole = (int)Math.Clamp(fault.AfterBytes - sent, 0, bytes.Length);
            sent += bytes.Length;
            bool isHit = !isDone && sent > fault.AfterBytes;
            switch (fault.Kind)
            {
                case NetworkFault.CutAfterSent when isHit:
                    await passOn(bytes[..whole]);
                    relay.Cut();
                    return;
                case NetworkFault.Close when isHit:
                    await passOn(bytes[..whole]);
                    isDone = true;
                    relay.Close();
                    return;
                case NetworkFault.DuplicateConnection when isHit:
                    await passOn(bytes[..whole]);
                    isDone = true;
                    relay.CutClient();
                    await Task.Delay(2 * Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    relay.Cut();
                    return;
                case NetworkFault.Stall when isHit:
                    isDone = true;
                    await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
                case NetworkFault.Flip when isHit:
                    isDone = true;
                    byte[] flipped = bytes.ToArray();
                    flipped[whole] ^= (byte)(1 << (fault.AfterBytes % 8));
                    await passOn(flipped);
                    return;
                case NetworkFault.FlipContent when !isDone && bytes.Span.IndexOf(ContentMark) is >= 0 and int place:
                    isDone = true;
                    byte[] changed = bytes.ToArray();
                    changed[place + (fault.AfterBytes % ContentMark.Length)] ^= (byte)(1 << (fault.AfterBytes % 8));
                    await passOn(changed);
                    return;
                case NetworkFault.Throttle when sent < fault.AfterBytes:
                    for (int i = 0; i < bytes.Length; i += ThrottledBytes)
                    {
                        await passOn(bytes.Slice(i, Math.Min(ThrottledBytes, bytes.Length - i)));
                        await Task.Yield();
                    }

                    return;
                default:
                    break;
            }

            await passOn(bytes);
        }

        public async ValueTask ToClientAsync(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ValueTask> passOn)
        {
            int whole = (int)Math.Clamp(fault.AfterBytes - answered, 0, bytes.Length);
            answered += bytes.Length;
            if (fault.Kind is not (NetworkFault.CutAfterAnswered or NetworkFault.HalfOpen) || answered <= fault.AfterBytes)
            {
                await passOn(bytes);
                return;
            }

            if (!isDone)
            {
                isDone = true;
                await passOn(bytes[..whole]);
                if (fault.Kind == NetworkFault.HalfOpen)
                {
                    await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                relay.Cut();
            }
        }
    }
}
