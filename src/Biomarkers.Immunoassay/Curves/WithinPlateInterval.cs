using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>The 95 % interval of a concentration that one plate supports: all x with |y - f(x)| &lt;= q sqrt(V(f(x)) / m + g(x)' S g(x)).</summary>
/// <remarks>
/// y is the mean response of m wells; f the fitted curve, g its gradient by the parameters, S their covariance; V(f) the variance of one well
/// (<see cref="CurveFit.WellVariance"/>). q is the 97.5 % quantile: of the normal distribution where the variance is known, of Student's t on the
/// pooled degrees of freedom where it was learned, on n - p where only this plate's residuals tell it (<see cref="CurveFit.QuantileDegreesOfFreedom"/>).
/// It does not cover what differs between plates, nor between calibrator tubes unless <see cref="CalibratorTubes"/> joined them. Of a region in
/// several pieces the piece around the estimate is taken. Without an interval: a fit that is not usable or has no covariance, and weights by replicates.
/// Source: the inversion interval of B. Greenwell, C. Schubert Kabban (2014), investr, The R Journal 6(1):90-100, with a variance function and its
/// quantile; with weights <c>none</c> it is theirs.
/// </remarks>
/// <param name="Lower">Lower end; null when the interval is unbounded towards 0.</param>
/// <param name="Upper">Upper end; null when the interval is unbounded towards infinity.</param>
public sealed record WithinPlateInterval(double? Lower, double? Upper)
{
    /// <summary>The interval of the concentration that belongs to a mean response.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="meanResponse">Mean response, finite.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <returns>The interval; null when the response lies off the curve, or the fit can't tell its error.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of wells is less than 1.</exception>
    public static WithinPlateInterval? Of(CurveFit fit, double meanResponse, int wellCount)
    {
        if (EstimateOf(fit, meanResponse, wellCount) is not { } estimate)
        {
            return null;
        }

        var search = new RegionSearch(fit, meanResponse, wellCount, TwoSidedQuantile.Of(fit.QuantileDegreesOfFreedom), estimate);
        return new WithinPlateInterval(search.EndTowards(-1), search.EndTowards(1));
    }

    /// <summary>The interval by the delta method, symmetric on ln x: x exp(-+ q SE(ln x)), with the same q. For comparison and for the middle of a curve; near an
    /// asymptote it is too narrow on the flat side, and it never says that a side is unbounded.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="meanResponse">Mean response, finite.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <returns>The interval; null when the response lies off the curve, the fit can't tell its error, or the curve is flat to the last digit.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of wells is less than 1.</exception>
    public static WithinPlateInterval? ByDelta(CurveFit fit, double meanResponse, int wellCount)
    {
        if (EstimateOf(fit, meanResponse, wellCount) is not { } estimate || LnConcentrationStandardError(fit, estimate, wellCount) is not { } error)
        {
            return null;
        }

        double factor = PreciseMath.Exp(TwoSidedQuantile.Of(fit.QuantileDegreesOfFreedom) * error);
        double upper = estimate * factor;
        return new WithinPlateInterval(estimate / factor, double.IsFinite(upper) ? upper : null);
    }

    /// <summary>Variance of the mean response of m wells, V(y) / m, as the fit knows it.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="meanResponse">Mean response.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <returns>The variance, 0 or more, squared unit of the response; null when the fit can't tell it.</returns>
    public static double? ResponseVariance(CurveFit fit, double meanResponse, int wellCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        return fit.WellVariance(meanResponse) / wellCount;
    }

    /// <summary>p derivatives of ln x by the curve's parameters at a constant response: -g(x) / (dy / d ln x).</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="concentration">x, more than 0.</param>
    /// <returns>The derivatives; null where the curve is flat to the last digit.</returns>
    public static double[]? LnConcentrationGradient(CurveFit fit, double concentration)
    {
        double slope = fit.Model.SlopeByLnConcentration(fit.Parameters, concentration);
        var gradient = new double[fit.Parameters.Length];
        fit.Model.Gradient(fit.Parameters, concentration, gradient);
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] /= -slope;
        }

        return Array.TrueForAll(gradient, double.IsFinite) ? gradient : null;
    }

    /// <summary>Standard error of ln x by the delta method: sqrt(V(f(x)) / m + g' S g) / |dy / d ln x|. For comparison and precision profiles; the
    /// interval is not made from it.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="concentration">x, more than 0.</param>
    /// <param name="wellCount">m, 1 or more; null for the curve's uncertainty alone.</param>
    /// <returns>The standard error; times x it is that of x. Null without covariance, without a variance of wells when they count, or where the
    /// curve is flat to the last digit.</returns>
    public static double? LnConcentrationStandardError(CurveFit fit, double concentration, int? wellCount)
    {
        if (fit.Covariance is null)
        {
            return null;
        }

        var gradient = new double[fit.Parameters.Length];
        double fitted = fit.Model.ResponseAndGradient(fit.Parameters, concentration, gradient);
        double variance = CurveVariance(fit.Covariance, gradient);
        if (wellCount is { } wells)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(wells, 1);
            variance += fit.WellVariance(fitted) / wells ?? double.NaN;
        }

        double error = Math.Sqrt(variance) / Math.Abs(fit.Model.SlopeByLnConcentration(fit.Parameters, concentration));
        return double.IsFinite(error) ? error : null;
    }

    /// <summary>g' S g at x, by way of a scratch gradient, of a fit with a covariance.</summary>
    internal static double CurveVariance(CurveFit fit, double concentration, double[] gradient)
    {
        fit.Model.Gradient(fit.Parameters, concentration, gradient);
        return CurveVariance(fit.Covariance!, gradient);
    }

    /// <summary>g' S g.</summary>
    internal static double CurveVariance(double[] covariance, double[] gradient)
    {
        double sum = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            double row = 0;
            for (int j = 0; j < gradient.Length; j++)
            {
                row += covariance[(i * gradient.Length) + j] * gradient[j];
            }

            sum += gradient[i] * row;
        }

        return Math.Max(sum, 0);
    }

    private static double? EstimateOf(CurveFit fit, double meanResponse, int wellCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        if (!fit.IsUsable || fit.Covariance is null || fit.WellVariance(meanResponse) is null)
        {
            return null;
        }

        Inversion estimate = fit.Invert(meanResponse);
        return estimate.Status == InversionStatus.Found ? estimate.Concentration : null;
    }
}
