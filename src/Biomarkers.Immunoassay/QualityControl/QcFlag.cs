using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>How much a finding weighs.</summary>
public enum FlagSeverity
{
    /// <summary>Shown; changes nothing.</summary>
    Notice,

    /// <summary>The value is reported with the flag.</summary>
    Warning,

    /// <summary>Rejects what it is about: the well, the sample or the run.</summary>
    Reject,
}

/// <summary>What a finding is about.</summary>
public enum FlagLevel
{
    /// <summary>One well.</summary>
    Well,

    /// <summary>The wells of one content.</summary>
    ReplicateGroup,

    /// <summary>One calibrator level.</summary>
    Calibrator,

    /// <summary>One sample.</summary>
    Sample,

    /// <summary>The curve of one analyte.</summary>
    Curve,

    /// <summary>The plate.</summary>
    Plate,

    /// <summary>The run.</summary>
    Run,
}

/// <summary>One finding of one rule. A finding is data, never an error.</summary>
/// <param name="Code">Code of the flag catalogue, such as <c>C_STD_RECOVERY</c>; see <see cref="FlagCodes"/>.</param>
/// <param name="Level">What it is about.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Rule">Rule and version that found it, such as <c>calibrator-recovery@1</c>.</param>
/// <param name="Analyte">Analyte; null when it is about the plate or the run as a whole.</param>
/// <param name="Subject">Calibrator, control or sample that it names; null when there is none.</param>
/// <param name="Observed">What was observed; null when it is no number.</param>
/// <param name="Limit">What it was compared with; null when it is no number.</param>
/// <param name="Clause">Guideline and section that the limit comes from; null for a limit of our own.</param>
/// <param name="Wells">Wells that are the evidence, by position.</param>
/// <param name="Text">One sentence for a reader.</param>
public sealed record QcFlag(
    string Code,
    FlagLevel Level,
    FlagSeverity Severity,
    string Rule,
    string? Analyte,
    string? Subject,
    double? Observed,
    double? Limit,
    string? Clause,
    IReadOnlyList<WellPosition> Wells,
    string Text);
