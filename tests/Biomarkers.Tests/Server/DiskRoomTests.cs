using System.Net;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>A disk that runs full, as the server measures it.</summary>
public sealed class DiskRoomTests
{
    [Theory]
    [InlineData(512, 10_000, 512)]
    [InlineData(512, 1000, 100)] // a small disk: a tenth of it
    [InlineData(0, 1000, 0)]
    public void Threshold_OfADisk_IsNeverMoreThanATenthOfIt(long minimum, long size, long expected) => Assert.Equal(expected, DiskRoom.Threshold(minimum, size));

    [Fact]
    public async Task Database_MovedAwayWhileInUse_EndsTheServerAsAFault()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-gone-");
        await using (TestServer server = await TestServer.StartAsync(Path.Combine(folder.FullName, "data"), change: options => options with { MinimumFreeBytes = 0 }))
        {
            Directory.Move(server.Options.DataDirectory, server.Options.DataDirectory + ".away");

            Assert.True(await server.EndAsync());
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Disk_ThatRunsFull_RefusesReadsOnlyAndTakesThemAgainByItself()
    {
        long free = 1000;
        await using TestServer server = await TestServer.StartAsync(change: options => options with
        {
            MinimumFreeBytes = 100,
            MeasureDisk = _ => new DiskSpace(Volatile.Read(ref free), 1_000_000),
        });
        using TestStream stream = await TestStream.OpenAsync(server.Connection);
        await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        await stream.AckAsync();
        await server.UntilAsync("P1", PlateState.Analyzed);

        Volatile.Write(ref free, 99);
        Assert.Equal((HttpStatusCode.OK, """{"status":"SERVING","notice":"STORE_FULL"}"""), await UntilReadyAsync(server, "notice", isThere: true));
        var submit = new SubmitPlateReadRequest { Instrument = "instruments/reader-2", PlateRead = TestServer.Read("P2") };
        var unary = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() => server.Connection.Ingest.SubmitPlateReadAsync(submit).ResponseAsync));
        await stream.SendAsync(1, new StreamEventContent { PlateRead = TestServer.Read("P3") });
        var streamed = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(stream.AckAsync));
        Plate decided = await server.Connection.Plates.SubmitPlateLayoutAsync(
            new SubmitPlateLayoutRequest { Plate = "plates/P4", Layout = Biomarkers.Simulation.PlateMessages.ToWire(Pipeline.TestPlates.Layout()) });

        Assert.All([unary, streamed], fault => Assert.Equal((StatusCode.ResourceExhausted, "STORE_FULL", true), (fault.Code, fault.Reason, fault.RetryDelay > TimeSpan.Zero)));
        Assert.Equal(PlateState.WaitingForRead, decided.State);
        Assert.Equal(2, (await server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest())).Plates.Count);
        await using PlateReadSender sender = server.Sender("s2");
        Task<SendOutcome> waiting = sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read("P5") }).AsTask();
        Volatile.Write(ref free, 100);
        Assert.Equal(SendOutcomeKind.Stored, (await waiting).Kind);
    }

    private static async Task<(HttpStatusCode Status, string Text)> UntilReadyAsync(TestServer server, string word, bool isThere)
    {
        using var limit = new CancellationTokenSource(TestServer.Patience);
        while (true)
        {
            using HttpResponseMessage answer = await server.Web.GetAsync(new Uri("/readyz", UriKind.Relative), limit.Token);
            string text = await answer.Content.ReadAsStringAsync(limit.Token);
            if (text.Contains(word, StringComparison.Ordinal) == isThere)
            {
                return (answer.StatusCode, text);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
