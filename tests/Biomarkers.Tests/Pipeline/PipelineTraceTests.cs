using System.Collections.Concurrent;
using System.Diagnostics;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

/// <summary>A plate can be followed from its event to its run.</summary>
public sealed class PipelineTraceTests
{
    [Fact]
    public async Task Plate_AppendedAnalysedAndSaved_IsOneTraceApartFromItsCall()
    {
        const string Barcode = "TRACED-1";
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PipelineTrace.Name,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Barcode.Equals(span.GetTagItem(PipelineTrace.PlateBarcode)))
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using Activity call = new Activity("StreamPlateReads").SetIdFormat(ActivityIdFormat.W3C).Start();
        await using TestDatabase database = await TestDatabase.CreateAsync(StoreEngine.Sqlite);
        await using PipelineHost host = await PipelineHost.StartAsync(database);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);

        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        Activity save = await host.UntilAsync(() => Task.FromResult(spans.FirstOrDefault(span => span.OperationName == "save")));

        Assert.Same(call, Activity.Current);
        Activity append = Assert.Single(spans, span => span.OperationName == "append");
        Activity analyze = Assert.Single(spans, span => span.OperationName == "analyze");
        Assert.Equal(default, append.ParentSpanId);
        Assert.Equal(call.Context, Assert.Single(append.Links).Context);
        Assert.Equal((append.TraceId, append.SpanId), (analyze.TraceId, analyze.ParentSpanId));
        Assert.Equal((append.TraceId, append.SpanId), (save.TraceId, save.ParentSpanId));
        Assert.NotEqual(call.TraceId, append.TraceId);
        // The barcode, and nothing else of the plate.
        Assert.All(spans, span => Assert.Equal([PipelineTrace.PlateBarcode], span.TagObjects.Select(tag => tag.Key)));
    }
}
