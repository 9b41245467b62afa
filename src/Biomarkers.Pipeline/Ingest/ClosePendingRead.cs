using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Ends a reading in parts whose rest does not come: with what has come of it, or without use. Its parts stay in the journal.</summary>
/// <param name="PlateBarcode">Its plate.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">The sender's name of the stream on which it was begun.</param>
/// <param name="ReadId">The reading.</param>
/// <param name="IsUsed">Whether what has come is used.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who decides.</param>
public sealed record ClosePendingRead(
    string PlateBarcode, string InstrumentId, string StreamId, string ReadId, bool IsUsed, string Reason, string Actor) : IStoreWrite<Decided>
{
    /// <inheritdoc/>
    public async Task<Decided> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        StreamRow? stream = await transaction.FindStreamAsync(InstrumentId, StreamId, cancellationToken);
        if (stream is not null)
        {
            // A part that another server takes at this moment comes before or after, and is not lost between.
            await transaction.LockStreamAsync(stream.StreamKey, cancellationToken);
        }

        PendingReadRow? pending = stream is null ? null : await transaction.FindPendingReadAsync(stream.StreamKey, ReadId, cancellationToken);
        if (pending is null || pending.PlateBarcode != PlateBarcode)
        {
            return Decided.Not(DecisionKind.NotFound);
        }

        Decided decided = IsUsed ? await UseAsync(context, stream!, pending, cancellationToken) : await GiveUpAsync(context, pending, cancellationToken);
        if (decided.Kind == DecisionKind.Done)
        {
            context.Record(
                Actor,
                AuditActions.PendingReadClosed,
                $"instruments/{InstrumentId}/readStreams/{StreamId}",
                Reason,
                $"read '{ReadId}' of plate '{pending.PlateBarcode}', {pending.PartCount} parts, {(IsUsed ? "used as it is" : "not used")}");
        }

        return decided;
    }

    private async Task<Decided> UseAsync(WriteContext context, StreamRow stream, PendingReadRow pending, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        if (await transaction.FindLastPartAsync(stream.StreamKey, ReadId, cancellationToken) is not { } offset)
        {
            return Decided.Not(DecisionKind.Refused, new Fault("read_id", FaultReasons.Required, $"Nothing of read '{ReadId}' has come; expected wells, or that it is not to be used."));
        }

        byte[][] parts = [.. await transaction.ListPendingPartsAsync(stream.StreamKey, ReadId, cancellationToken)];
        Checked<PlateRead> read = PlateReadParts.Merge(pending, [.. parts.Select(PlateReadEncoding.Decode)]);
        if (read.Value is null)
        {
            return Decided.Not(DecisionKind.Refused, read.Faults);
        }

        var source = new ReadSource(InstrumentId, stream.StreamKey, offset, context.Now, Actor);
        ContentUse use = await new EventContentUse(context, source, stream.StreamKey, offset).FinishAsync(pending, read.Value, cancellationToken);
        return use.Faults.Count > 0 && use.HeldKey is null
            ? Decided.Not(DecisionKind.Refused, use.Faults)
            : new Decided(DecisionKind.Done, [], use.PlateBarcode, use.HeldKey, use.Works);
    }

    private static async Task<Decided> GiveUpAsync(WriteContext context, PendingReadRow pending, CancellationToken cancellationToken)
    {
        await context.Transaction.DeletePendingReadAsync(pending.StreamKey, pending.Origin.ReadId, cancellationToken);
        if (pending.PlateKey is { } plateKey)
        {
            await context.Transaction.SettlePlateAsync(plateKey, context.Now, cancellationToken);
        }

        return Decided.To(null, []);
    }
}
