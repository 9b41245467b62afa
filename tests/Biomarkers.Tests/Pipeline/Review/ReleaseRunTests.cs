using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Delivery;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Verification;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline.Review;

/// <summary>What is released as its run is saved and what waits for a reviewer, on every engine.</summary>
public abstract class ReleaseRunTests : StoreContract
{
    private const string Barcode = "P-1";
    private const string Reviewer = "people/kim";
    private const string Reason = "automatic release, as assay il-6@2 says";

    [StoreFact]
    public async Task Run_OfAnAssayThatSaysSo_IsReleasedWithTheSameNumbersAndProvesIt()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        StoredRun run = await AnalyseAsync(host, 0, Whole());

        IReadOnlyList<StoredResult> released = await ReleasedAsync(host);
        Assert.Equal(3, released.Count);
        Assert.All(released, result => Assert.Equal((ResultStatus.Final, 2, (int?)null, Reason), (result.Status, result.Version, result.Supersedes, result.Reason)));
        Assert.Equal(run.Run.Results.Select(result => result.Concentration), released.Select(result => result.Result.Concentration));
        StoredResult computed = (await host.Store.Queries.GetResultAsync(run.Results[0].ResultKey, 1, CancellationToken.None))!;
        Assert.Equal((ResultStatus.Preliminary, run.Summary.RunKey), (computed.Status, computed.RunKey));
        Assert.Empty(await AffectedAsync(host));
        // The run first, then what left of it, each beside its audit event.
        IReadOnlyList<StoredAuditEvent> events = await EventsAsync(host, AuditActions.ResultReleased);
        Assert.Equal(released.Select(result => $"results/{result.ResultKey}@2"), events.Select(audit => audit.Audit.Target));
        Assert.All(events, audit => Assert.Equal(("server", Reason), (audit.Audit.Actor, audit.Audit.Reason)));
        Assert.Equal(Enumerable.Range(1, 3).Select(n => run.Summary.Sequence + n), events.Select(audit => audit.Sequence));
        VerificationReport report = await host.Store.Queries.VerifyAsync(new VerificationRequest { Recomputes = true }, CancellationToken.None);
        Assert.Empty(report.Findings);
        Assert.Equal((1, 1), (report.RunCount, report.RecomputedRunCount));
    }

    [StoreFact]
    public async Task Run_OfAnAssayThatSaysNothing_WaitsForAReviewerWithoutAWord()
    {
        await using PipelineHost host = await StartAsync();
        await AnalyseAsync(host, 0, Whole());

        Assert.Empty(await ReleasedAsync(host));
        Assert.All(await AffectedAsync(host), affected => Assert.Null(affected.Withheld));
        Assert.Empty(await EventsAsync(host, AuditActions.ReleaseWithheld));
    }

    [StoreFact]
    public async Task Result_WithoutAValue_WaitsWhileTheOthersLeave()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        StoredRun run = await AnalyseAsync(host, 0, WithoutResponses("A03", "A04"));

        Assert.Equal([RangeStatus.NotDetermined, RangeStatus.Quantified, RangeStatus.Quantified], run.Run.Results.Select(result => result.RangeStatus));
        Assert.Equal(run.Results.Skip(1).Select(result => result.ResultKey), (await ReleasedAsync(host)).Select(result => result.ResultKey));
        AffectedResult waiting = Assert.Single(await AffectedAsync(host));
        Assert.Equal((run.Results[0].ResultKey, "NO_VALUE"), (waiting.After!.ResultKey, waiting.Withheld));
        StoredAuditEvent audit = Assert.Single(await EventsAsync(host, AuditActions.ReleaseWithheld));
        Assert.Equal(
            new AuditEvent(audit.Audit.Time, "server", AuditActions.ReleaseWithheld, $"results/{waiting.After.ResultKey}@1", Reason, "NO_VALUE"),
            audit.Audit);
    }

    [StoreFact]
    public async Task RejectedRun_OrOneWithACriterionThatWasNotAssessed_WaitsAndIsNeverCancelled()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        await AnalyseAsync(host, 0, Whole() with { Layout = TestPlates.Layout().WithContents(ThreeTimesTheControls) });
        Assert.All(await AffectedAsync(host), affected => Assert.StartsWith("RUN_REJECTED, FLAG_REJECTS (R_QC_67 R_QC_50", affected.Withheld, StringComparison.Ordinal));

        // The kit has a last day of use, and nobody says when this plate was read.
        await AnalyseAsync(host, 1, TestPlates.Whole("P-2"));

        IReadOnlyList<AffectedResult> unjudged = await AffectedAsync(host, "P-2");
        Assert.Equal(["NOT_ASSESSED (R_LOT_EXPIRED)"], unjudged.Select(affected => affected.Withheld).Distinct());
        Assert.Empty(await ReleasedAsync(host));
        // A reviewer decides otherwise.
        NamedVersion[] named = [.. unjudged.Select((affected, i) => new NamedVersion(affected.After!.ResultKey, 1, $"results[{i}]"))];
        Reviewed reviewed = await host.Writer.WriteAsync(new TakeReviewStep(ReviewStep.Release, named, null, Reviewer, null, NeedsSignature: false), CancellationToken.None);
        Assert.Equal((3, 0), (reviewed.Versions.Count, reviewed.Faults.Count));
    }

    [StoreFact]
    public async Task SecondReadOfAReleasedPlate_IsNoCorrectionUntilAReviewerMakesItOne()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        await AnalyseAsync(host, 0, Whole());
        IReadOnlyList<StoredResult> first = await ReleasedAsync(host);

        await AnalyseAsync(host, 1, Whole("r2", factor: 1.01));

        Assert.Equal(first.Select(result => result.Hash), (await ReleasedAsync(host)).Select(result => result.Hash));
        IReadOnlyList<AffectedResult> waiting = await AffectedAsync(host);
        Assert.Equal(3, waiting.Count);
        Assert.All(waiting, affected => Assert.Equal((2, 3, "LEFT_BEFORE"), (affected.Before!.Version, affected.After!.Version, affected.Withheld)));
    }

    [StoreFact]
    public async Task SecondReadOfAPlateThatWaits_WaitsToo()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        StoredRun first = await AnalyseAsync(host, 0, WithoutResponses("A03", "A04"));
        await host.Writer.WriteAsync(new HoldResults([first.Results[0].ResultKey], "haemolysed", Reviewer), CancellationToken.None);

        await AnalyseAsync(host, 1, Whole("r2"));

        Assert.Equal(["RESULT_HELD, COMPUTED_BEFORE", "LEFT_BEFORE", "LEFT_BEFORE"], (await AffectedAsync(host)).Select(affected => affected.Withheld));
    }

    [StoreFact]
    public async Task WellsLeftOut_OrAChangedLayout_WaitForAReviewer()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        await AnalyseAsync(host, 0, Whole());
        Assert.True(WellPosition.TryParse("H01", out WellPosition well));

        // Other samples than before: none of them was ever computed.
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), "swapped", Reviewer), CancellationToken.None);
        await RunsAsync(host, Barcode, 2);
        Assert.Equal(["LAYOUT_CHANGED"], (await AffectedAsync(host)).Where(affected => affected.After is not null).Select(affected => affected.Withheld).Distinct());
        await host.Intake.SubmitAsync(new ReanalyzePlate(Barcode, null, null, [new ExcludedWell(well, "bubble", "exclusions[0]")], "bubble", Reviewer), CancellationToken.None);
        await RunsAsync(host, Barcode, 3);

        Assert.Equal(
            ["COMPUTED_BEFORE, WELLS_LEFT_OUT (H01), LAYOUT_CHANGED"],
            (await AffectedAsync(host)).Where(affected => affected.After is not null).Select(affected => affected.Withheld).Distinct());
        Assert.Equal(3, (await ReleasedAsync(host)).Count);
    }

    [StoreFact]
    public async Task ServerThatNeedsSignatures_ReleasesNothingByItself()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        await OptInAsync(host);
        ReadyWork work = await WorkAsync(host);
        AnalyticalRun run = PlateAnalyzer.Analyze(work.Inputs);

        RunSaving saving = await host.Writer.WriteAsync(new SaveRun(work, run) { ReleaseNeedsSignature = true }, CancellationToken.None);

        Assert.Equal(3, saving.Run!.ResultKeys.Count);
        Assert.Empty(await ReleasedAsync(host));
        Assert.Equal(["SIGNATURE_REQUIRED"], (await AffectedAsync(host)).Select(affected => affected.Withheld).Distinct());
    }

    [StoreFact]
    public async Task Restart_BetweenTheReadAndItsRun_ReleasesOnce()
    {
        ReadyWork lost;
        await using (PipelineHost host = await StartAsync(analyze: false))
        {
            await OptInAsync(host);
            lost = await WorkAsync(host);
        }

        await using PipelineHost next = await StartAsync(analyze: false);
        ReadyWork taken = Assert.Single((await next.ClaimAsync()).Works);
        AnalyticalRun run = PlateAnalyzer.Analyze(taken.Inputs);
        Assert.NotNull((await next.Writer.WriteAsync(new SaveRun(taken, run), CancellationToken.None)).Run);
        IReadOnlyList<StoredResult> released = await ReleasedAsync(next);

        // Whoever comes late, with the same run, changes nothing.
        Assert.Null((await next.Writer.WriteAsync(new SaveRun(taken, run), CancellationToken.None)).Run);
        Assert.Null((await next.Writer.WriteAsync(new SaveRun(lost, run), CancellationToken.None)).Run);

        Assert.Equal([2, 2, 2], released.Select(result => result.Version));
        Assert.Equal(released.Select(result => result.Hash), (await ReleasedAsync(next)).Select(result => result.Hash));
        Assert.Equal(3, (await EventsAsync(next, AuditActions.ResultReleased)).Count);
    }

    [StoreFact]
    public async Task DamageOfAnEarlierRun_SavesTheNextOneAndLeavesItToAPerson()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        StoredRun first = await AnalyseAsync(host, 0, Whole());
        await Database.ExecuteAsync(Database.IsShared
            ? "DROP TRIGGER IF EXISTS standard_curve_append_only ON standard_curve"
            : "DROP TRIGGER IF EXISTS standard_curve_no_update");
        await Database.ExecuteAsync("UPDATE standard_curve SET lloq = lloq / 2");

        await SendAsync(host, 1, Whole("r2", factor: 1.01));

        StoredAuditEvent audit = await host.UntilAsync(async () => (await EventsAsync(host, AuditActions.ReleaseWithheld)) is [var found] ? found : null);
        Assert.Equal($"STORED_DATA_DAMAGED (analyticalRuns/{first.Summary.RunKey})", audit.Audit.Detail);
        Assert.Empty(host.Failures);
        PlateSummary plate = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Equal((PlateState.Analyzed, $"analyticalRuns/{plate.NewestRunKey}"), (plate.State, audit.Audit.Target));
        Assert.NotEqual(first.Summary.RunKey, plate.NewestRunKey);
    }

    [StoreFact]
    public async Task Subscription_GetsWhatWasReleasedByItself()
    {
        await using PipelineHost host = await StartAsync();
        await OptInAsync(host);
        var filter = new SubscriptionFilter(["LARSEN"], ["il-6"], [ResultStatus.Final]);
        await host.Writer.WriteAsync(new CreateSubscription("s1", "lims-1", filter, DeliveryLimits.Lease, false, "lims-1"), CancellationToken.None);

        await AnalyseAsync(host, 0, Whole());

        PulledDeliveries pulled = (await host.Writer.WriteAsync(new PullDeliveries("s1", "lims-1", 100), CancellationToken.None))!;
        IReadOnlyList<StoredResult> got = await host.Store.Queries.GetVersionsAsync([.. pulled.Items.Select(item => item.VersionKey)], CancellationToken.None);
        Assert.Equal((await ReleasedAsync(host)).Select(result => result.Hash), got.Select(result => result.Hash));
        Assert.Equal(3, got.Count);
    }

    // The next version of the assay, which layouts without a version name.
    private static Task OptInAsync(PipelineHost host) =>
        host.Intake.CreateAssayAsync(new CreateAssay(TestPlates.Assay with { Release = ResultRelease.Automatic }, "people/ada"), CancellationToken.None);

    private static WholePlateRead Whole(string readId = "r1", double factor = 1) => TestPlates.Whole(Barcode, readId, factor: factor, readTime: TestPlates.ReadTime);

    private static WholePlateRead WithoutResponses(params string[] wells)
    {
        WholePlateRead whole = Whole();
        ResponseColumn column = whole.Read.Columns[0];
        int[] kept = [.. Enumerable.Range(0, column.Positions.Count).Where(i => !wells.Contains(column.Positions[i].ToString()))];
        var fewer = new ResponseColumn(
            column.Analyte, column.Purpose, column.WavelengthNm, [.. kept.Select(i => column.Positions[i])], [.. kept.Select(i => column.Responses[i])], [], []);
        return whole with { Read = PlateRead.Create(Barcode, 96, whole.Read.ResponseKind, [fewer]).ValueOrThrow() };
    }

    private static WellContent ThreeTimesTheControls(WellContent content) => content is Control control
        ? control with { Nominals = [.. control.Nominals.Select(nominal => nominal with { Value = 3 * nominal.Value })] }
        : content;

    private static async Task<ReadyWork> WorkAsync(PipelineHost host)
    {
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        return Assert.Single((await host.SendAsync(stream, 0, Whole())).Works);
    }

    private static async Task SendAsync(PipelineHost host, long offset, WholePlateRead whole)
    {
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, offset, whole);
    }

    private static async Task<StoredRun> AnalyseAsync(PipelineHost host, long offset, WholePlateRead whole)
    {
        int before = (await ListRunsAsync(host, whole.PlateBarcode)).Count;
        await SendAsync(host, offset, whole);
        IReadOnlyList<RunSummary> runs = await RunsAsync(host, whole.PlateBarcode, before + 1);
        return (await host.Store.Queries.GetRunAsync(runs.Max(run => run.RunKey), CancellationToken.None))!;
    }

    private static Task<IReadOnlyList<RunSummary>> RunsAsync(PipelineHost host, string barcode, int count) =>
        host.UntilAsync(async () => await ListRunsAsync(host, barcode) is var runs && runs.Count == count ? runs : null);

    private static async Task<IReadOnlyList<RunSummary>> ListRunsAsync(PipelineHost host, string barcode) =>
        (await host.Store.Queries.ListRunsAsync(new RunFilter(barcode), new PageRequest(10), CancellationToken.None)).Rows;

    private static async Task<IReadOnlyList<StoredResult>> ReleasedAsync(PipelineHost host) =>
        (await host.Store.Queries.ListResultsAsync(new ResultFilter(IsReleased: true), new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;

    private static async Task<IReadOnlyList<AffectedResult>> AffectedAsync(PipelineHost host, string barcode = Barcode) =>
        (await host.Store.Queries.ListAffectedResultsAsync(barcode, new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;

    private static async Task<IReadOnlyList<StoredAuditEvent>> EventsAsync(PipelineHost host, string action) =>
        (await host.Store.Queries.ListAuditEventsAsync(new AuditFilter(Action: action), new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;
}

[OnSqlite]
public sealed class SqliteReleaseRunTests : ReleaseRunTests;

[OnPostgres]
public sealed class PostgresReleaseRunTests : ReleaseRunTests;
