using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>Reads whose plate or layout is in doubt: stored, not used, and used as a person decides.</summary>
public abstract class ReadHoldTests : StoreContract
{
    private const string Barcode = "P-1";

    [StoreFact]
    public async Task ReadWithoutABarcode_IsHeldAndAnalysedOnceAPersonNamesItsPlate()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        WholePlateRead read = WithoutBarcode();

        EventOutcome held = await host.SendAsync(stream, 0, read);
        EventOutcome again = await host.SendAsync(stream, 0, read);
        EventOutcome elsewhere = await host.SendAsync(stream, 1, read, [0]);

        Assert.Equal((EventOutcomeKind.Held, ReadHold.BarcodeMissing, 1L), (held.Kind, held.Faults[0].Reason, held.NextOffset));
        Assert.Equal((EventOutcomeKind.Held, ReadHold.BarcodeMissing), (again.Kind, again.Faults[0].Reason));
        Assert.Equal(EventOutcomeKind.Duplicate, elsewhere.Kind);
        HeldPlateSummary waiting = Assert.Single(await HeldAsync(host));
        Assert.Equal(("", "r1", "reader-1", 0L, true), (waiting.PlateBarcode, waiting.ReadId, waiting.InstrumentId, waiting.Offset, waiting.BringsLayout));
        Assert.Empty((await host.Store.Queries.ListPlatesAsync(new PlateFilter(), new PageRequest(10), CancellationToken.None)).Rows);

        Decided nameless = await ResolveAsync(host, waiting.HeldKey);
        Decided named = await ResolveAsync(host, waiting.HeldKey, Barcode);

        Assert.Equal((DecisionKind.Refused, FaultReasons.Required), (nameless.Kind, Assert.Single(nameless.Faults).Reason));
        Assert.Equal((DecisionKind.Done, Barcode), (named.Kind, named.PlateBarcode));
        StoredRun run = await RunOf(host, Barcode);
        Assert.Equal(TestPlates.SampleConcentration(0), run.Run.Results.First(result => result.SampleId == "S-0").Concentration!.Value, 1e-6);
        HeldPlateSummary decided = (await host.Store.Queries.GetHeldPlateAsync(waiting.HeldKey, CancellationToken.None))!;
        Assert.Equal((ResolutionKind.Used, Barcode, "scanned by hand", "people/kim"), (decided.Resolution!.Kind, decided.Resolution.PlateBarcode, decided.Resolution.Reason, decided.Resolution.Actor));
        Assert.Empty(await HeldAsync(host));
        Assert.Equal(DecisionKind.DecidedBefore, (await ResolveAsync(host, waiting.HeldKey, "P-2")).Kind);
    }

    [StoreFact]
    public async Task OtherSamplesUnderTheBarcodeOfAnAnalysedPlate_AreHeldAndBecomeAPlateOfTheirOwn()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        StoredRun first = await RunOf(host, Barcode);

        EventOutcome held = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1) with { Layout = TestPlates.Layout(5) });

        Assert.Equal((EventOutcomeKind.Held, ReadHold.BarcodeInUse), (held.Kind, Assert.Single(held.Faults).Reason));
        PlateSummary plate = await PlateAsync(host, Barcode);
        Assert.Equal((PlateState.Held, first.Summary.RunKey), (plate.State, plate.NewestRunKey));
        long heldKey = Assert.Single(plate.OpenHoldKeys);

        Assert.Equal(DecisionKind.Done, (await ResolveAsync(host, heldKey, "P-2")).Kind);

        StoredRun other = await RunOf(host, "P-2");
        Assert.Equal(["S-5", "S-6", "S-7"], other.Run.Results.Select(result => result.SampleId).Order());
        plate = await PlateAsync(host, Barcode);
        Assert.Equal((PlateState.Analyzed, 1), (plate.State, plate.Reads.Count));
        Assert.Empty(plate.OpenHoldKeys);
    }

    [StoreFact]
    public async Task HeldRead_GivenToAPlateWithOtherSamples_IsRefusedUntilSomebodySaysThatItsLayoutReplacesTheirs()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await host.SendAsync(stream, 1, TestPlates.Whole("P-2") with { Layout = TestPlates.Layout(5) });
        await RunOf(host, Barcode);
        StoredRun untouched = await RunOf(host, "P-2");
        await host.SendAsync(stream, 2, TestPlates.Whole(Barcode, "r2", factor: 1.1) with { Layout = TestPlates.Layout(9) });
        long heldKey = Assert.Single(await HeldAsync(host)).HeldKey;

        Decided mistyped = await ResolveAsync(host, heldKey, "P-2");

        Assert.Equal((DecisionKind.Refused, "replace_layout", ReadHold.LayoutConflict), (mistyped.Kind, mistyped.Faults[0].Field, Assert.Single(mistyped.Faults).Reason));
        Assert.Equal(untouched.Summary.RunKey, (await PlateAsync(host, "P-2")).NewestRunKey);
        Assert.Single(await HeldAsync(host));
        var meant = new ResolveHeldPlate(heldKey, true, "P-2", false, "the whole plate was mislabelled", "people/kim", Supersedes: true, ReplacesLayout: true);
        Assert.Equal(DecisionKind.Done, (await host.Intake.SubmitAsync(meant, CancellationToken.None)).Kind);
    }

    [StoreFact]
    public async Task OtherDilutions_AreHeldAndTheReviewerChoosesTheLayoutThatHolds()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(), null, "people/kim"), CancellationToken.None);
        PlateLayout diluted = TestPlates.Layout().WithContents(content => content is UnknownSample sample ? sample with { DilutionFactor = 4 } : content);

        EventOutcome held = await host.SendAsync(stream, 0, TestPlates.Whole(Barcode) with { Layout = diluted });

        Fault why = Assert.Single(held.Faults);
        Assert.Equal((EventOutcomeKind.Held, ReadHold.DilutionConflict), (held.Kind, why.Reason));
        Assert.Contains("4-fold by the read and 1-fold by the layout", why.Description, StringComparison.Ordinal);
        long heldKey = Assert.Single((await PlateAsync(host, Barcode)).OpenHoldKeys);
        Assert.Equal(DecisionKind.Done, (await ResolveAsync(host, heldKey, keepsLayout: true)).Kind);

        StoredRun run = await RunOf(host, Barcode);
        Assert.All(run.Run.Results, result => Assert.Equal(1, result.DilutionFactor));
        Assert.Equal(1, (await PlateAsync(host, Barcode)).LayoutVersion);
    }

    [StoreFact]
    public async Task OtherLayoutBeforeARun_IsHeldAndTakesThePlaceOfTheOldOneOnDecision()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(), null, "people/kim"), CancellationToken.None);

        EventOutcome held = await host.SendAsync(stream, 0, TestPlates.Whole(Barcode) with { Layout = TestPlates.Layout(5) });
        Assert.Equal(ReadHold.LayoutConflict, Assert.Single(held.Faults).Reason);
        Assert.Equal(DecisionKind.Done, (await ResolveAsync(host, Assert.Single((await PlateAsync(host, Barcode)).OpenHoldKeys))).Kind);

        Assert.Equal(["S-5", "S-6", "S-7"], (await RunOf(host, Barcode)).Run.Results.Select(result => result.SampleId).Order());
        Assert.Equal(2, (await PlateAsync(host, Barcode)).LayoutVersion);
    }

    [StoreFact]
    public async Task ReadLongAfterThePlateWasRead_IsHeldAndCanBeDismissed()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        EventOutcome sameWeek = await SendAtAsync(host, stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1), TimeSpan.FromDays(7));
        EventOutcome weekLater = await SendAtAsync(host, stream, 2, TestPlates.Whole(Barcode, "r3", factor: 1.2), TimeSpan.FromDays(14.1));

        Assert.Equal((EventOutcomeKind.Stored, EventOutcomeKind.Held), (sameWeek.Kind, weekLater.Kind));
        Assert.Equal(ReadHold.BarcodeInUse, Assert.Single(weekLater.Faults).Reason);
        long heldKey = Assert.Single((await PlateAsync(host, Barcode)).OpenHoldKeys);
        Decided dismissed = await host.Intake.SubmitAsync(new ResolveHeldPlate(heldKey, false, null, false, "an old file", "people/kim"), CancellationToken.None);

        Assert.Equal((DecisionKind.Done, 0), (dismissed.Kind, dismissed.Works.Count));
        Assert.Equal(2, (await PlateAsync(host, Barcode)).Reads.Count);
        Assert.Equal(EventOutcomeKind.Duplicate, (await SendAtAsync(host, stream, 3, TestPlates.Whole(Barcode, "r3", factor: 1.2), TimeSpan.FromDays(14.1), [2])).Kind);
        Assert.Equal(DecisionKind.NotFound, (await ResolveAsync(host, 999)).Kind);
    }

    [StoreFact]
    public async Task HeldReadThatIsOlderThanTheNewest_TakesItsPlaceOnlyWhenTheReviewerSaysSo()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await SendAtAsync(host, stream, 0, WithoutBarcode(), TimeSpan.Zero);
        await SendAtAsync(host, stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1), TimeSpan.FromMinutes(5));
        StoredRun newer = await RunOf(host, Barcode);
        long heldKey = Assert.Single(await HeldAsync(host)).HeldKey;

        Decided unsaid = await ResolveAsync(host, heldKey, Barcode);
        Assert.Equal((DecisionKind.Refused, FaultReasons.LaterRead), (unsaid.Kind, Assert.Single(unsaid.Faults).Reason));
        Assert.Equal(newer.Summary.RunKey, (await PlateAsync(host, Barcode)).NewestRunKey);

        Decided said = await host.Intake.SubmitAsync(
            new ResolveHeldPlate(heldKey, true, Barcode, false, "the second reading was of a dried plate", "people/kim", Supersedes: true), CancellationToken.None);
        Assert.Equal(DecisionKind.Done, said.Kind);
    }

    [StoreFact]
    public async Task ReadOfAnotherInstrumentWithoutALayout_IsHeldOnceThePlateHasResults()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        OpenedStream other = await host.Intake.OpenAsync("reader-2", "s1", "instruments/reader-2", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host, Barcode);

        EventOutcome mistaken = await host.SendAsync(other, 0, TestPlates.Whole(Barcode, "r7", withLayout: false, factor: 1.2), [7]);
        EventOutcome sure = await host.SendAsync(other, 1, TestPlates.Whole(Barcode, "r8", factor: 1.1), [8]);

        Assert.Equal((EventOutcomeKind.Held, ReadHold.BarcodeInUse), (mistaken.Kind, Assert.Single(mistaken.Faults).Reason));
        Assert.Equal(EventOutcomeKind.Stored, sure.Kind);
    }

    [StoreFact]
    public async Task PartsThatAreHeldAndComeAgain_AreADuplicate()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        var started = new PlateReadStarted(new ReadOrigin("r1", null, null), WholePlateRead.NoBarcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());
        for (int round = 0; round < 2; round++)
        {
            await host.SendAsync(stream, (round * 3) + 0, started, [(byte)round, 0]);
            await host.SendAsync(stream, (round * 3) + 1, new WellsRead("r1", [TestPlates.Part(0)]), [(byte)round, 1]);
            EventOutcome completed = await host.SendAsync(stream, (round * 3) + 2, new PlateReadCompleted("r1", null), [(byte)round, 2]);
            Assert.Equal(round == 0 ? EventOutcomeKind.Held : EventOutcomeKind.Duplicate, completed.Kind);
        }

        Assert.Single(await HeldAsync(host));
    }

    [StoreFact]
    public async Task PartsWithoutABarcode_AreHeldWhenTheyAreComplete()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        var started = new PlateReadStarted(new ReadOrigin("r1", null, null), WholePlateRead.NoBarcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());
        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 0, started)).Kind);
        for (int column = 0; column < 5; column++)
        {
            await host.SendAsync(stream, 1 + column, new WellsRead("r1", [TestPlates.Part(column)]));
        }

        EventOutcome held = await host.SendAsync(stream, 6, new PlateReadCompleted("r1", null));
        Assert.Equal((EventOutcomeKind.Held, ReadHold.BarcodeMissing), (held.Kind, Assert.Single(held.Faults).Reason));
        Assert.Equal(DecisionKind.Done, (await ResolveAsync(host, Assert.Single(await HeldAsync(host)).HeldKey, Barcode)).Kind);

        Assert.Equal(3, (await RunOf(host, Barcode)).Run.Results.Count);
    }

    [StoreFact]
    public async Task PlateWhoseRestDoesNotCome_IsListedAndClosedWithAReason()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await StartPartsAsync(host, stream, 0, "r1", columns: 3);
        await StartPartsAsync(host, stream, 4, "r2", columns: 0);
        Assert.Equal([("r1", 3), ("r2", 0)], (await PlateAsync(host, Barcode)).PendingReads.Select(pending => (pending.ReadId, pending.PartCount)));

        Decided empty = await CloseAsync(host, "r2", isUsed: true);
        Decided foreign = await host.Intake.SubmitAsync(
            new ClosePendingRead("P-2", "reader-1", "s1", "r1", true, "no rest", "people/kim"), CancellationToken.None);
        Assert.Equal((DecisionKind.Refused, DecisionKind.NotFound), (empty.Kind, foreign.Kind));
        Assert.Equal(DecisionKind.Done, (await CloseAsync(host, "r2", isUsed: false)).Kind);
        Assert.Equal(DecisionKind.Done, (await CloseAsync(host, "r1", isUsed: true)).Kind);

        // Two columns of calibrators and the first wells of the samples came; the rest is missing and says so.
        StoredRun run = await RunOf(host, Barcode);
        Assert.Contains(run.Run.Flags, flag => flag.Code == "W_MISSING");
        PlateSummary plate = await PlateAsync(host, Barcode);
        Assert.Equal((PlateState.Analyzed, 0), (plate.State, plate.PendingReads.Count));
        Assert.Equal(DecisionKind.NotFound, (await CloseAsync(host, "r1", isUsed: true)).Kind);
    }

    private static WholePlateRead WithoutBarcode()
    {
        WholePlateRead whole = TestPlates.Whole(WholePlateRead.StandInBarcode);
        return whole with { LacksBarcode = true };
    }

    private static Task<OpenedStream> OpenAsync(PipelineHost host) => host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

    private static async Task StartPartsAsync(PipelineHost host, OpenedStream stream, long offset, string readId, int columns)
    {
        var started = new PlateReadStarted(new ReadOrigin(readId, null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());
        await host.SendAsync(stream, offset, started);
        for (int column = 0; column < columns; column++)
        {
            await host.SendAsync(stream, offset + 1 + column, new WellsRead(readId, [TestPlates.Part(column)]));
        }
    }

    private static Task<Decided> CloseAsync(PipelineHost host, string readId, bool isUsed) => host.Intake.SubmitAsync(
        new ClosePendingRead(Barcode, "reader-1", "s1", readId, isUsed, "the reader was switched off", "people/kim"), CancellationToken.None);

    private static async Task<EventOutcome> SendAtAsync(PipelineHost host, OpenedStream stream, long offset, WholePlateRead whole, TimeSpan after, byte[]? bytes = null)
    {
        bytes ??= [(byte)offset];
        EventOutcome outcome = await host.Intake.AppendAsync(
            new StreamEvent(stream, offset, ContentHash.Of(bytes), bytes, DateTimeOffset.UnixEpoch + after, null, (EventContent)whole));
        await host.Intake.EnqueueAsync(outcome.Works, CancellationToken.None);
        return outcome;
    }

    private static Task<Decided> ResolveAsync(PipelineHost host, long heldKey, string? barcode = null, bool keepsLayout = false) =>
        host.Intake.SubmitAsync(new ResolveHeldPlate(heldKey, true, barcode, keepsLayout, "scanned by hand", "people/kim"), CancellationToken.None);

    private static async Task<IReadOnlyList<HeldPlateSummary>> HeldAsync(PipelineHost host) =>
        (await host.Store.Queries.ListHeldPlatesAsync(new WaitingFilter(IsResolved: false), new PageRequest(10), CancellationToken.None)).Rows;

    private static async Task<PlateSummary> PlateAsync(PipelineHost host, string barcode) => (await host.Store.Queries.GetPlateAsync(barcode, CancellationToken.None))!;

    private static Task<StoredRun> RunOf(PipelineHost host, string barcode) => host.UntilAsync(async () =>
    {
        PlateSummary? plate = await host.Store.Queries.GetPlateAsync(barcode, CancellationToken.None);
        return plate?.NewestRunKey is { } key ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None) : null;
    });
}

[OnSqlite]
public sealed class SqliteReadHoldTests : ReadHoldTests;

[OnPostgres]
public sealed class PostgresReadHoldTests : ReadHoldTests;
