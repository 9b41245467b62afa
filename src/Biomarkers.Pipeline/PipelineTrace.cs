using System.Diagnostics;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline;

/// <summary>A plate as one trace: its event is appended, it is analysed, its run is saved. The plate's barcode is the only content.</summary>
/// <remarks>A trace does not outlive the process: work that is taken up from another one begins its own, and the barcode links the two.</remarks>
public static class PipelineTrace
{
    /// <summary>Name of the source of spans.</summary>
    public const string Name = "Biomarkers.Pipeline";

    /// <summary>Attribute of the spans: the plate's barcode.</summary>
    public const string PlateBarcode = "biomarkers.plate.barcode";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Begins the trace of an event. The call that carries it may last for months, so it is linked to and is no parent.</summary>
    internal static Activity? StartAppend()
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        ActivityLink[] links = Activity.Current is { } call ? [new ActivityLink(call.Context)] : [];
        Activity.Current = null;
        return Source.StartActivity("append", ActivityKind.Internal, default(ActivityContext), tags: null, links);
    }

    /// <summary>Says whose event it was, and lets its works go on in the same trace.</summary>
    internal static EventOutcome Mark(this Activity? append, EventOutcome outcome)
    {
        if (append is null)
        {
            return outcome;
        }

        append.SetTag(PlateBarcode, outcome.PlateBarcode);
        return outcome with { Works = [.. outcome.Works.Select(work => work with { Trace = append.Context })] };
    }

    /// <summary>The analysis of a plate, in the trace of its event where that is known.</summary>
    internal static Activity? StartAnalysis(ReadyWork work) =>
        Source.StartActivity("analyze", ActivityKind.Internal, work.Trace)?.SetTag(PlateBarcode, work.Inputs.Read.PlateBarcode);

    /// <summary>A run on its way to the disk.</summary>
    internal static Activity? StartSave(ReadyWork work) =>
        Source.StartActivity("save", ActivityKind.Internal, work.Trace)?.SetTag(PlateBarcode, work.Inputs.Read.PlateBarcode);
}
