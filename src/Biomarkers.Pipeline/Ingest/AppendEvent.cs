using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Appends one event to its stream, exactly once per offset, and puts its content to use.</summary>
/// <remarks>Epoch and offset are compared and set inside the transaction. Bad content is kept with its faults and consumes its offset:
/// one bad plate never blocks an instrument, and nothing that was sent is gone.</remarks>
/// <param name="Event">The event.</param>
public sealed record AppendEvent(StreamEvent Event) : IStoreWrite<EventOutcome>
{
    /// <summary>Reason of an event whose offset holds other content.</summary>
    public const string OffsetConflictReason = "OFFSET_CONFLICT";

    /// <inheritdoc/>
    public async Task<EventOutcome> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        StreamRow stream = await transaction.FindStreamAsync(Event.Stream.StreamKey, cancellationToken)
            ?? throw new InvalidOperationException($"Stream {Event.Stream.StreamKey} was opened and is not in the store.");
        if (stream.Epoch != Event.Stream.Epoch)
        {
            return Unchanged(EventOutcomeKind.StaleEpoch, stream);
        }

        if (Event.Offset > stream.NextOffset)
        {
            return Unchanged(EventOutcomeKind.OffsetGap, stream);
        }

        if (Event.Offset < stream.NextOffset)
        {
            return await CompareAsync(transaction, stream, cancellationToken);
        }

        var row = new StreamEventRow(Event.Offset, Event.Bytes, Event.Hash, Event.ReceiveTime, Event.SendTime);
        if (!await transaction.AppendEventAsync(stream, row, cancellationToken))
        {
            return Unchanged(EventOutcomeKind.StaleEpoch, stream);
        }

        long nextOffset = stream.NextOffset + 1;
        ContentUse use = Event.Content.Value is { } content
            ? await EventContentUse.Of(context, Event).ApplyAsync(content, cancellationToken)
            : ContentUse.Refused(Event.Content.Faults);
        if (use.HeldKey is not null)
        {
            return new EventOutcome(EventOutcomeKind.Held, nextOffset, use.Faults, use.PlateBarcode, []);
        }

        if (use.Faults.Count == 0)
        {
            return new EventOutcome(use.IsRepeat ? EventOutcomeKind.Duplicate : EventOutcomeKind.Stored, nextOffset, [], use.PlateBarcode, use.Works);
        }

        await QuarantineAsync(transaction, use.Faults[0].Reason, use.Faults, null, cancellationToken);
        return new EventOutcome(EventOutcomeKind.Quarantined, nextOffset, use.Faults, use.PlateBarcode, []);
    }

    private async Task<EventOutcome> CompareAsync(IStoreTransaction transaction, StreamRow stream, CancellationToken cancellationToken)
    {
        ContentHash? stored = await transaction.FindEventHashAsync(stream.StreamKey, Event.Offset, cancellationToken);
        if (stored == Event.Hash)
        {
            // A repeat of what was refused or held is told so again: its sender may never have seen the first answer.
            if (await transaction.FindQuarantineFaultsAsync(stream.StreamKey, Event.Offset, Event.Hash, cancellationToken) is { } faults)
            {
                return new EventOutcome(EventOutcomeKind.Quarantined, stream.NextOffset, faults, null, []);
            }

            return await transaction.FindHoldAsync(stream.StreamKey, Event.Offset, cancellationToken) is { } hold
                ? new EventOutcome(EventOutcomeKind.Held, stream.NextOffset, [hold.ToFault("content")], null, [])
                : Unchanged(EventOutcomeKind.Duplicate, stream);
        }

        Fault conflict = new("event.offset", OffsetConflictReason, $"Offset {Event.Offset} holds content with SHA-256 {stored}; got other content with SHA-256 {Event.Hash}.");
        await QuarantineAsync(transaction, OffsetConflictReason, [conflict], Event.Bytes, cancellationToken);
        return new EventOutcome(EventOutcomeKind.OffsetConflict, stream.NextOffset, [conflict], null, []);
    }

    private Task QuarantineAsync(
        IStoreTransaction transaction, string reason, IReadOnlyList<Fault> faults, byte[]? content, CancellationToken cancellationToken) =>
        transaction.QuarantineAsync(
            new QuarantineRow(Event.Stream.StreamKey, Event.Offset, Event.Hash, content, reason, faults, Event.ReceiveTime, Event.Stream.Epoch, Event.SendTime),
            cancellationToken);

    private static EventOutcome Unchanged(EventOutcomeKind kind, StreamRow stream) => new(kind, stream.NextOffset, [], null, []);
}

/// <summary>What was made of an event's content.</summary>
/// <param name="Faults">Why it is not used, or not yet; empty when it is.</param>
/// <param name="PlateBarcode">Plate that it belongs to; null when there is none.</param>
/// <param name="Works">Analyses that it made possible.</param>
/// <param name="IsRepeat">Whether everything was there before, so that nothing was changed.</param>
/// <param name="HeldKey">Key of the held read, where a person must decide; null otherwise.</param>
internal sealed record ContentUse(
    IReadOnlyList<Fault> Faults, string? PlateBarcode, IReadOnlyList<ReadyWork> Works, bool IsRepeat = false, long? HeldKey = null)
{
    public static ContentUse Repeated(string? plateBarcode) => new([], plateBarcode, [], IsRepeat: true);

    /// <summary>Holds, and says why.</summary>
    public static ContentUse Held(Fault why, string? plateBarcode, long heldKey) => new([why], plateBarcode, [], HeldKey: heldKey);

    public static ContentUse Refused(IReadOnlyList<Fault> faults, string? plateBarcode = null) => new(faults, plateBarcode, []);

    public static ContentUse Refused(Fault fault, string? plateBarcode = null) => new([fault], plateBarcode, []);

    /// <summary>Refuses with faults whose fields lie below one field of the message.</summary>
    public static ContentUse RefusedBelow(string field, IReadOnlyList<Fault> faults, string? plateBarcode) =>
        Refused([.. faults.Select(fault => fault with { Field = $"{field}.{fault.Field}" })], plateBarcode);

    public static ContentUse Used(string? plateBarcode, IReadOnlyList<ReadyWork>? works = null) => new([], plateBarcode, works ?? []);
}
