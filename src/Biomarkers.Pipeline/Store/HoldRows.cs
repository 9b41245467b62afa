using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;

namespace Biomarkers.Pipeline.Store;

/// <summary>A read to hold.</summary>
/// <param name="StreamKey">Stream of the event that completed it.</param>
/// <param name="Offset">Offset of that event.</param>
/// <param name="EventHash">Hash of that event's bytes.</param>
/// <param name="PlateKey">Plate of its barcode; null where there is none.</param>
/// <param name="Read">The read.</param>
/// <param name="Hold">Why.</param>
/// <param name="ReceiveTime">The server's clock.</param>
public sealed record NewHeldRead(
    long StreamKey, long Offset, ContentHash EventHash, long? PlateKey, WholePlateRead Read, ReadHold Hold, DateTimeOffset ReceiveTime);

/// <summary>A held read.</summary>
/// <param name="HeldKey">Key.</param>
/// <param name="StreamKey">Stream of the event that completed it.</param>
/// <param name="Offset">Offset of that event.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="PlateKey">Plate of its barcode; null where there is none.</param>
/// <param name="Read">The read.</param>
/// <param name="Hold">Why.</param>
/// <param name="ReceiveTime">When it came.</param>
/// <param name="IsResolved">Whether a person has decided.</param>
public sealed record HeldReadRow(
    long HeldKey,
    long StreamKey,
    long Offset,
    string InstrumentId,
    long? PlateKey,
    WholePlateRead Read,
    ReadHold Hold,
    DateTimeOffset ReceiveTime,
    bool IsResolved);

/// <summary>What a person decided about something that waited for it.</summary>
public enum ResolutionKind
{
    /// <summary>It is used as it was sent.</summary>
    Used = 1,

    /// <summary>Other content is used in its place.</summary>
    Repaired = 2,

    /// <summary>It is never used.</summary>
    Dismissed = 3,
}

/// <summary>A decision.</summary>
/// <param name="Kind">What becomes of it.</param>
/// <param name="PlateBarcode">Plate that it belongs to; null where it is not used, or belongs to none.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who decided.</param>
/// <param name="Time">When.</param>
public sealed record Resolution(ResolutionKind Kind, string? PlateBarcode, string Reason, string Actor, DateTimeOffset Time);

/// <summary>A refused event with its bytes.</summary>
/// <param name="QuarantineKey">Key.</param>
/// <param name="StreamKey">Stream.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">The sender's name of the stream.</param>
/// <param name="Offset">Its place.</param>
/// <param name="Content">The bytes as sent.</param>
/// <param name="ContentHash">Their hash.</param>
/// <param name="ReceiveTime">When it came.</param>
/// <param name="IsSecondOfItsOffset">Whether its offset holds other content, so that the journal does not hold its bytes.</param>
/// <param name="IsResolved">Whether a person has decided about it.</param>
public sealed record RefusedEvent(
    long QuarantineKey,
    long StreamKey,
    string InstrumentId,
    string StreamId,
    long Offset,
    byte[] Content,
    ContentHash ContentHash,
    DateTimeOffset ReceiveTime,
    bool IsSecondOfItsOffset,
    bool IsResolved);

/// <summary>What waits for a person, and what was decided.</summary>
public interface IHoldRows
{
    /// <summary>Holds a read.</summary>
    /// <returns>Its key.</returns>
    Task<long> InsertHeldReadAsync(NewHeldRead held, CancellationToken cancellationToken);

    /// <summary>Whether this very read, whole or put together from parts, is or was held.</summary>
    Task<bool> IsHeldReadAsync(string instrumentId, WholePlateRead read, CancellationToken cancellationToken);

    /// <summary>A held read; null when there is none. Of two that decide at the same time the key of the decision lets one through.</summary>
    Task<HeldReadRow?> FindHeldReadAsync(long heldKey, CancellationToken cancellationToken);

    /// <summary>The hold of the event at a place of a stream; null when there is none.</summary>
    Task<ReadHold?> FindHoldAsync(long streamKey, long offset, CancellationToken cancellationToken);

    /// <summary>Whether an event with these bytes is or was held.</summary>
    Task<bool> IsHeldEventAsync(ContentHash eventHash, CancellationToken cancellationToken);

    /// <summary>Keeps a decision about a held read; there is one.</summary>
    Task ResolveHeldReadAsync(long heldKey, Resolution resolution, CancellationToken cancellationToken);

    /// <summary>A refused event; null when there is none.</summary>
    Task<RefusedEvent?> FindRefusedEventAsync(long quarantineKey, CancellationToken cancellationToken);

    /// <summary>Keeps a decision about a refused event; there is one.</summary>
    /// <param name="quarantineKey">The event.</param>
    /// <param name="resolution">The decision.</param>
    /// <param name="streamKey">Stream of the content that is used in its place; null where there is none.</param>
    /// <param name="offset">Its offset there.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task ResolveQuarantinedEventAsync(long quarantineKey, Resolution resolution, long? streamKey, long? offset, CancellationToken cancellationToken);

    /// <summary>Offset of the newest part of a reading that is not complete; null where none came.</summary>
    Task<long?> FindLastPartAsync(long streamKey, string readId, CancellationToken cancellationToken);
}
