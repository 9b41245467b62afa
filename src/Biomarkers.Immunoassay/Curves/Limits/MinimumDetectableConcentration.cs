using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>MDC: the lowest concentration whose response one plate can tell from none.</summary>
/// <remarks>
/// The inverse of the upper prediction limit of the response at zero, f(0) + q sqrt(V(f(0)) / m + g(0)' S g(0)); for a falling curve of the lower one.
/// q is the one-sided quantile: z where the variance is known, t on its degrees of freedom otherwise. It is a figure of this plate and this curve: not an LoB or
/// LoD, which rest on blanks and low samples over many plates. Source: O'Connell, Belanger, Haaland (1993), Chemometr Intell Lab Syst 20:97-114.
/// </remarks>
public static class MinimumDetectableConcentration
{
    /// <summary>Computes the MDC.</summary>
    /// <param name="fit">The curve; its model must have a place for concentration 0.</param>
    /// <param name="wellCount">m, number of wells of a sample, 1 or more.</param>
    /// <param name="confidence">One-sided, between 0.5 and 1; default 0.95, so that 5 % of samples without analyte exceed it.</param>
    /// <returns>The limit, or why there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static ConcentrationLimit Of(CurveFit fit, int wellCount, double confidence = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(confidence, 0.5);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(confidence, 1);
        if (!fit.IsUsable || fit.Covariance is null || !fit.Model.AllowsZeroConcentration || CurveStart.IsRising(fit) is not { } isRising)
        {
            return ConcentrationLimit.Without(LimitOutcome.NotEstimable);
        }

        double zero = fit.Response(0);
        if (WithinPlateInterval.ResponseVariance(fit, zero, wellCount) is not { } wellVariance)
        {
            return ConcentrationLimit.Without(LimitOutcome.NotEstimable);
        }

        double quantile = TwoSidedQuantile.Upper(fit.QuantileDegreesOfFreedom, 1 - confidence);
        var gradient = new double[fit.Parameters.Length];
        fit.Model.Gradient(fit.Parameters, 0, gradient);
        double reach = quantile * Math.Sqrt(wellVariance + WithinPlateInterval.CurveVariance(fit.Covariance, gradient));
        return ConcentrationLimit.AtResponse(fit, isRising ? zero + reach : zero - reach);
    }
}
