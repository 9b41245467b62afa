using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>A watch that broke goes on where it stopped: nothing that came in between is missed.</summary>
public sealed class WatchCursorTests : IAsyncLifetime
{
    private TestServer server = null!;

    public async Task InitializeAsync() => server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task WatchAnalyticalRuns_FromTheCursorOfABrokenWatch_SendsWhatWasSavedInBetweenInOrder()
    {
        string cursor = await BeginAsync();
        for (int i = 0; i < 3; i++)
        {
            await server.AnalyzeAsync($"P{i}");
        }

        using var first = Watch(cursor);
        Assert.True(await first.ResponseStream.MoveNext(CancellationToken.None));
        string firstPlate = first.ResponseStream.Current.AnalyticalRun.Plate;
        using var second = Watch(first.ResponseStream.Current.Cursor);
        Assert.True(await second.ResponseStream.MoveNext(CancellationToken.None));
        string secondPlate = second.ResponseStream.Current.AnalyticalRun.Plate;
        Assert.True(await second.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(["plates/P0", "plates/P1", "plates/P2"], [firstPlate, secondPlate, second.ResponseStream.Current.AnalyticalRun.Plate]);
    }

    [Fact]
    public async Task WatchPlates_FromTheCursorWhereItBegan_SendsEveryPlateThatChanged()
    {
        string cursor;
        using (var watch = server.Connection.Plates.WatchPlates(new WatchPlatesRequest(), deadline: TestServer.Deadline))
        {
            cursor = (await watch.ResponseHeadersAsync).GetValue("biomarkers-cursor")!;
        }

        await using (PlateReadSender sender = server.Sender())
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read($"P{i}") }).AsTask()));
        }

        // Broken after every response: only the cursor is kept.
        var analyzed = new HashSet<string>();
        while (analyzed.Count < 8)
        {
            using var watch = server.Connection.Plates.WatchPlates(new WatchPlatesRequest { Cursor = cursor }, deadline: TestServer.Deadline);
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
            do
            {
                WatchPlatesResponse response = watch.ResponseStream.Current;
                bool moved = response.Cursor != cursor;
                cursor = response.Cursor;
                if (response.Plate.State == PlateState.Analyzed)
                {
                    analyzed.Add(response.Plate.Name);
                }

                if (moved)
                {
                    break;
                }
            }
            while (await watch.ResponseStream.MoveNext(CancellationToken.None));
        }

        Assert.Equal(8, analyzed.Count);
    }

    [Theory]
    [InlineData("2-0", StatusCode.OutOfRange, "CURSOR_EXPIRED")] // of another generation: a backup was restored
    [InlineData("1-1000000", StatusCode.OutOfRange, "CURSOR_EXPIRED")] // beyond the newest change: a backup was restored without being told
    [InlineData("7", StatusCode.InvalidArgument, "INVALID_CONTENT")]
    [InlineData("x", StatusCode.InvalidArgument, "INVALID_CONTENT")]
    [InlineData("-1", StatusCode.InvalidArgument, "INVALID_CONTENT")]
    public async Task WatchAnalyticalRuns_CursorThatIsNone_IsRefused(string cursor, StatusCode code, string reason)
    {
        using var watch = Watch(cursor);

        var refused = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None)));

        Assert.Equal((code, reason), (refused.Code, refused.Reason));
    }

    private AsyncServerStreamingCall<WatchAnalyticalRunsResponse> Watch(string cursor) =>
        server.Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Cursor = cursor }, deadline: TestServer.Deadline);

    private async Task<string> BeginAsync()
    {
        using var watch = Watch(string.Empty);
        return (await watch.ResponseHeadersAsync).GetValue("biomarkers-cursor")!;
    }
}
