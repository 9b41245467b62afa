using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;

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
        new PlateAcceptance(context).AcceptReadAsync(whole, "plate_read", Source(), cancellationToken);

    private async Task<ContentUse> StartAsync(PlateReadStarted started, CancellationToken cancellationToken)
    {
        string readId = started.Origin.ReadId;
        if (await transaction.FindPendingReadAsync(received.Stream.StreamKey, readId, cancellationToken) is not null)
        {
            return ContentUse.Refused(new Fault("plate_started.read_id", FaultReasons.Duplicate, $"Read '{readId}' was started on this stream already."), started.PlateBarcode);
        }

        var acceptance = new PlateAcceptance(context);
        IReadOnlyList<Fault> faults = await acceptance.CheckLayoutAsync(started.Layout, started.Format, "plate_started.layout", cancellationToken);
        if (faults.Count > 0)
        {
            return ContentUse.Refused(faults, started.PlateBarcode);
        }

        PlateRow plate = await acceptance.FindOrInsertPlateAsync(started.PlateBarcode, PlateState.Receiving, cancellationToken);
        if (started.Layout is not null)
        {
            plate = await acceptance.KeepLayoutAsync(plate, started.Layout, Source(), cancellationToken);
        }

        await transaction.UpdatePlateAsync(plate, PlateState.Receiving, plate.LayoutKey, context.Now, cancellationToken);
        await transaction.InsertPendingReadAsync(
            new PendingReadRow(received.Stream.StreamKey, plate.PlateKey, started.Origin, started.PlateBarcode, started.Format, started.ResponseKind, 0), cancellationToken);
        return ContentUse.Used(started.PlateBarcode);
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

        ContentUse use = await new PlateAcceptance(context).AcceptReadAsync(
            new WholePlateRead(pending.Origin, read.Value, null), "plate_completed", Source(), cancellationToken);
        if (use.Faults.Count == 0)
        {
            await transaction.DeletePendingReadAsync(received.Stream.StreamKey, completed.ReadId, cancellationToken);
        }

        return use;
    }

    private async Task<IReadOnlyList<PlateRead>> PartsAsync(PendingReadRow pending, CancellationToken cancellationToken) =>
        [.. (await transaction.ListPendingPartsAsync(pending.StreamKey, pending.Origin.ReadId, cancellationToken)).Select(PlateReadEncoding.Decode)];

    private ReadSource Source() =>
        new(received.Stream.InstrumentId, received.Stream.StreamKey, received.Offset, received.ReceiveTime, $"instruments/{received.Stream.InstrumentId}");

    private static Fault NotStarted(string field, string readId) =>
        new($"{field}.read_id", FaultReasons.Required, $"Read '{readId}' was not started on this stream; expected plate_started before it.");
}
