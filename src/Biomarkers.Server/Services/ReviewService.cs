using Biomarkers.Immunoassay;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Review;
using Biomarkers.Server.Access;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>The life of results.</summary>
internal sealed class ReviewService(
    PlateReadIntake intake, StoreWriter writer, ChangeSignal changes, IQueries queries, IReviewQueries reviews, SigningProof proof, ServerOptions options)
    : V1.ReviewService.ReviewServiceBase
{
    private const string ResultNotFound = "RESULT_NOT_FOUND";

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<ReleaseResultsResponse> ReleaseResults(ReleaseResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        IReadOnlyList<NamedVersion> named = ReviewMapper.ReadVersions(request.Results, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: false, faults);
        Requests.Require(faults);
        return new ReleaseResultsResponse { Results = { await TakeAsync(ReviewStep.Release, named, reason, request.Signing, context) } };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<CorrectResultsResponse> CorrectResults(CorrectResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        IReadOnlyList<NamedVersion> named = ReviewMapper.ReadVersions(request.Results, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        return new CorrectResultsResponse { Results = { await TakeAsync(ReviewStep.Correct, named, reason, request.Signing, context) } };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<WithdrawResultsResponse> WithdrawResults(WithdrawResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        IReadOnlyList<NamedVersion> named = ReviewMapper.ReadVersions(request.Results, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        return new WithdrawResultsResponse { Results = { await TakeAsync(ReviewStep.Withdraw, named, reason, request.Signing, context) } };
    }

    [Authorize(Policy = Policies.DecideHolds)]
    public override async Task<HoldResultsResponse> HoldResults(HoldResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        IReadOnlyList<long> results = ReviewMapper.ReadResults(request.Results, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        PlacedHolds placed = await ChangeAsync(new HoldResults(results, reason, Callers.Of(context)), context);
        return placed.MissingKey is { } missing
            ? throw RpcErrors.NotFound(ResultNotFound, ResourceNames.Result(missing))
            : new HoldResultsResponse { Holds = { placed.Holds.Select(ReviewMapper.ToWire) } };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<V1.ResultHold> LiftHold(LiftHoldRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? key = ResourceNames.ParseResultHold("name", request.Name, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        LiftedHold lifted = await ChangeAsync(new LiftHold(key!.Value, reason, Callers.Of(context)), context);
        return lifted switch
        {
            { Hold: null } => throw RpcErrors.NotFound("RESULT_HOLD_NOT_FOUND", request.Name),
            { WasOpen: false } => throw RpcErrors.AlreadyResolved(request.Name),
            _ => ReviewMapper.ToWire(lifted.Hold),
        };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<V1.RepeatLink> LinkRepeat(LinkRepeatRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? repeat = ReviewMapper.ReadResult("repeat", request.Repeat, faults);
        long? original = ReviewMapper.ReadResult("original", request.Original, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        LinkedRepeat linked = await ChangeAsync(new LinkRepeat(repeat!.Value, original!.Value, reason, Callers.Of(context)), context);
        return linked switch
        {
            { MissingKey: { } missing } => throw RpcErrors.NotFound(ResultNotFound, ResourceNames.Result(missing)),
            { Faults.Count: > 0 } => throw RpcErrors.ReviewRefused(linked.Faults),
            _ => ReviewMapper.ToWire(linked.Link!),
        };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<V1.RepeatLink> UnlinkRepeat(UnlinkRepeatRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? key = ResourceNames.ParseRepeatLink("name", request.Name, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        UnlinkedRepeat unlinked = await ChangeAsync(new UnlinkRepeat(key!.Value, reason, Callers.Of(context)), context);
        return unlinked switch
        {
            { Link: null } => throw RpcErrors.NotFound("REPEAT_LINK_NOT_FOUND", request.Name),
            { WasLinked: false } => throw RpcErrors.AlreadyResolved(request.Name),
            _ => ReviewMapper.ToWire(unlinked.Link),
        };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<SignResultsResponse> SignResults(SignResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        IReadOnlyList<NamedVersion> named = ReviewMapper.ReadVersions(request.Results, faults);
        Requests.Require(faults);
        Signing signing = await proof.RequireAsync(context, request.Signing);
        return new SignResultsResponse { Results = { await ShowAsync(await ChangeAsync(new SignResults(named, Callers.Of(context), signing), context), context) } };
    }

    [Authorize(Policy = Policies.ReviewResults)]
    public override async Task<SetSigningPinResponse> SetSigningPin(SetSigningPinRequest request, ServerCallContext context)
    {
        await proof.SetPinAsync(context, request.Pin, request.CurrentPin);
        return new SetSigningPinResponse();
    }

    [Authorize(Policy = Policies.Reanalyze)]
    public override async Task<Plate> ReanalyzePlate(ReanalyzePlateRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = ResourceNames.ParsePlate("plate", request.Plate, faults);
        (string AssayId, int? Version)? assay = request.Assay.Length > 0 ? ResourceNames.ParseAssay("assay", request.Assay, faults) : null;
        IReadOnlyList<ExcludedWell> exclusions = ReviewMapper.ReadExclusions(request.Exclusions, faults);
        string reason = HoldMapper.ReadReason(request.Reason, faults);
        Requests.Require(faults);
        Reanalyzed reanalyzed = await intake.SubmitAsync(
            new ReanalyzePlate(barcode!, assay?.AssayId, assay?.Version, exclusions, reason, Callers.Of(context)), context.CancellationToken);
        return reanalyzed.Outcome switch
        {
            ReanalysisOutcome.NoPlate => throw RpcErrors.NotFound("PLATE_NOT_FOUND", request.Plate),
            ReanalysisOutcome.NoLayout => throw RpcErrors.LayoutMissing(request.Plate),
            ReanalysisOutcome.Refused => throw RpcErrors.InvalidArgument(reanalyzed.Faults),
            _ => PlateMapper.ToWire((await queries.GetPlateAsync(barcode!, context.CancellationToken))!),
        };
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListResultVersionsResponse> ListResultVersions(ListResultVersionsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        long? key = ReviewMapper.ReadResult("result", request.Result, faults);
        Requests.Require(faults);
        IReadOnlyList<StoredResult> versions = await reviews.ListVersionsAsync(key!.Value, context.CancellationToken)
            ?? throw RpcErrors.NotFound(ResultNotFound, request.Result);
        return new ListResultVersionsResponse { Results = { versions.Select(ResultMapper.ToWire) } };
    }

    [Authorize(Policy = Policies.ReadResults)]
    public override async Task<ListAffectedResultsResponse> ListAffectedResults(ListAffectedResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? barcode = ResourceNames.ParsePlate("plate", request.Plate, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.OldestFirst, faults);
        Requests.Require(faults);
        Page<Pipeline.Queries.AffectedResult> found = await reviews.ListAffectedResultsAsync(barcode!, page, context.CancellationToken);
        return new ListAffectedResultsResponse { AffectedResults = { found.Rows.Select(ReviewMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    private async Task<IEnumerable<Result>> TakeAsync(
        ReviewStep step, IReadOnlyList<NamedVersion> named, string? reason, SigningRequest? signing, ServerCallContext context)
    {
        Signing? proven = signing is null ? null : await proof.RequireAsync(context, signing);
        var take = new TakeReviewStep(step, named, reason, Callers.Of(context), proven, options.ReleaseNeedsSignature);
        return await ShowAsync(await ChangeAsync(take, context), context);
    }

    private async Task<IEnumerable<Result>> ShowAsync(Reviewed reviewed, ServerCallContext context)
    {
        if (reviewed.MissingKey is { } missing)
        {
            throw RpcErrors.NotFound(ResultNotFound, ResourceNames.Result(missing));
        }

        if (reviewed.Faults.Count > 0)
        {
            throw RpcErrors.ReviewRefused(reviewed.Faults);
        }

        return (await reviews.GetVersionsAsync([.. reviewed.Versions.Select(version => version.VersionKey)], context.CancellationToken)).Select(ResultMapper.ToWire);
    }

    private async Task<TOutcome> ChangeAsync<TOutcome>(Pipeline.Store.IStoreWrite<TOutcome> change, ServerCallContext context)
    {
        TOutcome outcome = await writer.WriteAsync(change, context.CancellationToken);
        changes.Raise();
        return outcome;
    }
}
