using System.Text.Json.Serialization;
using Biomarkers.Cli.Fitting;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Cli.Runs;

/// <summary>The curve of one analyte: the keys of a fit, with its calibrators and range.</summary>
public sealed record CurveReport : FitReport
{
    private CurveReport(FitReport fit, StandardCurve curve)
        : base(fit)
    {
        Analyte = curve.Analyte;
        Unit = curve.Unit.Code;
        Accepted = curve.IsAccepted;
        Range = curve.Range;
        BlankMeanResponse = curve.BlankMeanResponse;
        Calibrators = [.. curve.Calibrators.Select(CalibratorReport.Of)];
        Diagnosis = CurveDiagnosisReport.Of(curve);
    }

    /// <summary>Analyte.</summary>
    [JsonPropertyOrder(-2)]
    public string Analyte { get; }

    /// <summary>UCUM code of all its concentrations.</summary>
    [JsonPropertyOrder(-1)]
    public string Unit { get; }

    /// <summary>Whether the acceptance rules of the curve were met.</summary>
    [JsonPropertyOrder(1)]
    public bool Accepted { get; }

    /// <summary>Concentrations that are reported as numbers; absent when the curve reports none.</summary>
    [JsonPropertyOrder(2)]
    public QuantificationRange? Range { get; }

    /// <summary>Mean response of the blanks; absent without blanks.</summary>
    [JsonPropertyOrder(3)]
    public double? BlankMeanResponse { get; }

    /// <summary>Every calibrator level.</summary>
    [JsonPropertyOrder(4)]
    public IReadOnlyList<CalibratorReport> Calibrators { get; }

    /// <summary>What the points say of the fit; absent on a curve that comes from a server, and where there is nothing to say.</summary>
    [JsonPropertyOrder(20)]
    public CurveDiagnosisReport? Diagnosis { get; }

    internal static CurveReport Of(StandardCurve curve) => new(FitReport.Of(curve.Fit, FixedNamesOf(curve.Fit)), curve);

    // A fixed parameter has no variance; where no parameter has any, the curve goes through every point and none is known to be fixed.
    private static string[] FixedNamesOf(CurveFit fit) =>
        fit.StandardErrors is { } errors && errors.Any(error => error > 0) ? [.. fit.ParameterNames.Where((_, i) => errors[i] == 0)] : [];
}

/// <summary>What a curve's own points say of its fit.</summary>
/// <param name="LackOfFit">F test of the level means against the curve; absent without replicates.</param>
/// <param name="Precision">Where this plate's own precision is good enough; absent where it is not asked for.</param>
/// <param name="Points">Every point of the fit with its residual; absent for an unusable fit.</param>
public sealed record CurveDiagnosisReport(LackOfFit? LackOfFit, PrecisionReport? Precision, IReadOnlyList<CurvePointReport>? Points)
{
    internal static CurveDiagnosisReport? Of(StandardCurve curve) => curve.Diagnosis is null && curve.Precision is null
        ? null
        : new CurveDiagnosisReport(
            curve.Diagnosis?.LackOfFit,
            curve.Precision is { } profile ? new PrecisionReport(profile.CvLimitPercent, profile.WellCount, profile.Lowest, profile.Highest) : null,
            curve.Diagnosis is { } diagnosis ? [.. diagnosis.Points.Select(CurvePointReport.Of)] : null);
}

/// <summary>Concentrations whose CV is good enough by the plate's own precision; it flags or narrows a range and never widens it.</summary>
/// <param name="CvLimitPercent">The CV that they may have.</param>
/// <param name="Wells">Wells whose mean is read off.</param>
/// <param name="Lowest">Lowest of them; absent when there is none.</param>
/// <param name="Highest">Highest, likewise.</param>
public sealed record PrecisionReport(double CvLimitPercent, int Wells, double? Lowest, double? Highest);

/// <summary>One point of a curve's fit: a well, or the mean of a level.</summary>
/// <param name="Nominal">Assigned concentration.</param>
/// <param name="Response">Response after reduction.</param>
/// <param name="Residual">Observed less fitted, or their ln ratio for a model that fits ln response.</param>
/// <param name="Weight">In the fit.</param>
/// <param name="Leverage">0 to 1.</param>
/// <param name="Studentised">Externally studentised residual; absent where it can't be estimated.</param>
/// <param name="AdjustedPValue">Of the point as an outlier, adjusted for all points (Holm).</param>
public sealed record CurvePointReport(
    double Nominal, double Response, double Residual, double Weight, double Leverage, double? Studentised, double? AdjustedPValue)
{
    internal static CurvePointReport Of(PointDiagnosis point) => new(
        point.Concentration, point.Response, point.Residual, point.Weight, point.Leverage, point.ExternallyStudentised, point.AdjustedPValue);
}

/// <summary>One calibrator level on the curve.</summary>
/// <param name="Name">Level.</param>
/// <param name="Kind">Calibrator, anchor or zero.</param>
/// <param name="Nominal">Assigned concentration.</param>
/// <param name="Wells">Wells with a number.</param>
/// <param name="MeanResponse">Mean response after reduction; absent without a number.</param>
/// <param name="ResponseCvPercent">100 SD / mean of the responses.</param>
/// <param name="BackCalculated">Concentration of the mean response; absent off the curve.</param>
/// <param name="RecoveryPercent">100 back-calculated / nominal.</param>
/// <param name="InFit">Whether its wells shaped the curve.</param>
/// <param name="Accepted">Whether it met the recovery rule; absent where it is not judged.</param>
/// <param name="WellConcentrations">Concentration of each well's own response, in the order of the wells; null off the curve.</param>
public sealed record CalibratorReport(
    string Name,
    CalibratorKind Kind,
    double Nominal,
    IReadOnlyList<string> Wells,
    double? MeanResponse,
    double? ResponseCvPercent,
    double? BackCalculated,
    double? RecoveryPercent,
    bool InFit,
    bool? Accepted,
    IReadOnlyList<double?> WellConcentrations)
{
    internal static CalibratorReport Of(CalibratorResult calibrator) => new(
        calibrator.Name,
        calibrator.Kind,
        calibrator.Nominal,
        ResultReport.NamesOf(calibrator.Wells),
        calibrator.MeanResponse,
        calibrator.ResponseCvPercent,
        calibrator.BackCalculated,
        calibrator.RecoveryPercent,
        calibrator.InFit,
        calibrator.IsAccepted,
        calibrator.WellConcentrations);
}
