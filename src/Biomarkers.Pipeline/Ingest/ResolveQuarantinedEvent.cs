using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Has a refused event used after all: as it was sent, when what it lacked is there by now, or with repaired content. What is still bad changes nothing.</summary>
/// <remarks>Repaired content is kept in a stream of the server's own beside the original, which stays as it was sent.</remarks>
/// <param name="QuarantineKey">The event.</param>
/// <param name="Repaired">Content in its place; null for the content as it was sent.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who decides.</param>
/// <param name="Read">What bytes of an event say, or every fault in them.</param>
public sealed record ReplayQuarantinedEvent(
    long QuarantineKey, byte[]? Repaired, string Reason, string Actor, Func<byte[], Checked<EventContent>> Read) : IStoreWrite<Decided>
{
    /// <inheritdoc/>
    public async Task<Decided> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        RefusedEvent? refused = await transaction.FindRefusedEventAsync(QuarantineKey, cancellationToken);
        if (refused is null || refused.IsResolved)
        {
            return Decided.Not(refused is null ? DecisionKind.NotFound : DecisionKind.DecidedBefore);
        }

        byte[] bytes = Repaired ?? refused.Content;
        Checked<EventContent> content = Read(bytes);
        if (content.Value is null)
        {
            return Decided.Not(DecisionKind.Refused, content.Faults);
        }

        bool isInJournal = Repaired is null && !refused.IsSecondOfItsOffset;
        StreamRow? stream = null;
        var source = new ReadSource(refused.InstrumentId, refused.StreamKey, refused.Offset, refused.ReceiveTime, Actor, refused.ContentHash, IsLate: true);
        if (!isInJournal)
        {
            (stream, ReadSource placed) = await OwnStreams.PlaceAsync(context, refused.InstrumentId, OwnStreams.Repaired, bytes, Actor, cancellationToken);
            source = placed with { ReceiveTime = refused.ReceiveTime, IsLate = true };
        }

        // The place of a second content is taken by the first one's part: it gets one that no event has.
        long partOffset = refused.IsSecondOfItsOffset ? -QuarantineKey : refused.Offset;
        ContentUse use = await new EventContentUse(context, source, refused.StreamKey, partOffset).ApplyAsync(content.Value, cancellationToken);
        if (use.IsRepeat || (use.Faults.Count > 0 && use.HeldKey is null))
        {
            return Decided.Not(DecisionKind.Refused, use.IsRepeat ? [IsThere(use.PlateBarcode)] : use.Faults);
        }

        if (stream is not null)
        {
            await OwnStreams.AppendAsync(context, stream, source, bytes, cancellationToken);
        }

        var resolution = new Resolution(Repaired is null ? ResolutionKind.Used : ResolutionKind.Repaired, use.PlateBarcode, Reason, Actor, context.Now);
        await transaction.ResolveQuarantinedEventAsync(QuarantineKey, resolution, stream?.StreamKey, stream is null ? null : source.Offset, cancellationToken);
        context.Record(
            Actor,
            AuditActions.QuarantinedEventReplayed,
            $"quarantinedEvents/{QuarantineKey}",
            Reason,
            CoveredContent.Describe(Repaired is null ? "as sent" : $"with SHA-256 {source.EventHash} in its place", refused.ContentHash));
        return new Decided(DecisionKind.Done, [], use.PlateBarcode, use.HeldKey, use.Works);
    }

    private static Fault IsThere(string? barcode) => new("plate_read.read_id", FaultReasons.Duplicate, $"Plate '{barcode}' has this read already; dismiss the event.");
}

/// <summary>Decides that a refused event is never used. Its bytes stay.</summary>
/// <param name="QuarantineKey">The event.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who decides.</param>
public sealed record DismissQuarantinedEvent(long QuarantineKey, string Reason, string Actor) : IStoreWrite<Decided>
{
    /// <inheritdoc/>
    public async Task<Decided> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        RefusedEvent? refused = await context.Transaction.FindRefusedEventAsync(QuarantineKey, cancellationToken);
        if (refused is null || refused.IsResolved)
        {
            return Decided.Not(refused is null ? DecisionKind.NotFound : DecisionKind.DecidedBefore);
        }

        var resolution = new Resolution(ResolutionKind.Dismissed, null, Reason, Actor, context.Now);
        await context.Transaction.ResolveQuarantinedEventAsync(QuarantineKey, resolution, null, null, cancellationToken);
        context.Record(Actor, AuditActions.QuarantinedEventDismissed, $"quarantinedEvents/{QuarantineKey}", Reason, $"SHA-256 {refused.ContentHash}");
        return Decided.To(null, []);
    }
}
