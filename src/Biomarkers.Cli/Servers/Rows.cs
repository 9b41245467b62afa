using Biomarkers.Cli.Runs;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Cli.Servers;

/// <summary>A plate of a list.</summary>
/// <param name="Name">Resource name.</param>
/// <param name="Plate">Barcode.</param>
/// <param name="State">What it waits for.</param>
/// <param name="ParkedError">Why its analysis was given up; absent otherwise.</param>
/// <param name="Assay">Assay and version; absent without a layout.</param>
/// <param name="LayoutVersion">Version of its newest layout; absent without one.</param>
/// <param name="Reads">Its complete readings, oldest first.</param>
/// <param name="Run">Resource name of its newest run; absent before it is analysed.</param>
/// <param name="CreateTime">When something of it was first stored.</param>
/// <param name="UpdateTime">When it last changed.</param>
/// <param name="PendingReads">Its readings in parts of which something is still to come.</param>
/// <param name="HeldPlates">Numbers of its readings that wait for 'biomarkers held'.</param>
public sealed record PlateRow(
    string Name,
    string Plate,
    string State,
    string? ParkedError,
    string? Assay,
    int? LayoutVersion,
    IReadOnlyList<ReadRow> Reads,
    string? Run,
    DateTimeOffset? CreateTime,
    DateTimeOffset? UpdateTime,
    IReadOnlyList<PendingRow> PendingReads,
    IReadOnlyList<string> HeldPlates)
{
    internal static PlateRow Of(V1.Plate plate) => new(
        plate.Name,
        Names.LastOf(plate.Name),
        CommandConsole.WordOf(plate.State),
        Names.NullIfEmpty(plate.ParkedError),
        Names.NullIfEmpty(Names.LastOf(plate.Assay)),
        plate.HasLayoutVersion ? plate.LayoutVersion : null,
        [.. plate.Reads.Select(ReadRow.Of)],
        Names.NullIfEmpty(plate.AnalyticalRun),
        plate.CreateTime?.ToDateTimeOffset(),
        plate.UpdateTime?.ToDateTimeOffset(),
        [.. plate.PendingReads.Select(PendingRow.Of)],
        [.. plate.HeldPlates.Select(Names.LastOf)]);
}

/// <summary>A reading in parts of which something is still to come.</summary>
/// <param name="ReadStream">Stream on which it was begun.</param>
/// <param name="ReadId">The instrument's name for it.</param>
/// <param name="PartCount">Parts that have come.</param>
/// <param name="StartTime">When it began; absent where nobody knows.</param>
public sealed record PendingRow(string ReadStream, string ReadId, int PartCount, DateTimeOffset? StartTime)
{
    internal static PendingRow Of(V1.PendingRead pending) => new(pending.ReadStream, pending.ReadId, pending.PartCount, pending.StartTime?.ToDateTimeOffset());
}

/// <summary>A reading of a plate.</summary>
/// <param name="ReadId">The instrument's name for it.</param>
/// <param name="Instrument">Who sent it.</param>
/// <param name="Operator">Who ran the plate; absent where nobody said.</param>
/// <param name="ReadTime">When the detector finished; absent where nobody said.</param>
/// <param name="ReceiveTime">When the server stored it.</param>
/// <param name="ContentSha256">Hash of barcode and responses.</param>
/// <param name="SameContentAs">An earlier reading with the same content; absent when there is none.</param>
public sealed record ReadRow(
    string ReadId, string Instrument, string? Operator, DateTimeOffset? ReadTime, DateTimeOffset? ReceiveTime, string ContentSha256, string? SameContentAs)
{
    internal static ReadRow Of(V1.PlateReadSummary read) => new(
        read.ReadId,
        Names.LastOf(read.Instrument),
        Names.NullIfEmpty(read.Operator),
        read.ReadTime?.ToDateTimeOffset(),
        read.ReceiveTime?.ToDateTimeOffset(),
        read.ContentSha256,
        Names.NullIfEmpty(Names.LastOf(read.SameContentAs)));
}

/// <summary>A run of a list.</summary>
/// <param name="Name">Resource name.</param>
/// <param name="Plate">Barcode.</param>
/// <param name="ReadId">The reading that was analysed.</param>
/// <param name="Instrument">Who read the plate.</param>
/// <param name="LayoutVersion">Version of the plate's layout.</param>
/// <param name="Assay">Assay and version.</param>
/// <param name="RulePack">Rule pack and version.</param>
/// <param name="Verdict">Accepted or rejected.</param>
/// <param name="Criteria">Every criterion and what became of it.</param>
/// <param name="ResultCount">Number of results.</param>
/// <param name="FlagCount">Number of findings.</param>
/// <param name="CreateTime">When it was saved.</param>
public sealed record RunRow(
    string Name,
    string Plate,
    string ReadId,
    string Instrument,
    int LayoutVersion,
    string Assay,
    string RulePack,
    RunVerdict Verdict,
    IReadOnlyList<CriterionReport> Criteria,
    int ResultCount,
    int FlagCount,
    DateTimeOffset? CreateTime)
{
    internal static RunRow Of(V1.AnalyticalRun run) => new(
        run.Name,
        Names.LastOf(run.Plate),
        Names.LastOf(run.Read),
        Names.LastOf(run.Instrument),
        run.LayoutVersion,
        Names.LastOf(run.Assay),
        run.RulePack,
        Names.ToDomain<RunVerdict>(run.Verdict),
        [.. run.Criteria.Select(criterion => CriterionReport.Of(RunMessages.ToCriterion(criterion)))],
        run.ResultCount,
        run.FlagCount,
        run.CreateTime?.ToDateTimeOffset());
}

/// <summary>A result of a list: the keys of a result of a run, and where it belongs.</summary>
public sealed record ResultRow : ResultReport
{
    private ResultRow(V1.Result result)
        : base(RunMessages.ToResult(result))
    {
        Name = result.Name;
        Plate = Names.LastOf(result.Plate);
        Run = result.AnalyticalRun;
        Assay = Names.LastOf(result.Assay);
        Verdict = Names.ToDomain<RunVerdict>(result.Verdict);
        Version = result.Version;
        Status = CommandConsole.WordOf(result.Status);
        CreateTime = result.CreateTime?.ToDateTimeOffset();
        SupersedesVersion = result.SupersedesVersion == 0 ? null : result.SupersedesVersion;
        CurrentVersion = result.CurrentVersion == 0 ? null : result.CurrentVersion;
        Reason = Names.NullIfEmpty(result.Reason);
        OpenHolds = [.. result.OpenHolds.Select(HoldRow.Of)];
        RepeatOf = result.RepeatOf is { } original ? RepeatLinkRow.Of(original) : null;
        Repeats = [.. result.Repeats.Select(RepeatLinkRow.Of)];
        Signatures = [.. result.Signatures.Select(SignatureRow.Of)];
        VersionSha256 = result.VersionSha256;
    }

    /// <summary>Resource name.</summary>
    public string Name { get; }

    /// <summary>Barcode.</summary>
    public string Plate { get; }

    /// <summary>Resource name of the run that computed it.</summary>
    public string Run { get; }

    /// <summary>Assay and version.</summary>
    public string Assay { get; }

    /// <summary>What became of the run; the results of a rejected one are not reported.</summary>
    public RunVerdict Verdict { get; }

    /// <summary>Version of the result, 1 or more.</summary>
    public int Version { get; }

    /// <summary>Where the version is in its life.</summary>
    public string Status { get; }

    /// <summary>When the version was saved.</summary>
    public DateTimeOffset? CreateTime { get; }

    /// <summary>The version that had left and whose place this one takes; absent for none.</summary>
    public int? SupersedesVersion { get; }

    /// <summary>The version that counts outside of the laboratory; absent where none left.</summary>
    public int? CurrentVersion { get; }

    /// <summary>Why this version was made; absent where that explains itself.</summary>
    public string? Reason { get; }

    /// <summary>Holds of the result that are open.</summary>
    public IReadOnlyList<HoldRow> OpenHolds { get; }

    /// <summary>The link to the result on another plate that this one repeats; absent where it is no repeat.</summary>
    public RepeatLinkRow? RepeatOf { get; }

    /// <summary>Links of results on other plates that repeat this one.</summary>
    public IReadOnlyList<RepeatLinkRow> Repeats { get; }

    /// <summary>Signatures under this version.</summary>
    public IReadOnlyList<SignatureRow> Signatures { get; }

    /// <summary>Hash that a signature under this version covers.</summary>
    public string VersionSha256 { get; }

    internal static ResultRow Of(V1.Result result) => new(result);
}
