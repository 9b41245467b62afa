using System.Diagnostics.Metrics;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Ingest;

namespace Biomarkers.Pipeline;

/// <summary>Counts and times what the pipeline does, for whoever listens to the meter. Nothing of a plate's content, a result or a person is in it.</summary>
/// <remarks>Names and units follow the semantic conventions of OpenTelemetry: seconds, and counted things in braces.</remarks>
public sealed class PipelineMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Biomarkers.Pipeline";

    private static readonly double[] CommitSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly int[] CommitWrites = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    private readonly Meter meter;
    private readonly Counter<long> events;
    private readonly Counter<long> runs;
    private readonly Counter<long> takenUp;
    private readonly Counter<long> parked;
    private readonly Counter<long> storeFaults;
    private readonly Histogram<double> commitDuration;
    private readonly Histogram<int> commitWrites;

    /// <summary>Makes the meter of one server.</summary>
    public PipelineMeter()
    {
        meter = new Meter(Name);
        events = meter.CreateCounter<long>("biomarkers.ingest.events", "{event}", "Events that were answered, by what became of them.");
        runs = meter.CreateCounter<long>("biomarkers.analysis.runs", "{run}", "Runs that were saved, by verdict.");
        takenUp = meter.CreateCounter<long>("biomarkers.analysis.taken_up", "{plate}", "Plates that another process left unfinished and this one took up.");
        parked = meter.CreateCounter<long>("biomarkers.analysis.parked", "{plate}", "Plates whose analysis failed by a fault of the server.");
        storeFaults = meter.CreateCounter<long>("biomarkers.store.faults", "{fault}", "Transactions that failed, by kind of fault.");
        commitDuration = meter.CreateHistogram(
            "biomarkers.store.commit.duration", "s", "Time of a transaction from its begin to its durable end.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = CommitSeconds });
        commitWrites = meter.CreateHistogram(
            "biomarkers.store.commit.writes", "{write}", "Writes of a transaction.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = CommitWrites });
    }

    /// <summary>Lets listeners ask for the lengths of the queues.</summary>
    public void Observe(AnalysisPipeline pipeline, StoreWriter writer)
    {
        meter.CreateObservableUpDownCounter("biomarkers.analysis.queue.length", () => pipeline.QueueLength, "{plate}", "Plates that wait for a worker in memory.");
        meter.CreateObservableUpDownCounter("biomarkers.store.queue.length", () => writer.QueueLength, "{write}", "Writes that wait for the store writer.");
    }

    /// <summary>An event was answered.</summary>
    public void EventAnswered(EventOutcomeKind kind) => events.Add(1, Tag("biomarkers.event.disposition", kind switch
    {
        EventOutcomeKind.Stored => "stored",
        EventOutcomeKind.Duplicate => "duplicate",
        EventOutcomeKind.Quarantined => "quarantined",
        EventOutcomeKind.Held => "held",
        EventOutcomeKind.OffsetGap => "offset_gap",
        EventOutcomeKind.OffsetConflict => "offset_conflict",
        EventOutcomeKind.StaleEpoch => "stale_epoch",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected a kind of outcome."),
    }));

    /// <summary>A run is durable.</summary>
    public void RunSaved(RunVerdict verdict) => runs.Add(1, Tag("biomarkers.run.verdict", verdict == RunVerdict.Accepted ? "accepted" : "rejected"));

    /// <summary>Unfinished plates were taken up.</summary>
    public void WorkTakenUp(int count) => takenUp.Add(count);

    /// <summary>The analysis of a plate failed.</summary>
    public void AnalysisFailed() => parked.Add(1);

    /// <summary>A transaction is durable.</summary>
    /// <param name="duration">From its begin.</param>
    /// <param name="writes">Writes in it.</param>
    public void Committed(TimeSpan duration, int writes)
    {
        commitDuration.Record(duration.TotalSeconds);
        commitWrites.Record(writes);
    }

    /// <summary>A transaction failed.</summary>
    /// <param name="kind">What passes by itself, what does not: <c>conflict</c>, <c>unavailable</c>, <c>transient</c>, <c>fatal</c>, <c>other</c>.</param>
    public void StoreFailed(string kind) => storeFaults.Add(1, Tag("error.type", kind));

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
