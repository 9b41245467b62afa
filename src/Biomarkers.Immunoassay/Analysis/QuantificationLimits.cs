using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>The range that a curve reports: the declared one within the accepted calibrators of the run. It may narrow, never widen.</summary>
/// <remarks>The calibrator of a limit is the nearest one at it or beyond it. When that one is rejected or absent, the next acceptable
/// level inside becomes the limit (ICH M10 (2022), LBA).</remarks>
internal static class QuantificationLimits
{
    /// <summary>Assigned values that went through a conversion of unit meet a declared limit only to rounding.</summary>
    private const double RelativeTolerance = 1e-9;

    /// <summary>The range, or null when no two acceptable levels span one.</summary>
    public static QuantificationRange? Of(AnalyteSpecification analyte, IReadOnlyList<CalibratorResult> calibrators)
    {
        CalibratorResult[] levels = [.. calibrators.Where(level => level.Kind == CalibratorKind.Calibrator)];
        double? lloq = Limit(analyte.Lloq, levels.LastOrDefault(level => IsAtOrBelowLloq(analyte, level.Nominal)), levels.Where(level => level.Nominal > analyte.Lloq));
        double? uloq = Limit(analyte.Uloq, levels.FirstOrDefault(level => IsAtOrAboveUloq(analyte, level.Nominal)), levels.Reverse().Where(level => level.Nominal < analyte.Uloq));
        return lloq < uloq ? new QuantificationRange(lloq.Value, uloq.Value) : null;
    }

    /// <summary>Whether a calibrator lies at the declared LLOQ or below it.</summary>
    public static bool IsAtOrBelowLloq(AnalyteSpecification analyte, double nominal) => nominal <= analyte.Lloq * (1 + RelativeTolerance);

    /// <summary>Whether a calibrator lies at the declared ULOQ or above it.</summary>
    public static bool IsAtOrAboveUloq(AnalyteSpecification analyte, double nominal) => nominal >= analyte.Uloq * (1 - RelativeTolerance);

    private static double? Limit(double declared, CalibratorResult? atLimit, IEnumerable<CalibratorResult> inward) =>
        atLimit is not null && Supports(atLimit) ? declared : inward.FirstOrDefault(Supports)?.Nominal;

    // A level that no rule judged supports a limit when its wells gave a number.
    private static bool Supports(CalibratorResult level) => level.IsAccepted ?? level.MeanResponse is not null;
}
