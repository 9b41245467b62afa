using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>5PL in the form with A and D: response = D + (A - D) / (1 + (x / C)^B)^G with B more than 0, A at zero, D at infinity.</summary>
/// <remarks>
/// The exponent acts on the distance from the response at infinite concentration, whichever way the curve goes. In the common names:
/// inflection = C and asymmetry = G always; a rising curve has lowerAsymptote = A, upperAsymptote = D, slope = -B; a falling one has
/// upperAsymptote = A, lowerAsymptote = D, slope = B. A rising curve is therefore another family than <see cref="FiveParameterLogisticModel"/>
/// (equal only for asymmetry 1); a falling one is the same curve with the same parameters. The form of SoftMax Pro, of MyAssays and of
/// Gottschalk and Dunn (2005), Anal Biochem 343:54-65.
/// </remarks>
internal sealed class FiveParameterLogisticAdModel : LogisticModel
{
    /// <inheritdoc/>
    public override string Id => "5pl-ad";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } =
    [
        CurveParameters.LowerAsymptote, CurveParameters.UpperAsymptote, CurveParameters.Inflection, CurveParameters.Slope,
        CurveParameters.Asymmetry,
    ];

    /// <inheritdoc/>
    public override LogisticFamily Family => LogisticFamily.FiveParameterAd;

    /// <inheritdoc/>
    public override bool IsMirrored(double slope) => slope < 0;
}
