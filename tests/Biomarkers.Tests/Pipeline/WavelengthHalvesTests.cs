using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>A plate whose measurement (450 nm) and reference (570 nm) come from two readers.</summary>
public abstract class WavelengthHalvesTests : StoreContract
{
    private const string Barcode = "P-DUAL";
    private const double Background = 0.04;

    private static readonly AssayDefinition Assay = TestPlates.Assay with
    {
        Id = "il-6-dual",
        Analytes = [TestPlates.Assay.Analytes[0] with { ReferenceWavelengthNm = 570 }],
    };

    [StoreFact]
    public async Task MeasurementThenReference_FromAnotherReader_AreJoinedAndTheReferenceIsSubtracted()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream one = await OpenAsync(host, "reader-450");
        OpenedStream other = await OpenAsync(host, "reader-570");

        EventOutcome first = await host.SendAsync(one, 0, Measurement("r450"));
        PlateSummary waiting = await PlateAsync(host);
        EventOutcome second = await host.SendAsync(other, 0, Reference("r570"), [9]);

        Assert.Equal((EventOutcomeKind.Stored, 0, PlateState.WaitingForWavelength), (first.Kind, first.Works.Count, waiting.State));
        Assert.Equal((EventOutcomeKind.Stored, 1), (second.Kind, second.Works.Count));
        StoredRun run = await RunOf(host);
        Assert.All(Enumerable.Range(0, 3), n =>
            Assert.Equal(TestPlates.SampleConcentration(n), run.Run.Results.First(result => result.SampleId == $"S-{n}").Concentration!.Value, 1e-6));
        PlateSummary plate = await PlateAsync(host);
        Assert.Equal((PlateState.Analyzed, 3), (plate.State, plate.Reads.Count));
        Assert.Equal(["r450", "r570"], plate.Reads[2].JoinedFrom);
        Assert.Equal(EventOutcomeKind.Duplicate, (await host.SendAsync(other, 1, Reference("r570"), [9])).Kind);
    }

    [StoreFact]
    public async Task BothHalvesBeforeTheLayout_AreJoinedWhenItComes()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream stream = await OpenAsync(host, "reader-450");
        await host.SendAsync(stream, 0, Reference("r570"));
        await host.SendAsync(stream, 1, Measurement("r450") with { Layout = null });
        Assert.Equal(PlateState.WaitingForLayout, (await PlateAsync(host)).State);

        SubmittedLayout laid = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, Layout(), null, "people/kim"), CancellationToken.None);

        Assert.Single(laid.Works);
        Assert.Equal(3, (await RunOf(host)).Run.Results.Count);
    }

    [StoreFact]
    public async Task SecondMeasurement_WaitsForItsOwnReference()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream stream = await OpenAsync(host, "reader-450");
        await host.SendAsync(stream, 0, Measurement("r1"));
        await host.SendAsync(stream, 1, Reference("r2"));

        EventOutcome again = await host.SendAsync(stream, 2, Measurement("r3", factor: 1.1));
        EventOutcome reference = await host.SendAsync(stream, 3, Reference("r4", background: 0.05));

        Assert.Equal((0, 1), (again.Works.Count, reference.Works.Count));
        Assert.Equal([["r1", "r2"], ["r3", "r4"]], (await PlateAsync(host)).Reads.Where(read => read.JoinedFrom.Count > 0).Select(read => read.JoinedFrom));
    }

    [StoreFact]
    public async Task ReferenceWhenTwoMeasurementsWait_IsHeldBecauseEitherWouldBeAGuess()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream stream = await OpenAsync(host, "reader-450");
        await host.SendAsync(stream, 0, Measurement("bubbles", readTime: DateTimeOffset.UnixEpoch));
        await host.SendAsync(stream, 1, Measurement("again", factor: 1.1, readTime: DateTimeOffset.UnixEpoch.AddHours(1)));

        EventOutcome held = await host.SendAsync(stream, 2, Reference("r570", readTime: DateTimeOffset.UnixEpoch.AddHours(1.1)));

        Assert.Equal((EventOutcomeKind.Held, ReadHold.WavelengthPairMismatch), (held.Kind, Assert.Single(held.Faults).Reason));
        Assert.Contains("'bubbles' and 'again' wait", held.Faults[0].Description, StringComparison.Ordinal);
        long heldKey = Assert.Single((await PlateAsync(host)).OpenHoldKeys);
        await host.Intake.SubmitAsync(new ResolveHeldPlate(heldKey, true, null, false, "of the second reading", "people/kim"), CancellationToken.None);
        await RunOf(host);
        Assert.Equal(["again", "r570"], Assert.Single((await PlateAsync(host)).Reads, read => read.JoinedFrom.Count > 0).JoinedFrom);
    }

    [StoreFact]
    public async Task HalvesReadDaysApart_BeforeTheLayout_StayApart()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream stream = await OpenAsync(host, "reader-450");
        await host.SendAsync(stream, 0, Measurement("r450", readTime: DateTimeOffset.UnixEpoch) with { Layout = null });
        await host.SendAsync(stream, 1, Reference("r570", readTime: DateTimeOffset.UnixEpoch.AddDays(4)));

        SubmittedLayout laid = await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, Layout(), null, "people/kim"), CancellationToken.None);

        Assert.Empty(laid.Works);
        Assert.Equal(PlateState.WaitingForWavelength, (await PlateAsync(host)).State);
    }

    [StoreFact]
    public async Task HalvesThatDoNotFit_AreHeldAndJoinedOnDecision()
    {
        await using PipelineHost host = await StartDualAsync();
        OpenedStream stream = await OpenAsync(host, "reader-450");
        await host.SendAsync(stream, 0, Measurement("r450", readTime: DateTimeOffset.UnixEpoch));

        EventOutcome late = await host.SendAsync(stream, 1, Reference("late", readTime: DateTimeOffset.UnixEpoch.AddHours(2)));
        EventOutcome fewer = await host.SendAsync(stream, 2, Reference("fewer", wells: 20));
        EventOutcome same = await host.SendAsync(stream, 3, Reference("same", wavelengthNm: 450));

        Assert.All([late, fewer, same], outcome => Assert.Equal((EventOutcomeKind.Held, ReadHold.WavelengthPairMismatch), (outcome.Kind, outcome.Faults[0].Reason)));
        Assert.Contains("120 minutes apart", late.Faults[0].Description, StringComparison.Ordinal);
        Assert.Contains("lacks 5 of 25 measured wells", fewer.Faults[0].Description, StringComparison.Ordinal);
        Assert.Contains("both read at 450 nm", same.Faults[0].Description, StringComparison.Ordinal);
        PlateSummary plate = await PlateAsync(host);
        Assert.Equal((PlateState.Held, 3), (plate.State, plate.OpenHoldKeys.Count));

        Decided decided = await host.Intake.SubmitAsync(
            new ResolveHeldPlate(plate.OpenHoldKeys[0], true, null, false, "the second reader was busy", "people/kim"), CancellationToken.None);
        Assert.Single(decided.Works);
        Assert.Equal(3, (await RunOf(host)).Run.Results.Count);
    }

    /// <summary>A plate that was joined from both halves.</summary>
    internal static async Task JoinAsync(PipelineHost host, OpenedStream stream, long offset)
    {
        await host.Intake.CreateAssayAsync(new CreateAssay(Assay, "people/kim"), CancellationToken.None);
        await host.SendAsync(stream, offset, Measurement("r450"));
        await host.SendAsync(stream, offset + 1, Reference("r570"));
    }

    private async Task<PipelineHost> StartDualAsync()
    {
        PipelineHost host = await StartAsync();
        await host.Intake.CreateAssayAsync(new CreateAssay(Assay, "people/kim"), CancellationToken.None);
        return host;
    }

    private static PlateLayout Layout()
    {
        PlateLayout layout = TestPlates.Layout();
        return PlateLayout.Create(Assay.Id, PlateLayout.NewestAssayVersion, layout.Format, layout.Wells, layout.Lots).ValueOrThrow();
    }

    private static WholePlateRead Measurement(string readId, double factor = 1, DateTimeOffset? readTime = null)
    {
        ResponseColumn column = TestPlates.Read(Barcode, factor).Columns[0];
        double[] raw = [.. column.Responses.Select(response => response + Background)];
        return new WholePlateRead(new ReadOrigin(readId, "kim", readTime), Read(column, ColumnPurpose.Measurement, 450, raw), Layout());
    }

    private static WholePlateRead Reference(string readId, double background = Background, DateTimeOffset? readTime = null, int? wells = null, double wavelengthNm = 570)
    {
        ResponseColumn column = TestPlates.Read(Barcode).Columns[0];
        double[] raw = [.. column.Positions.Take(wells ?? column.Positions.Count).Select(_ => background)];
        return new WholePlateRead(new ReadOrigin(readId, "lee", readTime), Read(column, ColumnPurpose.Reference, wavelengthNm, raw), null);
    }

    private static PlateRead Read(ResponseColumn column, ColumnPurpose purpose, double wavelengthNm, double[] responses) => PlateRead.Create(
        Barcode,
        96,
        Assay.ResponseKind,
        [new ResponseColumn(column.Analyte, purpose, wavelengthNm, [.. column.Positions.Take(responses.Length)], responses, [], [])]).ValueOrThrow();

    private static Task<OpenedStream> OpenAsync(PipelineHost host, string instrument) =>
        host.Intake.OpenAsync(instrument, "s1", $"instruments/{instrument}", CancellationToken.None);

    private static async Task<PlateSummary> PlateAsync(PipelineHost host) => (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;

    private static Task<StoredRun> RunOf(PipelineHost host) => host.UntilAsync(async () =>
    {
        PlateSummary? plate = await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None);
        return plate?.NewestRunKey is { } key ? await host.Store.Queries.GetRunAsync(key, CancellationToken.None) : null;
    });
}

[OnSqlite]
public sealed class SqliteWavelengthHalvesTests : WavelengthHalvesTests;

[OnPostgres]
public sealed class PostgresWavelengthHalvesTests : WavelengthHalvesTests;
