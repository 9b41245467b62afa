using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Store;

/// <summary>A read stream.</summary>
/// <param name="StreamKey">Key.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">The sender's name of it.</param>
/// <param name="Epoch">Newest epoch.</param>
/// <param name="NextOffset">Offset of the next event.</param>
/// <param name="ChainHash">Hash over all events so far.</param>
public sealed record StreamRow(long StreamKey, string InstrumentId, string StreamId, long Epoch, long NextOffset, ContentHash ChainHash)
{
    /// <summary>The chain after one more event: the hash of the chain so far and the event's hash.</summary>
    public ContentHash ChainAfter(ContentHash eventHash) => ContentHash.OfAll(ChainHash, eventHash);
}

/// <summary>An event to append.</summary>
/// <param name="Offset">Its place.</param>
/// <param name="Content">The bytes as sent.</param>
/// <param name="Hash">Their hash.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="SendTime">The sender's clock; null when not stated.</param>
public sealed record StreamEventRow(long Offset, byte[] Content, ContentHash Hash, DateTimeOffset ReceiveTime, DateTimeOffset? SendTime);

/// <summary>A refused event.</summary>
/// <param name="StreamKey">Stream.</param>
/// <param name="Offset">Its place.</param>
/// <param name="Hash">Hash of its bytes.</param>
/// <param name="Content">Its bytes, where the journal does not hold them: the second content of an offset. Null otherwise.</param>
/// <param name="Reason">Code of the first fault, or <c>OFFSET_CONFLICT</c>.</param>
/// <param name="Faults">Every fault.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="Epoch">Epoch of the connection that brought it.</param>
/// <param name="SendTime">The sender's clock; null when not stated.</param>
public sealed record QuarantineRow(
    long StreamKey,
    long Offset,
    ContentHash Hash,
    byte[]? Content,
    string Reason,
    IReadOnlyList<Fault> Faults,
    DateTimeOffset ReceiveTime,
    long Epoch,
    DateTimeOffset? SendTime);

/// <summary>What a plate waits for.</summary>
public enum PlateState
{
    /// <summary>Parts of a read arrive.</summary>
    Receiving = 1,

    /// <summary>A read is complete and no layout is known.</summary>
    WaitingForLayout = 2,

    /// <summary>A layout is known and no read is complete.</summary>
    WaitingForRead = 3,

    /// <summary>Read and layout are there; the analysis follows.</summary>
    Ready = 4,

    /// <summary>There is a run.</summary>
    Analyzed = 5,

    /// <summary>The analysis failed on every attempt; a person must look.</summary>
    Parked = 6,

    /// <summary>A read is held until a person decides about it.</summary>
    Held = 7,

    /// <summary>Measurement or reference is there, and the other one is to come in a read of its own.</summary>
    WaitingForWavelength = 8,
}

/// <summary>A plate.</summary>
/// <param name="PlateKey">Key.</param>
/// <param name="Barcode">Barcode.</param>
/// <param name="LayoutKey">Newest layout; null when none is known.</param>
/// <param name="RunKey">Run whose results are the newest; null when there is none.</param>
public sealed record PlateRow(long PlateKey, string Barcode, long? LayoutKey, long? RunKey);

/// <summary>A layout to add.</summary>
/// <param name="PlateKey">Plate.</param>
/// <param name="Layout">The layout, with the version of its assay resolved.</param>
/// <param name="AssayKey">Its assay.</param>
/// <param name="SubmitTime">The server's clock.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why it changes; null for the first.</param>
public sealed record NewLayout(long PlateKey, PlateLayout Layout, long AssayKey, DateTimeOffset SubmitTime, string Actor, string? Reason);

/// <summary>A stored layout.</summary>
/// <param name="LayoutKey">Key.</param>
/// <param name="Version">1 for the plate's first.</param>
/// <param name="AssayKey">Its assay.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Reason">Why it changed; null where nobody said, as for the first.</param>
public sealed record LayoutRow(long LayoutKey, int Version, long AssayKey, PlateLayout Layout, string? Reason);

/// <summary>A read to add.</summary>
/// <param name="PlateKey">Plate.</param>
/// <param name="Read">The responses.</param>
/// <param name="Origin">Who read it, and when.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamKey">Stream that it came on.</param>
/// <param name="Offset">Offset of the event that completed it.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="SameContentAs">Read of the same plate with the same content; null when there is none.</param>
public sealed record NewRead(
    long PlateKey,
    PlateRead Read,
    ReadOrigin Origin,
    string InstrumentId,
    long StreamKey,
    long Offset,
    DateTimeOffset ReceiveTime,
    long? SameContentAs);

/// <summary>A stored read.</summary>
/// <param name="ReadKey">Key.</param>
/// <param name="ReadId">The sender's name of it.</param>
/// <param name="Read">The responses.</param>
/// <param name="StreamKey">Stream of the event that completed it.</param>
/// <param name="Offset">Offset of that event.</param>
/// <param name="ReceiveTime">When the server stored it.</param>
/// <param name="ReadTime">By the instrument's clock; null when not stated.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="JoinedFrom">Keys of the measurement and the reference that it was put together from; empty for a read that came whole.</param>
public sealed record ReadRow(
    long ReadKey,
    string ReadId,
    PlateRead Read,
    long StreamKey,
    long Offset,
    DateTimeOffset ReceiveTime,
    DateTimeOffset? ReadTime,
    string InstrumentId,
    IReadOnlyList<long> JoinedFrom);

/// <summary>A read that comes in parts.</summary>
/// <param name="StreamKey">Stream.</param>
/// <param name="PlateKey">Plate; null where its barcode is missing.</param>
/// <param name="Origin">Who reads it, and when.</param>
/// <param name="PlateBarcode">Barcode; empty where it is missing.</param>
/// <param name="Format">Size of the plate.</param>
/// <param name="ResponseKind">What the detector counts.</param>
/// <param name="PartCount">Parts so far.</param>
/// <param name="Layout">Layout that came with its beginning and is not the plate's; null for none.</param>
/// <param name="StartTime">When it began, by the server's clock; null for one that an earlier program began.</param>
public sealed record PendingReadRow(
    long StreamKey,
    long? PlateKey,
    ReadOrigin Origin,
    string PlateBarcode,
    PlateFormat Format,
    ResponseKind ResponseKind,
    int PartCount,
    PlateLayout? Layout,
    DateTimeOffset? StartTime);

/// <summary>A stored version of an assay.</summary>
/// <param name="AssayKey">Key.</param>
/// <param name="Assay">The definition.</param>
public sealed record AssayRow(long AssayKey, AssayDefinition Assay);

/// <summary>Work to add.</summary>
/// <param name="InputsHash">Hash of the inputs; unique.</param>
/// <param name="PlateKey">Plate.</param>
/// <param name="ReadKey">Read.</param>
/// <param name="LayoutKey">Layout.</param>
/// <param name="AssayKey">Assay.</param>
/// <param name="RulePack">Rule pack.</param>
/// <param name="Holder">This server.</param>
/// <param name="Time">The server's clock.</param>
public sealed record NewWork(
    ContentHash InputsHash, long PlateKey, long ReadKey, long LayoutKey, long AssayKey, string RulePack, string Holder, DateTimeOffset Time);

/// <summary>What came of adding work.</summary>
/// <param name="WorkKey">Key of the work to do; null where it was done, or is being done.</param>
/// <param name="Generation">Its generation; 1 for new work.</param>
/// <param name="RunKey">Run of work that was done; null where there is none.</param>
public sealed record WorkInsertion(long? WorkKey, long Generation, long? RunKey);

/// <summary>Work that this server took over.</summary>
/// <param name="WorkKey">Key.</param>
/// <param name="Generation">Rises with every change of holder.</param>
/// <param name="PlateBarcode">Its plate.</param>
/// <param name="Inputs">What is analysed; null where it can't be read.</param>
/// <param name="Damage">Why it can't be read; null where it can.</param>
/// <param name="RunsAlone">Whether two attempts did not come to an end: the next is counted by itself and made alone.</param>
public sealed record HeldWork(
    long WorkKey, long Generation, string PlateBarcode, Immunoassay.Analysis.AnalysisInputs? Inputs, string? Damage, bool RunsAlone);

/// <summary>Work that was taken over.</summary>
/// <param name="Taken">Rows that were taken, those that were parked included; 0 when none is left.</param>
/// <param name="Works">What can be analysed.</param>
/// <param name="Others">The other servers that have not ended.</param>
public sealed record ClaimedPage(int Taken, IReadOnlyList<ReadyWork> Works, IReadOnlyList<HolderRow> Others);

/// <summary>A server that has not ended.</summary>
/// <param name="Holder">Its name.</param>
/// <param name="HostName">Its machine.</param>
/// <param name="Beat">Number of its newest commit.</param>
/// <param name="IsConnected">Whether it holds a connection to the store open, which ends with its process; a living server may be without one for a while.</param>
public sealed record HolderRow(string Holder, string HostName, long Beat, bool IsConnected = true);

/// <summary>A sign of life of this server, written with each of its commits.</summary>
/// <param name="Holder">This server; new with every start.</param>
/// <param name="HostName">Its machine.</param>
/// <param name="StartTime">When it started.</param>
/// <param name="Beat">Number of the commit, 1 for the first.</param>
/// <param name="EndTime">When it ended, with its last commit; null before.</param>
public sealed record HolderBeat(string Holder, string HostName, DateTimeOffset StartTime, long Beat, DateTimeOffset? EndTime);

/// <summary>What became of a run that was to be saved.</summary>
/// <param name="Run">The saved run; null where nothing changed.</param>
/// <param name="IsReleased">Whether the work has no holder now, because older work of its plate is open: whoever takes it over does so after that one.</param>
public sealed record RunSaving(SavedRun? Run, bool IsReleased);

/// <summary>A saved run.</summary>
/// <param name="RunKey">Key.</param>
/// <param name="PlateBarcode">Its plate.</param>
/// <param name="Coverage">What its audit event vouches for.</param>
/// <param name="LayoutKey">The layout that it rests on.</param>
/// <param name="ResultKeys">Keys of its results, in the order of the run's.</param>
public sealed record SavedRun(long RunKey, string PlateBarcode, Results.Ledger.RunCoverage Coverage, long LayoutKey, IReadOnlyList<long> ResultKeys);

/// <summary>What a row of the change feed is about.</summary>
public enum FeedKind
{
    /// <summary>A run was saved.</summary>
    RunSaved = 1,

    /// <summary>A version of a result was released, corrected or withdrawn.</summary>
    ResultVersionLeft = 2,

    /// <summary>A hold was placed on a result.</summary>
    HoldPlaced = 3,

    /// <summary>A hold of a result was lifted.</summary>
    HoldLifted = 4,
}

/// <summary>A row of the change feed.</summary>
/// <param name="Kind">What changed.</param>
/// <param name="TargetKey">Key of what changed.</param>
public sealed record FeedChange(FeedKind Kind, long TargetKey);

/// <summary>One line of the ledger.</summary>
/// <param name="Audit">Who did what.</param>
/// <param name="Change">Row of the change feed; null where no watcher needs to know.</param>
public sealed record LedgerEntry(Results.AuditEvent Audit, FeedChange? Change);
