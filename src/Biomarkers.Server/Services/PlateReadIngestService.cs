using Biomarkers.Immunoassay;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>For instruments: reads, maps, hands over, answers; nothing else.</summary>
internal sealed class PlateReadIngestService(
    PlateReadIntake intake,
    IQueries queries,
    InstrumentAccess access,
    WireLimits limits,
    StreamSlots slots,
    EventBudget budget,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<PlateReadIngestService> logger) : V1.PlateReadIngestService.PlateReadIngestServiceBase
{
    private const string QuarantinedEventNotFound = "QUARANTINED_EVENT_NOT_FOUND";

    [Authorize(Policy = Policies.SendReads)]
    public override async Task StreamPlateReads(
        IAsyncStreamReader<StreamPlateReadsRequest> requests, IServerStreamWriter<StreamPlateReadsResponse> responses, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var stream = new PlateReadStream(
            intake, limits, slots, budget, time, logger, Callers.Of(context), instrument => access.RequireSenderAsync(context, instrument), lifetime.ApplicationStopping);
        try
        {
            await stream.RunAsync(requests, responses, ended.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw RpcErrors.ShuttingDown();
        }
    }

    [Authorize(Policy = Policies.SendReads)]
    public override async Task<ReadStream> GetReadStream(GetReadStreamRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        (string InstrumentId, string StreamId)? name = ResourceNames.ParseReadStream("name", request.Name, faults);
        Requests.Require(faults);
        StreamSummary? stream = access.MaySee(context, name!.Value.InstrumentId)
            ? await queries.GetStreamAsync(name.Value.InstrumentId, name.Value.StreamId, context.CancellationToken)
            : null;
        return stream is null ? throw RpcErrors.NotFound("READ_STREAM_NOT_FOUND", request.Name) : PlateMapper.ToWire(stream);
    }

    [Authorize(Policy = Policies.SendReads)]
    public override async Task<SubmitPlateReadResponse> SubmitPlateRead(SubmitPlateReadRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? instrument = ResourceNames.ParseInstrument("instrument", request.Instrument, faults);
        if (instrument is not null)
        {
            await access.RequireSenderAsync(context, instrument);
        }

        Checked<WholePlateRead> content = PlateReadMapper.ToWholePlate(request.PlateRead, "plate_read");
        faults.AddRange(content.Faults);
        Requests.Require(faults);
        // The journal holds events: a unary read is kept in the same form as one of a stream.
        byte[] bytes = new StreamEventContent { PlateRead = request.PlateRead }.ToByteArray();
        SubmittedRead submitted = await intake.SubmitAsync(
            new SubmitPlateRead(instrument!, content.Value!, bytes, Callers.Of(context)), context.CancellationToken);
        if (submitted.Kind == SubmissionKind.Held)
        {
            return new SubmitPlateReadResponse
            {
                Disposition = DispositionKind.Held,
                HeldPlate = ResourceNames.HeldPlate(submitted.HeldKey!.Value),
                Status = RpcErrors.HeldStatus(submitted.Faults[0]),
            };
        }

        Requests.Require(submitted.Faults);
        return new SubmitPlateReadResponse
        {
            // A repeat of a read without a barcode is held; it has no name.
            Read = submitted.PlateBarcode is { } barcode ? ResourceNames.Read(barcode, request.PlateRead.ReadId) : string.Empty,
            Disposition = submitted.Kind == SubmissionKind.Repeat ? DispositionKind.Duplicate : DispositionKind.Stored,
        };
    }

    [Authorize(Policy = Policies.ReadQuarantine)]
    public override async Task<ListQuarantinedEventsResponse> ListQuarantinedEvents(ListQuarantinedEventsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? instrument = ResourceNames.ParseInstrumentOrAll("parent", request.Parent, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.Unspecified, faults);
        Requests.Require(faults);
        // An instrument that asks for all gets its own; another's is answered the same whether or not there is one.
        string? asked = instrument!.Length == 0 ? InstrumentAccess.OwnOf(context) : instrument;
        if (asked is not null && !access.MaySee(context, asked))
        {
            throw RpcErrors.NotFound(ResourceNames.InstrumentNotFound, request.Parent);
        }

        var filter = new WaitingFilter(asked, request.UnresolvedOnly ? false : null);
        Page<Pipeline.Queries.QuarantinedEvent> found = await queries.ListQuarantinedEventsAsync(filter, page, context.CancellationToken);
        return new ListQuarantinedEventsResponse
        {
            QuarantinedEvents = { found.Rows.Select(HoldMapper.ToWire) },
            NextPageToken = PageTokens.Next(request, found.Next),
        };
    }

    [Authorize(Policy = Policies.ReadQuarantine)]
    public override async Task<QuarantinedEventContent> GetQuarantinedEvent(GetQuarantinedEventRequest request, ServerCallContext context)
    {
        (Pipeline.Queries.QuarantinedEvent refused, byte[] content) = await FindQuarantinedAsync(ParseQuarantined(request.Name, []), request.Name, context.CancellationToken);
        return access.MaySee(context, refused.InstrumentId) ? HoldMapper.ToWire(refused, content) : throw RpcErrors.NotFound(QuarantinedEventNotFound, request.Name);
    }

    [Authorize(Policy = Policies.DecideHolds)]
    public override async Task<V1.QuarantinedEvent> ReplayQuarantinedEvent(ReplayQuarantinedEventRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        long quarantineKey = ParseQuarantined(request.Name, faults);
        var replay = new ReplayQuarantinedEvent(
            quarantineKey, request.RepairedContent?.ToByteArray(), reason, Callers.Of(context), PlateReadMapper.ToEventContent);
        Decided decided = await intake.SubmitAsync(replay, context.CancellationToken);
        HoldMapper.Require(decided, QuarantinedEventNotFound, request.Name, request.RepairedContent is null ? string.Empty : "repaired_content");
        return HoldMapper.ToWire((await FindQuarantinedAsync(quarantineKey, request.Name, context.CancellationToken)).Event);
    }

    [Authorize(Policy = Policies.DecideHolds)]
    public override async Task<V1.QuarantinedEvent> DismissQuarantinedEvent(DismissQuarantinedEventRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        long quarantineKey = ParseQuarantined(request.Name, faults);
        Decided decided = await intake.SubmitAsync(new DismissQuarantinedEvent(quarantineKey, reason, Callers.Of(context)), context.CancellationToken);
        HoldMapper.Require(decided, QuarantinedEventNotFound, request.Name);
        return HoldMapper.ToWire((await FindQuarantinedAsync(quarantineKey, request.Name, context.CancellationToken)).Event);
    }

    private static long ParseQuarantined(string name, List<Fault> faults)
    {
        long? quarantineKey = ResourceNames.ParseQuarantinedEvent("name", name, faults);
        Requests.Require(faults);
        return quarantineKey!.Value;
    }

    private async Task<(Pipeline.Queries.QuarantinedEvent Event, byte[] Content)> FindQuarantinedAsync(long quarantineKey, string name, CancellationToken cancellationToken) =>
        await queries.GetQuarantinedEventAsync(quarantineKey, cancellationToken) ?? throw RpcErrors.NotFound(QuarantinedEventNotFound, name);
}
