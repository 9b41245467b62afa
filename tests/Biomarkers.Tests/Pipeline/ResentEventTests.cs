using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>Events that a sender repeats under other offsets, as it does after an older database was restored.</summary>
public abstract class ResentEventTests : StoreContract
{
    private const string Barcode = "P-1";

    private static readonly PlateReadStarted Started = new(new ReadOrigin("r1", null, null), Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout());

    [StoreFact]
    public async Task PlateRead_AtAnotherOffset_IsADuplicateAndChangesNothing()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode), [7]);
        PlateSummary before = await AnalyzedAsync(host);

        EventOutcome again = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode), [7]);
        EventOutcome next = await host.SendAsync(stream, 2, TestPlates.Whole("P-2"));

        Assert.Equal((EventOutcomeKind.Duplicate, 2), (again.Kind, again.NextOffset));
        Assert.Empty(again.Works);
        Assert.Equal((EventOutcomeKind.Stored, 3), (next.Kind, next.NextOffset));
        PlateSummary after = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Equal((before.NewestRunKey, before.LayoutVersion, 1), (after.NewestRunKey, after.LayoutVersion, after.Reads.Count));
    }

    /// <summary>The layout was corrected after the read came, and nothing rests on it yet: the repeat must not bring the old one back.</summary>
    [StoreFact]
    public async Task PlateRead_WhoseLayoutWasChangedSince_LeavesTheLayoutAsItIs()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await OpenAsync(host);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode), [7]);
        await host.Intake.SubmitAsync(new SubmitPlateLayout(Barcode, TestPlates.Layout(5), "swapped", "people/kim"), CancellationToken.None);

        EventOutcome again = await host.SendAsync(stream, 1, TestPlates.Whole(Barcode), [7]);

        Assert.Equal(EventOutcomeKind.Duplicate, again.Kind);
        Assert.Equal(2, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.LayoutVersion);
    }

    [StoreFact]
    public async Task PlateInParts_AllOfThemAgain_LeavesOneReadAndItsRun()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);
        await SendPartsAsync(host, stream, 0, firstPart: 0);
        PlateSummary before = await AnalyzedAsync(host);

        EventOutcome completed = await SendPartsAsync(host, stream, 7, firstPart: 0);

        Assert.Equal(EventOutcomeKind.Duplicate, completed.Kind);
        PlateSummary after = (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!;
        Assert.Equal((PlateState.Analyzed, before.NewestRunKey, 1), (after.State, after.NewestRunKey, after.Reads.Count));
    }

    /// <summary>Nobody keeps the beginning: each part says so, and none of them makes a plate that looks whole.</summary>
    [StoreFact]
    public async Task PlateInParts_WithoutItsFirst_IsToldAndNotUsed()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await OpenAsync(host);

        EventOutcome completed = await SendPartsAsync(host, stream, 0, firstPart: 1);

        Assert.Equal(EventOutcomeKind.Quarantined, completed.Kind);
        Assert.Contains("was not started on this stream", completed.Faults[0].Description, StringComparison.Ordinal);
        Assert.Null(await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None));
    }

    private static Task<OpenedStream> OpenAsync(PipelineHost host) => host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

    private static Task<PlateSummary> AnalyzedAsync(PipelineHost host) => host.UntilAsync(async () =>
        await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None) is { State: PlateState.Analyzed } plate ? plate : null);

    // The start, five columns of wells, the end: seven events, from one of them on.
    private static async Task<EventOutcome> SendPartsAsync(PipelineHost host, OpenedStream stream, long offset, int firstPart)
    {
        EventContent[] parts = [Started, .. Enumerable.Range(0, 5).Select(column => new WellsRead("r1", [TestPlates.Part(column)])), new PlateReadCompleted("r1", null)];
        EventOutcome outcome = null!;
        for (int i = firstPart; i < parts.Length; i++)
        {
            outcome = await host.SendAsync(stream, offset++, parts[i], [(byte)(100 + i)]);
        }

        return outcome;
    }
}

[OnSqlite]
public sealed class SqliteResentEventTests : ResentEventTests;

[OnPostgres]
public sealed class PostgresResentEventTests : ResentEventTests;
