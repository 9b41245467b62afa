using Biomarkers.Immunoassay;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
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
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<PlateReadIngestService> logger) : V1.PlateReadIngestService.PlateReadIngestServiceBase
{
    [Authorize(Policy = Policies.SendReads)]
    public override async Task StreamPlateReads(
        IAsyncStreamReader<StreamPlateReadsRequest> requests, IServerStreamWriter<StreamPlateReadsResponse> responses, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var stream = new PlateReadStream(
            intake, limits, time, logger, Callers.Of(context), instrument => access.RequireSenderAsync(context, instrument), lifetime.ApplicationStopping);
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
        Requests.Require(submitted.Faults);
        return new SubmitPlateReadResponse
        {
            Read = ResourceNames.Read(submitted.PlateBarcode, request.PlateRead.ReadId),
            Disposition = submitted.IsRepeat ? DispositionKind.Duplicate : DispositionKind.Stored,
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

        Page<Pipeline.Queries.QuarantinedEvent> found = await queries.ListQuarantinedEventsAsync(asked, page, context.CancellationToken);
        return new ListQuarantinedEventsResponse
        {
            QuarantinedEvents = { found.Rows.Select(PlateMapper.ToWire) },
            NextPageToken = PageTokens.Next(request, found.Next),
        };
    }
}
