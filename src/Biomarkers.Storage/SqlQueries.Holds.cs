using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>What waits for a person: held reads and refused events.</summary>
public sealed partial class SqlQueries
{
    /// <inheritdoc/>
    public async Task<Page<HeldPlateSummary>> ListHeldPlatesAsync(WaitingFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        return await HeldAsync(snapshot.Connection, null, filter, page, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<HeldPlateSummary?> GetHeldPlateAsync(long heldKey, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        Page<HeldPlateSummary> found = await HeldAsync(snapshot.Connection, heldKey, new WaitingFilter(), new PageRequest(1), cancellationToken);
        return found.Rows is [var held] ? held : null;
    }

    /// <inheritdoc/>
    public async Task<Page<QuarantinedEvent>> ListQuarantinedEventsAsync(WaitingFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        return await RefusedAsync(snapshot.Connection, null, filter, page, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<(QuarantinedEvent Event, byte[] Content)?> GetQuarantinedEventAsync(long quarantineKey, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        Page<QuarantinedEvent> page = await RefusedAsync(connection, quarantineKey, new WaitingFilter(), new PageRequest(1), cancellationToken);
        if (page.Rows is not [var found])
        {
            return null;
        }

        QuarantinedEventTable row = await connection.GetTable<QuarantinedEventTable>().SingleAsync(refused => refused.QuarantineKey == quarantineKey, cancellationToken);
        byte[] content = row.Content ?? await connection.GetTable<StreamEventTable>()
            .Where(stored => stored.StreamKey == row.StreamKey && stored.EventOffset == row.EventOffset)
            .Select(stored => stored.Content)
            .SingleAsync(cancellationToken);
        Damage.Require($"the event at offset {row.EventOffset} of stream '{found.StreamId}' of instrument '{found.InstrumentId}'", content, row.ContentHash);
        return (found, content);
    }

    private static async Task<Page<HeldPlateSummary>> HeldAsync(
        DataConnection connection, long? heldKey, WaitingFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        var query =
            from held in connection.GetTable<HeldReadTable>()
            join stream in connection.GetTable<ReadStreamTable>() on held.StreamKey equals stream.StreamKey
            from resolution in connection.GetTable<HeldReadResolutionTable>().LeftJoin(row => row.HeldKey == held.HeldKey)
            where heldKey == null || held.HeldKey == heldKey
            where filter.InstrumentId == null || stream.InstrumentId == filter.InstrumentId
            where filter.IsResolved == null || (filter.IsResolved == true ? resolution.Reason != null : resolution.Reason == null)
            where page.After == null || (page.OldestFirst ? held.HeldKey > page.After : held.HeldKey < page.After)
            select new { held, stream.InstrumentId, stream.StreamId, resolution };
        var ordered = page.OldestFirst ? query.OrderBy(row => row.held.HeldKey) : query.OrderByDescending(row => row.held.HeldKey);
        var rows = await ordered.Take(page.Size + 1).ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.held.HeldKey, row => new HeldPlateSummary(
            row.held.HeldKey,
            row.InstrumentId,
            row.StreamId,
            row.held.EventOffset,
            row.held.PlateBarcode,
            row.held.ReadId,
            row.held.OperatorName,
            Instant.FromMicroseconds(row.held.ReadTime),
            Instant.FromMicroseconds(row.held.ReceiveTime),
            ContentHash.FromBytes(row.held.ContentHash),
            row.held.Layout is not null,
            new ReadHold(row.held.HoldReason, row.held.Explanation),
            row.resolution is not { } made ? null : ResolutionOf(made.Kind, made.PlateBarcode, made.Reason, made.Actor, made.ResolveTime)));
    }

    private static async Task<Page<QuarantinedEvent>> RefusedAsync(
        DataConnection connection, long? quarantineKey, WaitingFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        var query =
            from refused in connection.GetTable<QuarantinedEventTable>()
            join stream in connection.GetTable<ReadStreamTable>() on refused.StreamKey equals stream.StreamKey
            from resolution in connection.GetTable<QuarantineResolutionTable>().LeftJoin(row => row.QuarantineKey == refused.QuarantineKey)
            where quarantineKey == null || refused.QuarantineKey == quarantineKey
            where filter.InstrumentId == null || stream.InstrumentId == filter.InstrumentId
            where filter.IsResolved == null || (filter.IsResolved == true ? resolution.Reason != null : resolution.Reason == null)
            where page.After == null || (page.OldestFirst ? refused.QuarantineKey > page.After : refused.QuarantineKey < page.After)
            select new
            {
                refused.QuarantineKey,
                refused.EventOffset,
                refused.ContentHash,
                refused.Reason,
                refused.Faults,
                refused.ReceiveTime,
                stream.InstrumentId,
                stream.StreamId,
                resolution,
            };
        var ordered = page.OldestFirst ? query.OrderBy(row => row.QuarantineKey) : query.OrderByDescending(row => row.QuarantineKey);
        var rows = await ordered.Take(page.Size + 1).ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.QuarantineKey, row => new QuarantinedEvent(
            row.QuarantineKey,
            row.InstrumentId,
            row.StreamId,
            row.EventOffset,
            ContentHash.FromBytes(row.ContentHash),
            row.Reason,
            RowMapping.FromJson<IReadOnlyList<Fault>>(row.Faults),
            Instant.FromMicroseconds(row.ReceiveTime),
            row.resolution is not { } made ? null : ResolutionOf(made.Kind, made.PlateBarcode, made.Reason, made.Actor, made.ResolveTime)));
    }

    private static Resolution ResolutionOf(int kind, string? plateBarcode, string reason, string actor, long time) =>
        new((ResolutionKind)kind, plateBarcode, reason, actor, Instant.FromMicroseconds(time));
}
