using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Limits;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>What the acceptance criteria say of a run.</summary>
public enum RunVerdict
{
    /// <summary>Every criterion that applies was met.</summary>
    Accepted,

    /// <summary>At least one criterion was broken: the run reports no value.</summary>
    Rejected,
}

/// <summary>Whether a criterion was met.</summary>
public enum CriterionOutcome
{
    /// <summary>Met.</summary>
    Passed,

    /// <summary>Broken.</summary>
    Failed,

    /// <summary>Could not be judged, for example because the plate has no control; it neither accepts nor rejects.</summary>
    NotAssessed,
}

/// <summary>One acceptance criterion of a run and what became of it.</summary>
/// <param name="Code">Flag code of the criterion, such as <c>R_QC_67</c>.</param>
/// <param name="Analyte">Analyte that was judged; null for the run as a whole.</param>
/// <param name="Outcome">Whether it was met.</param>
/// <param name="Observed">What was observed; null when not assessed.</param>
/// <param name="Limit">What it was compared with.</param>
/// <param name="Clause">Guideline and section of the limit; null for our own.</param>
/// <param name="Text">One sentence for a reader.</param>
public sealed record AcceptanceCriterion(
    string Code, string? Analyte, CriterionOutcome Outcome, double? Observed, double? Limit, string? Clause, string Text);

/// <summary>The whole outcome of one analysis of one plate read, with all that explains it. Immutable; a reanalysis is a new run.</summary>
/// <remarks>A rejected run keeps its computed numbers for review; each result then has <c>R_REJECTED</c> among its codes and none leaves as a value.</remarks>
/// <param name="InputsHash">Hash of the inputs that it was computed from.</param>
/// <param name="EngineVersion">Version of the computation; see <see cref="PlateAnalyzer.EngineVersion"/>.</param>
/// <param name="AssayName">Assay and version, such as <c>il-6@1</c>.</param>
/// <param name="RulePack">Rule pack and version.</param>
/// <param name="Verdict">Accepted or rejected.</param>
/// <param name="Criteria">Every criterion by which the rule pack may reject a run, per analyte, met or not.</param>
/// <param name="Curves">One per analyte of the assay, in the assay's order.</param>
/// <param name="Controls">One per control set and analyte.</param>
/// <param name="Results">One per sample, dilution and analyte, in the order of the layout.</param>
/// <param name="Flags">Every finding.</param>
public sealed record AnalyticalRun(
    ContentHash InputsHash,
    string EngineVersion,
    string AssayName,
    string RulePack,
    RunVerdict Verdict,
    IReadOnlyList<AcceptanceCriterion> Criteria,
    IReadOnlyList<StandardCurve> Curves,
    IReadOnlyList<ControlResult> Controls,
    IReadOnlyList<SampleResult> Results,
    IReadOnlyList<QcFlag> Flags);

/// <summary>The fitted curve of one analyte with its calibrators and the range that it may report.</summary>
/// <param name="Analyte">Analyte.</param>
/// <param name="Unit">Unit of all its concentrations.</param>
/// <param name="Fit">The fit; check <see cref="CurveFit.IsUsable"/>.</param>
/// <param name="Calibrators">Every calibrator level of the layout for this analyte, by concentration.</param>
/// <param name="IsAccepted">Whether the acceptance rules of the curve were met.</param>
/// <param name="Range">Concentrations that are reported as numbers: the declared range within the accepted calibrators; null when
/// the curve reports nothing.</param>
/// <param name="BlankMeanResponse">Mean response of the blanks, less reference, before anything is subtracted; null without blanks.</param>
public sealed record StandardCurve(
    string Analyte,
    ConcentrationUnit Unit,
    CurveFit Fit,
    IReadOnlyList<CalibratorResult> Calibrators,
    bool IsAccepted,
    QuantificationRange? Range,
    double? BlankMeanResponse)
{
    /// <summary>What the calibrators say of the fit; null when it is not usable, and on a curve that was read back: it follows from what is kept.</summary>
    [JsonIgnore]
    public CurveDiagnosis? Diagnosis { get; init; }

    /// <summary>Precision over the ladder; null without covariance, where the rule pack does not ask for it, and on a curve that was read back.</summary>
    [JsonIgnore]
    public PrecisionProfile? Precision { get; init; }
}

/// <summary>Concentrations that a curve reports as numbers, before dilution.</summary>
/// <param name="Lloq">Lower limit, included.</param>
/// <param name="Uloq">Upper limit, included.</param>
public sealed record QuantificationRange(double Lloq, double Uloq);

/// <summary>One calibrator level on the curve.</summary>
/// <param name="Name">Level.</param>
/// <param name="Kind">Calibrator, anchor or zero.</param>
/// <param name="Nominal">Assigned concentration, in the unit of the curve.</param>
/// <param name="Wells">Wells with a number, by position.</param>
/// <param name="MeanResponse">Mean response after reduction; null when no well has a number.</param>
/// <param name="ResponseCvPercent">100 SD / mean of the responses; null for fewer than two wells or a mean that is not positive.</param>
/// <param name="BackCalculated">Concentration of the mean response; null where the response lies off the curve or the curve is not usable.</param>
/// <param name="RecoveryPercent">100 back-calculated / nominal; null with the above and for nominal 0.</param>
/// <param name="InFit">Whether its wells shaped the curve; false also for a level that a rule masked.</param>
/// <param name="IsAccepted">Whether it met the recovery rule; null where it is not judged: anchors, zeros, a level masked as a whole, no usable
/// curve, or no such rule in the pack.</param>
/// <param name="WellConcentrations">Concentration of each well's own response, one for each of <paramref name="Wells"/>; null where it lies off
/// the curve or the curve is not usable.</param>
public sealed record CalibratorResult(
    string Name,
    CalibratorKind Kind,
    double Nominal,
    IReadOnlyList<WellPosition> Wells,
    double? MeanResponse,
    double? ResponseCvPercent,
    double? BackCalculated,
    double? RecoveryPercent,
    bool InFit,
    bool? IsAccepted,
    IReadOnlyList<double?> WellConcentrations);

/// <summary>One control set: the wells of one level and set give one reportable value.</summary>
/// <param name="Level">Level, such as <c>LQC</c>.</param>
/// <param name="SetNumber">1-based set.</param>
/// <param name="LotNumber">Lot of the material; null when not stated.</param>
/// <param name="Analyte">Analyte.</param>
/// <param name="Nominal">Assigned concentration; null when not assigned.</param>
/// <param name="Wells">Wells with a number, by position.</param>
/// <param name="MeanResponse">Mean response after reduction; null when no well has a number.</param>
/// <param name="Concentration">Measured concentration times dilution; null when the response lies off the curve or the curve is not usable.</param>
/// <param name="RecoveryPercent">100 measured / nominal; null with the above.</param>
/// <param name="CvPercent">100 SD / mean of the wells' concentrations; null for fewer than two and when one lies off the curve.</param>
/// <param name="IsAccepted">Whether it met the accuracy rule; null where it is not judged: nothing is assigned, all wells are masked, no usable
/// curve, or no such rule in the pack.</param>
public sealed record ControlResult(
    string Level,
    int SetNumber,
    string? LotNumber,
    string Analyte,
    double? Nominal,
    IReadOnlyList<WellPosition> Wells,
    double? MeanResponse,
    double? Concentration,
    double? RecoveryPercent,
    double? CvPercent,
    bool? IsAccepted);

/// <summary>Where a result lies.</summary>
public enum RangeStatus
{
    /// <summary>LLOQ &lt;= concentration &lt;= ULOQ: a number is reported.</summary>
    Quantified = 1,

    /// <summary>Reported as less than LLOQ times dilution.</summary>
    BelowLloq = 2,

    /// <summary>Reported as more than ULOQ times dilution.</summary>
    AboveUloq = 3,

    /// <summary>No value can be had: no usable curve, no two acceptable calibrators that span a range, no well with a number, or a response
    /// that several concentrations share on a curve that turns.</summary>
    NotDetermined = 4,
}

/// <summary>The result of one analyte in one sample at one dilution: the inverse of its replicates' mean response.</summary>
public sealed record SampleResult
{
    /// <summary>The LIMS's identifier, byte for byte.</summary>
    public required string SampleId { get; init; }

    /// <summary>Analyte.</summary>
    public required string Analyte { get; init; }

    /// <summary>Unit of every concentration here.</summary>
    public required ConcentrationUnit Unit { get; init; }

    /// <summary>Final / sample volume.</summary>
    public required double DilutionFactor { get; init; }

    /// <summary>Wells with a number, by position.</summary>
    public required IReadOnlyList<WellPosition> Wells { get; init; }

    /// <summary>Mean response after reduction; null when no well has a number.</summary>
    public double? MeanResponse { get; init; }

    /// <summary>Variance of <see cref="MeanResponse"/>: that of one well over the number of wells; null when it cannot be estimated.</summary>
    public double? ResponseVariance { get; init; }

    /// <summary>Where the result lies.</summary>
    public required RangeStatus RangeStatus { get; init; }

    /// <summary>Concentration times dilution; there exactly when <see cref="RangeStatus"/> is quantified.</summary>
    public double? Concentration { get; init; }

    /// <summary>LLOQ or ULOQ times dilution, when the result lies beyond it; null otherwise.</summary>
    public double? Limit { get; init; }

    /// <summary>Lower end of the 95 % within-plate interval, times dilution; null when unbounded, not estimated or not quantified.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % within-plate interval, times dilution; null when unbounded, not estimated or not quantified.</summary>
    public double? Upper { get; init; }

    /// <summary>100 SD / mean of the wells' concentrations; null for fewer than two wells and when one lies off the curve.</summary>
    public double? CvPercent { get; init; }

    /// <summary>What the curve gives beyond the range, or without one, times dilution. For diagnosis; never a result. Null inside the range and
    /// off the curve.</summary>
    public double? ExtrapolatedConcentration { get; init; }

    /// <summary>p derivatives of ln concentration by the curve's parameters: with the curve's covariance they give the covariance of two
    /// samples on one curve. Null off the curve.</summary>
    public double[]? LnConcentrationGradient { get; init; }

    /// <summary>What is known of the specimen; null when nothing is.</summary>
    public Specimen? Specimen { get; init; }

    /// <summary>Codes of the findings that are about this result, its curve or its run.</summary>
    public required IReadOnlyList<string> FlagCodes { get; init; }
}
