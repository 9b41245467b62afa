using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

public abstract class PipelineTests : StoreContract
{
    private const string Barcode = "P-1";

    [StoreFact]
    public async Task WholePlate_WithLayout_BecomesARunWithTheTrueConcentrations()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

        EventOutcome outcome = await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));

        Assert.Equal((EventOutcomeKind.Stored, 1L), (outcome.Kind, outcome.NextOffset));
        StoredRun run = await RunOf(host, Barcode);
        Assert.Equal(3, run.Results.Count);
        for (int n = 0; n < 3; n++)
        {
            SampleResult result = run.Results[n].Result;
            Assert.Equal($"S-{n}", result.SampleId);
            Assert.Equal(RangeStatus.Quantified, result.RangeStatus);
            // The plate has no noise, so the fit gives the truth back to rounding.
            Assert.Equal(1, result.Concentration!.Value / TestPlates.SampleConcentration(n), 6);
            Assert.Equal("week 13", result.Specimen!.Visit);
        }

        Assert.Equal("Analyzed", (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.State.ToString());
    }

    [StoreFact]
    public async Task SavedRun_ReadBack_EqualsWhatWasComputed()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        EventOutcome outcome = await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        StoredRun stored = await RunOf(host, Barcode);

        AnalyticalRun computed = PlateAnalyzer.Analyze(Assert.Single(outcome.Works).Inputs);

        Assert.Equal(Printed(computed), Printed(stored.Run));
        Assert.Equal(computed.Curves[0].Fit.Parameters, stored.Run.Curves[0].Fit.Parameters);
        Assert.Equal(computed.Curves[0].Fit.Covariance, stored.Run.Curves[0].Fit.Covariance);
    }

    [StoreFact]
    public async Task Event_SentTwice_IsADuplicateAndChangesNothing()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        EventOutcome repeat = await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));

        Assert.Equal((EventOutcomeKind.Duplicate, 1L), (repeat.Kind, repeat.NextOffset));
        PlateSummary plate = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Single(plate.Reads);
        Assert.Single((await host.Store.Queries.ListRunsAsync(new RunFilter(), new PageRequest(10), CancellationToken.None)).Rows);
    }

    [StoreFact]
    public async Task SamePlateExportedTwice_IsLinkedAndGivesNoSecondRun()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        EventOutcome again = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2"));

        Assert.Equal(EventOutcomeKind.Stored, again.Kind);
        Assert.Empty(again.Works);
        PlateSummary plate = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Equal("r1", plate.Reads[1].SameContentAs);
    }

    [StoreFact]
    public async Task Reread_WithOtherResponses_GivesSecondVersionsOfTheSameResults()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.25));

        IReadOnlyList<StoredResult> results = await host.UntilAsync(async () =>
        {
            Page<StoredResult> page = await host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: Barcode), new PageRequest(10), CancellationToken.None);
            return page.Rows.All(row => row.Version == 2) ? page.Rows : null;
        });
        Assert.Equal(3, results.Count);
        Assert.NotNull(await host.Store.Queries.GetResultAsync(results[0].ResultKey, 1, CancellationToken.None));
    }

    [StoreFact]
    public async Task OldEpoch_IsFenced()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream old = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        OpenedStream current = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

        Assert.Equal(EventOutcomeKind.StaleEpoch, (await host.SendAsync(old, 0, TestPlates.Whole(Barcode))).Kind);
        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(current, 0, TestPlates.Whole(Barcode))).Kind);
    }

    [StoreFact]
    public async Task Gap_IsRefusedWithThePlaceToResume()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

        EventOutcome outcome = await host.SendAsync(stream, 2, TestPlates.Whole(Barcode));

        Assert.Equal((EventOutcomeKind.OffsetGap, 0L), (outcome.Kind, outcome.NextOffset));
        Assert.Null(await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None));
    }

    [StoreFact]
    public async Task OtherContentAtAnOffset_KeepsTheFirstAndQuarantinesTheSecondOnce()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));

        EventOutcome first = await host.SendAsync(stream, 0, TestPlates.Whole("P-2"), [9]);
        await host.SendAsync(stream, 0, TestPlates.Whole("P-2"), [9]);

        Assert.Equal(EventOutcomeKind.OffsetConflict, first.Kind);
        QuarantinedEvent kept = Assert.Single((await host.Store.Queries.ListQuarantinedEventsAsync(new WaitingFilter("reader-1"), new PageRequest(10), CancellationToken.None)).Rows);
        Assert.Equal(AppendEvent.OffsetConflictReason, kept.Reason);
        Assert.Null(await host.Store.Queries.GetPlateAsync("P-2", CancellationToken.None));
    }

    [StoreFact]
    public async Task BadContent_IsQuarantinedWithEveryFaultAndTheStreamGoesOn()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        Checked<EventContent> bad = new List<Fault> { new("a", FaultReasons.NonFinite, "x"), new("b", FaultReasons.WellConflict, "y") };

        EventOutcome refused = await host.SendAsync(stream, 0, bad, [0]);
        EventOutcome next = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode));

        Assert.Equal((EventOutcomeKind.Quarantined, 1L), (refused.Kind, refused.NextOffset));
        Assert.Equal(EventOutcomeKind.Stored, next.Kind);
        QuarantinedEvent kept = Assert.Single((await host.Store.Queries.ListQuarantinedEventsAsync(new WaitingFilter(), new PageRequest(10), CancellationToken.None)).Rows);
        Assert.Equal(2, kept.Faults.Count);
    }

    [StoreFact]
    public async Task PlateInParts_GivesTheSameRunAsTheWholePlate()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        var origin = new ReadOrigin("r1", null, null);
        await host.SendAsync(stream, 0, new PlateReadStarted(origin, Barcode, Immunoassay_96, TestPlates.Assay.ResponseKind, TestPlates.Layout()));
        for (int column = 4; column >= 0; column--)
        {
            Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 5 - column, new WellsRead("r1", [TestPlates.Part(column)]))).Kind);
        }

        EventOutcome completed = await host.SendAsync(stream, 6, new PlateReadCompleted("r1", TestPlates.Read(Barcode).WellResponseCount));

        Assert.Equal(EventOutcomeKind.Stored, completed.Kind);
        Assert.Equal(TestPlates.Read(Barcode).Hash, Assert.Single(completed.Works).Inputs.Read.Hash);
        await RunOf(host, Barcode);
    }

    [StoreFact]
    public async Task WellInTwoParts_WithOtherValue_IsQuarantinedAndTheReadStaysOpen()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, new PlateReadStarted(new ReadOrigin("r1", null, null), Barcode, Immunoassay_96, TestPlates.Assay.ResponseKind, null));
        await host.SendAsync(stream, 1, new WellsRead("r1", [TestPlates.Part(0)]));

        EventOutcome other = await host.SendAsync(stream, 2, new WellsRead("r1", [TestPlates.Part(0, factor: 2)]));
        EventOutcome same = await host.SendAsync(stream, 3, new WellsRead("r1", [TestPlates.Part(0)]));

        Assert.Equal(EventOutcomeKind.Quarantined, other.Kind);
        Assert.All(other.Faults, fault => Assert.Equal(FaultReasons.WellConflict, fault.Reason));
        Assert.Equal(EventOutcomeKind.Stored, same.Kind);
        Assert.Equal(PlateState.Receiving, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.State);
    }

    [StoreFact]
    public async Task ReadBeforeLayout_WaitsAndIsAnalysedWhenTheLayoutComes()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode, withLayout: false));
        Assert.Equal(PlateState.WaitingForLayout, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.State);

        SubmittedLayout late = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(), null, "people/kim"), CancellationToken.None);

        Assert.Empty(late.Faults);
        await RunOf(host, Barcode);
    }

    [StoreFact]
    public async Task LayoutBeforeRead_IsUsedWhenTheReadComes()
    {
        await using PipelineHost host = await StartAsync();
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(), null, "people/kim"), CancellationToken.None);
        Assert.Equal(PlateState.WaitingForRead, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.State);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode, withLayout: false));

        await RunOf(host, Barcode);
    }

    [StoreFact]
    public async Task ChangedLayout_AfterARun_NeedsAReason()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        SubmittedLayout silent = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), null, "people/kim"), CancellationToken.None);
        SubmittedLayout said = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), "samples were swapped", "people/kim"), CancellationToken.None);

        Assert.Equal("REASON_REQUIRED", Assert.Single(silent.Faults).Reason);
        Assert.Empty(said.Faults);
        await host.UntilAsync(async () =>
        {
            Page<RunSummary> runs = await host.Store.Queries.ListRunsAsync(new RunFilter(Barcode), new PageRequest(10), CancellationToken.None);
            return runs.Rows.Count == 2 ? runs : null;
        });
    }

    [StoreFact]
    public async Task Restart_FinishesWhatWasInterrupted()
    {
        // A server that accepts and never analyses stands for one that ended between the two.
        await using (PipelineHost interrupted = await StartAsync(analyze: false))
        {
            OpenedStream stream = await interrupted.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
            for (int n = 0; n < 5; n++)
            {
                Assert.Equal(EventOutcomeKind.Stored, (await interrupted.SendAsync(stream, n, TestPlates.Whole($"P-{n}"))).Kind);
            }
        }

        await using PipelineHost restarted = await StartAsync();
        for (int n = 0; n < 5; n++)
        {
            await RunOf(restarted, $"P-{n}");
        }

        Assert.Equal(5, (await restarted.Store.Queries.ListRunsAsync(new RunFilter(), new PageRequest(10), CancellationToken.None)).Rows.Count);
    }

    [StoreFact]
    public async Task Restart_WithAPlateOfAnExpiredKit_JudgesItByTheDayOfItsRead()
    {
        // The kit is to be used until 2027-06-30.
        DateTimeOffset[] times = [new(2027, 7, 1, 0, 0, 0, TimeSpan.Zero), new(2027, 6, 30, 0, 0, 0, TimeSpan.Zero)];
        await using (PipelineHost interrupted = await StartAsync(analyze: false))
        {
            OpenedStream stream = await interrupted.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
            for (int n = 0; n < times.Length; n++)
            {
                await interrupted.SendAsync(stream, n, TestPlates.Whole($"P-{n}") with { Origin = new ReadOrigin("r1", "kim", times[n]) });
            }
        }

        await using PipelineHost restarted = await StartAsync();
        StoredRun late = await RunOf(restarted, "P-0");
        StoredRun inTime = await RunOf(restarted, "P-1");

        Assert.Equal(["KIT-1"], late.Run.Flags.Where(flag => flag.Code == FlagCodes.LotExpired).Select(flag => flag.Subject));
        Assert.DoesNotContain(inTime.Run.Flags, flag => flag.Code == FlagCodes.LotExpired);
        Assert.Equal(
            [CriterionOutcome.Failed, CriterionOutcome.Passed],
            new[] { late, inTime }.Select(run => run.Run.Criteria.Single(criterion => criterion.Code == FlagCodes.LotExpired).Outcome));
    }

    private static Biomarkers.Immunoassay.Plates.PlateFormat Immunoassay_96 => Biomarkers.Immunoassay.Plates.PlateFormat.Wells96;

    private static Task<StoredRun> RunOf(PipelineHost host, string barcode) => host.UntilAsync(async () =>
    {
        PlateSummary? plate = await host.Store.Queries.GetPlateAsync(barcode, CancellationToken.None);
        return plate?.NewestRunKey is { } key ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None) : null;
    });

    private static string Printed(AnalyticalRun run)
    {
        var parts = new { run.Verdict, run.Criteria, run.Controls, run.Results, run.Flags, Calibrators = run.Curves.Select(curve => curve.Calibrators) };
        return System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(parts));
    }
}

[OnSqlite]
public sealed class SqlitePipelineTests : PipelineTests;

[OnPostgres]
public sealed class PostgresPipelineTests : PipelineTests;
