using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>Tail probabilities that keep their relative accuracy far out, where one less the distribution function has no digits.</summary>
/// <remarks>By the regularised incomplete beta function I: two-sided t is I(df / (df + t^2); df / 2, 1 / 2), upper F is I(d2 / (d2 + d1 F); d2 / 2, d1 / 2).
/// Source: Abramowitz and Stegun (1964), 26.5.27 and 26.6.2.</remarks>
internal static class TailProbability
{
    /// <summary>P(|Z| &gt;= |z|) of a standard normal Z.</summary>
    public static double TwoSidedNormal(double z) => SpecialFunctions.Erfc(Math.Abs(z) / Math.Sqrt(2));

    /// <summary>P(|T| &gt;= |t|) of Student's t on more than 0 degrees of freedom.</summary>
    public static double TwoSidedT(double t, double degreesOfFreedom) =>
        double.IsInfinity(t) ? 0 : SpecialFunctions.BetaRegularized(degreesOfFreedom / 2, 0.5, degreesOfFreedom / (degreesOfFreedom + (t * t)));

    /// <summary>P(F &gt;= f) of Fisher's F; f 0 or more.</summary>
    public static double UpperF(double f, double numerator, double denominator) =>
        double.IsInfinity(f) ? 0 : SpecialFunctions.BetaRegularized(denominator / 2, numerator / 2, denominator / (denominator + (numerator * f)));

    /// <summary>The value that a chi-square variable over its degrees of freedom exceeds with a probability, or, where the divisor was itself learned
    /// on <paramref name="learnedOn"/> degrees of freedom, an F variable.</summary>
    /// <param name="probability">Upper tail, between 0 and 1.</param>
    /// <param name="degreesOfFreedom">Of the observed variance, 1 or more.</param>
    /// <param name="learnedOn">Of the variance that it is compared with; null when that is known.</param>
    public static double VarianceRatioLimit(double probability, int degreesOfFreedom, double? learnedOn) => learnedOn is { } denominator
        ? FisherSnedecor.InvCDF(degreesOfFreedom, denominator, 1 - probability)
        : ChiSquared.InvCDF(degreesOfFreedom, 1 - probability) / degreesOfFreedom;
}
