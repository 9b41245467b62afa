using MathNet.Numerics.Distributions;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>The 95 % interval of a concentration that one plate supports: all x with |y - f(x)| &lt;= t sqrt(V(f(x)) / m + g(x)' S g(x)).</summary>
/// <remarks>
/// y is the mean response of m wells; f the fitted curve, g its gradient by the parameters, S their covariance; V(f) = s^2 / w(f) the
/// variance of one well, s^2 the residual variance of the calibrators and w the fit's weighting, so V = s^2 f^k for w = 1 / y^k, and 0 where such a
/// curve runs at or below 0; t the 97.5 % quantile of Student's t on the fit's degrees of freedom. For a model that fits ln response, s^2 is of ln
/// response, so V = s^2 f^2 f^k. It does not cover what differs between plates. Of a region in several pieces the piece around the estimate is taken.
/// Source: the inversion interval of B. Greenwell, C. Schubert Kabban (2014), investr, The R Journal 6(1):90-100, with a variance function.
/// </remarks>
/// <param name="Lower">Lower end; null when the interval is unbounded towards 0.</param>
/// <param name="Upper">Upper end; null when the interval is unbounded towards infinity.</param>
public sealed record WithinPlateInterval(double? Lower, double? Upper)
{
    private const double TwoSidedQuantile = 0.975;

    /// <summary>Ends are sought within a factor of e^23, about 1e10, of the estimate; an end beyond it is no end.</summary>
    private const double LnReach = 23;

    /// <summary>First step of the search on ln x, and its growth: fine around the estimate, where ends lie close.</summary>
    private const double FirstStep = 0.01;
    private const double StepGrowth = 1.15;
    private const double LargestStep = 0.25;

    /// <summary>Relative accuracy of an end.</summary>
    private const double EndTolerance = 1e-13;

    /// <summary>The interval of the concentration that belongs to a mean response.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="meanResponse">Mean response, finite.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <returns>The interval; null when the response lies off the curve, or the fit has no covariance.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of wells is less than 1.</exception>
    public static WithinPlateInterval? Of(CurveFit fit, double meanResponse, int wellCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        if (!fit.IsUsable || fit.Covariance is null || fit.ResidualVariance is null)
        {
            return null;
        }

        Inversion estimate = fit.Invert(meanResponse);
        if (estimate.Status != InversionStatus.Found)
        {
            return null;
        }

        double t = StudentT.InvCDF(0, 1, fit.DegreesOfFreedom, TwoSidedQuantile);
        var gradient = new double[fit.Parameters.Length];
        double start = Math.Log(estimate.Concentration);
        return new WithinPlateInterval(EndFrom(start, -1), EndFrom(start, 1));

        // Negative inside the region: by how much the curve's response at x differs from the mean, squared, over what is allowed.
        double Excess(double lnX)
        {
            double x = Math.Exp(lnX);
            double fitted = fit.Response(x);
            double difference = meanResponse - fitted;
            return (difference * difference) - (t * t * (WellVariance(fit, fitted) / wellCount + CurveVariance(fit, x, gradient)));
        }

        double? EndFrom(double inside, int direction)
        {
            for (double step = FirstStep; Math.Abs(inside - start) < LnReach; step = Math.Min(step * StepGrowth, LargestStep))
            {
                double outside = inside + (direction * step);
                if (Excess(outside) > 0)
                {
                    return Math.Exp(Bisect(inside, outside));
                }

                inside = outside;
            }

            return null;
        }

        double Bisect(double inside, double outside)
        {
            while (Math.Abs(outside - inside) > EndTolerance * Math.Max(1, Math.Abs(inside)))
            {
                double middle = inside + ((outside - inside) / 2);
                (inside, outside) = Excess(middle) > 0 ? (inside, middle) : (middle, outside);
            }

            return inside;
        }
    }

    /// <summary>Variance of the mean response of m wells, V(y) / m, by the plate's own residuals.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="meanResponse">Mean response.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <returns>The variance, 0 or more, squared unit of the response; null when the fit has no residual variance.</returns>
    public static double? ResponseVariance(CurveFit fit, double meanResponse, int wellCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        return fit.ResidualVariance is null ? null : WellVariance(fit, meanResponse) / wellCount;
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
    /// <returns>The standard error; times x it is that of x. Null without covariance, or where the curve is flat to the last digit.</returns>
    public static double? LnConcentrationStandardError(CurveFit fit, double concentration, int? wellCount)
    {
        if (fit.Covariance is null || fit.ResidualVariance is null)
        {
            return null;
        }

        double variance = CurveVariance(fit, concentration, new double[fit.Parameters.Length]);
        if (wellCount is { } wells)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(wells, 1);
            variance += WellVariance(fit, fit.Response(concentration)) / wells;
        }

        double error = Math.Sqrt(variance) / Math.Abs(fit.Model.SlopeByLnConcentration(fit.Parameters, concentration));
        return double.IsFinite(error) ? error : null;
    }

    private static double WellVariance(CurveFit fit, double response)
    {
        double scale = fit.Model.FitsLnResponse ? response * response : 1;
        return fit.Weighting.IsDefinedFor(response) ? fit.ResidualVariance!.Value * scale / fit.Weighting.WeightOf(response) : 0;
    }

    /// <summary>g' S g at x, by way of a scratch gradient.</summary>
    private static double CurveVariance(CurveFit fit, double concentration, double[] gradient)
    {
        fit.Model.Gradient(fit.Parameters, concentration, gradient);
        double sum = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            for (int j = 0; j < gradient.Length; j++)
            {
                sum += gradient[i] * fit.Covariance![(i * gradient.Length) + j] * gradient[j];
            }
        }

        return Math.Max(sum, 0);
    }
}
