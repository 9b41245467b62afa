using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>Refused events that a person has used after all, repaired, or dismissed.</summary>
public abstract class QuarantineReplayTests : StoreContract
{
    private const string Barcode = "P-1";

    [StoreFact]
    public async Task EventOfAnAssayThatWasUnknown_IsUsedAsItWasSentOnceTheAssayIsThere()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        PlateLayout layout = PlateLayout.Create("il-6-new", 1, PlateFormat.Wells96, TestPlates.Layout().Wells, []).ValueOrThrow();
        EventContent content = TestPlates.Whole(Barcode) with { Layout = layout };
        Assert.Equal(EventOutcomeKind.Quarantined, (await host.SendAsync(stream, 0, content)).Kind);
        long key = Assert.Single(await WaitingAsync(host)).QuarantineKey;

        Decided early = await ReplayAsync(host, key, content);
        Assert.Equal((DecisionKind.Refused, FaultReasons.AssayUnknown), (early.Kind, Assert.Single(early.Faults).Reason));
        Assert.Single(await WaitingAsync(host));

        await host.Intake.CreateAssayAsync(new CreateAssay(TestPlates.Assay with { Id = "il-6-new" }, "people/kim"), CancellationToken.None);
        Decided replayed = await ReplayAsync(host, key, content);

        Assert.Equal((DecisionKind.Done, Barcode), (replayed.Kind, replayed.PlateBarcode));
        Assert.Equal(3, (await RunOf(host)).Run.Results.Count);
        Assert.Empty(await WaitingAsync(host));
        QuarantinedEvent kept = (await host.Store.Queries.GetQuarantinedEventAsync(key, CancellationToken.None))!.Value.Event;
        Assert.Equal((ResolutionKind.Used, "the assay is there now"), (kept.Resolution!.Kind, kept.Resolution.Reason));
        Assert.Equal(DecisionKind.DecidedBefore, (await ReplayAsync(host, key, content)).Kind);
        Assert.Equal(EventOutcomeKind.Quarantined, (await host.SendAsync(stream, 0, content)).Kind);
    }

    [StoreFact]
    public async Task RepairedContent_IsKeptBesideTheOriginalAndUsed()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, new List<Fault> { new("plate_read.columns[0]", FaultReasons.NonFinite, "x") }, [0]);
        long key = Assert.Single(await WaitingAsync(host)).QuarantineKey;

        Decided repaired = await ReplayAsync(host, key, TestPlates.Whole(Barcode), [1, 2, 3]);

        Assert.Equal(DecisionKind.Done, repaired.Kind);
        await RunOf(host);
        Assert.Equal([0], (await host.Store.Queries.GetQuarantinedEventAsync(key, CancellationToken.None))!.Value.Content);
        Assert.Equal(1, (await host.Store.Queries.GetStreamAsync("reader-1", "~repaired", CancellationToken.None))!.NextOffset);
        Assert.Equal(1, (await host.Store.Queries.GetStreamAsync("reader-1", "s1", CancellationToken.None))!.NextOffset);
    }

    [StoreFact]
    public async Task SecondContentOfAnOffset_CanBeUsed()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        Assert.Equal(EventOutcomeKind.OffsetConflict, (await host.SendAsync(stream, 0, TestPlates.Whole("P-2"), [9])).Kind);
        long key = Assert.Single(await WaitingAsync(host)).QuarantineKey;
        Assert.Equal([9], (await host.Store.Queries.GetQuarantinedEventAsync(key, CancellationToken.None))!.Value.Content);

        Assert.Equal((DecisionKind.Done, "P-2"), (await ReplayAsync(host, key, TestPlates.Whole("P-2")) is var done ? (done.Kind, done.PlateBarcode) : default));
    }

    [StoreFact]
    public async Task SecondPartOfAnOffset_IsUsedBesideTheFirst()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, new PlateReadStarted(new ReadOrigin("r1", null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout()));
        await host.SendAsync(stream, 1, new WellsRead("r1", [TestPlates.Part(0)]));
        Assert.Equal(EventOutcomeKind.OffsetConflict, (await host.SendAsync(stream, 1, new WellsRead("r1", [TestPlates.Part(1)]), [9])).Kind);

        Decided used = await ReplayAsync(host, Assert.Single(await WaitingAsync(host)).QuarantineKey, new WellsRead("r1", [TestPlates.Part(1)]));

        Assert.Equal(DecisionKind.Done, used.Kind);
        Assert.Equal(2, Assert.Single((await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.PendingReads).PartCount);
    }

    [StoreFact]
    public async Task RefusedPart_RepairedInItsPlace_CompletesItsReading()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        var started = new PlateReadStarted(new ReadOrigin("r1", null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());
        await host.SendAsync(stream, 0, started);
        await host.SendAsync(stream, 1, new List<Fault> { new("wells_read", FaultReasons.LengthMismatch, "x") }, [1]);
        for (int column = 1; column < 5; column++)
        {
            await host.SendAsync(stream, 1 + column, new WellsRead("r1", [TestPlates.Part(column)]));
        }

        long key = Assert.Single(await WaitingAsync(host)).QuarantineKey;
        Assert.Equal(DecisionKind.Done, (await ReplayAsync(host, key, new WellsRead("r1", [TestPlates.Part(0)]), [7])).Kind);
        Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, 6, new PlateReadCompleted("r1", 25))).Kind);

        Assert.DoesNotContain((await RunOf(host)).Run.Flags, flag => flag.Code == "W_MISSING");
    }

    [StoreFact]
    public async Task RepairThatIsStillBad_OrThereAlready_ChangesNothing()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await RunOf(host);
        await host.SendAsync(stream, 1, new List<Fault> { new("a", FaultReasons.NonFinite, "x") }, [1]);
        long key = Assert.Single(await WaitingAsync(host)).QuarantineKey;

        Decided there = await ReplayAsync(host, key, TestPlates.Whole(Barcode), [5]);
        Decided clash = await ReplayAsync(host, key, TestPlates.Whole(Barcode, factor: 1.3), [6]);
        Decided unparsed = await host.Intake.SubmitAsync(
            new ReplayQuarantinedEvent(key, [1], "why not", "people/kim", _ => new List<Fault> { new("b", FaultReasons.Required, "y") }), CancellationToken.None);

        Assert.Equal([DecisionKind.Refused, DecisionKind.Refused, DecisionKind.Refused], new[] { there, clash, unparsed }.Select(decided => decided.Kind));
        Assert.Equal([FaultReasons.Duplicate, FaultReasons.Duplicate, FaultReasons.Required], new[] { there, clash, unparsed }.Select(decided => decided.Faults[0].Reason));
        Assert.Single(await WaitingAsync(host));
        Decided dismissed = await host.Intake.SubmitAsync(new DismissQuarantinedEvent(key, "a copy", "people/kim"), CancellationToken.None);
        Assert.Equal(DecisionKind.Done, dismissed.Kind);
        Assert.Empty(await WaitingAsync(host));
        Assert.Single((await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.Reads);
    }

    private static Task<OpenedStream> OpenAsync(PipelineHost host) => host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

    private static Task<Decided> ReplayAsync(PipelineHost host, long key, Checked<EventContent> content, byte[]? repaired = null) => host.Intake.SubmitAsync(
        new ReplayQuarantinedEvent(key, repaired, "the assay is there now", "people/kim", _ => content), CancellationToken.None);

    private static Task<Decided> ReplayAsync(PipelineHost host, long key, EventContent content, byte[]? repaired = null) =>
        ReplayAsync(host, key, (Checked<EventContent>)content, repaired);

    private static async Task<IReadOnlyList<QuarantinedEvent>> WaitingAsync(PipelineHost host) =>
        (await host.Store.Queries.ListQuarantinedEventsAsync(new WaitingFilter(IsResolved: false), new PageRequest(10), CancellationToken.None)).Rows;

    private static Task<StoredRun> RunOf(PipelineHost host) => host.UntilAsync(async () =>
    {
        PlateSummary? plate = await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None);
        return plate?.NewestRunKey is { } key ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None) : null;
    });
}

[OnSqlite]
public sealed class SqliteQuarantineReplayTests : QuarantineReplayTests;

[OnPostgres]
public sealed class PostgresQuarantineReplayTests : QuarantineReplayTests;
