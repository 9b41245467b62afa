using System.Text.Json.Serialization;
using Biomarkers.Cli.Fitting;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
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

    internal static CurveReport Of(StandardCurve curve) => new(FitReport.Of(curve.Fit, FixedNamesOf(curve.Fit)), curve);

    // A fixed parameter has no variance; where no parameter has any, the curve goes through every point and none is known to be fixed.
    private static string[] FixedNamesOf(CurveFit fit) =>
        fit.StandardErrors is { } errors && errors.Any(error => error > 0) ? [.. fit.ParameterNames.Where((_, i) => errors[i] == 0)] : [];
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
