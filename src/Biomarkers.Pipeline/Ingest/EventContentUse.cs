using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Puts the content of one event to use: a whole plate at once, or a plate in parts.</summary>
internal sealed class EventContentUse(WriteContext context, StreamEvent received, int partLimit)
{
    private readonly IStoreTransaction transaction = context.Transaction;

    public Task<ContentUse> ApplyAsync(EventContent content, CancellationToken cancellationToken) => content switch
    {
        WholePlateRead whole => AcceptAsync(whole, cancellationToken),
        PlateReadStarted started => StartAsync(started, cancellationToken),
        WellsRead wells => AddWellsAsync(wells, cancellationToken),
        PlateReadCompleted completed => CompleteAsync(completed, cancellationToken),
        _ => throw new InvalidOperationException($"Content {content.GetType().Name} has no use."),
    };

    private Task<ContentUse> AcceptAsync(WholePlateRead whole, CancellationToken cancellationToken) =>
        PlateAcceptance.AcceptReadAsync(context, whole, "plate_read", Source(), received.Hash, cancellationToken);

    private async Task<ContentUse> StartAsync(PlateReadStarted started, CancellationToken cancellationToken)
    {
        string readId = started.Origin.ReadId;
        PendingReadRow? open = await transaction.FindPendingReadAsync(received.Stream.StreamKey, readId, cancellationToken);
        if (open is not null && open.PlateBarcode != started.PlateBarcode)
        {
            return ContentUse.Refused(
                new Fault("plate_started.read_id", FaultReasons.Duplicate, $"Read '{readId}' is open on this stream for plate '{open.PlateBarcode}'; expected another read_id."),
                started.PlateBarcode);
        }

        PlateAcceptance acceptance = await PlateAcceptance.OfAsync(context, started.PlateBarcode, cancellationToken);
        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(null, started.Format, started.Layout, null, cancellationToken);
        if (faults.Count > 0)
        {
            return ContentUse.RefusedBelow("plate_started", faults, started.PlateBarcode);
        }

        IReadOnlyList<ReadyWork> works = await acceptance.KeepAsync(null, started.Layout, null, Source(), cancellationToken);
        // A sender that lost its place begins the plate again: the parts so far stay in the journal and are read anew.
        await transaction.DeletePendingReadAsync(received.Stream.StreamKey, readId, cancellationToken);
        await transaction.InsertPendingReadAsync(
            new PendingReadRow(received.Stream.StreamKey, acceptance.PlateKey, started.Origin, started.PlateBarcode, started.Format, started.ResponseKind, 0), cancellationToken);
        await transaction.SettlePlateAsync(acceptance.PlateKey, context.Now, cancellationToken);
        return ContentUse.Used(started.PlateBarcode, works);
    }

    private async Task<ContentUse> AddWellsAsync(WellsRead wells, CancellationToken cancellationToken)
    {
        PendingReadRow? pending = await transaction.FindPendingReadAsync(received.Stream.StreamKey, wells.ReadId, cancellationToken);
        if (pending is null)
        {
            return ContentUse.Refused(NotStarted("wells_read", wells.ReadId));
        }

        if (pending.PartCount >= partLimit)
        {
            return ContentUse.Refused(new Fault("wells_read", FaultReasons.LimitExceeded, $"Read '{wells.ReadId}' has {pending.PartCount} parts; expected at most {partLimit}."), pending.PlateBarcode);
        }

        Checked<PlateRead> part = PlateReadParts.Place(pending, wells.Columns);
        if (part.Value is null)
        {
            return ContentUse.RefusedBelow("wells_read", part.Faults, pending.PlateBarcode);
        }

        // Checked against the parts before it, so that the fault is told with the event that brought it.
        Checked<PlateRead> merged = PlateReadParts.Merge(pending, [.. await PartsAsync(pending, cancellationToken), part.Value]);
        if (merged.Value is null)
        {
            return ContentUse.RefusedBelow("wells_read", merged.Faults, pending.PlateBarcode);
        }

        await transaction.InsertPendingPartAsync(received.Stream.StreamKey, wells.ReadId, received.Offset, PlateReadEncoding.Encode(part.Value), cancellationToken);
        return ContentUse.Used(pending.PlateBarcode);
    }

    private async Task<ContentUse> CompleteAsync(PlateReadCompleted completed, CancellationToken cancellationToken)
    {
        PendingReadRow? pending = await transaction.FindPendingReadAsync(received.Stream.StreamKey, completed.ReadId, cancellationToken);
        if (pending is null)
        {
            return ContentUse.Refused(NotStarted("plate_completed", completed.ReadId));
        }

        Checked<PlateRead> read = PlateReadParts.Merge(pending, await PartsAsync(pending, cancellationToken));
        if (read.Value is null)
        {
            return ContentUse.RefusedBelow("plate_completed", read.Faults, pending.PlateBarcode);
        }

        if (completed.WellResponseCount is { } expected && expected != read.Value.WellResponseCount)
        {
            return ContentUse.Refused(
                new Fault("plate_completed.well_response_count", FaultReasons.LengthMismatch, $"{read.Value.WellResponseCount} well responses arrived; expected {expected}. The read stays open."),
                pending.PlateBarcode);
        }

        ContentUse use = await PlateAcceptance.AcceptReadAsync(
            context, new WholePlateRead(pending.Origin, read.Value, null), "plate_completed", Source(), null, cancellationToken);
        if (use.Faults.Count == 0)
        {
            await transaction.DeletePendingReadAsync(received.Stream.StreamKey, completed.ReadId, cancellationToken);
            await transaction.SettlePlateAsync(pending.PlateKey, context.Now, cancellationToken);
        }

        return use;
    }

    private async Task<IReadOnlyList<PlateRead>> PartsAsync(PendingReadRow pending, CancellationToken cancellationToken) =>
        [.. (await transaction.ListPendingPartsAsync(pending.StreamKey, pending.Origin.ReadId, cancellationToken)).Select(PlateReadEncoding.Decode)];

    private ReadSource Source() =>
        new(received.Stream.InstrumentId, received.Stream.StreamKey, received.Offset, received.ReceiveTime, received.Stream.Actor);

    private static Fault NotStarted(string field, string readId) =>
        new($"{field}.read_id", FaultReasons.Required, $"Read '{readId}' was not started on this stream; expected plate_started before it.");
}
