using System.Diagnostics;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline;

/// <summary>The door of the pipeline: everything that comes in is durable before it is answered, and only then put to work.</summary>
/// <remarks>The queue of work holds what is on disk already. When it is full, <see cref="EnqueueAsync"/> waits, the caller stops reading its
/// stream, and HTTP/2 flow control slows the instrument: memory never holds what is not on disk.</remarks>
public sealed class PlateReadIntake(StoreWriter writer, AnalysisPipeline pipeline, ChangeSignal changes, PipelineLimits limits, PipelineMeter? meter = null)
    : IDisposable
{
    private readonly SemaphoreSlim submissions = new(limits.WriteQueueLength);

    /// <summary>Opens a stream and fences every older connection to it.</summary>
    /// <param name="instrumentId">Instrument.</param>
    /// <param name="streamId">The sender's name of the stream.</param>
    /// <param name="actor">Who opens it.</param>
    /// <param name="clockOffset">The server's clock less the sender's; null where the sender did not say its time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<OpenedStream> OpenAsync(string instrumentId, string streamId, string actor, TimeSpan? clockOffset, CancellationToken cancellationToken) =>
        writer.WriteAsync(new OpenStream(instrumentId, streamId, actor, clockOffset, limits.ClockSkew), cancellationToken);

    /// <summary>As above, of a sender that does not say its time.</summary>
    public Task<OpenedStream> OpenAsync(string instrumentId, string streamId, string actor, CancellationToken cancellationToken) =>
        OpenAsync(instrumentId, streamId, actor, null, cancellationToken);

    /// <summary>Appends an event; the answer comes after its commit. Hand the outcome to <see cref="EnqueueAsync"/> once it is answered.</summary>
    /// <remarks>Can't be cancelled: once it is handed over it may become durable, and then somebody must put its work on the queue.</remarks>
    public async Task<EventOutcome> AppendAsync(StreamEvent received)
    {
        using Activity? append = PipelineTrace.StartAppend();
        EventOutcome outcome = await writer.WriteAsync(new AppendEvent(received), CancellationToken.None);
        changes.Raise();
        meter?.EventAnswered(outcome.Kind);
        return append.Mark(outcome);
    }

    /// <summary>Writes what may make analyses possible (a read without a stream, a layout, a person's decision), and puts them to work.</summary>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Ends the wait; what is durable by then is put to work all the same.</param>
    public async Task<TOutcome> SubmitAsync<TOutcome>(IStoreWrite<TOutcome> write, CancellationToken cancellationToken)
        where TOutcome : IMakesWork
    {
        // Whoever gives up leaves its write behind: so many may be under way, whether or not somebody still waits for them.
        await submissions.WaitAsync(cancellationToken);
        return await KeepAndPutToWorkAsync().WaitAsync(cancellationToken);

        async Task<TOutcome> KeepAndPutToWorkAsync()
        {
            try
            {
                TOutcome submitted = await writer.WriteAsync(write, CancellationToken.None);
                changes.Raise();
                await EnqueueAsync(submitted.Works, CancellationToken.None);
                return submitted;
            }
            finally
            {
                submissions.Release();
            }
        }
    }

    /// <summary>Offers a built-in assay; see <see cref="OfferBuiltInAssay"/>.</summary>
    public Task OfferAsync(AssayDefinition builtIn, CancellationToken cancellationToken) =>
        writer.WriteUntilDoneAsync(new OfferBuiltInAssay(builtIn), cancellationToken, waitsForRoom: false);

    /// <summary>Adds a version of an assay.</summary>
    public Task<AssayDefinition> CreateAssayAsync(CreateAssay creation, CancellationToken cancellationToken) =>
        writer.WriteAsync(creation, cancellationToken);

    /// <summary>Puts durable work on the queue; waits while the queue is full. After a cancelled wait the work stays open in the store until another
    /// server, or the next start, takes it over.</summary>
    public async ValueTask EnqueueAsync(IReadOnlyList<ReadyWork> works, CancellationToken cancellationToken)
    {
        foreach (ReadyWork work in works)
        {
            await pipeline.EnqueueAsync(work, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => submissions.Dispose();
}
