using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline.Review;

/// <summary>Results from their computation to what leaves, on every engine.</summary>
public abstract class ReviewTests : StoreContract
{
    private const string Barcode = "P-1";
    private const string Reviewer = "people/kim";

    private static readonly Signing Approval = new("Kim Lee", SignatureMeaning.Approval, SigningMethod.KeyAndPin);

    [StoreFact]
    public async Task Release_OfComputedResults_MakesFinalVersionsOfTheSameNumbers()
    {
        await using PipelineHost host = await AnalysedAsync();
        IReadOnlyList<StoredResult> computed = await ListAsync(host);

        Reviewed released = await TakeAsync(host, ReviewStep.Release, computed);

        IReadOnlyList<StoredResult> current = await ListAsync(host, new ResultFilter(IsReleased: true));
        Assert.Equal(released.Versions.Select(version => (version.ResultKey, 2)), current.Select(result => (result.ResultKey, result.Version)));
        Assert.All(current, result => Assert.Equal((ResultStatus.Final, (int?)null, 2), (result.Status, result.Supersedes, result.CurrentVersion)));
        Assert.Equal(computed.Select(result => result.Result.Concentration), current.Select(result => result.Result.Concentration));
        // The run's own results say the same of them as the results asked for by name.
        StoredRun run = (await host.Store.Queries.GetRunAsync(computed[0].RunKey, CancellationToken.None))!;
        Assert.All(run.Results, result => Assert.Equal(2, result.CurrentVersion));
        // The versions before stay as they were.
        StoredResult first = (await host.Store.Queries.GetResultAsync(computed[0].ResultKey, 1, CancellationToken.None))!;
        Assert.Equal((ResultStatus.Preliminary, computed[0].Hash), (first.Status, first.Hash));
        Assert.Empty(await AffectedAsync(host));
    }

    [StoreFact]
    public async Task Release_OfARejectedRun_IsCancelledAndCarriesNoNumber()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, Rejected());
        IReadOnlyList<StoredResult> computed = await UntilAnalysedAsync(host, runs: 1);
        Assert.All(computed, result => Assert.Equal((RunVerdict.Rejected, true), (result.Verdict, result.Result.Concentration is not null)));

        await TakeAsync(host, ReviewStep.Release, computed);

        Assert.All(await ListAsync(host, new ResultFilter(IsReleased: true)), result =>
        {
            Assert.Equal((ResultStatus.Cancelled, RangeStatus.NotDetermined), (result.Status, result.Result.RangeStatus));
            Assert.Null(result.Result.Concentration ?? result.Result.Limit ?? result.Result.Lower ?? result.Result.Upper ?? result.Result.ExtrapolatedConcentration);
        });
    }

    [StoreFact]
    public async Task Reanalysis_OfFinalResults_StaysPreliminaryUntilTheCorrection()
    {
        await using PipelineHost host = await AnalysedAsync();
        await TakeAsync(host, ReviewStep.Release, await ListAsync(host));
        StoredResult final = (await ListAsync(host, new ResultFilter(IsReleased: true)))[0];

        await ExcludeAsync(host, "A03");
        await UntilAnalysedAsync(host, runs: 2);

        Assert.Equal(final.Hash, (await ListAsync(host, new ResultFilter(IsReleased: true)))[0].Hash);
        IReadOnlyList<AffectedResult> affected = await AffectedAsync(host);
        Assert.All(affected, result => Assert.Equal((2, 3), (result.Before!.Version, result.After!.Version)));
        // The well that was left out is none of the result's any more, and the run says why.
        AffectedResult changed = affected.Single(result => result.After!.Result.SampleId == "S-0");
        Assert.Equal(["A04"], changed.After!.Result.Wells.Select(well => well.ToString()));
        StoredRun run = (await host.Store.Queries.GetRunAsync(changed.After.RunKey, CancellationToken.None))!;
        QcFlag flag = Assert.Single(run.Run.Flags, flag => flag.Code == FlagCodes.WellMasked);
        Assert.Contains("bubble", flag.Text, StringComparison.Ordinal);

        await TakeAsync(host, ReviewStep.Correct, [.. affected.Select(result => result.After!)], "bubble in A03");

        Assert.All(await ListAsync(host, new ResultFilter(IsReleased: true)), result =>
            Assert.Equal((ResultStatus.Corrected, 4, 2, "bubble in A03"), (result.Status, result.Version, result.Supersedes, result.Reason)));
    }

    [StoreFact]
    public async Task ResultThatTheNewestRunHasNoMore_IsShownUntilItIsWithdrawn()
    {
        await using PipelineHost host = await AnalysedAsync();
        IReadOnlyList<StoredResult> old = await ListAsync(host);
        Reviewed released = await TakeAsync(host, ReviewStep.Release, [old[0]]);
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), "swapped", Reviewer), CancellationToken.None);
        await UntilAnalysedAsync(host, runs: 2);

        AffectedResult gone = Assert.Single(await AffectedAsync(host), result => result.After is null);
        Assert.Equal((old[0].ResultKey, ResultStatus.Final), (gone.Before!.ResultKey, gone.Before.Status));
        // What was computed for the others by the older layout never leaves any more.
        Reviewed refused = await TryAsync(host, ReviewStep.Release, [old[1]]);
        Assert.Equal(ReviewReasons.StepNotAllowed, Assert.Single(refused.Faults).Reason);

        await TakeAsync(host, ReviewStep.Withdraw, [gone.Before], "samples swapped");

        Assert.DoesNotContain(await AffectedAsync(host), result => result.After is null);
        StoredResult withdrawn = (await host.Store.Queries.GetResultAsync(old[0].ResultKey, null, CancellationToken.None))!;
        Assert.Equal((ResultStatus.Withdrawn, (int?)released.Versions[0].Version), (withdrawn.Status, withdrawn.Supersedes));
    }

    [StoreFact]
    public async Task Step_OfWhichOneCantBeTaken_ChangesNothing()
    {
        await using PipelineHost host = await AnalysedAsync();
        IReadOnlyList<StoredResult> computed = await ListAsync(host);
        await host.Writer.WriteAsync(new HoldResults([computed[1].ResultKey], "haemolysed", Reviewer), CancellationToken.None);

        Reviewed refused = await TryAsync(host, ReviewStep.Release, computed);
        Assert.Equal(("results[1]", ReviewReasons.ResultHeld), Assert.Single(refused.Faults.Select(fault => (fault.Field, fault.Reason))));
        Assert.Empty(await ListAsync(host, new ResultFilter(IsReleased: true)));

        StoredResult held = (await host.Store.Queries.GetResultAsync(computed[1].ResultKey, null, CancellationToken.None))!;
        LiftedHold lifted = await host.Writer.WriteAsync(new LiftHold(Assert.Single(held.OpenHolds).HoldKey, "drawn again", Reviewer), CancellationToken.None);
        LiftedHold again = await host.Writer.WriteAsync(new LiftHold(lifted.Hold!.HoldKey, "drawn again", Reviewer), CancellationToken.None);
        Assert.Equal((true, false), (lifted.WasOpen, again.WasOpen));
        await TakeAsync(host, ReviewStep.Release, computed);
    }

    [StoreFact]
    public async Task Signature_CoversTheHashOfOneVersion_AndANewOneIsUnsigned()
    {
        await using PipelineHost host = await AnalysedAsync();
        IReadOnlyList<StoredResult> computed = await ListAsync(host);

        Reviewed released = await TakeAsync(host, ReviewStep.Release, computed, signing: Approval);

        StoredResult final = (await ListAsync(host, new ResultFilter(IsReleased: true)))[0];
        Signature signature = Assert.Single(final.Signatures);
        Assert.Equal((Reviewer, "Kim Lee", SignatureMeaning.Approval, final.Hash), (signature.Actor, signature.SignerName, signature.Meaning, signature.VersionHash));
        Assert.Equal(released.Versions.Select(version => version.Hash), (await ListAsync(host, new ResultFilter(IsReleased: true))).Select(result => result.Hash));
        await TakeAsync(host, ReviewStep.Withdraw, [final], "wrong sample");
        Assert.Empty((await host.Store.Queries.GetResultAsync(final.ResultKey, null, CancellationToken.None))!.Signatures);
    }

    [StoreFact]
    public async Task WhoLeftAWellOut_CantSignWhatComesOfIt_AndAnotherCan()
    {
        await using PipelineHost host = await AnalysedAsync();
        await ExcludeAsync(host, "A03");
        await UntilAnalysedAsync(host, runs: 2);
        IReadOnlyList<StoredResult> computed = await ListAsync(host);

        Reviewed refused = await TryAsync(host, ReviewStep.Release, computed, signing: Approval);
        Assert.Equal(ReviewReasons.SignerExcluded, Assert.Single(refused.Faults).Reason);

        Reviewed signed = await TryAsync(host, ReviewStep.Release, computed, signing: Approval with { SignerName = "Ada" }, actor: "people/ada");
        Assert.Empty(signed.Faults);
    }

    [StoreFact]
    public async Task Release_WhereASignatureIsNeeded_IsRefusedWithoutOne()
    {
        await using PipelineHost host = await AnalysedAsync();
        NamedVersion[] named = Names(await ListAsync(host));

        Reviewed refused = await host.Writer.WriteAsync(new TakeReviewStep(ReviewStep.Release, named, null, Reviewer, null, NeedsSignature: true), CancellationToken.None);

        Assert.Equal(ReviewReasons.SignatureRequired, Assert.Single(refused.Faults).Reason);
    }

    [StoreFact]
    public async Task ListResults_KnownAtATime_ShowsWhatWasKnownThen()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using PipelineHost host = await AnalysedAsync(time);
        DateTimeOffset computedAt = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(1));
        await TakeAsync(host, ReviewStep.Release, await ListAsync(host));
        DateTimeOffset releasedAt = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(1));
        await TakeAsync(host, ReviewStep.Withdraw, await ListAsync(host, new ResultFilter(IsReleased: true)), "wrong samples");

        Assert.All(await ListAsync(host, new ResultFilter(KnownAt: computedAt)), result => Assert.Equal(ResultStatus.Preliminary, result.Status));
        Assert.Empty(await ListAsync(host, new ResultFilter(KnownAt: computedAt, IsReleased: true)));
        Assert.All(await ListAsync(host, new ResultFilter(KnownAt: releasedAt, IsReleased: true)), result => Assert.Equal(ResultStatus.Final, result.Status));
        Assert.All(await ListAsync(host, new ResultFilter(IsReleased: true)), result => Assert.Equal(ResultStatus.Withdrawn, result.Status));
    }

    [StoreFact]
    public async Task Release_OfOneVersionByTwoReviewers_IsTakenOnce()
    {
        await using PipelineHost host = await AnalysedAsync();
        IReadOnlyList<StoredResult> computed = await ListAsync(host);

        Reviewed[] both = await Task.WhenAll(TryAsync(host, ReviewStep.Release, computed), TryAsync(host, ReviewStep.Release, computed, actor: "people/ada"));

        Assert.Single(both, reviewed => reviewed.Faults.Count == 0);
        Assert.All(both.Single(reviewed => reviewed.Faults.Count > 0).Faults, fault => Assert.Equal(ReviewReasons.StepNotAllowed, fault.Reason));
    }

    private async Task<PipelineHost> AnalysedAsync(TimeProvider? time = null)
    {
        PipelineHost host = await StartAsync(time: time);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await UntilAnalysedAsync(host, runs: 1);
        return host;
    }

    // Controls that are far from what they should be.
    private static WholePlateRead Rejected()
    {
        WholePlateRead whole = TestPlates.Whole(Barcode);
        PlateLayout layout = TestPlates.Layout().WithContents(content => content is Control control
            ? control with { Nominals = [.. control.Nominals.Select(nominal => nominal with { Value = 3 * nominal.Value })] }
            : content);
        return whole with { Layout = layout };
    }

    private static async Task<IReadOnlyList<StoredResult>> UntilAnalysedAsync(PipelineHost host, int runs)
    {
        await host.UntilAsync(async () =>
        {
            Page<RunSummary> found = await host.Store.Queries.ListRunsAsync(new RunFilter(Barcode), new PageRequest(10), CancellationToken.None);
            return found.Rows.Count == runs ? found : null;
        });
        return await ListAsync(host);
    }

    private static async Task<IReadOnlyList<StoredResult>> ListAsync(PipelineHost host, ResultFilter? filter = null) =>
        (await host.Store.Queries.ListResultsAsync(filter ?? new ResultFilter(), new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;

    private static async Task<IReadOnlyList<AffectedResult>> AffectedAsync(PipelineHost host) =>
        (await host.Store.Queries.ListAffectedResultsAsync(Barcode, new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;

    private static Task<Reanalyzed> ExcludeAsync(PipelineHost host, string well)
    {
        Assert.True(WellPosition.TryParse(well, out WellPosition position));
        return host.Intake.SubmitAsync(
            new ReanalyzePlate(Barcode, null, null, [new ExcludedWell(position, "bubble", "exclusions[0]")], "bubble", Reviewer), CancellationToken.None);
    }

    private static NamedVersion[] Names(IReadOnlyList<StoredResult> results) =>
        [.. results.Select((result, i) => new NamedVersion(result.ResultKey, result.Version, $"results[{i}]"))];

    private static Task<Reviewed> TryAsync(
        PipelineHost host, ReviewStep step, IReadOnlyList<StoredResult> results, string? reason = null, Signing? signing = null, string actor = Reviewer) =>
        host.Writer.WriteAsync(new TakeReviewStep(step, Names(results), reason, actor, signing, NeedsSignature: false), CancellationToken.None);

    private static async Task<Reviewed> TakeAsync(
        PipelineHost host, ReviewStep step, IReadOnlyList<StoredResult> results, string? reason = null, Signing? signing = null)
    {
        Reviewed reviewed = await TryAsync(host, step, results, reason, signing);
        Assert.Equal((results.Count, 0), (reviewed.Versions.Count, reviewed.Faults.Count));
        return reviewed;
    }
}

[OnSqlite]
public sealed class SqliteReviewTests : ReviewTests;

[OnPostgres]
public sealed class PostgresReviewTests : ReviewTests;
