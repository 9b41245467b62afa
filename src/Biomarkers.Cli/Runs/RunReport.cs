using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Runs;

/// <summary>A run as it is printed: the shape of <c>biomarkers analyze --json</c> and <c>biomarkers run --json</c>.</summary>
/// <param name="Name">Name of a run on a server; absent for a plate that was analysed here.</param>
/// <param name="Plate">Barcode.</param>
/// <param name="Assay">Assay and version, such as <c>il-6@1</c>.</param>
/// <param name="RulePack">Rule pack and version.</param>
/// <param name="EngineVersion">Version of the computation.</param>
/// <param name="InputsSha256">Hash of everything that the run is a function of.</param>
/// <param name="Verdict">Accepted or rejected.</param>
/// <param name="Criteria">Every criterion and what became of it.</param>
/// <param name="Curves">One per analyte.</param>
/// <param name="Controls">One per control set and analyte.</param>
/// <param name="Results">One per sample, dilution and analyte.</param>
/// <param name="Flags">Every finding.</param>
public sealed record RunReport(
    string? Name,
    string Plate,
    string Assay,
    string RulePack,
    string EngineVersion,
    string InputsSha256,
    RunVerdict Verdict,
    IReadOnlyList<CriterionReport> Criteria,
    IReadOnlyList<CurveReport> Curves,
    IReadOnlyList<ControlReport> Controls,
    IReadOnlyList<ResultReport> Results,
    IReadOnlyList<FlagReport> Flags)
{
    /// <summary>Makes the report of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plateBarcode">Its plate.</param>
    /// <param name="name">Its name on a server; null where it has none.</param>
    public static RunReport Of(AnalyticalRun run, string plateBarcode, string? name = null)
    {
        Dictionary<string, string> units = run.Curves.ToDictionary(curve => curve.Analyte, curve => curve.Unit.Code);
        return new RunReport(
            name,
            plateBarcode,
            run.AssayName,
            run.RulePack,
            run.EngineVersion,
            run.InputsHash.Hex,
            run.Verdict,
            [.. run.Criteria.Select(CriterionReport.Of)],
            [.. run.Curves.Select(CurveReport.Of)],
            [.. run.Controls.Select(control => ControlReport.Of(control, units.GetValueOrDefault(control.Analyte)))],
            [.. run.Results.Select(result => new ResultReport(result))],
            [.. run.Flags.Select(FlagReport.Of)]);
    }
}

/// <summary>One acceptance criterion.</summary>
/// <param name="Code">Its flag code.</param>
/// <param name="Analyte">Analyte; absent for the run as a whole.</param>
/// <param name="Passed">Whether it was met; absent when it could not be assessed.</param>
/// <param name="Outcome">Passed, failed or not assessed.</param>
/// <param name="Observed">What was observed; absent when not assessed.</param>
/// <param name="Limit">What it was compared with.</param>
/// <param name="Clause">Guideline and section; absent for the product's own.</param>
/// <param name="Text">One sentence.</param>
public sealed record CriterionReport(
    string Code, string? Analyte, bool? Passed, CriterionOutcome Outcome, double? Observed, double? Limit, string? Clause, string Text)
{
    internal static CriterionReport Of(AcceptanceCriterion criterion) => new(
        criterion.Code,
        criterion.Analyte,
        criterion.Outcome == CriterionOutcome.NotAssessed ? null : criterion.Outcome == CriterionOutcome.Passed,
        criterion.Outcome,
        criterion.Observed,
        criterion.Limit,
        criterion.Clause,
        criterion.Text);
}

/// <summary>A control set and analyte.</summary>
/// <param name="Level">Level.</param>
/// <param name="SetNumber">1-based set.</param>
/// <param name="LotNumber">Lot; absent when not stated.</param>
/// <param name="Analyte">Analyte.</param>
/// <param name="Unit">UCUM code of the concentrations.</param>
/// <param name="Nominal">Assigned concentration; absent when not assigned.</param>
/// <param name="Wells">Wells with a number.</param>
/// <param name="MeanResponse">Mean response after reduction; absent without a number.</param>
/// <param name="Concentration">Measured concentration times dilution; absent off the curve.</param>
/// <param name="RecoveryPercent">100 measured / nominal.</param>
/// <param name="CvPercent">100 SD / mean of the wells' concentrations.</param>
/// <param name="Accepted">Whether it met the accuracy rule; absent where it is not judged.</param>
public sealed record ControlReport(
    string Level,
    int SetNumber,
    string? LotNumber,
    string Analyte,
    string? Unit,
    double? Nominal,
    IReadOnlyList<string> Wells,
    double? MeanResponse,
    double? Concentration,
    double? RecoveryPercent,
    double? CvPercent,
    bool? Accepted)
{
    internal static ControlReport Of(ControlResult control, string? unit) => new(
        control.Level,
        control.SetNumber,
        control.LotNumber,
        control.Analyte,
        unit,
        control.Nominal,
        ResultReport.NamesOf(control.Wells),
        control.MeanResponse,
        control.Concentration,
        control.RecoveryPercent,
        control.CvPercent,
        control.IsAccepted);
}

/// <summary>One finding.</summary>
/// <param name="Code">Code of the flag catalogue.</param>
/// <param name="Level">What it is about.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Rule">Rule and version.</param>
/// <param name="Analyte">Analyte; absent for the plate or the run.</param>
/// <param name="Subject">Calibrator, control or sample; absent when there is none.</param>
/// <param name="Observed">What was observed; absent when it is no number.</param>
/// <param name="Limit">What it was compared with; absent when it is no number.</param>
/// <param name="Clause">Guideline and section; absent for the product's own.</param>
/// <param name="Wells">Wells that are the evidence.</param>
/// <param name="Text">One sentence.</param>
public sealed record FlagReport(
    string Code,
    FlagLevel Level,
    FlagSeverity Severity,
    string Rule,
    string? Analyte,
    string? Subject,
    double? Observed,
    double? Limit,
    string? Clause,
    IReadOnlyList<string> Wells,
    string Text)
{
    internal static FlagReport Of(QcFlag flag) => new(
        flag.Code, flag.Level, flag.Severity, flag.Rule, flag.Analyte, flag.Subject, flag.Observed, flag.Limit, flag.Clause, ResultReport.NamesOf(flag.Wells), flag.Text);
}

/// <summary>The result of one analyte in one sample at one dilution.</summary>
public record ResultReport
{
    /// <summary>Takes what is printed out of a result.</summary>
    public ResultReport(SampleResult result)
    {
        SampleId = result.SampleId;
        Analyte = result.Analyte;
        Wells = NamesOf(result.Wells);
        DilutionFactor = result.DilutionFactor;
        RangeStatus = result.RangeStatus;
        Concentration = result.Concentration;
        Unit = result.Unit.Code;
        Lower = result.Lower;
        Upper = result.Upper;
        CvPercent = result.CvPercent;
        Limit = result.Limit;
        ExtrapolatedConcentration = result.ExtrapolatedConcentration;
        MeanResponse = result.MeanResponse;
        Flags = result.FlagCodes;
    }

    /// <summary>The LIMS's identifier, byte for byte.</summary>
    public string SampleId { get; }

    /// <summary>Analyte.</summary>
    public string Analyte { get; }

    /// <summary>Wells with a number, such as <c>A01</c>.</summary>
    public IReadOnlyList<string> Wells { get; }

    /// <summary>Final / sample volume.</summary>
    public double DilutionFactor { get; }

    /// <summary>Where the result lies.</summary>
    public RangeStatus RangeStatus { get; }

    /// <summary>Concentration times dilution; there exactly when quantified.</summary>
    public double? Concentration { get; }

    /// <summary>UCUM code of every concentration here.</summary>
    public string Unit { get; }

    /// <summary>Lower end of the 95 % within-plate interval; absent when unbounded, not estimated or not quantified.</summary>
    public double? Lower { get; }

    /// <summary>Upper end, likewise.</summary>
    public double? Upper { get; }

    /// <summary>100 SD / mean of the wells' concentrations.</summary>
    public double? CvPercent { get; }

    /// <summary>LLOQ or ULOQ times dilution, when the result lies beyond it.</summary>
    public double? Limit { get; }

    /// <summary>What the curve gives beyond the range: for diagnosis, never a result.</summary>
    public double? ExtrapolatedConcentration { get; }

    /// <summary>Mean response after reduction.</summary>
    public double? MeanResponse { get; }

    /// <summary>Codes of the findings about this result, its curve or its run.</summary>
    public IReadOnlyList<string> Flags { get; }

    internal static IReadOnlyList<string> NamesOf(IReadOnlyList<WellPosition> wells) => [.. wells.Select(well => well.ToString())];
}
