using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>4PL: response = lower + (upper - lower) / (1 + (x / inflection)^slope).</summary>
/// <remarks>
/// Parameters: lowerAsymptote, upperAsymptote (more than lower), inflection (more than 0; the EC50), slope (negative for a rising curve, not 0).
/// Domain: concentrations of zero or more; at zero a rising curve gives lower, a falling one upper. Symmetric in ln x.
/// The same curve as y = D + (A - D) / (1 + (x/C)^B) with B more than 0 (A = lower, D = upper, slope = -B when rising). Source: drc, LL.4.
/// </remarks>
internal sealed class FourParameterLogisticModel : LogisticModel
{
    /// <inheritdoc/>
    public override string Id => "4pl";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } =
        [CurveParameters.LowerAsymptote, CurveParameters.UpperAsymptote, CurveParameters.Inflection, CurveParameters.Slope];

    /// <inheritdoc/>
    public override LogisticFamily Family => LogisticFamily.FourParameter;

    /// <inheritdoc/>
    public override bool IsMirrored(double slope) => false;
}
