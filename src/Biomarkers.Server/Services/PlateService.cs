using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>Plates and their layouts.</summary>
internal sealed class PlateService(PlateReadIntake intake, IQueries queries, InstrumentAccess access, Watching watching) : V1.PlateService.PlateServiceBase
{
    private const int ChangesAtATime = 100;
    private const string HeldPlateNotFound = "HELD_PLATE_NOT_FOUND";

    [Authorize(Policy = Policies.ReadPlate)]
    public override async Task<Plate> GetPlate(GetPlateRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = ResourceNames.ParsePlate("name", request.Name, faults);
        Requests.Require(faults);
        PlateSummary plate = await FindAsync(barcode!, request.Name, context.CancellationToken);
        return PlateMapper.ToWire(access.OwnPart(context, plate) ?? throw RpcErrors.NotFound("PLATE_NOT_FOUND", request.Name));
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListPlatesResponse> ListPlates(ListPlatesRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        PlateFilter filter = PlateMapper.ToFilter(request, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, request.Order, faults);
        Requests.Require(faults);
        Page<PlateSummary> found = await queries.ListPlatesAsync(filter, page, context.CancellationToken);
        return new ListPlatesResponse { Plates = { found.Rows.Select(PlateMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    [Authorize(Policy = Policies.ChangeLayouts)]
    public override async Task<Plate> SubmitPlateLayout(SubmitPlateLayoutRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = ResourceNames.ParsePlate("plate", request.Plate, faults);
        Checked<Immunoassay.Plates.PlateLayout> layout = PlateLayoutMapper.ToDomain(request.Layout, "layout");
        faults.AddRange(layout.Faults);
        if (request.Reason.Length > 0)
        {
            Texts.CheckText("reason", request.Reason, faults);
        }

        Requests.Require(faults);
        string? reason = request.Reason.Length > 0 ? request.Reason : null;
        SubmittedLayout submitted = await intake.SubmitAsync(
            new SubmitPlateLayout(barcode!, layout.Value!, reason, Callers.Of(context)), context.CancellationToken);
        Requests.Require(submitted.Faults);
        return PlateMapper.ToWire(await FindAsync(barcode!, request.Plate, context.CancellationToken));
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task WatchPlates(WatchPlatesRequest request, IServerStreamWriter<WatchPlatesResponse> responses, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = request.Plate.Length > 0 ? ResourceNames.ParsePlate("plate", request.Plate, faults) : null;
        Requests.Require(faults);
        long generation = await queries.DatabaseGenerationAsync(context.CancellationToken);
        long cursor = WatchCursors.Begin(request.Cursor, generation, await queries.NewestPlateChangeAsync(context.CancellationToken));
        await watching.RunAsync(context, responses, WatchCursors.ToWire(generation, cursor), async cancellationToken =>
        {
            IReadOnlyList<PlateSummary> changed = await queries.ListPlateChangesAsync(cursor, ChangesAtATime, cancellationToken);
            var found = new List<WatchPlatesResponse>();
            long previous = cursor;
            for (int i = 0; i < changed.Count; i++)
            {
                // Only behind the last of the plates that share a place nothing is missed.
                bool isLastOfPlace = i == changed.Count - 1 || changed[i + 1].Change > changed[i].Change;
                previous = isLastOfPlace ? changed[i].Change : previous;
                if (barcode is null || changed[i].Barcode == barcode)
                {
                    found.Add(new WatchPlatesResponse { Plate = PlateMapper.ToWire(changed[i]), Cursor = WatchCursors.ToWire(generation, previous) });
                }
            }

            cursor = previous;
            return (changed.Count >= ChangesAtATime, found);
        });
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListHeldPlatesResponse> ListHeldPlates(ListHeldPlatesRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? instrument = request.Instrument.Length > 0 ? ResourceNames.ParseInstrument("instrument", request.Instrument, faults) : null;
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.Unspecified, faults);
        Requests.Require(faults);
        var filter = new WaitingFilter(instrument, request.IncludeResolved ? null : false);
        Page<HeldPlateSummary> found = await queries.ListHeldPlatesAsync(filter, page, context.CancellationToken);
        return new ListHeldPlatesResponse { HeldPlates = { found.Rows.Select(HoldMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<HeldPlate> GetHeldPlate(GetHeldPlateRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? heldKey = ResourceNames.ParseHeldPlate("name", request.Name, faults);
        Requests.Require(faults);
        return HoldMapper.ToWire(await FindHeldAsync(heldKey!.Value, request.Name, context.CancellationToken));
    }

    [Authorize(Policy = Policies.DecideHolds)]
    public override async Task<HeldPlate> ResolveHeldPlate(ResolveHeldPlateRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? heldKey = ResourceNames.ParseHeldPlate("name", request.Name, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        if (request.DecisionCase == ResolveHeldPlateRequest.DecisionOneofCase.None)
        {
            faults.Add(new Fault("decision", FaultReasons.Required, "Expected use or dismiss."));
        }

        string? barcode = request.Use?.PlateBarcode is { Length: > 0 } named ? named : null;
        if (barcode is not null)
        {
            Texts.CheckName("use.plate_barcode", barcode, faults);
        }

        Requests.Require(faults);
        bool supersedes = request.Use?.SupersedeLaterReads ?? false;
        var resolve = new ResolveHeldPlate(
            heldKey!.Value, request.Use is not null, barcode, request.Use?.KeepLayout ?? false, reason, Callers.Of(context), supersedes, request.Use?.ReplaceLayout ?? false);
        Decided decided = await intake.SubmitAsync(resolve, context.CancellationToken);
        HoldMapper.Require(decided, HeldPlateNotFound, request.Name);
        return HoldMapper.ToWire(await FindHeldAsync(heldKey.Value, request.Name, context.CancellationToken));
    }

    [Authorize(Policy = Policies.DecideHolds)]
    public override async Task<Plate> ClosePendingRead(ClosePendingReadRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = ResourceNames.ParsePlate("plate", request.Plate, faults);
        (string InstrumentId, string StreamId)? stream = ResourceNames.ParseReadStream("read_stream", request.ReadStream, faults);
        Texts.CheckName("read_id", request.ReadId, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        var closing = new ClosePendingRead(
            barcode!, stream!.Value.InstrumentId, stream.Value.StreamId, request.ReadId, !request.Dismiss, reason, Callers.Of(context));
        HoldMapper.Require(await intake.SubmitAsync(closing, context.CancellationToken), "PENDING_READ_NOT_FOUND", $"{request.ReadStream}, read '{request.ReadId}'");
        return PlateMapper.ToWire(await FindAsync(barcode!, request.Plate, context.CancellationToken));
    }

    private async Task<HeldPlateSummary> FindHeldAsync(long heldKey, string name, CancellationToken cancellationToken) =>
        await queries.GetHeldPlateAsync(heldKey, cancellationToken) ?? throw RpcErrors.NotFound(HeldPlateNotFound, name);

    private async Task<PlateSummary> FindAsync(string barcode, string name, CancellationToken cancellationToken) =>
        await queries.GetPlateAsync(barcode, cancellationToken) ?? throw RpcErrors.NotFound("PLATE_NOT_FOUND", name);
}
