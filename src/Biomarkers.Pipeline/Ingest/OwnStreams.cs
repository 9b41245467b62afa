using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Streams of the server's own, one per instrument and use, so that every original is in one journal, however it came.</summary>
internal static class OwnStreams
{
    /// <summary>Reads that came as one call. No sender can open it, because it is no name of a stream.</summary>
    public const string Submitted = "~submitted";

    /// <summary>Contents that persons had used in place of refused ones.</summary>
    public const string Repaired = "~repaired";

    /// <summary>The place that bytes would have in such a stream; they are there after <see cref="AppendAsync"/>.</summary>
    /// <param name="context">The transaction.</param>
    /// <param name="instrumentId">Instrument.</param>
    /// <param name="streamId">One of the constants.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="actor">Who brought it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<(StreamRow Stream, ReadSource Source)> PlaceAsync(
        WriteContext context, string instrumentId, string streamId, byte[] bytes, string actor, CancellationToken cancellationToken)
    {
        StreamRow stream = await context.Transaction.FindStreamAsync(instrumentId, streamId, cancellationToken)
            ?? await context.Transaction.InsertStreamAsync(instrumentId, streamId, context.Now, cancellationToken);
        return (stream, new ReadSource(instrumentId, stream.StreamKey, stream.NextOffset, context.Now, actor, ContentHash.Of(bytes)));
    }

    /// <summary>Appends bytes at their place.</summary>
    /// <exception cref="StoreConflictException">Another server was faster.</exception>
    public static async Task AppendAsync(WriteContext context, StreamRow stream, ReadSource source, byte[] bytes, CancellationToken cancellationToken)
    {
        var row = new StreamEventRow(source.Offset, bytes, source.EventHash, context.Now, null);
        if (!await context.Transaction.AppendEventAsync(stream, row, cancellationToken))
        {
            throw new StoreConflictException("The server's own stream moved.");
        }
    }
}
