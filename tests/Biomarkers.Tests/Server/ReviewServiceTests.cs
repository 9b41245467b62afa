using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>Review over gRPC: who may, what is refused with which reason, and who signs.</summary>
public sealed class ReviewServiceTests : IAsyncLifetime
{
    private const string Pin = "correct horse";

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");
    private TestServer server = null!;

    private ReviewService.ReviewServiceClient Reviews => server.Connection.Reviews;

    public async Task InitializeAsync() => server = await TestServer.StartAsync(folder);

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Steps_OnResultsOfAPlate_GoAsTheirLifeAllows()
    {
        await server.AnalyzeAsync("P1");
        string[] computed = await PendingAsync("P1");

        ReleaseResultsResponse released = await Reviews.ReleaseResultsAsync(new ReleaseResultsRequest { Results = { computed } });
        Assert.All(released.Results, result => Assert.Equal((ResultStatus.Final, 2, 0, 2), (result.Status, result.Version, result.SupersedesVersion, result.CurrentVersion)));
        RpcFault again = await FaultAsync(() => Reviews.ReleaseResultsAsync(new ReleaseResultsRequest { Results = { computed } }).ResponseAsync);
        Assert.Equal((StatusCode.FailedPrecondition, "STEP_NOT_ALLOWED"), (again.Code, again.Reason));

        RpcFault unexplained = await FaultAsync(() => Reviews.WithdrawResultsAsync(new WithdrawResultsRequest { Results = { Names(released.Results) } }).ResponseAsync);
        Assert.Equal((StatusCode.InvalidArgument, "REASON_REQUIRED"), (unexplained.Code, unexplained.Fields[0].Reason));
        RpcFault stale = await FaultAsync(() => Reviews.WithdrawResultsAsync(new WithdrawResultsRequest { Results = { computed[0] }, Reason = "swapped" }).ResponseAsync);
        Assert.Equal((StatusCode.Aborted, "VERSION_CHANGED"), (stale.Code, stale.Reason));
        WithdrawResultsResponse withdrawn = await Reviews.WithdrawResultsAsync(new WithdrawResultsRequest { Results = { Names(released.Results)[0] }, Reason = "swapped" });
        Assert.Equal((ResultStatus.Withdrawn, 3, 2, "swapped"), Shown(withdrawn.Results[0]));

        ListResultVersionsResponse life = await Reviews.ListResultVersionsAsync(new ListResultVersionsRequest { Result = released.Results[0].Name });
        Assert.Equal([ResultStatus.Preliminary, ResultStatus.Final, ResultStatus.Withdrawn], life.Results.Select(result => result.Status));
    }

    [Fact]
    public async Task Reanalysis_WithAWellLeftOut_WaitsBesideWhatCounts()
    {
        await server.AnalyzeAsync("P1");
        await Reviews.ReleaseResultsAsync(new ReleaseResultsRequest { Results = { await PendingAsync("P1") } });

        RpcFault unknown = await FaultAsync(() => ReanalyzeAsync("H12").ResponseAsync);
        Assert.Equal(("exclusions[0].position", "WELL_OUT_OF_RANGE"), (unknown.Fields[0].Field, unknown.Fields[0].Reason));
        await ReanalyzeAsync("A03");
        await server.UntilAsync("P1", PlateState.Analyzed);
        ListAffectedResultsResponse affected = await Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = "plates/P1" });

        Assert.All(affected.AffectedResults, result => Assert.Equal((ResultStatus.Final, ResultStatus.Preliminary), (result.Before.Status, result.After.Status)));
        string[] after = Names(affected.AffectedResults.Select(result => result.After));
        CorrectResultsResponse corrected = await Reviews.CorrectResultsAsync(new CorrectResultsRequest { Results = { after }, Reason = "bubble" });
        Assert.All(corrected.Results, result => Assert.Equal((ResultStatus.Corrected, 4, 2, "bubble"), Shown(result)));

        AsyncUnaryCall<Plate> ReanalyzeAsync(string well) => Reviews.ReanalyzePlateAsync(
            new ReanalyzePlateRequest { Plate = "plates/P1", Exclusions = { new WellExclusion { Position = well, Reason = "bubble" } }, Reason = "bubble" });
    }

    [Fact]
    public async Task Signature_AsksForThePinOfTheSignersOwnKey_AndStopsAfterFiveWrongOnes()
    {
        await server.AnalyzeAsync("P1");
        string[] computed = await PendingAsync("P1");
        using BiomarkersConnection kim = await ConnectAsAsync(Role.Reviewer);

        RpcFault nobody = await FaultAsync(() => SignAsync(server.Connection, computed, Pin).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, nobody.Code);
        RpcFault without = await FaultAsync(() => SignAsync(kim, computed, Pin).ResponseAsync);
        Assert.Equal((StatusCode.Unauthenticated, "REAUTH_REQUIRED"), (without.Code, without.Reason));
        await kim.Reviews.SetSigningPinAsync(new SetSigningPinRequest { Pin = Pin });
        RpcFault stolen = await FaultAsync(() => kim.Reviews.SetSigningPinAsync(new SetSigningPinRequest { Pin = "another one" }).ResponseAsync);
        Assert.Equal("REAUTH_REQUIRED", stolen.Reason);

        SignResultsResponse signed = await SignAsync(kim, computed, Pin);
        Signature signature = Assert.Single(signed.Results[0].Signatures);
        Assert.Equal(("Kim Lee", SignatureMeaning.Review, signed.Results[0].VersionSha256), (signature.SignerName, signature.Meaning, signature.VersionSha256));

        for (int i = 0; i < SigningProof.MostFailures; i++)
        {
            Assert.Equal("REAUTH_REQUIRED", (await FaultAsync(() => SignAsync(kim, computed, "wrong one").ResponseAsync)).Reason);
        }

        RpcFault locked = await FaultAsync(() => SignAsync(kim, computed, Pin).ResponseAsync);
        Assert.Contains("signs no more", locked.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatNeedsSignatures_LetsNothingLeaveWithoutOne()
    {
        await using TestServer strict = await TestServer.StartAsync(change: options => options with { ReleaseNeedsSignature = true });
        await strict.AnalyzeAsync("P1");
        ListAffectedResultsResponse waiting = await strict.Connection.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = "plates/P1" });
        var request = new ReleaseResultsRequest { Results = { Names(waiting.AffectedResults.Select(result => result.After)) } };

        RpcFault refused = await FaultAsync(() => strict.Connection.Reviews.ReleaseResultsAsync(request).ResponseAsync);

        Assert.Equal((StatusCode.FailedPrecondition, "SIGNATURE_REQUIRED"), (refused.Code, refused.Reason));
        // An assay that releases its results by itself changes nothing of that.
        Assay assay = await strict.Connection.Assays.GetAssayAsync(new GetAssayRequest { Name = "assays/il-6" });
        assay.Release = ResultRelease.Automatic;
        await strict.Connection.Assays.CreateAssayAsync(new CreateAssayRequest { AssayId = "il-6", Assay = assay });
        await strict.AnalyzeAsync("P2", readTime: TestPlates.ReadTime);
        waiting = await strict.Connection.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = "plates/P2" });
        Assert.Equal((3, "SIGNATURE_REQUIRED"), (waiting.AffectedResults.Count, Assert.Single(waiting.AffectedResults.Select(affected => affected.Withheld).Distinct())));
    }

    [Fact]
    public async Task Hold_PlacedByAnAnalyst_StopsTheReleaseUntilAReviewerLiftsIt()
    {
        await server.AnalyzeAsync("P1");
        string[] computed = await PendingAsync("P1");
        using BiomarkersConnection analyst = await ConnectAsAsync(Role.Analyst);

        HoldResultsResponse placed = await analyst.Reviews.HoldResultsAsync(new HoldResultsRequest { Results = { computed[0].Split('@')[0] }, Reason = "haemolysed" });
        RpcFault held = await FaultAsync(() => Reviews.ReleaseResultsAsync(new ReleaseResultsRequest { Results = { computed } }).ResponseAsync);
        RpcFault denied = await FaultAsync(() => analyst.Reviews.LiftHoldAsync(new LiftHoldRequest { Name = placed.Holds[0].Name, Reason = "fine" }).ResponseAsync);
        Assert.Equal(("RESULT_HELD", StatusCode.PermissionDenied), (held.Reason, denied.Code));

        ResultHold lifted = await Reviews.LiftHoldAsync(new LiftHoldRequest { Name = placed.Holds[0].Name, Reason = "drawn again" });
        Assert.Equal(("haemolysed", "drawn again"), (lifted.Reason, lifted.LiftReason));
        RpcFault again = await FaultAsync(() => Reviews.LiftHoldAsync(new LiftHoldRequest { Name = placed.Holds[0].Name, Reason = "drawn again" }).ResponseAsync);
        RpcFault none = await FaultAsync(() => Reviews.LiftHoldAsync(new LiftHoldRequest { Name = "resultHolds/999", Reason = "drawn again" }).ResponseAsync);
        Assert.Equal(("ALREADY_RESOLVED", "RESULT_HOLD_NOT_FOUND"), (again.Reason, none.Reason));
    }

    [Fact]
    public async Task Repeat_LinkedByAReviewer_IsShownByBothAndRefusedWhereItIsNone()
    {
        await server.AnalyzeAsync("P1");
        await server.AnalyzeAsync("P2");
        string[] first = [.. (await PendingAsync("P1")).Select(name => name.Split('@')[0])];
        string[] second = [.. (await PendingAsync("P2")).Select(name => name.Split('@')[0])];
        using BiomarkersConnection analyst = await ConnectAsAsync(Role.Analyst);
        RpcFault denied = await FaultAsync(() => analyst.Reviews.LinkRepeatAsync(new LinkRepeatRequest { Repeat = second[0], Original = first[0], Reason = "again" }).ResponseAsync);
        Assert.Equal(StatusCode.PermissionDenied, denied.Code);

        RepeatLink linked = await Reviews.LinkRepeatAsync(new LinkRepeatRequest { Repeat = second[0], Original = first[0], Reason = "was above the range" });

        Assert.Equal((second[0], first[0], "was above the range"), (linked.Repeat, linked.Original, linked.Reason));
        Assert.Equal(linked, (await server.Connection.AnalyticalRuns.GetResultAsync(new GetResultRequest { Name = second[0] })).RepeatOf);
        Assert.Equal([linked], (await server.Connection.AnalyticalRuns.GetResultAsync(new GetResultRequest { Name = first[0] })).Repeats);
        (LinkRepeatRequest Request, StatusCode Code, string Reason)[] refused =
        [
            (new LinkRepeatRequest { Repeat = "results/999", Original = first[0], Reason = "again" }, StatusCode.NotFound, "RESULT_NOT_FOUND"),
            (new LinkRepeatRequest { Repeat = second[1], Original = first[2], Reason = "again" }, StatusCode.FailedPrecondition, "SAMPLE_MISMATCH"),
            (new LinkRepeatRequest { Repeat = first[0], Original = second[0], Reason = "again" }, StatusCode.FailedPrecondition, "REPEAT_CYCLE"),
            (new LinkRepeatRequest { Repeat = second[0], Original = first[0], Reason = "again" }, StatusCode.FailedPrecondition, "ALREADY_LINKED"),
            (new LinkRepeatRequest { Repeat = second[1], Original = first[1] }, StatusCode.InvalidArgument, "INVALID_CONTENT"),
            (new LinkRepeatRequest { Repeat = second[1] + "@1", Original = first[1], Reason = "again" }, StatusCode.InvalidArgument, "INVALID_CONTENT"),
        ];
        foreach ((LinkRepeatRequest request, StatusCode code, string reason) in refused)
        {
            RpcFault fault = await FaultAsync(() => Reviews.LinkRepeatAsync(request).ResponseAsync);
            Assert.Equal((code, reason), (fault.Code, fault.Reason));
        }

        RpcFault unexplained = await FaultAsync(() => Reviews.UnlinkRepeatAsync(new UnlinkRepeatRequest { Name = linked.Name }).ResponseAsync);
        Assert.Equal(("reason", "REASON_REQUIRED"), (unexplained.Fields[0].Field, unexplained.Fields[0].Reason));
        RepeatLink removed = await Reviews.UnlinkRepeatAsync(new UnlinkRepeatRequest { Name = linked.Name, Reason = "another draw" });
        Assert.Equal((linked.Name, "another draw"), (removed.Name, removed.UnlinkReason));
        RpcFault again = await FaultAsync(() => Reviews.UnlinkRepeatAsync(new UnlinkRepeatRequest { Name = linked.Name, Reason = "another draw" }).ResponseAsync);
        RpcFault none = await FaultAsync(() => Reviews.UnlinkRepeatAsync(new UnlinkRepeatRequest { Name = "repeatLinks/999", Reason = "another draw" }).ResponseAsync);
        Assert.Equal(("ALREADY_RESOLVED", "REPEAT_LINK_NOT_FOUND"), (again.Reason, none.Reason));
    }

    private static (ResultStatus Status, int Version, int Supersedes, string Reason) Shown(Result result) =>
        (result.Status, result.Version, result.SupersedesVersion, result.Reason);

    private static string[] Names(IEnumerable<Result> results) => [.. results.Select(result => $"{result.Name}@{result.Version}")];

    private static AsyncUnaryCall<SignResultsResponse> SignAsync(BiomarkersConnection connection, string[] results, string pin) => connection.Reviews.SignResultsAsync(
        new SignResultsRequest { Results = { results }, Signing = new SigningRequest { Meaning = SignatureMeaning.Review, Pin = pin, SignerName = "Kim Lee" } });

    private static async Task<RpcFault> FaultAsync<T>(Func<Task<T>> call) => RpcFault.Of(await Assert.ThrowsAsync<RpcException>(call));

    private async Task<string[]> PendingAsync(string barcode)
    {
        ListAffectedResultsResponse waiting = await Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = $"plates/{barcode}" });
        return Names(waiting.AffectedResults.Select(result => result.After));
    }

    private async Task<BiomarkersConnection> ConnectAsAsync(Role role)
    {
        CreateKeyResponse made = await server.Connection.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { role } });
        string file = Path.Combine(folder, $"{role}.key");
        await File.WriteAllTextAsync(file, made.Secret);
        return server.Connect(file);
    }
}
