using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Puts the content of one event to use: a whole plate at once, or a plate in parts.</summary>
/// <param name="context">The transaction.</param>
/// <param name="source">The event that holds the content.</param>
/// <param name="readingKey">Stream on which readings in parts are begun and go on.</param>
/// <param name="partOffset">Place of a part among the others of its reading.</param>
internal sealed class EventContentUse(WriteContext context, ReadSource source, long readingKey, long partOffset)
{
    private readonly IStoreTransaction transaction = context.Transaction;
    private readonly PipelineLimits limits = context.Limits;

    public static EventContentUse Of(WriteContext context, StreamEvent received)
    {
        OpenedStream stream = received.Stream;
        var source = new ReadSource(stream.InstrumentId, stream.StreamKey, received.Offset, received.ReceiveTime, stream.Actor, received.Hash);
        return new EventContentUse(context, source, stream.StreamKey, received.Offset);
    }

    public Task<ContentUse> ApplyAsync(EventContent content, CancellationToken cancellationToken) => content switch
    {
        WholePlateRead whole => AcceptAsync(whole, cancellationToken),
        PlateReadStarted started => StartAsync(started, cancellationToken),
        WellsRead wells => AddWellsAsync(wells, cancellationToken),
        PlateReadCompleted completed => CompleteAsync(completed, cancellationToken),
        _ => throw new InvalidOperationException($"Content {content.GetType().Name} has no use."),
    };

    private Task<ContentUse> AcceptAsync(WholePlateRead whole, CancellationToken cancellationToken) =>
        PlateAcceptance.AcceptReadAsync(context, whole, "plate_read", source, isOneEvent: true, cancellationToken);

    private async Task<ContentUse> StartAsync(PlateReadStarted started, CancellationToken cancellationToken)
    {
        string readId = started.Origin.ReadId;
        PendingReadRow? open = await transaction.FindPendingReadAsync(readingKey, readId, cancellationToken);
        if (open is not null && open.PlateBarcode != started.PlateBarcode)
        {
            return ContentUse.Refused(
                new Fault("plate_started.read_id", FaultReasons.Duplicate, $"Read '{readId}' is open on this stream for plate '{open.PlateBarcode}'; expected another read_id."),
                started.PlateBarcode);
        }

        if (started.PlateBarcode == WholePlateRead.NoBarcode)
        {
            await BeginAsync(started, null, started.Layout, cancellationToken);
            return ContentUse.Used(null);
        }

        (PlateAcceptance? known, Fault? damage) = await PlateAcceptance.TryOfAsync(context, started.PlateBarcode, "plate_started", cancellationToken);
        if (known is not { } acceptance)
        {
            return ContentUse.Refused(damage!, started.PlateBarcode);
        }

        // A layout that is in doubt waits for the whole read, which is held then.
        bool isInDoubt = started.Layout is not null && await acceptance.ChangesLayoutAsync(started.Layout, cancellationToken);
        PlateLayout? layout = isInDoubt ? null : started.Layout;
        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(null, started.Format, layout, null, cancellationToken);
        if (faults.Count > 0)
        {
            return ContentUse.RefusedBelow("plate_started", faults, started.PlateBarcode);
        }

        IReadOnlyList<ReadyWork> works = await acceptance.KeepAsync(null, layout, null, source, cancellationToken);
        await BeginAsync(started, acceptance.PlateKey, isInDoubt ? started.Layout : null, cancellationToken);
        await transaction.SettlePlateAsync(acceptance.PlateKey, context.Now, cancellationToken);
        return ContentUse.Used(started.PlateBarcode, works);
    }

    // A sender that lost its place begins the plate again: the parts so far stay in the journal and are read anew.
    private async Task BeginAsync(PlateReadStarted started, long? plateKey, PlateLayout? layout, CancellationToken cancellationToken)
    {
        await transaction.DeletePendingReadAsync(readingKey, started.Origin.ReadId, cancellationToken);
        await transaction.InsertPendingReadAsync(
            new PendingReadRow(readingKey, plateKey, started.Origin, started.PlateBarcode, started.Format, started.ResponseKind, 0, layout, context.Now), cancellationToken);
    }

    private async Task<ContentUse> AddWellsAsync(WellsRead wells, CancellationToken cancellationToken)
    {
        PendingReadRow? pending = await transaction.FindPendingReadAsync(readingKey, wells.ReadId, cancellationToken);
        if (pending is null)
        {
            return ContentUse.Refused(NotStarted("wells_read", wells.ReadId));
        }

        if (pending.PartCount >= limits.PartsPerRead)
        {
            return ContentUse.Refused(new Fault("wells_read", FaultReasons.LimitExceeded, $"Read '{wells.ReadId}' has {pending.PartCount} parts; expected at most {limits.PartsPerRead}."), pending.PlateBarcode);
        }

        Checked<PlateRead> part = PlateReadParts.Place(pending, wells.Columns);
        if (part.Value is null)
        {
            return ContentUse.RefusedBelow("wells_read", part.Faults, pending.PlateBarcode);
        }

        IReadOnlyList<byte[]> before = await transaction.ListPendingPartsAsync(readingKey, wells.ReadId, cancellationToken);
        byte[] encoded = PlateReadEncoding.Encode(part.Value);
        if (before.Sum(bytes => (long)bytes.Length) + encoded.Length > limits.PartBytesPerRead)
        {
            return ContentUse.Refused(
                new Fault("wells_read", FaultReasons.LimitExceeded, $"The parts of read '{wells.ReadId}' take more than {limits.PartBytesPerRead} bytes; expected each well once."), pending.PlateBarcode);
        }

        // Checked against the parts before it, so that the fault is told with the event that brought it.
        Checked<PlateRead> merged = PlateReadParts.Merge(pending, [.. before.Select(PlateReadEncoding.Decode), part.Value]);
        if (merged.Value is null)
        {
            return ContentUse.RefusedBelow("wells_read", merged.Faults, pending.PlateBarcode);
        }

        await transaction.InsertPendingPartAsync(readingKey, wells.ReadId, partOffset, encoded, cancellationToken);
        return ContentUse.Used(pending.PlateBarcode);
    }

    private async Task<ContentUse> CompleteAsync(PlateReadCompleted completed, CancellationToken cancellationToken)
    {
        PendingReadRow? pending = await transaction.FindPendingReadAsync(readingKey, completed.ReadId, cancellationToken);
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

        return await FinishAsync(pending, read.Value, cancellationToken);
    }

    /// <summary>Ends a reading in parts with what has come of it.</summary>
    public async Task<ContentUse> FinishAsync(PendingReadRow pending, PlateRead read, CancellationToken cancellationToken)
    {
        var whole = new WholePlateRead(pending.Origin, read, pending.Layout) { LacksBarcode = pending.PlateBarcode == WholePlateRead.NoBarcode };
        ContentUse use = await PlateAcceptance.AcceptReadAsync(context, whole, "plate_completed", source, isOneEvent: false, cancellationToken);
        if (use.Faults.Count == 0 || use.HeldKey is not null)
        {
            await transaction.DeletePendingReadAsync(readingKey, pending.Origin.ReadId, cancellationToken);
            if (pending.PlateKey is { } plateKey)
            {
                await transaction.SettlePlateAsync(plateKey, context.Now, cancellationToken);
            }
        }

        return use;
    }

    private async Task<IReadOnlyList<PlateRead>> PartsAsync(PendingReadRow pending, CancellationToken cancellationToken) =>
        [.. (await transaction.ListPendingPartsAsync(pending.StreamKey, pending.Origin.ReadId, cancellationToken)).Select(PlateReadEncoding.Decode)];

    private static Fault NotStarted(string field, string readId) =>
        new($"{field}.read_id", FaultReasons.Required, $"Read '{readId}' was not started on this stream; expected plate_started before it.");
}
