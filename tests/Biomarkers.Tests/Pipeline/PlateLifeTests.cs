using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>What becomes of a plate over time: layouts that change and return, reads that wait, servers that end.</summary>
public abstract class PlateLifeTests : StoreContract
{
    private const string Barcode = "P-1";

    [StoreFact]
    public async Task LayoutThatReturns_MakesItsOwnResultsTheNewestAgain()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        StoredRun first = await RunOf(host, Barcode);
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), "swapped", "people/kim"), CancellationToken.None);
        await host.UntilAsync(async () => (await CurrentAsync(host))[0].RunKey != first.Summary.RunKey ? "second" : null);
        Assert.Equal(["S-5", "S-6", "S-7"], (await CurrentAsync(host)).Select(result => result.Result.SampleId).Order());

        SubmittedLayout back = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(), "was right", "people/kim"), CancellationToken.None);

        Assert.Empty(back.Works);
        IReadOnlyList<StoredResult> current = await CurrentAsync(host);
        Assert.Equal(["S-0", "S-1", "S-2"], current.Select(result => result.Result.SampleId).Order());
        Assert.All(current, result => Assert.Equal((first.Summary.RunKey, 2), (result.RunKey, result.Version)));
        Assert.Equal(first.Summary.RunKey, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.NewestRunKey);
    }

    [StoreFact]
    public async Task ChangedLayout_InAReadOfAnAnalysedPlate_IsHeldForADecision()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        EventOutcome outcome = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1) with { Layout = TestPlates.Layout(5) });

        Assert.Equal(EventOutcomeKind.Held, outcome.Kind);
        Assert.Equal(ReadHold.BarcodeInUse, Assert.Single(outcome.Faults).Reason);
        PlateSummary plate = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Equal((PlateState.Held, 1), (plate.State, plate.LayoutVersion));
    }

    [StoreFact]
    public async Task WaitingRead_IsAnalysedWhenAnotherReadBringsTheLayout()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode, withLayout: false));

        EventOutcome second = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1));

        Assert.Equal(2, second.Works.Count);
        await host.UntilAsync(async () =>
        {
            Page<RunSummary> runs = await host.Store.Queries.ListRunsAsync(new RunFilter(Barcode), new PageRequest(10), CancellationToken.None);
            return runs.Rows.Count == 2 ? runs : null;
        });
        // Both reads have their run, and the newest read's results are the newest.
        Assert.All(await CurrentAsync(host), result => Assert.Equal(2, result.Version));
    }

    [StoreFact]
    public async Task PlateInParts_BegunAgain_IsReadAnewAndLeavesNoPlateReceiving()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        var started = new PlateReadStarted(new ReadOrigin("r1", null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());
        await host.SendAsync(stream, 0, started);
        await host.SendAsync(stream, 1, new WellsRead("r1", [TestPlates.Part(0, factor: 2)]));

        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 2, started, [2])).Kind);
        for (int column = 0; column < 5; column++)
        {
            await host.SendAsync(stream, 3 + column, new WellsRead("r1", [TestPlates.Part(column)]));
        }

        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 8, new PlateReadCompleted("r1", null))).Kind);
        await RunOf(host, Barcode);
        await host.SendAsync(stream, 9, started, [9]);
        for (int column = 0; column < 5; column++)
        {
            await host.SendAsync(stream, 10 + column, new WellsRead("r1", [TestPlates.Part(column)]));
        }

        await host.SendAsync(stream, 15, new PlateReadCompleted("r1", null));
        Assert.Equal(PlateState.Analyzed, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.State);
    }

    [StoreFact]
    public async Task ReadIdThatIsOpenForAnotherPlate_IsRefusedAndLeavesThatPlateOpen()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        var started = new PlateReadStarted(new ReadOrigin("r1", null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, null);
        await host.SendAsync(stream, 0, started);

        EventOutcome other = await host.SendAsync(stream, 1, started with { PlateBarcode = "P-2" });
        EventOutcome wells = await host.SendAsync(stream, 2, new WellsRead("r1", [TestPlates.Part(0)]));

        Assert.Equal(FaultReasons.Duplicate, Assert.Single(other.Faults).Reason);
        Assert.Equal((EventOutcomeKind.Stored, Barcode), (wells.Kind, wells.PlateBarcode));
        Assert.Null(await host.Store.Queries.GetPlateAsync("P-2", CancellationToken.None));
    }

    [StoreFact]
    public async Task QuarantinedEvent_SentAgain_IsToldItsFaultsAgain()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        Checked<EventContent> bad = new List<Fault> { new("a", FaultReasons.NonFinite, "x") };
        await host.SendAsync(stream, 0, bad, [0]);

        EventOutcome repeat = await host.SendAsync(stream, 0, bad, [0]);

        Assert.Equal((EventOutcomeKind.Quarantined, 1L), (repeat.Kind, repeat.NextOffset));
        Assert.Equal("x", Assert.Single(repeat.Faults).Description);
    }

    [StoreFact]
    public async Task Restarts_WithoutAnAttempt_ParkNothing()
    {
        await using (PipelineHost accepting = await StartAsync(analyze: false))
        {
            OpenedStream stream = await accepting.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
            await accepting.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        }

        for (int restart = 0; restart < 8; restart++)
        {
            await using PipelineHost idle = await StartAsync(analyze: false);
            await idle.ClaimAsync();
        }

        await using PipelineHost working = await StartAsync();
        await RunOf(working, Barcode);
    }

    [StoreFact]
    public async Task ServerThatEndsInEveryAttempt_ParksThePlateWithItsReason()
    {
        await using (PipelineHost accepting = await StartAsync(analyze: false))
        {
            OpenedStream stream = await accepting.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
            await accepting.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        }

        // The first attempt was the accepting server's; each of these begins another one and ends before it is done.
        for (int attempt = 2; attempt <= 5; attempt++)
        {
            await using PipelineHost ending = await StartAsync(analyze: false);
            ReadyWork work = Assert.Single((await ending.ClaimAsync()).Works);
            Assert.Equal(attempt > 2, work.RunsAlone);
            if (work.RunsAlone)
            {
                Assert.Equal(attempt, await ending.Writer.WriteAsync(new BeginAttempt(work), CancellationToken.None));
            }
        }

        await using PipelineHost last = await StartAsync();
        PlateSummary parked = await last.UntilAsync(async () =>
            await last.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None) is { State: PlateState.Parked } plate ? plate : null);
        Assert.Contains("5 attempts", parked.ParkedError, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task BuiltInAssay_AfterTheLaboratorysOwnVersion_IsNotOfferedAgain()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        var own = TestPlates.Assay with { DisplayName = "our own" };
        Assert.Equal(2, (await host.Intake.CreateAssayAsync(new CreateAssay(own, "people/kim"), CancellationToken.None)).Version);

        await host.Intake.OfferAsync(TestPlates.Assay, CancellationToken.None);

        Assert.Equal("our own", (await host.Store.Queries.GetAssayAsync(own.Id, null, CancellationToken.None))!.DisplayName);
    }

    private static async Task<IReadOnlyList<StoredResult>> CurrentAsync(PipelineHost host) =>
        (await host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: Barcode), new PageRequest(100), CancellationToken.None)).Rows;

    private static Task<StoredRun> RunOf(PipelineHost host, string barcode) => host.UntilAsync(async () =>
    {
        PlateSummary? plate = await host.Store.Queries.GetPlateAsync(barcode, CancellationToken.None);
        return plate?.NewestRunKey is { } key ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None) : null;
    });
}

[OnSqlite]
public sealed class SqlitePlateLifeTests : PlateLifeTests;

[OnPostgres]
public sealed class PostgresPlateLifeTests : PlateLifeTests;
