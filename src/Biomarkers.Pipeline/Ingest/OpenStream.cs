using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Opens a stream: makes it where it is new, raises its epoch, and so fences every older connection.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">The sender's name of the stream.</param>
/// <param name="Actor">Who opens it.</param>
/// <param name="ClockOffset">The server's clock less the sender's; null where the sender did not say its time.</param>
/// <param name="ClockSkew">Offset from which on it is an audit event.</param>
public sealed record OpenStream(string InstrumentId, string StreamId, string Actor, TimeSpan? ClockOffset, TimeSpan ClockSkew) : IStoreWrite<OpenedStream>
{
    /// <inheritdoc/>
    public async Task<OpenedStream> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        StreamRow? found = await transaction.FindStreamAsync(InstrumentId, StreamId, cancellationToken);
        StreamRow stream;
        if (found is null)
        {
            stream = await transaction.InsertStreamAsync(InstrumentId, StreamId, context.Now, cancellationToken);
        }
        else
        {
            long epoch = found.Epoch + 1;
            if (!await transaction.RaiseEpochAsync(found, epoch, context.Now, cancellationToken))
            {
                throw new StoreConflictException($"The epoch of stream '{StreamId}' moved.");
            }

            stream = found with { Epoch = epoch };
        }

        context.Record(Actor, AuditActions.StreamOpened, $"instruments/{InstrumentId}/readStreams/{StreamId}", detail: $"epoch {stream.Epoch}, next offset {stream.NextOffset}");
        await transaction.SetClockOffsetAsync(stream.StreamKey, ClockOffset, cancellationToken);
        if (ClockOffset is { } offset && offset.Duration() > ClockSkew)
        {
            context.Record(
                "server",
                AuditActions.ClockSkewed,
                $"instruments/{InstrumentId}/readStreams/{StreamId}",
                detail: FormattableString.Invariant($"the sender's clock is {offset.Duration().TotalSeconds:0.###} s {(offset > TimeSpan.Zero ? "behind" : "ahead of")} the server's"));
        }

        long generation = await transaction.DatabaseGenerationAsync(cancellationToken);
        return new OpenedStream(stream.StreamKey, InstrumentId, StreamId, stream.Epoch, stream.NextOffset, generation, Actor);
    }
}
