using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>Runs and results.</summary>
internal sealed class AnalyticalRunService(IQueries queries, Watching watching) : V1.AnalyticalRunService.AnalyticalRunServiceBase
{
    private const int ChangesAtATime = 100;

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<AnalyticalRun> GetAnalyticalRun(GetAnalyticalRunRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? key = ResourceNames.ParseAnalyticalRun("name", request.Name, faults);
        Requests.Require(faults);
        StoredRun run = await queries.GetRunAsync(key!.Value, context.CancellationToken) ?? throw RpcErrors.NotFound("ANALYTICAL_RUN_NOT_FOUND", request.Name);
        return AnalyticalRunMapper.ToWire(run);
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListAnalyticalRunsResponse> ListAnalyticalRuns(ListAnalyticalRunsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        RunFilter filter = AnalyticalRunMapper.ToFilter(request, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, request.Order, faults);
        Requests.Require(faults);
        Page<RunSummary> found = await queries.ListRunsAsync(filter, page, context.CancellationToken);
        return new ListAnalyticalRunsResponse { AnalyticalRuns = { found.Rows.Select(AnalyticalRunMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<Result> GetResult(GetResultRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        (long ResultKey, int? Version)? name = ResourceNames.ParseResult("name", request.Name, faults);
        Requests.Require(faults);
        StoredResult result = await queries.GetResultAsync(name!.Value.ResultKey, name.Value.Version, context.CancellationToken)
            ?? throw RpcErrors.NotFound("RESULT_NOT_FOUND", request.Name);
        return ResultMapper.ToWire(result);
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListResultsResponse> ListResults(ListResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        ResultFilter filter = ResultMapper.ToFilter(request, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, request.Order, faults);
        Requests.Require(faults);
        Page<StoredResult> found = await queries.ListResultsAsync(filter, page, context.CancellationToken);
        return new ListResultsResponse { Results = { found.Rows.Select(ResultMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task WatchAnalyticalRuns(
        WatchAnalyticalRunsRequest request, IServerStreamWriter<WatchAnalyticalRunsResponse> responses, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = request.Plate.Length > 0 ? ResourceNames.ParsePlate("plate", request.Plate, faults) : null;
        string? assayId = request.Assay.Length > 0 ? ResourceNames.ParseAssayId("assay", request.Assay, faults) : null;
        Requests.Require(faults);
        long generation = await queries.DatabaseGenerationAsync(context.CancellationToken);
        long cursor = WatchCursors.Begin(request.Cursor, generation, await queries.NewestSequenceAsync(context.CancellationToken));
        await watching.RunAsync(context, responses, WatchCursors.ToWire(generation, cursor), async cancellationToken =>
        {
            IReadOnlyList<RunSummary> saved = await queries.ListRunChangesAsync(cursor, ChangesAtATime, cancellationToken);
            cursor = saved.Count > 0 ? saved[^1].Sequence : cursor;
            return (saved.Count >= ChangesAtATime, saved
                .Where(run => (barcode is null || run.PlateBarcode == barcode) && (assayId is null || run.AssayName.StartsWith($"{assayId}@", StringComparison.Ordinal)))
                .Select(run => new WatchAnalyticalRunsResponse { AnalyticalRun = AnalyticalRunMapper.ToWire(run), Cursor = WatchCursors.ToWire(generation, run.Sequence) }));
        });
    }
}
