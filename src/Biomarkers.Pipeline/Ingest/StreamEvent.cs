using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>An opened stream: what a sender resumes and what fences an older connection.</summary>
/// <param name="StreamKey">Key of the stream in the store.</param>
/// <param name="InstrumentId">Instrument that owns it.</param>
/// <param name="StreamId">The sender's name of it.</param>
/// <param name="Epoch">Rises with every open; only the newest may append.</param>
/// <param name="NextOffset">Offset of the next event.</param>
/// <param name="DatabaseGeneration">Changes when a backup is restored.</param>
/// <param name="Actor">Who opened it, for the audit.</param>
public sealed record OpenedStream(long StreamKey, string InstrumentId, string StreamId, long Epoch, long NextOffset, long DatabaseGeneration, string Actor);

/// <summary>One event of a stream as it was received, with its content parsed and checked.</summary>
/// <param name="Stream">The opened stream that it came on.</param>
/// <param name="Offset">Its place, 0 for the first.</param>
/// <param name="Hash">SHA-256 of <paramref name="Bytes"/>.</param>
/// <param name="Bytes">The content as sent.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="SendTime">The sender's clock; null when not stated.</param>
/// <param name="Content">What the bytes say, or every fault in them.</param>
public sealed record StreamEvent(
    OpenedStream Stream,
    long Offset,
    ContentHash Hash,
    byte[] Bytes,
    DateTimeOffset ReceiveTime,
    DateTimeOffset? SendTime,
    Checked<EventContent> Content);

/// <summary>What one event says.</summary>
public abstract record EventContent;

/// <summary>Who read a plate, and when.</summary>
/// <param name="ReadId">The sender's name of this reading; unique on its plate.</param>
/// <param name="Operator">Who operated the instrument; null when not stated.</param>
/// <param name="ReadTime">When the detector finished, by the instrument's clock; null when not stated.</param>
public sealed record ReadOrigin(string ReadId, string? Operator, DateTimeOffset? ReadTime);

/// <summary>One whole plate.</summary>
/// <param name="Origin">Who read it, and when.</param>
/// <param name="Read">The responses.</param>
/// <param name="Layout">What is in the wells; null when it comes apart. An assay version of 0 means the newest.</param>
public sealed record WholePlateRead(ReadOrigin Origin, PlateRead Read, PlateLayout? Layout) : EventContent
{
    /// <summary>Barcode of a read whose instrument read none, until a person names its plate. No sender can use it: it is no name.</summary>
    public const string NoBarcode = "";

    /// <summary>Stands for a missing barcode inside <see cref="Read"/>.</summary>
    public const string StandInBarcode = "NO-BARCODE";

    /// <summary>Whether the instrument read no barcode; that of <see cref="Read"/> is then <see cref="StandInBarcode"/>.</summary>
    public bool LacksBarcode { get; init; }

    /// <summary>Barcode as sent; empty where it is missing.</summary>
    public string PlateBarcode => LacksBarcode ? NoBarcode : Read.PlateBarcode;
}

/// <summary>A plate that is delivered while it is read begins.</summary>
/// <param name="Origin">Who reads it.</param>
/// <param name="PlateBarcode">Plate; empty where the instrument read no barcode.</param>
/// <param name="Format">Size of the plate.</param>
/// <param name="ResponseKind">What the detector counts.</param>
/// <param name="Layout">As for <see cref="WholePlateRead"/>.</param>
public sealed record PlateReadStarted(
    ReadOrigin Origin, string PlateBarcode, PlateFormat Format, ResponseKind ResponseKind, PlateLayout? Layout) : EventContent;

/// <summary>Some wells of a plate that was started on this stream.</summary>
/// <param name="ReadId">The reading.</param>
/// <param name="Columns">The wells; positions are checked against the plate when they are accepted.</param>
public sealed record WellsRead(string ReadId, IReadOnlyList<IndexedColumn> Columns) : EventContent;

/// <summary>A plate that was started on this stream is complete.</summary>
/// <param name="ReadId">The reading.</param>
/// <param name="WellResponseCount">Well responses that were sent, over all columns; null when not stated.</param>
public sealed record PlateReadCompleted(string ReadId, int? WellResponseCount) : EventContent;

/// <summary>A column whose wells are counted row by row, because the size of its plate is not known before the store is asked.</summary>
/// <param name="Analyte">Analyte.</param>
/// <param name="Purpose">Measurement or reference.</param>
/// <param name="WavelengthNm">Wavelength; null where there is none.</param>
/// <param name="Positions">0-based places, row by row.</param>
/// <param name="Responses">As long as <paramref name="Positions"/>.</param>
/// <param name="BeadCounts">As long as <paramref name="Positions"/>, or empty.</param>
/// <param name="Exceptions">Wells without a number: place, status, token.</param>
public sealed record IndexedColumn(
    string Analyte,
    ColumnPurpose Purpose,
    double? WavelengthNm,
    IReadOnlyList<int> Positions,
    IReadOnlyList<double> Responses,
    IReadOnlyList<int> BeadCounts,
    IReadOnlyList<(int Position, WellStatus Status, string Token)> Exceptions);

/// <summary>What became of an event.</summary>
public enum EventOutcomeKind
{
    /// <summary>Stored, and its content is in use.</summary>
    Stored,

    /// <summary>It was there already: the event byte for byte, or its plate read, which came at another offset before and then consumes this one too.
    /// Nothing of the plate changed.</summary>
    Duplicate,

    /// <summary>Stored with its faults; its content is not used.</summary>
    Quarantined,

    /// <summary>Stored; its content waits for a person's decision.</summary>
    Held,

    /// <summary>Its offset is beyond the next one; nothing changed. Resume at <see cref="EventOutcome.NextOffset"/>.</summary>
    OffsetGap,

    /// <summary>Its offset holds other content; both are kept, the second in quarantine.</summary>
    OffsetConflict,

    /// <summary>A newer connection has opened the stream; nothing changed.</summary>
    StaleEpoch,
}

/// <summary>What became of an event, after the commit.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="NextOffset">Next offset of the stream.</param>
/// <param name="Faults">Why it was quarantined or is held; empty otherwise.</param>
/// <param name="PlateBarcode">Plate that it belongs to; null when there is none.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record EventOutcome(
    EventOutcomeKind Kind, long NextOffset, IReadOnlyList<Fault> Faults, string? PlateBarcode, IReadOnlyList<Work.ReadyWork> Works);
