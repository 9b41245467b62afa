using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>What waits for a person, and what was decided.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<HeldReadTable> HeldReads => connection.GetTable<HeldReadTable>();

    private ITable<HeldReadResolutionTable> HeldReadResolutions => connection.GetTable<HeldReadResolutionTable>();

    private IQueryable<HeldReadTable> OpenHolds => HeldReads.Where(row => !HeldReadResolutions.Any(resolution => resolution.HeldKey == row.HeldKey));

    public async Task<long> InsertHeldReadAsync(NewHeldRead held, CancellationToken cancellationToken)
    {
        byte[] content = PlateReadEncoding.Encode(held.Read.Read);
        var row = new HeldReadTable
        {
            HeldKey = await NextKeyAsync("held_read", cancellationToken),
            StreamKey = held.StreamKey,
            EventOffset = held.Offset,
            EventHash = held.EventHash.ToBytes(),
            PlateKey = held.PlateKey,
            PlateBarcode = held.Read.PlateBarcode,
            ReadId = held.Read.Origin.ReadId,
            OperatorName = held.Read.Origin.Operator,
            ReadTime = Instant.ToMicroseconds(held.Read.Origin.ReadTime),
            Content = content,
            ContentHash = ContentHash.Of(content).ToBytes(),
            Layout = RowMapping.ToText(held.Read.Layout),
            HoldReason = held.Hold.Reason,
            Explanation = held.Hold.Explanation,
            ReceiveTime = Instant.ToMicroseconds(held.ReceiveTime),
        };
        await connection.InsertAsync(row, token: cancellationToken);
        return row.HeldKey;
    }

    public async Task<HeldReadRow?> FindHeldReadAsync(long heldKey, CancellationToken cancellationToken)
    {
        HeldReadTable? row = await HeldReads.FirstOrDefaultAsync(held => held.HeldKey == heldKey, cancellationToken);
        if (row is null)
        {
            return null;
        }

        Damage.Require($"heldPlates/{heldKey}", row.Content, row.ContentHash);
        var origin = new ReadOrigin(row.ReadId, row.OperatorName, Instant.FromMicroseconds(row.ReadTime));
        return new HeldReadRow(
            row.HeldKey,
            row.StreamKey,
            row.EventOffset,
            await Streams.Where(stream => stream.StreamKey == row.StreamKey).Select(stream => stream.InstrumentId).SingleAsync(cancellationToken),
            row.PlateKey,
            new WholePlateRead(origin, PlateReadEncoding.Decode(row.Content), RowMapping.LayoutOf(row.Layout)) { LacksBarcode = row.PlateBarcode == WholePlateRead.NoBarcode },
            new ReadHold(row.HoldReason, row.Explanation),
            Instant.FromMicroseconds(row.ReceiveTime),
            await HeldReadResolutions.AnyAsync(resolution => resolution.HeldKey == heldKey, cancellationToken));
    }

    public async Task<ReadHold?> FindHoldAsync(long streamKey, long offset, CancellationToken cancellationToken)
    {
        HeldReadTable? row = await HeldReads.FirstOrDefaultAsync(held => held.StreamKey == streamKey && held.EventOffset == offset, cancellationToken);
        return row is null ? null : new ReadHold(row.HoldReason, row.Explanation);
    }

    public Task<bool> IsHeldEventAsync(ContentHash eventHash, CancellationToken cancellationToken)
    {
        byte[] hash = eventHash.ToBytes();
        return HeldReads.AnyAsync(held => held.EventHash == hash, cancellationToken);
    }

    public async Task<bool> IsHeldReadAsync(string instrumentId, WholePlateRead read, CancellationToken cancellationToken)
    {
        string barcode = read.PlateBarcode;
        string readId = read.Origin.ReadId;
        byte[] hash = read.Read.Hash.ToBytes();
        string? layout = RowMapping.ToText(read.Layout);
        return await (
            from held in HeldReads
            join stream in Streams on held.StreamKey equals stream.StreamKey
            where held.ContentHash == hash && held.ReadId == readId && held.PlateBarcode == barcode && stream.InstrumentId == instrumentId
            select held.Layout).ToListAsync(cancellationToken) is { Count: > 0 } layouts && layouts.Contains(layout);
    }

    public Task ResolveHeldReadAsync(long heldKey, Resolution resolution, CancellationToken cancellationToken) => connection.InsertAsync(
        new HeldReadResolutionTable
        {
            HeldKey = heldKey,
            Kind = (int)resolution.Kind,
            PlateBarcode = resolution.PlateBarcode,
            Reason = resolution.Reason,
            Actor = resolution.Actor,
            ResolveTime = Instant.ToMicroseconds(resolution.Time),
        },
        token: cancellationToken);

    public async Task<RefusedEvent?> FindRefusedEventAsync(long quarantineKey, CancellationToken cancellationToken)
    {
        QuarantinedEventTable? row = await connection.GetTable<QuarantinedEventTable>().FirstOrDefaultAsync(refused => refused.QuarantineKey == quarantineKey, cancellationToken);
        if (row is null)
        {
            return null;
        }

        ReadStreamTable stream = await Streams.SingleAsync(candidate => candidate.StreamKey == row.StreamKey, cancellationToken);
        byte[] content = row.Content ?? await connection.GetTable<StreamEventTable>()
            .Where(stored => stored.StreamKey == row.StreamKey && stored.EventOffset == row.EventOffset)
            .Select(stored => stored.Content)
            .SingleAsync(cancellationToken);
        Damage.Require($"the event at offset {row.EventOffset} of stream '{stream.StreamId}' of instrument '{stream.InstrumentId}'", content, row.ContentHash);
        return new RefusedEvent(
            row.QuarantineKey,
            row.StreamKey,
            stream.InstrumentId,
            stream.StreamId,
            row.EventOffset,
            content,
            ContentHash.FromBytes(row.ContentHash),
            Instant.FromMicroseconds(row.ReceiveTime),
            row.Content is not null,
            await connection.GetTable<QuarantineResolutionTable>().AnyAsync(resolution => resolution.QuarantineKey == quarantineKey, cancellationToken));
    }

    public Task ResolveQuarantinedEventAsync(long quarantineKey, Resolution resolution, long? streamKey, long? offset, CancellationToken cancellationToken) =>
        connection.InsertAsync(
            new QuarantineResolutionTable
            {
                QuarantineKey = quarantineKey,
                Kind = (int)resolution.Kind,
                StreamKey = streamKey,
                EventOffset = offset,
                PlateBarcode = resolution.PlateBarcode,
                Reason = resolution.Reason,
                Actor = resolution.Actor,
                ResolveTime = Instant.ToMicroseconds(resolution.Time),
            },
            token: cancellationToken);

    public Task<long?> FindLastPartAsync(long streamKey, string readId, CancellationToken cancellationToken) =>
        PendingParts.Where(row => row.StreamKey == streamKey && row.ReadId == readId).MaxAsync(row => (long?)row.EventOffset, cancellationToken);
}
