namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>How a bootstrap is drawn.</summary>
/// <param name="Seed">Equal seeds give equal intervals; keep it with the result.</param>
public sealed record BootstrapOptions(ulong Seed)
{
    /// <summary>Draws, 99 to 99,999; default 1999.</summary>
    public int DrawCount { get; init; } = 1999;

    /// <summary>SD of ln concentration of a calibrator tube, 0 or more; default 0.</summary>
    public double TubeLnStandardDeviation { get; init; }

    /// <summary>Limits of each refit.</summary>
    public CurveFitOptions Fit { get; init; } = CurveFitOptions.Default;
}

/// <summary>The 95 % interval of a concentration by a parametric bootstrap: a check of <see cref="WithinPlateInterval"/> that linearises nothing.</summary>
/// <remarks>
/// Each draw simulates every calibrator from the fitted curve with the fit's own variance (a tube's error is shared by the level's points), refits with
/// weights and all, simulates the sample's mean response around f(estimate), and reads it off the refitted curve. The ends are the 2.5 % and 97.5 %
/// percentiles. Where the variance was learned or is the plate's, each draw multiplies it by df / chi-squared(df), so that the interval has the tails of t.
/// A response off the refitted curve counts as lower or higher than any concentration; a side whose percentile is such a draw is unbounded. Draws whose refit
/// is not usable are left out and counted. Source: B. Efron, R. Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13.
/// </remarks>
/// <param name="Lower">Lower end; null when the interval is unbounded towards 0.</param>
/// <param name="Upper">Upper end; null when the interval is unbounded towards infinity.</param>
/// <param name="DrawCount">Draws that it was made from.</param>
/// <param name="FailedFitCount">Draws that were left out, because their refit was not usable.</param>
public sealed record BootstrapInterval(double? Lower, double? Upper, int DrawCount, int FailedFitCount)
{
    /// <summary>Fewest draws, and refits among them that must be usable.</summary>
    public const int FewestDraws = 99;

    /// <summary>Most draws.</summary>
    public const int MostDraws = 99_999;

    private const double TailProbability = 0.025;

    /// <summary>The interval of the concentration that belongs to a mean response.</summary>
    /// <param name="fit">A fit of the problem.</param>
    /// <param name="problem">What was fitted.</param>
    /// <param name="meanResponse">Mean response, finite.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <param name="options">Draws and seed.</param>
    /// <returns>The interval; null when the response lies off the curve, the fit can't tell the variance of a well, fewer than 99 refits are usable,
    /// or the curve is an interpolation, whose error between the levels no draw shows.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Wells, draws or the tubes' SD are outside their range.</exception>
    public static BootstrapInterval? Of(CurveFit fit, CurveFitProblem problem, double meanResponse, int wellCount, BootstrapOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.DrawCount, FewestDraws);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.DrawCount, MostDraws);
        ArgumentOutOfRangeException.ThrowIfEqual(options.TubeLnStandardDeviation is >= 0 and < double.PositiveInfinity, false, nameof(options));
        if (!fit.IsUsable || fit.Model.IsInterpolation || fit.WellVariance(meanResponse) is null || fit.Invert(meanResponse) is not { Status: InversionStatus.Found })
        {
            return null;
        }

        var draws = new BootstrapDraws(fit, problem, options);
        List<double> concentrations = new(options.DrawCount);
        for (int draw = 0; draw < options.DrawCount; draw++)
        {
            if (draws.Next(meanResponse, wellCount) is { } concentration)
            {
                concentrations.Add(concentration);
            }
        }

        if (concentrations.Count < FewestDraws)
        {
            return null;
        }

        concentrations.Sort();
        int rank = (int)Math.Floor((concentrations.Count + 1) * TailProbability);
        double lower = concentrations[rank - 1];
        double upper = concentrations[^rank];
        return new BootstrapInterval(
            lower > 0 ? lower : null, double.IsFinite(upper) ? upper : null, options.DrawCount, options.DrawCount - concentrations.Count);
    }
}

/// <summary>One draw after another.</summary>
internal sealed class BootstrapDraws
{
    private readonly CurveFit fit;
    private readonly CurveFitProblem problem;
    private readonly BootstrapOptions options;
    private readonly SeededGenerator random;
    private readonly int[] levelOfPoint;
    private readonly double[] levels;
    private readonly double[] fitted;
    private readonly double[] standardDeviations;

    public BootstrapDraws(CurveFit fit, CurveFitProblem problem, BootstrapOptions options)
    {
        this.fit = fit;
        this.problem = problem;
        this.options = options;
        random = new SeededGenerator(options.Seed);
        levels = [.. problem.Concentrations.Distinct().Order()];
        levelOfPoint = [.. problem.Concentrations.Select(x => Array.BinarySearch(levels, x))];
        fitted = new double[levels.Length];
        standardDeviations = new double[levels.Length];
    }

    /// <summary>The concentration of one draw: 0 or infinity for a response off the curve, null when the refit is not usable or gives the response several
    /// concentrations.</summary>
    public double? Next(double meanResponse, int wellCount)
    {
        double scale = fit.QuantileDegreesOfFreedom is { } df ? Math.Sqrt(df / random.NextChiSquared(df)) : 1;
        for (int i = 0; i < levels.Length; i++)
        {
            double tube = options.TubeLnStandardDeviation > 0 ? PreciseMath.Exp(options.TubeLnStandardDeviation * random.NextNormal()) : 1;
            fitted[i] = fit.Response(levels[i] * tube);
            standardDeviations[i] = scale * Math.Sqrt(fit.WellVariance(fitted[i])!.Value);
        }

        var responses = new double[levelOfPoint.Length];
        for (int i = 0; i < responses.Length; i++)
        {
            // A mean of wells scatters less than a well; s^2 of fixed weights tells that of a typical point, whatever its wells.
            double wells = fit.Weighting.Variance is null ? fit.WellsPerPoint : problem.WellCounts?[i] ?? 1;
            responses[i] = Draw(fitted[levelOfPoint[i]], standardDeviations[levelOfPoint[i]] / Math.Sqrt(wells));
        }

        double sample = Draw(meanResponse, scale * Math.Sqrt(fit.WellVariance(meanResponse)!.Value / wellCount));
        if (!double.IsFinite(sample) || !Array.TrueForAll(responses, double.IsFinite))
        {
            return null;
        }

        CurveFit refit = CurveFitter.Fit(problem with { Responses = responses }, options.Fit);
        return !refit.IsUsable ? null : refit.Invert(sample) switch
        {
            { Status: InversionStatus.Found, Concentration: var concentration } => concentration,
            { Status: InversionStatus.BelowCurve } => 0,
            { Status: InversionStatus.AboveCurve } => double.PositiveInfinity,
            _ => (double?)null,
        };
    }

    // Residuals of ln response are normal where the model fits that.
    private double Draw(double expected, double standardDeviation) => fit.Model.FitsLnResponse
        ? expected * PreciseMath.Exp(standardDeviation / expected * random.NextNormal())
        : expected + (standardDeviation * random.NextNormal());
}
