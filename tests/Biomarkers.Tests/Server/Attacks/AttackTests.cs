using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server.Attacks;

/// <summary>What is made to take a server down: each is refused or cut, its memory stays bounded, and another caller is served at the same time. The server is a
/// process of its own, with the limits that it has by default.</summary>
public sealed class AttackTests(AttackTests.Target target) : IClassFixture<AttackTests.Target>
{
    private const int Kibibyte = 1024;
    private const int Mebibyte = 1024 * 1024;
    private const string Submit = "/biomarkers.v1.PlateReadIngestService/SubmitPlateRead";

    private readonly ServerProgram server = target.Server;
    private readonly BiomarkersConnection bystander = target.Bystander;
    private readonly long memoryBefore = target.PeakMemory();

    [Fact]
    public async Task GzipBomb_OfAQuarterGibibyte_IsRefusedInLittleMemory()
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] zeros = new byte[Mebibyte];
            for (int i = 0; i < 256; i++)
            {
                gzip.Write(zeros);
            }
        }

        (StatusCode code, string reason) = await WhileOthersAreServedAsync(() => CallAsync(compressed.ToArray(), isCompressed: true));

        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (code, reason));
        AssertMemoryGrewByLessThan(96);
    }

    [Fact]
    public async Task Groups_NestedTwoHundredThousandDeep_AreMalformedAloneAndQuarantinedOnAStream()
    {
        byte[] nested = [.. Enumerable.Repeat((byte)0x0B, 200_000), .. Enumerable.Repeat((byte)0x0C, 200_000)];

        Assert.Equal((StatusCode.InvalidArgument, "MALFORMED"), await WhileOthersAreServedAsync(() => CallAsync(nested)));
        using TestStream stream = await TestStream.OpenAsync(bystander, "nested");
        await stream.SendAsync(0, nested);
        Ack ack = await stream.AckAsync();
        Assert.Equal(DispositionKind.Quarantined, ack.Dispositions.Single().Kind);
        await stream.SendAsync(1, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        Assert.Equal(2, (await stream.AckAsync()).NextOffset);
        AssertMemoryGrewByLessThan(96);
    }

    [Fact]
    public async Task EmptySubmessages_HalfAMillion_AreRefusedAloneAndQuarantinedOnAStream()
    {
        // Field 2 of the request, a plate read of nothing but empty columns, 9.
        byte[] columns = [.. Enumerable.Repeat(new byte[] { ColumnsTag(), 0 }, 500_000).SelectMany(pair => pair)];

        (StatusCode code, string reason) = await WhileOthersAreServedAsync(() => CallAsync(Wrapped(SubmitPlateReadRequest.PlateReadFieldNumber, columns)));

        Assert.Equal((StatusCode.InvalidArgument, "INVALID_CONTENT"), (code, reason));
        using TestStream stream = await TestStream.OpenAsync(bystander, "wide");
        await stream.SendAsync(0, Wrapped(StreamEventContent.PlateReadFieldNumber, columns));
        Assert.Equal(DispositionKind.Quarantined, (await stream.AckAsync()).Dispositions.Single().Kind);
        AssertMemoryGrewByLessThan(384);
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("continuation")]
    [InlineData("headers")]
    public async Task FloodOfFrames_ThatStartCallsForNothing_EndsTheConnection(string kind)
    {
        await WhileOthersAreServedAsync(async () =>
        {
            using RawHttp2 attacker = await RawHttp2.ConnectAsync(server.GrpcAddress);
            Task<long> reading = attacker.ReadToEndAsync();
            await Assert.ThrowsAsync<SocketException>(() => FloodAsync(attacker, kind, 200_000));
            await reading;
            return true;
        });

        AssertMemoryGrewByLessThan(160);
    }

    [Theory]
    [InlineData(RawHttp2.Ping, 8)]
    [InlineData(RawHttp2.Settings, 0)]
    public async Task FloodOfFrames_ThatAskForAnswers_HarmsNobodyElse(byte type, int bytes)
    {
        await WhileOthersAreServedAsync(async () =>
        {
            using RawHttp2 attacker = await RawHttp2.ConnectAsync(server.GrpcAddress);
            _ = attacker.ReadToEndAsync();
            try
            {
                for (int i = 0; i < 100_000; i++)
                {
                    await attacker.WriteAsync(type, 0, 0, new byte[bytes]);
                }

                await attacker.FlushAsync();
            }
            catch (SocketException)
            {
                // Cut, which is right too.
                return false;
            }

            return true;
        });

        AssertMemoryGrewByLessThan(96);
    }

    private static async Task FloodAsync(RawHttp2 attacker, string kind, int count)
    {
        byte[] headers = RawHttp2.CallHeaders(Submit, "none");
        byte[] reset = [0, 0, 0, 8];
        for (int i = 0; i < count; i++)
        {
            int stream = (2 * i) + 1;
            switch (kind)
            {
                case "reset":
                    await attacker.WriteAsync(RawHttp2.Headers, RawHttp2.EndHeaders, stream, headers);
                    await attacker.WriteAsync(RawHttp2.ResetStream, 0, stream, reset);
                    break;
                case "continuation":
                    await attacker.WriteAsync(i == 0 ? RawHttp2.Headers : RawHttp2.Continuation, 0, 1, new byte[i == 0 ? 0 : Kibibyte]);
                    break;
                default:
                    await attacker.WriteAsync(RawHttp2.Headers, RawHttp2.EndHeaders, stream, headers);
                    break;
            }
        }

        // Whoever reads no answers may be cut a little later.
        while (true)
        {
            await attacker.WriteAsync(RawHttp2.Ping, 0, 0, new byte[8]);
            await attacker.FlushAsync();
            await Task.Delay(20);
        }
    }

    // Another caller calls and is answered as long as the attack lasts, and once after it.
    private async Task<T> WhileOthersAreServedAsync<T>(Func<Task<T>> attack)
    {
        Task<T> attacking = Task.Run(attack);
        int served = 0;
        while (!attacking.IsCompleted)
        {
            await ServeAsync(served++);
        }

        T outcome = await attacking.WaitAsync(TestServer.Patience);
        await ServeAsync(served);
        return outcome;
    }

    private async Task ServeAsync(int number)
    {
        long began = Stopwatch.GetTimestamp();
        await bystander.Ingest.SubmitPlateReadAsync(
            new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("P0", $"again-{number % 2}", factor: 1 + (0.01 * (number % 2))) });
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20), "Another caller waited for more than 20 s.");
    }

    private async Task<(StatusCode Code, string Reason)> CallAsync(byte[] message, bool isCompressed = false)
    {
        using var http = new HttpClient { BaseAddress = server.GrpcAddress };
        byte[] framed = new byte[5 + message.Length];
        framed[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed.AsSpan(5));
        using var request = new HttpRequestMessage(HttpMethod.Post, Submit)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(target.KeyFile)).Trim());
        if (isCompressed)
        {
            request.Headers.Add("grpc-encoding", "gzip");
        }

        using HttpResponseMessage response = await http.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        return GrpcAnswers.Read(response);
    }

    private static byte ColumnsTag() => (byte)((PlateRead.ColumnsFieldNumber << 3) | 2);

    private static byte[] Wrapped(int field, byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var output = new Google.Protobuf.CodedOutputStream(buffer, leaveOpen: true))
        {
            output.WriteTag(field, Google.Protobuf.WireFormat.WireType.LengthDelimited);
            output.WriteBytes(Google.Protobuf.ByteString.CopyFrom(content));
        }

        return buffer.ToArray();
    }

    private void AssertMemoryGrewByLessThan(int mebibytes)
    {
        long grown = target.PeakMemory() - memoryBefore;
        Assert.True(grown < (long)mebibytes * Mebibyte, $"The server's memory grew by {grown / Mebibyte} MiB; expected less than {mebibytes}.");
    }

    /// <summary>The server that is attacked, and a caller that means well.</summary>
    public sealed class Target : IAsyncLifetime
    {
        private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");

        public string KeyFile => Path.Combine(folder, "client.key");

        internal ServerProgram Server { get; private set; } = null!;

        internal BiomarkersConnection Bystander { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Server = await ServerProgram.StartAsync(folder, []);
            Bystander = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = Server.GrpcAddress, KeyFile = KeyFile });
            await Bystander.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("P0") });
        }

        public async Task DisposeAsync()
        {
            Bystander.Dispose();
            await Server.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }

        /// <summary>Most memory that the server ever had, in bytes.</summary>
        public long PeakMemory() => File.ReadLines($"/proc/{Server.Id}/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(line => Kibibyte * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).Single();
    }
}
