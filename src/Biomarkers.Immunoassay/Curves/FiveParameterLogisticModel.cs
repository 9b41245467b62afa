using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>5PL: response = lower + (upper - lower) / (1 + (x / inflection)^slope)^asymmetry.</summary>
/// <remarks>
/// Parameters: as the 4PL, and asymmetry more than 0. The exponent acts on the distance from the lower asymptote, for rising and for falling
/// curves: near it the distance goes as x^(-slope asymmetry), near the upper one as x^slope. The mid-point is
/// inflection (2^(1/asymmetry) - 1)^(1/slope). The family of drc's LL.5, of xPONENT's Logistic 5P and of Bio-Plex Manager.
/// </remarks>
internal sealed class FiveParameterLogisticModel : LogisticModel
{
    /// <inheritdoc/>
    public override string Id => "5pl";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } =
    [
        CurveParameters.LowerAsymptote, CurveParameters.UpperAsymptote, CurveParameters.Inflection, CurveParameters.Slope,
        CurveParameters.Asymmetry,
    ];

    /// <inheritdoc/>
    public override LogisticFamily Family => LogisticFamily.FiveParameter;

    /// <inheritdoc/>
    public override bool IsMirrored(double slope) => false;
}
