using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Biomarkers.Tests.Server.Attacks;

/// <summary>Writes HTTP/2 frames that no honest client would write.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte Continuation = 9;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    private const int FrameHeaderBytes = 9;
    private const int BatchBytes = 64 * 1024;

    private readonly Socket socket;
    private readonly MemoryStream batch = new();

    private RawHttp2(Socket socket) => this.socket = socket;

    public static async Task<RawHttp2> ConnectAsync(Uri address)
    {
        var connection = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await connection.ConnectAsync(address.Host, address.Port);
        var raw = new RawHttp2(connection);
        await connection.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await raw.WriteAsync(Settings, 0, 0, ReadOnlyMemory<byte>.Empty);
        await raw.FlushAsync();
        return raw;
    }

    /// <summary>Headers of a call, none of them indexed or compressed.</summary>
    public static byte[] CallHeaders(string path, string key)
    {
        using var block = new MemoryStream();
        (string, string)[] headers =
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers"), ("authorization", $"Bearer {key}"),
        ];
        foreach ((string name, string value) in headers)
        {
            block.WriteByte(0);
            block.WriteByte((byte)name.Length);
            block.Write(Encoding.ASCII.GetBytes(name));
            block.WriteByte((byte)value.Length);
            block.Write(Encoding.ASCII.GetBytes(value));
        }

        return block.ToArray();
    }

    /// <summary>Writes a frame into a batch, which is sent when it is large.</summary>
    /// <exception cref="SocketException">The server has ended the connection.</exception>
    public async Task WriteAsync(byte type, byte flags, int stream, ReadOnlyMemory<byte> payload)
    {
        byte[] header = new byte[FrameHeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(5), stream);
        batch.Write(header);
        batch.Write(payload.Span);
        if (batch.Length >= BatchBytes)
        {
            await FlushAsync();
        }
    }

    public async Task FlushAsync()
    {
        ReadOnlyMemory<byte> rest = batch.GetBuffer().AsMemory(0, (int)batch.Length);
        while (rest.Length > 0)
        {
            rest = rest[await socket.SendAsync(rest)..];
        }

        batch.SetLength(0);
    }

    /// <summary>Reads, and throws away, until the server ends the connection.</summary>
    /// <returns>Bytes that came.</returns>
    public async Task<long> ReadToEndAsync()
    {
        byte[] buffer = new byte[BatchBytes];
        long total = 0;
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(buffer).WaitAsync(TestServer.Patience)) > 0)
            {
                total += count;
            }
        }
        catch (SocketException)
        {
            return total;
        }

        return total;
    }

    public void Dispose()
    {
        socket.Dispose();
        batch.Dispose();
    }
}
