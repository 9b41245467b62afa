namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>Half widths of the 95 % bands of a curve at one concentration.</summary>
/// <param name="Curve">q sqrt(g' S g): the curve itself.</param>
/// <param name="Well">q sqrt(V(f) + g' S g): the response of one further well; null when the fit can't tell a well's variance.</param>
public readonly record struct CurveBand(double Curve, double? Well);

/// <summary>95 % intervals of a fit's own numbers, for tables and pictures.</summary>
/// <remarks>q is the quantile of <see cref="WithinPlateInterval"/>. All are Wald's: symmetric, from the covariance at the minimum. A band holds at each
/// concentration by itself, not for the whole curve at once. Source: D. Bates, D. Watts (1988), Nonlinear Regression Analysis and its Applications, section 2.3.</remarks>
public static class FitIntervals
{
    /// <summary>Lower and upper end of each parameter, in the order of <see cref="CurveFit.Parameters"/>; a fixed parameter has no width.</summary>
    /// <returns>The ends; null when the fit has no covariance, and under weights by replicates, which rest on too few wells to tell them.</returns>
    public static IReadOnlyList<(double Lower, double Upper)>? OfParameters(CurveFit fit)
    {
        if (fit.Weighting.IsByReplicates || fit.StandardErrors is not { } errors)
        {
            return null;
        }

        double quantile = TwoSidedQuantile.Of(fit.QuantileDegreesOfFreedom);
        var ends = new (double Lower, double Upper)[errors.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = (fit.Parameters[i] - (quantile * errors[i]), fit.Parameters[i] + (quantile * errors[i]));
        }

        return ends;
    }

    /// <summary>The bands at a concentration.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="concentration">More than 0, or 0 where the model has a place for it.</param>
    /// <returns>The bands; null when the fit has no covariance, and under weights by replicates.</returns>
    public static CurveBand? BandAt(CurveFit fit, double concentration)
    {
        if (!fit.IsUsable || fit.Covariance is null || fit.Weighting.IsByReplicates)
        {
            return null;
        }

        double quantile = TwoSidedQuantile.Of(fit.QuantileDegreesOfFreedom);
        var gradient = new double[fit.Parameters.Length];
        double response = fit.Model.ResponseAndGradient(fit.Parameters, concentration, gradient);
        double curve = WithinPlateInterval.CurveVariance(fit.Covariance, gradient);
        double? well = fit.WellVariance(response) is { } variance ? quantile * Math.Sqrt(variance + curve) : null;
        return new CurveBand(quantile * Math.Sqrt(curve), well);
    }
}
