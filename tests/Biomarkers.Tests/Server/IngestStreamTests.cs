using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The ingest contract over the wire: what is acknowledged, and how a stream ends.</summary>
public sealed class IngestStreamTests : IAsyncLifetime
{
    private static readonly GetReadStreamRequest Stream = new() { Name = "instruments/reader-1/readStreams/s1" };

    private TestServer server = null!;

    private BiomarkersConnection Connection => server.Connection;

    public async Task InitializeAsync() => server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Event_Acknowledged_IsStoredUnderTheChainThatTheSenderComputes()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        byte[][] contents = [Content("P1"), Content("P2"), Content("P3")];
        byte[] chain = new byte[32];
        for (int i = 0; i < contents.Length; i++)
        {
            await stream.SendAsync(i, contents[i]);
            Assert.Equal(i + 1, (await stream.AckAsync()).NextOffset);
            chain = SHA256.HashData([.. chain, .. SHA256.HashData(contents[i])]);
        }

        ReadStream stored = await Connection.Ingest.GetReadStreamAsync(Stream);
        Assert.Equal((0, 1), (stream.Opened.NextOffset, stream.Opened.Epoch));
        Assert.Equal(3, stored.NextOffset);
        Assert.Equal(Convert.ToHexStringLower(chain), stored.ChainSha256);
    }

    [Fact]
    public async Task Event_SentAgain_IsADuplicateAndMovesNothing()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, Content("P1"));
        await stream.AckAsync();
        await stream.SendAsync(0, Content("P1"));

        Ack again = await stream.AckAsync();

        Assert.Equal(1, again.NextOffset);
        Disposition disposition = Assert.Single(again.Dispositions);
        Assert.Equal((0, DispositionKind.Duplicate, null), (disposition.Offset, disposition.Kind, disposition.Status));
    }

    [Fact]
    public async Task Event_BeyondTheNextOffset_EndsWithTheExpectedOne()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, Content("P1"));
        await stream.SendAsync(2, Content("P2"));

        RpcFault fault = await stream.FaultAsync();

        Assert.Equal((StatusCode.OutOfRange, "OFFSET_GAP", "1"), (fault.Code, fault.Reason, fault.Metadata["expected_offset"]));
        Assert.Equal(1, (await Connection.Ingest.GetReadStreamAsync(Stream)).NextOffset);
    }

    [Fact]
    public async Task Event_OtherContentUnderAStoredOffset_EndsAndBothAreKept()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, Content("P1"));
        await stream.AckAsync();
        byte[] other = Content("P2");
        await stream.SendAsync(0, other);

        RpcFault fault = await stream.FaultAsync();

        Assert.Equal((StatusCode.AlreadyExists, "OFFSET_CONFLICT"), (fault.Code, fault.Reason));
        QuarantinedEvent kept = Assert.Single(await QuarantineAsync());
        Assert.Equal((0, Convert.ToHexStringLower(SHA256.HashData(other))), (kept.Offset, kept.ContentSha256));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => PlateAsync("P2"))).StatusCode);
    }

    [Fact]
    public async Task Event_AfterTheStreamWasOpenedElsewhere_IsFenced()
    {
        using TestStream first = await TestStream.OpenAsync(Connection);
        using TestStream second = await TestStream.OpenAsync(Connection);
        await first.SendAsync(0, Content("P1"));

        RpcFault fault = await first.FaultAsync();

        Assert.Equal((StatusCode.Aborted, "STALE_EPOCH"), (fault.Code, fault.Reason));
        await second.SendAsync(0, Content("P2"));
        Assert.Equal(1, (await second.AckAsync()).NextOffset);
        Assert.Equal((1, 2), (first.Opened.Epoch, second.Opened.Epoch));
    }

    [Fact]
    public async Task Event_HashOfOtherContent_IsDataLossAndMayBeSentAgain()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, Content("P1"), SHA256.HashData(Content("P2")));

        RpcFault fault = await stream.FaultAsync();

        Assert.Equal((StatusCode.DataLoss, "CHECKSUM_MISMATCH"), (fault.Code, fault.Reason));
        using TestStream again = await TestStream.OpenAsync(Connection);
        Assert.Equal(0, again.Opened.NextOffset);
        await again.SendAsync(0, Content("P1"));
        Assert.Equal(1, (await again.AckAsync()).NextOffset);
    }

    [Fact]
    public async Task FirstMessage_IsNoOpening_BreaksTheProtocol()
    {
        using TestStream stream = TestStream.Begin(Connection);
        await stream.SendAsync(0, Content("P1"));

        Assert.Equal((StatusCode.InvalidArgument, "PROTOCOL_VIOLATION"), Of(await stream.FaultAsync()));
    }

    [Fact]
    public async Task SecondOpening_OnOneCall_BreaksTheProtocol()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = "instruments/reader-1", StreamId = "s1" } });

        Assert.Equal((StatusCode.InvalidArgument, "PROTOCOL_VIOLATION"), Of(await stream.FaultAsync()));
    }

    [Fact]
    public async Task Opening_BadNames_TellsEveryFault()
    {
        using TestStream stream = TestStream.Begin(Connection);
        await stream.SendAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = "reader 1", StreamId = "-" } });

        RpcFault fault = await stream.FaultAsync();

        Assert.Equal(StatusCode.InvalidArgument, fault.Code);
        Assert.Equal(["open.instrument", "open.stream_id"], fault.Fields.Select(field => field.Field));
    }

    [Theory]
    [InlineData("FF")] // no tag of any message
    [InlineData("0A7F")] // a length beyond the end
    [InlineData("")] // no bytes: a message that says nothing
    public async Task Event_Garbage_IsQuarantinedAndTheStreamGoesOn(string hex)
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, Convert.FromHexString(hex));
        await stream.SendAsync(1, Content("P1"));

        Ack ack = await stream.AckedToAsync(2);

        Disposition disposition = Assert.Single(ack.Dispositions);
        Assert.Equal((0, DispositionKind.Quarantined), (disposition.Offset, disposition.Kind));
        Assert.NotEmpty(RpcFault.Of(disposition.Status).Fields);
        Assert.Equal(PlateState.Analyzed, (await server.UntilAsync("P1", PlateState.Analyzed)).State);
        Assert.Equal(0, Assert.Single(await QuarantineAsync()).Offset);
    }

    [Fact]
    public async Task Event_UnknownAssay_IsQuarantinedWithItsField()
    {
        PlateRead read = TestServer.Read("P1");
        read.Layout.Assay = "assays/il-99";
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, new StreamEventContent { PlateRead = read });

        Disposition disposition = Assert.Single((await stream.AckAsync()).Dispositions);

        Assert.Equal(DispositionKind.Quarantined, disposition.Kind);
        FieldFault field = Assert.Single(RpcFault.Of(disposition.Status).Fields);
        Assert.Equal(("ASSAY_UNKNOWN", true), (field.Reason, field.Description.Contains("il-99", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Submit_UnknownAssay_IsInvalidAndStoresNothing()
    {
        PlateRead read = TestServer.Read("P1");
        read.Layout.Assay = "assays/il-99";

        RpcException exception = await Assert.ThrowsAsync<RpcException>(() =>
            Connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read }).ResponseAsync);

        RpcFault fault = RpcFault.Of(exception);
        Assert.Equal((StatusCode.InvalidArgument, "ASSAY_UNKNOWN"), (fault.Code, Assert.Single(fault.Fields).Reason));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => PlateAsync("P1"))).StatusCode);
        Assert.Empty(await QuarantineAsync());
    }

    [Fact]
    public async Task Submit_SentAgain_IsADuplicate()
    {
        var request = new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = TestServer.Read("P1") };
        SubmitPlateReadResponse first = await Connection.Ingest.SubmitPlateReadAsync(request);
        SubmitPlateReadResponse second = await Connection.Ingest.SubmitPlateReadAsync(request);

        Assert.Equal((DispositionKind.Stored, DispositionKind.Duplicate), (first.Disposition, second.Disposition));
        Assert.Equal("plates/P1/reads/r1", second.Read);
    }

    [Fact]
    public async Task Message_LargerThanOneMebibyte_IsRefusedOnAStreamAndAlone()
    {
        byte[] content = new byte[(1024 * 1024) + 1];
        using TestStream stream = await TestStream.OpenAsync(Connection);
        // The server ends the call while the message is still on its way: the write fails too, and only the status says why.
        Task write = stream.SendAsync(0, content);
        RpcFault onStream = await stream.FaultAsync();
        await Task.WhenAny(write);
        PlateRead read = TestServer.Read("P1");
        read.Operator = new string('x', content.Length);

        RpcException alone = await Assert.ThrowsAsync<RpcException>(() =>
            Connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read }).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, onStream.Code);
        Assert.Equal(StatusCode.ResourceExhausted, alone.StatusCode);
    }

    [Fact]
    public async Task Stream_CarriesMoreThanOneMebibyteInAll()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        byte[] largest = new byte[PlateReadSender.MaximumContentBytes];
        for (int i = 0; i < 4; i++)
        {
            await stream.SendAsync(i, largest);
        }

        Assert.Equal(4, (await stream.AckedToAsync(4)).Dispositions.Count);
    }

    [Fact]
    public async Task Plate_InParts_IsAnalyzedAsIfWhole()
    {
        PlateRead whole = TestServer.Read("P1");
        ResponseColumn column = whole.Columns[0];
        using TestStream stream = await TestStream.OpenAsync(Connection);
        await stream.SendAsync(0, new StreamEventContent
        {
            PlateStarted = new PlateStarted { PlateBarcode = "P1", ReadId = "r1", WellCount = whole.WellCount, ResponseKind = whole.ResponseKind, Layout = whole.Layout },
        });
        int offset = 1;
        foreach (int[] wells in Enumerable.Range(0, column.Positions.Count).Chunk(8))
        {
            var part = new ResponseColumn { Analyte = column.Analyte, WavelengthNm = column.WavelengthNm };
            part.Positions.AddRange(wells.Select(i => column.Positions[i]));
            part.Responses.AddRange(wells.Select(i => column.Responses[i]));
            await stream.SendAsync(offset++, new StreamEventContent { WellsRead = new WellsRead { ReadId = "r1", Columns = { part } } });
        }

        await stream.AckedToAsync(offset);
        Assert.Equal(PlateState.Receiving, (await PlateAsync("P1")).State);
        await stream.SendAsync(offset, new StreamEventContent { PlateCompleted = new PlateCompleted { ReadId = "r1", WellResponseCount = column.Positions.Count } });

        Assert.Empty((await stream.AckedToAsync(offset + 1)).Dispositions);
        Plate inParts = await server.UntilAsync("P1", PlateState.Analyzed);
        // The same responses under another barcode: the run's numbers must be the same.
        Plate atOnce = await server.AnalyzeAsync("P2");
        Assert.Equal(await ConcentrationsAsync(atOnce), await ConcentrationsAsync(inParts));
    }

    [Fact]
    public async Task HalfClose_EverythingSentIsAcknowledgedBeforeTheEnd()
    {
        using TestStream stream = await TestStream.OpenAsync(Connection);
        for (int i = 0; i < 40; i++)
        {
            await stream.SendAsync(i, Content($"P{i}"));
        }

        await stream.HalfCloseAsync();

        long acknowledged = 0;
        while (await stream.NextAsync() is { } response)
        {
            acknowledged = response.Ack.NextOffset;
        }

        Assert.Equal(40, acknowledged);
    }

    [Fact]
    public async Task Sender_GoneBeforeItsAcknowledgement_ItsPlatesAreAnalyzedAllTheSame()
    {
        var stored = new List<string>();
        for (int i = 0; i < 20; i++)
        {
            // Each connection is broken at once after its plates were written: the commit races with the end of the call.
            using BiomarkersConnection own = server.Connect();
            using TestStream stream = await TestStream.OpenAsync(own, $"gone-{i}");
            await stream.SendAsync(0, Content($"G{i}-0"));
            await stream.SendAsync(1, Content($"G{i}-1"));
        }

        for (int i = 0; i < 20; i++)
        {
            // Opening fences what may still be on its way, so that the next offset is final.
            using TestStream again = await TestStream.OpenAsync(Connection, $"gone-{i}");
            stored.AddRange(Enumerable.Range(0, (int)again.Opened.NextOffset).Select(n => $"G{i}-{n}"));
        }

        Assert.NotEmpty(stored);
        foreach (string barcode in stored)
        {
            Assert.Equal((barcode, PlateState.Analyzed), (barcode, (await server.UntilAsync(barcode, PlateState.Analyzed)).State));
        }
    }

    [Fact]
    public async Task Stream_WithoutAnyMessage_IsCutAndHeartbeatsKeepIt()
    {
        await using TestServer hasty = await TestServer.StartAsync(wire: new WireLimits { StreamIdle = TimeSpan.FromSeconds(2) });
        using TestStream stream = await TestStream.OpenAsync(hasty.Connection);
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(0.25));
        for (int i = 0; i < 12 && await beat.WaitForNextTickAsync(); i++)
        {
            await stream.SendAsync(new StreamPlateReadsRequest { Heartbeat = new Heartbeat() });
        }

        // 3 s have passed by now: without the heartbeats the stream would be cut.
        await stream.SendAsync(0, Content("P1"));
        Assert.Equal(1, (await stream.AckAsync()).NextOffset);
        Assert.Equal((StatusCode.DeadlineExceeded, "STREAM_IDLE"), Of(await stream.FaultAsync()));
    }

    private static byte[] Content(string barcode) => new StreamEventContent { PlateRead = TestServer.Read(barcode) }.ToByteArray();

    private static (StatusCode Code, string Reason) Of(RpcFault fault) => (fault.Code, fault.Reason);

    private async Task<Plate> PlateAsync(string barcode) => await Connection.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{barcode}" });

    private async Task<IEnumerable<QuarantinedEvent>> QuarantineAsync() =>
        (await Connection.Ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/reader-1" })).QuarantinedEvents;

    private async Task<IEnumerable<(string Sample, double Concentration)>> ConcentrationsAsync(Plate plate)
    {
        ListResultsResponse page = await Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { AnalyticalRun = plate.AnalyticalRun });
        Assert.Equal(3, page.Results.Count);
        return page.Results.Select(result => (result.SampleId, result.Concentration)).Order();
    }
}
