using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Which way a curve runs within its range.</summary>
internal static class CurveDirection
{
    /// <summary>Whether the response grows with the concentration; false for a competitive assay.</summary>
    public static bool IsRising(CurveFit fit, QuantificationRange range) => fit.Response(range.Uloq) > fit.Response(range.Lloq);
}
