using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>From the wells of a sample to its result.</summary>
/// <remarks>A number is reported within the run's range only. Beyond it the result is less than LLOQ or more than ULOQ, times dilution; what the
/// curve gives there is kept for diagnosis. Wells without a number take no part; when every well that was not masked overflowed, the sample lies
/// beyond the end of the range at which responses are high: above the ULOQ of a rising curve, below the LLOQ of a falling one.</remarks>
internal static class SampleMeasurement
{
    public static SampleResult Measure(SampleGroup group, AnalyteEvidence analyte)
    {
        CurveFit fit = analyte.Curve.Fit;
        double dilution = group.Sample.DilutionFactor;
        ReplicateMeasurement measurement = ReplicateMeasurement.Of(analyte.Responses.Measured(group.Wells), fit);
        RangeStatus status = StatusOf(group, analyte, measurement);
        double? diluted = measurement.Concentration * dilution is { } finite && double.IsFinite(finite) ? finite : null;
        bool isQuantified = status == RangeStatus.Quantified;
        WithinPlateInterval? interval = isQuantified ? WithinPlateInterval.Of(fit, measurement.MeanResponse!.Value, measurement.Wells.Count) : null;
        return new SampleResult
        {
            SampleId = group.Sample.SampleId,
            Analyte = analyte.Specification.Analyte,
            Unit = analyte.Specification.Unit,
            DilutionFactor = dilution,
            Wells = measurement.Wells,
            MeanResponse = measurement.MeanResponse,
            ResponseVariance = fit.IsUsable && measurement.MeanResponse is { } mean ? WithinPlateInterval.ResponseVariance(fit, mean, measurement.Wells.Count) : null,
            RangeStatus = status,
            Concentration = isQuantified ? diluted : null,
            Limit = LimitOf(status, analyte.Curve.Range) * dilution,
            Lower = interval?.Lower * dilution,
            Upper = interval?.Upper * dilution,
            CvPercent = measurement.CvPercent,
            ExtrapolatedConcentration = isQuantified ? null : diluted,
            LnConcentrationGradient = measurement.Concentration is { } concentration ? WithinPlateInterval.LnConcentrationGradient(fit, concentration) : null,
            Specimen = group.Sample.Specimen,
            FlagCodes = [],
        };
    }

    private static RangeStatus StatusOf(SampleGroup group, AnalyteEvidence analyte, ReplicateMeasurement measurement)
    {
        if (analyte.Curve.Range is not { } range)
        {
            return RangeStatus.NotDetermined;
        }

        if (measurement.MeanResponse is null)
        {
            WellStatus[] reasons = [.. group.Wells.Select(well => analyte.Responses.Wells[well].Status).Where(status => status != WellStatus.Masked)];
            bool isOverflow = reasons.Length > 0 && reasons.All(status => status == WellStatus.Saturated);
            return !isOverflow ? RangeStatus.NotDetermined : CurveDirection.IsRising(analyte.Curve.Fit, range) ? RangeStatus.AboveUloq : RangeStatus.BelowLloq;
        }

        return measurement switch
        {
            { Side: InversionStatus.BelowCurve } => RangeStatus.BelowLloq,
            { Side: InversionStatus.AboveCurve } => RangeStatus.AboveUloq,
            { Side: InversionStatus.Ambiguous } => RangeStatus.NotDetermined,
            // On the curve, and too far out for a finite number.
            { Concentration: null } => RangeStatus.AboveUloq,
            { Concentration: var concentration } when concentration < range.Lloq => RangeStatus.BelowLloq,
            { Concentration: var concentration } when concentration > range.Uloq => RangeStatus.AboveUloq,
            _ => RangeStatus.Quantified,
        };
    }

    private static double? LimitOf(RangeStatus status, QuantificationRange? range) => status switch
    {
        RangeStatus.BelowLloq => range?.Lloq,
        RangeStatus.AboveUloq => range?.Uloq,
        _ => null,
    };
}
