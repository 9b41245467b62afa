using Biomarkers.Client;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>What analysts ask: plates, runs and results, in pages and as they come.</summary>
public sealed class QueryTests : IAsyncLifetime
{
    private TestServer server = null!;

    private BiomarkersConnection Connection => server.Connection;

    public async Task InitializeAsync() => server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Layout_AfterTheRead_SetsThePlateGoing()
    {
        await Connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("P1", withLayout: false) });
        Plate waiting = await Connection.Plates.GetPlateAsync(new GetPlateRequest { Name = "plates/P1" });

        Plate given = await Connection.Plates.SubmitPlateLayoutAsync(
            new SubmitPlateLayoutRequest { Plate = "plates/P1", Layout = PlateMessages.ToWire(TestPlates.Layout()) });

        Assert.Equal((PlateState.WaitingForLayout, string.Empty), (waiting.State, waiting.Assay));
        Assert.Equal(("assays/il-6@1", 1), (given.Assay, given.LayoutVersion));
        Plate analyzed = await server.UntilAsync("P1", PlateState.Analyzed);
        ListResultsResponse results = await Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { AnalyticalRun = analyzed.AnalyticalRun });
        foreach (Result result in results.Results)
        {
            // The plate is free of noise: what was put into the wells must come out.
            double truth = TestPlates.SampleConcentration(result.SampleId[^1] - '0');
            Assert.InRange(result.Concentration / truth, 0.9999, 1.0001);
        }
    }

    [Fact]
    public async Task Layout_ChangedAfterARun_NeedsAReasonAndGivesASecondRun()
    {
        Plate first = await server.AnalyzeAsync("P1");
        var request = new SubmitPlateLayoutRequest { Plate = "plates/P1", Layout = PlateMessages.ToWire(TestPlates.Layout(sampleNumberOffset: 3)) };

        var refused = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() => Connection.Plates.SubmitPlateLayoutAsync(request).ResponseAsync));
        request.Reason = "samples were swapped";
        using var watch = Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Plate = "plates/P1" }, deadline: TestServer.Deadline);
        await watch.ResponseHeadersAsync;
        await Connection.Plates.SubmitPlateLayoutAsync(request);

        Assert.Equal((StatusCode.InvalidArgument, "REASON_REQUIRED"), (refused.Code, Assert.Single(refused.Fields).Reason));
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotEqual(first.AnalyticalRun, watch.ResponseStream.Current.AnalyticalRun.Name);
        ListAnalyticalRunsResponse runs = await Connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest { Plate = "plates/P1" });
        Assert.Equal(2, runs.AnalyticalRuns.Count);
    }

    [Fact]
    public async Task Watchers_GetEveryPlateAndRunThatIsTheirs()
    {
        using var plates = Connection.Plates.WatchPlates(new WatchPlatesRequest(), deadline: TestServer.Deadline);
        using var runs = Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Assay = "assays/il-6" }, deadline: TestServer.Deadline);
        using var others = Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Assay = "assays/hs-crp" }, deadline: TestServer.Deadline);
        await Task.WhenAll(plates.ResponseHeadersAsync, runs.ResponseHeadersAsync, others.ResponseHeadersAsync);
        Task<bool> other = others.ResponseStream.MoveNext(CancellationToken.None);
        await using PlateReadSender sender = server.Sender();
        string[] barcodes = [.. Enumerable.Range(0, 12).Select(i => $"P{i}")];

        await Task.WhenAll(barcodes.Select(barcode => sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read(barcode) }).AsTask()));

        var analyzed = new List<string>();
        while (analyzed.Count < barcodes.Length && await plates.ResponseStream.MoveNext(CancellationToken.None))
        {
            Plate plate = plates.ResponseStream.Current.Plate;
            if (plate.State == PlateState.Analyzed)
            {
                analyzed.Add(plate.Name);
            }
        }

        var saved = new List<string>();
        while (saved.Count < barcodes.Length && await runs.ResponseStream.MoveNext(CancellationToken.None))
        {
            saved.Add(runs.ResponseStream.Current.AnalyticalRun.Plate);
        }

        Assert.Equal(barcodes.Select(barcode => $"plates/{barcode}").Order(), analyzed.Order());
        Assert.Equal(barcodes.Select(barcode => $"plates/{barcode}").Order(), saved.Order());
        Assert.False(other.IsCompleted, "A watch of another assay got a run.");
    }

    [Theory]
    [InlineData(ListOrder.NewestFirst)] // new rows come before the first page
    [InlineData(ListOrder.OldestFirst)] // new rows come behind the last page, and the walk reaches them too
    public async Task Pages_WhileNewResultsArrive_ShowEachThatWasThereOnce(ListOrder order)
    {
        for (int i = 0; i < 4; i++)
        {
            await server.AnalyzeAsync($"P{i}");
        }

        var there = (await Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest())).Results.Select(result => result.Name).ToHashSet();
        var seen = new List<string>();
        var request = new ListResultsRequest { PageSize = 2, Order = order };
        int added = 0;
        do
        {
            ListResultsResponse page = await Connection.AnalyticalRuns.ListResultsAsync(request);
            Assert.InRange(page.Results.Count, 1, 2);
            seen.AddRange(page.Results.Select(result => result.Name));
            request.PageToken = page.NextPageToken;
            if (added < 4)
            {
                await server.AnalyzeAsync($"Q{added++}");
            }
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(12, there.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Superset(there, seen.ToHashSet());
        Assert.Equal(order == ListOrder.OldestFirst ? 24 : 12, seen.Count);
    }

    [Fact]
    public async Task PageToken_OfAnotherQuestion_IsRefused()
    {
        await server.AnalyzeAsync("P1");
        ListResultsResponse page = await Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { PageSize = 1 });

        var fault = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() =>
            Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { Analyte = "il-6", PageToken = page.NextPageToken }).ResponseAsync));

        Assert.Equal((StatusCode.InvalidArgument, "page_token"), (fault.Code, Assert.Single(fault.Fields).Field));
    }
}
