namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>Finds the ends of the region of ln x in which |y - f(x)| &lt;= q sqrt(V(f(x)) / m + g(x)' S g(x)), the piece around the estimate.</summary>
/// <remarks>From the estimate, which is always inside, steps of a third of the delta method's half-width go outwards until one lies outside; Brent's
/// method then finds the end between the last two to 1e-13. Steps far smaller than the region keep the search on its own piece where the
/// region has several. Source: R. Brent (1973), Algorithms for Minimization without Derivatives, chapter 4.</remarks>
internal sealed class RegionSearch
{
    /// <summary>Ends are sought within a factor of e^23, about 1e10, of the estimate; an end beyond it is no end.</summary>
    private const double LnReach = 23;

    private const double SmallestStep = 1e-9;
    private const double LargestStep = 0.25;
    private const double StepGrowth = 1.15;

    /// <summary>Accuracy of an end on ln x, relative to the larger of 1 and |ln x|.</summary>
    private const double EndTolerance = 1e-13;

    private readonly CurveFit fit;
    private readonly double response;
    private readonly int wellCount;
    private readonly double quantile;
    private readonly double start;
    private readonly double firstStep;
    private readonly double[] gradient;

    /// <summary>Begins at the concentration that belongs to a response.</summary>
    /// <param name="fit">A usable fit with a covariance that knows the variance of a well.</param>
    /// <param name="response">Mean response y.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <param name="quantile">q.</param>
    /// <param name="concentration">The estimate: f(x) = y.</param>
    public RegionSearch(CurveFit fit, double response, int wellCount, double quantile, double concentration)
    {
        this.fit = fit;
        this.response = response;
        this.wellCount = wellCount;
        this.quantile = quantile;
        gradient = new double[fit.Parameters.Length];
        start = PreciseMath.Log(concentration);
        double slope = fit.Model.SlopeByLnConcentration(fit.Parameters, concentration);
        double halfWidth = Allowed(fit.Model.ResponseAndGradient(fit.Parameters, concentration, gradient)) / Math.Abs(slope);
        firstStep = halfWidth < 3 * LargestStep ? Math.Max(halfWidth / 3, SmallestStep) : LargestStep;
    }

    /// <summary>The end of the region towards lower (-1) or higher (1) concentrations; null where it has none.</summary>
    public double? EndTowards(int direction)
    {
        double inside = start;

        // The estimate is inside by its definition, whatever the last digit of its response says.
        double excessInside = Math.Min(Excess(start), 0);
        for (double step = firstStep; Math.Abs(inside - start) < LnReach; step = Math.Min(step * StepGrowth, LargestStep))
        {
            double outside = inside + (direction * step);
            double excess = Excess(outside);
            if (excess > 0)
            {
                return PreciseMath.Exp(RootBetween(inside, excessInside, outside, excess));
            }

            inside = outside;
            excessInside = excess;
        }

        return null;
    }

    // Negative inside: by how much the curve's response at x differs from the mean, over what is allowed. Nearly linear in ln x, unlike its square.
    private double Excess(double lnX)
    {
        double fitted = fit.Model.ResponseAndGradient(fit.Parameters, PreciseMath.Exp(lnX), gradient);
        return Math.Abs(response - fitted) - Allowed(fitted);
    }

    private double Allowed(double fitted) =>
        quantile * Math.Sqrt((fit.WellVariance(fitted)!.Value / wellCount) + WithinPlateInterval.CurveVariance(fit.Covariance!, gradient));

    // Brent's zeroin: b is the best place, c the other side of the bracket, a the place before b.
    private double RootBetween(double a, double fa, double b, double fb)
    {
        (double c, double fc) = (a, fa);
        double step = b - a;
        double before = step;
        while (true)
        {
            if (Math.Abs(fc) < Math.Abs(fb))
            {
                (a, b, c) = (b, c, b);
                (fa, fb, fc) = (fb, fc, fb);
            }

            double tolerance = EndTolerance * Math.Max(1, Math.Abs(b)) / 2;
            double half = (c - b) / 2;
            if (fb == 0 || Math.Abs(half) <= tolerance)
            {
                return b;
            }

            double? interpolated = Math.Abs(before) >= tolerance && Math.Abs(fa) > Math.Abs(fb) ? Interpolate(a, fa, b, fb, c, fc) : null;
            bool isTaken = interpolated is { } found && 2 * Math.Abs(found) < Math.Min((3 * Math.Abs(half)) - tolerance, Math.Abs(before))
                && Math.Sign(found) == Math.Sign(half);
            (before, step) = isTaken ? (step, interpolated!.Value) : (half, half);
            (a, fa) = (b, fb);
            b += Math.Abs(step) > tolerance ? step : Math.CopySign(tolerance, half);
            fb = Excess(b);
            if ((fb > 0) == (fc > 0))
            {
                (c, fc) = (a, fa);
                step = b - a;
                before = step;
            }
        }
    }

    // Inverse quadratic interpolation through three places, the secant through two.
    private static double Interpolate(double a, double fa, double b, double fb, double c, double fc)
    {
        double s = fb / fa;
        if (a == c)
        {
            return (c - b) * s / (s - 1);
        }

        double q = fa / fc;
        double r = fb / fc;
        return -s * (((c - b) * q * (q - r)) - ((b - a) * (r - 1))) / ((q - 1) * (r - 1) * (s - 1));
    }
}
