using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>The newest results of a plate are those of its newest work and its newest layout, in whatever order works come to their end.</summary>
public abstract class WorkOrderTests : StoreContract
{
    private const string Barcode = "P-1";
    private const string OpenWork = "SELECT COUNT(*) FROM work_item WHERE state = 1";

    [StoreFact]
    public async Task RunOfNewerWork_WhileOlderIsOpen_IsGivenUpAndSavedAfterIt()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await OpenAsync(host);
        ReadyWork older = Assert.Single((await host.SendAsync(stream, 0, TestPlates.Whole(Barcode))).Works);
        ReadyWork newer = Assert.Single((await host.SendAsync(stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1))).Works);

        RunSaving early = await SaveAsync(host, newer);
        RunSaving first = await SaveAsync(host, older);
        ReadyWork again = Assert.Single((await host.ClaimAsync()).Works);
        RunSaving second = await SaveAsync(host, again);

        Assert.Equal((null, true), (early.Run, early.IsReleased));
        Assert.Equal((newer.WorkKey, false), (again.WorkKey, again.RunsAlone));
        Assert.True(second.Run!.RunKey > first.Run!.RunKey);
        Assert.Equal(second.Run.RunKey, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.NewestRunKey);
    }

    [StoreFact]
    public async Task WorkerWhoseRunsWaitForOlderOnes_GoesOnWithOthers()
    {
        // One save in flight: a run that held its place while it waits would stop the worker for ever.
        await using PipelineHost host = await StartAsync(limits: new PipelineLimits { AnalysisWorkerCount = 1, SavesInFlight = 1 });
        OpenedStream stream = await OpenAsync(host);
        IReadOnlyList<ReadyWork> older = (await AppendAsync(host, stream, 0, TestPlates.Whole(Barcode))).Works;
        IReadOnlyList<ReadyWork> newer = (await AppendAsync(host, stream, 1, TestPlates.Whole(Barcode, "r2", factor: 1.1))).Works;

        await host.Intake.EnqueueAsync(newer, CancellationToken.None);
        await host.Intake.EnqueueAsync(older, CancellationToken.None);

        Page<RunSummary> runs = await host.UntilAsync(async () =>
        {
            Page<RunSummary> page = await host.Store.Queries.ListRunsAsync(new RunFilter(Barcode), new PageRequest(10), CancellationToken.None);
            return page.Rows.Count == 2 ? page : null;
        });
        Assert.Equal(["r2", "r1"], runs.Rows.Select(run => run.ReadId));
    }

    [StoreFact]
    public async Task LayoutThatReturns_BeforeItsWorkWasDone_IsAnalysedAfterAll()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await OpenAsync(host);
        ReadyWork first = Assert.Single((await host.SendAsync(stream, 0, TestPlates.Whole(Barcode))).Works);
        ReadyWork other = Assert.Single((await SubmitAsync(host, 5)).Works);

        ReadyWork back = Assert.Single((await SubmitAsync(host, 0)).Works);

        Assert.Equal((first.WorkKey, first.Inputs.Hash), (back.WorkKey, back.Inputs.Hash));
        Assert.Equal(1, await Database.CountAsync(OpenWork));
        Assert.Null((await SaveAsync(host, other)).Run);
        Assert.Null((await SaveAsync(host, first)).Run);
        Assert.NotNull((await SaveAsync(host, back)).Run);
        Assert.Equal(0, await Database.CountAsync(OpenWork));
    }

    [StoreFact]
    public async Task LayoutThatReturns_WhileWorkOfAnotherIsOpen_EndsThatWork()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await OpenAsync(host);
        ReadyWork first = Assert.Single((await host.SendAsync(stream, 0, TestPlates.Whole(Barcode))).Works);
        long? run = (await SaveAsync(host, first)).Run!.RunKey;
        ReadyWork other = Assert.Single((await SubmitAsync(host, 5)).Works);

        SubmittedLayout back = await SubmitAsync(host, 0);

        Assert.Empty(back.Works);
        Assert.Null((await SaveAsync(host, other)).Run);
        Assert.Equal(0, await Database.CountAsync(OpenWork));
        Assert.Equal(run, (await host.Store.Queries.GetPlateAsync(Barcode, CancellationToken.None))!.NewestRunKey);
    }

    private static Task<OpenedStream> OpenAsync(PipelineHost host) => host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

    private static Task<RunSaving> SaveAsync(PipelineHost host, ReadyWork work) =>
        host.Writer.WriteAsync(new SaveRun(work, PlateAnalyzer.Analyze(work.Inputs)), CancellationToken.None);

    private static Task<SubmittedLayout> SubmitAsync(PipelineHost host, int sampleNumberOffset) => host.Intake.SubmitAsync(
        new SubmitPlateLayout(Barcode, TestPlates.Layout(sampleNumberOffset), "swapped", "people/kim"), CancellationToken.None);

    // Without putting its work on the queue.
    private static Task<EventOutcome> AppendAsync(PipelineHost host, OpenedStream stream, long offset, EventContent content) => host.Intake.AppendAsync(
        new StreamEvent(stream, offset, ContentHash.Of([(byte)offset]), [(byte)offset], DateTimeOffset.UnixEpoch, null, content));
}

[OnSqlite]
public sealed class SqliteWorkOrderTests : WorkOrderTests;

[OnPostgres]
public sealed class PostgresWorkOrderTests : WorkOrderTests;
