using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline.Queries;

/// <summary>A held read.</summary>
/// <param name="HeldKey">Key.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">Stream of the event that completed it.</param>
/// <param name="Offset">Offset of that event.</param>
/// <param name="PlateBarcode">Barcode as it came; empty where the instrument read none.</param>
/// <param name="ReadId">The sender's name of the read.</param>
/// <param name="Operator">Who operated it; null when not stated.</param>
/// <param name="ReadTime">By the instrument's clock; null when not stated.</param>
/// <param name="ReceiveTime">By the server's clock.</param>
/// <param name="ContentHash">Hash of the responses.</param>
/// <param name="BringsLayout">Whether a layout came with it.</param>
/// <param name="Hold">Why it is held.</param>
/// <param name="Resolution">What a person decided; null while it waits.</param>
public sealed record HeldPlateSummary(
    long HeldKey,
    string InstrumentId,
    string StreamId,
    long Offset,
    string PlateBarcode,
    string ReadId,
    string? Operator,
    DateTimeOffset? ReadTime,
    DateTimeOffset ReceiveTime,
    ContentHash ContentHash,
    bool BringsLayout,
    ReadHold Hold,
    Resolution? Resolution);

/// <summary>Which held reads or refused events.</summary>
/// <param name="InstrumentId">Instrument; null for all.</param>
/// <param name="IsResolved">Whether a person has decided; null for both.</param>
public sealed record WaitingFilter(string? InstrumentId = null, bool? IsResolved = null);

/// <summary>A reading in parts that is not complete.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">Stream on which it was begun.</param>
/// <param name="ReadId">The sender's name of it.</param>
/// <param name="PartCount">Parts so far.</param>
/// <param name="StartTime">When it began, by the server's clock; null for one that an earlier program began.</param>
public sealed record PendingReadSummary(string InstrumentId, string StreamId, string ReadId, int PartCount, DateTimeOffset? StartTime);
