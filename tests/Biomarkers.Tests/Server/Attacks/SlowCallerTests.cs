using System.Diagnostics;
using System.Net.Sockets;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server.Attacks;

/// <summary>Callers that take their time: cut when theirs is over, while others are served.</summary>
public sealed class SlowCallerTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private TestServer server = null!;

    public async Task InitializeAsync() => server = await TestServer.StartAsync(wire: new WireLimits { Write = Limit, Headers = Limit });

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Sender_ThatReadsNoAcknowledgement_IsCutAndWhatItSentIsKept()
    {
        using BiomarkersConnection own = server.Connect();
        using TestStream stream = await TestStream.OpenAsync(own);
        int written = 0;
        Exception? cut = null;
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; cut is null; i++)
        {
            try
            {
                await Task.Delay(i < 10_000 ? 0 : 20);
                // No message of ours, so that each needs an answer of its own, which says why it is in quarantine.
                await stream.SendAsync(i, [0xFF, (byte)i, (byte)(i >> 8)]).WaitAsync(TestServer.Patience);
                written++;
            }
            catch (Exception exception) when (exception is RpcException or HttpProtocolException)
            {
                cut = exception;
            }
        }

        // A machine that is slow to send may be cut before it has sent that many, but not before its time.
        Assert.InRange(written, Stopwatch.GetElapsedTime(began) > 2 * Limit ? 64 : 10_000, 12_000);
        // A reset, which is CANCEL or INTERNAL_ERROR by what was under way at the moment of the cut.
        Assert.Contains((await stream.FaultAsync()).Code, new[] { StatusCode.Cancelled, StatusCode.Internal });
        using TestStream again = await TestStream.OpenAsync(server.Connection);
        Assert.InRange(again.Opened.NextOffset, 64, written);
        await again.SendAsync(again.Opened.NextOffset, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        Assert.Equal(again.Opened.NextOffset + 1, (await again.AckAsync()).NextOffset);
    }

    [Fact]
    public async Task Headers_ThatDoNotCome_EndTheConnection()
    {
        using RawHttp2 slow = await RawHttp2.ConnectAsync(server.Address);
        byte[] headers = RawHttp2.CallHeaders("/biomarkers.v1.PlateService/ListPlates", "none");
        await slow.WriteAsync(RawHttp2.Headers, 0, 1, headers.AsMemory(0, 1));
        await slow.FlushAsync();
        using var web = new TcpClient();
        await web.ConnectAsync(server.Web.BaseAddress!.Host, server.Web.BaseAddress.Port);
        NetworkStream text = web.GetStream();
        await text.WriteAsync("GET /v1/plates HTTP/1.1\r\nHost: a\r\nX-Slow: "u8.ToArray());

        long began = Stopwatch.GetTimestamp();
        Task ended = Task.WhenAll(slow.ReadToEndAsync(), ReadToEndAsync(text));
        while (!ended.IsCompleted)
        {
            await server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest(), deadline: TestServer.Deadline);
        }

        await ended;
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "The connections outlived their limit.");
    }

    private static async Task ReadToEndAsync(NetworkStream stream)
    {
        byte[] buffer = new byte[1024];
        try
        {
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(TestServer.Patience) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset, which is an end too.
            return;
        }
    }
}
