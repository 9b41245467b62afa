using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Queries;

/// <summary>Which plates.</summary>
/// <param name="State">Only those in this state; null for all.</param>
public sealed record PlateFilter(PlateState? State = null);

/// <summary>A plate with its reads.</summary>
/// <param name="Barcode">Barcode.</param>
/// <param name="State">What it waits for.</param>
/// <param name="Change">Cursor of its newest change.</param>
/// <param name="AssayName">Assay of its newest layout, such as <c>il-6@1</c>; null without layout.</param>
/// <param name="LayoutVersion">Version of its newest layout; null without layout.</param>
/// <param name="Reads">Its reads, oldest first.</param>
/// <param name="NewestRunKey">Run whose results are its newest; null without run.</param>
/// <param name="CreateTime">When it was first seen.</param>
/// <param name="UpdateTime">When it last changed.</param>
/// <param name="ParkedError">Why its analysis was given up; null when it was not.</param>
/// <param name="PendingReads">Readings in parts that are not complete, oldest first.</param>
/// <param name="OpenHoldKeys">Keys of its reads that are held and wait for a decision, oldest first.</param>
public sealed record PlateSummary(
    string Barcode,
    PlateState State,
    long Change,
    string? AssayName,
    int? LayoutVersion,
    IReadOnlyList<ReadSummary> Reads,
    long? NewestRunKey,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime,
    string? ParkedError,
    IReadOnlyList<PendingReadSummary> PendingReads,
    IReadOnlyList<long> OpenHoldKeys);

/// <summary>A complete read of a plate.</summary>
/// <param name="ReadId">The sender's name of it.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="Operator">Who operated it; null when not stated.</param>
/// <param name="ReadTime">By the instrument's clock; null when not stated.</param>
/// <param name="ReceiveTime">By the server's clock.</param>
/// <param name="ContentHash">Hash of the responses.</param>
/// <param name="SameContentAs">Id of an earlier read of the plate with the same content; null when there is none.</param>
/// <param name="JoinedFrom">Ids of the measurement and the reference that it was put together from; empty for a read that came whole.</param>
public sealed record ReadSummary(
    string ReadId,
    string InstrumentId,
    string? Operator,
    DateTimeOffset? ReadTime,
    DateTimeOffset ReceiveTime,
    ContentHash ContentHash,
    string? SameContentAs,
    IReadOnlyList<string> JoinedFrom);

/// <summary>Which runs; every condition that is given must hold.</summary>
/// <param name="PlateBarcode">Plate; null for all.</param>
/// <param name="AssayId">Assay, of any version; null for all.</param>
/// <param name="Verdict">Verdict; null for both.</param>
public sealed record RunFilter(string? PlateBarcode = null, string? AssayId = null, RunVerdict? Verdict = null);

/// <summary>A run without its parts.</summary>
/// <param name="RunKey">Key.</param>
/// <param name="Sequence">Its place in the ledger.</param>
/// <param name="PlateBarcode">Plate.</param>
/// <param name="ReadId">Read.</param>
/// <param name="LayoutVersion">Version of the plate's layout.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="AssayName">Assay and version.</param>
/// <param name="RulePack">Rule pack and version.</param>
/// <param name="EngineVersion">Version of the computation.</param>
/// <param name="Verdict">Accepted or rejected.</param>
/// <param name="Criteria">What the verdict rests on.</param>
/// <param name="InputsHash">Hash of the inputs.</param>
/// <param name="SaveTime">When it was saved.</param>
/// <param name="ResultCount">Results.</param>
/// <param name="FlagCount">Findings.</param>
public sealed record RunSummary(
    long RunKey,
    long Sequence,
    string PlateBarcode,
    string ReadId,
    int LayoutVersion,
    string InstrumentId,
    string AssayName,
    string RulePack,
    string EngineVersion,
    RunVerdict Verdict,
    IReadOnlyList<AcceptanceCriterion> Criteria,
    ContentHash InputsHash,
    DateTimeOffset SaveTime,
    int ResultCount,
    int FlagCount);

/// <summary>A run with everything that explains it.</summary>
/// <param name="Summary">The run.</param>
/// <param name="Run">Its parts.</param>
/// <param name="Results">Its results as they are stored, in the order of <c>Run.Results</c>.</param>
public sealed record StoredRun(RunSummary Summary, AnalyticalRun Run, IReadOnlyList<StoredResult> Results);

/// <summary>Which results; every condition that is given must hold.</summary>
/// <param name="RunKey">Results of one run; null for those of the newest run of each plate.</param>
/// <param name="PlateBarcode">Plate; null for all.</param>
/// <param name="SampleId">Sample; null for all.</param>
/// <param name="Analyte">Analyte; null for all.</param>
/// <param name="RangeStatus">Range status; null for all.</param>
/// <param name="KnownAt">Of each result the version that was the newest then, by the server's clock; null for now.</param>
/// <param name="IsReleased">Of each result the version that counts outside of the laboratory, in place of those of the newest run of each plate.</param>
public sealed record ResultFilter(
    long? RunKey = null,
    string? PlateBarcode = null,
    string? SampleId = null,
    string? Analyte = null,
    RangeStatus? RangeStatus = null,
    DateTimeOffset? KnownAt = null,
    bool IsReleased = false);

/// <summary>A version of a result.</summary>
/// <param name="ResultKey">Key of the result; the same for all its versions.</param>
/// <param name="Version">1 for the first.</param>
/// <param name="VersionKey">Key of the version; rises.</param>
/// <param name="Status">Where it is in its life.</param>
/// <param name="PlateBarcode">Plate.</param>
/// <param name="RunKey">Run that computed it.</param>
/// <param name="AssayName">Assay and version.</param>
/// <param name="Verdict">What became of its run.</param>
/// <param name="CreateTime">When the version was made.</param>
/// <param name="Supersedes">The version that had left and whose place this one takes; null for a preliminary version, and for the first that leaves.</param>
/// <param name="Reason">Why the version was made; null where that explains itself.</param>
/// <param name="Hash">Hash that a signature under this version covers.</param>
/// <param name="Result">What was computed.</param>
public sealed record StoredResult(
    long ResultKey,
    int Version,
    long VersionKey,
    ResultStatus Status,
    string PlateBarcode,
    long RunKey,
    string AssayName,
    RunVerdict Verdict,
    DateTimeOffset CreateTime,
    int? Supersedes,
    string? Reason,
    ContentHash Hash,
    SampleResult Result)
{
    /// <summary>The version that counts outside of the laboratory; null where none left.</summary>
    public int? CurrentVersion { get; init; }

    /// <summary>Holds of the result that are open, oldest first.</summary>
    public IReadOnlyList<ResultHold> OpenHolds { get; init; } = [];

    /// <summary>The link to the result on another plate that this one repeats; null where it is no repeat.</summary>
    public RepeatLink? RepeatOf { get; init; }

    /// <summary>Links of results on other plates that repeat this one, oldest first.</summary>
    public IReadOnlyList<RepeatLink> Repeats { get; init; } = [];

    /// <summary>Signatures under this version, oldest first.</summary>
    public IReadOnlyList<Signature> Signatures { get; init; } = [];
}

/// <summary>A read stream.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">The sender's name of it.</param>
/// <param name="Epoch">Newest epoch.</param>
/// <param name="NextOffset">Offset of the next event.</param>
/// <param name="OpenTime">When the newest epoch began.</param>
/// <param name="LastEventTime">When the newest event was stored; null when there is none.</param>
/// <param name="ChainHash">Hash over all its events.</param>
/// <param name="ClockOffset">The server's clock less the sender's when it was last opened; null where the sender did not say its time.</param>
public sealed record StreamSummary(
    string InstrumentId,
    string StreamId,
    long Epoch,
    long NextOffset,
    DateTimeOffset OpenTime,
    DateTimeOffset? LastEventTime,
    ContentHash ChainHash,
    TimeSpan? ClockOffset);

/// <summary>A refused event.</summary>
/// <param name="QuarantineKey">Key.</param>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamId">Stream.</param>
/// <param name="Offset">Its place.</param>
/// <param name="ContentHash">Hash of its bytes.</param>
/// <param name="Reason">Code of the first fault.</param>
/// <param name="Faults">Every fault.</param>
/// <param name="ReceiveTime">When it came.</param>
/// <param name="Resolution">What a person decided; null while it waits.</param>
public sealed record QuarantinedEvent(
    long QuarantineKey,
    string InstrumentId,
    string StreamId,
    long Offset,
    ContentHash ContentHash,
    string Reason,
    IReadOnlyList<Fault> Faults,
    DateTimeOffset ReceiveTime,
    Resolution? Resolution);
