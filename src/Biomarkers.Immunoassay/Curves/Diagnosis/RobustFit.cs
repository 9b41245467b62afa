namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>How residuals are weighed by a robust fit.</summary>
public enum RobustLoss
{
    /// <summary>Huber's: residuals beyond 1.345 scales count in proportion to their size, none is left out. 95 % efficient for normal errors.</summary>
    Huber,

    /// <summary>Tukey's bisquare: residuals beyond 4.685 scales count nothing. 95 % efficient for normal errors. Begins at Huber's fit.</summary>
    Bisquare,
}

/// <summary>Limits of a robust fit.</summary>
public sealed record RobustFitOptions
{
    /// <summary>Loss; default bisquare.</summary>
    public RobustLoss Loss { get; init; } = RobustLoss.Bisquare;

    /// <summary>Most reweightings of one loss, 1 or more; default 200.</summary>
    public int IterationLimit { get; init; } = 200;

    /// <summary>Limits of each weighted fit.</summary>
    public CurveFitOptions Fit { get; init; } = CurveFitOptions.Default;
}

/// <summary>A curve that outlying wells pull less: an M-estimate. An option for looking at a plate, never a default: it leaves wells out in part,
/// so whoever reports from it must say so.</summary>
/// <remarks>
/// Minimises sum rho(sqrt(w) e / scale) by reweighting: each step is a full weighted fit with w times psi(u)/u, u = sqrt(w) e / scale.
/// Scale: 1 where the variance is known or was learned; otherwise the 68.27 % quantile of |sqrt(w) e| times n / (n - p), which up to 30 % of outliers
/// leave in place and which the factor keeps from collapsing where p parameters bend to few points (Motulsky and Brown 2006, BMC Bioinformatics 7:123,
/// RSDR). It is found with Huber's loss (where scale and curve answer each other for ever it is damped, and held after 40 rounds) and held for the
/// bisquare's, whose objective then falls with each step. Covariance: Huber (1981), Robust
/// Statistics, section 7.6: K^2 (sum (scale psi)^2 / (n - p)) / mean(psi')^2 (J'WJ)^-1, K = 1 + p var(psi') / (n mean(psi')^2).
/// </remarks>
public sealed record RobustFit
{
    /// <summary>The curve. Its residual variance is the squared scale, its weighted sum of squares that times the degrees of freedom; its covariance is the one
    /// in the remarks. Its termination is <see cref="FitTermination.WeightsUnsettled"/> when the reweighting did not settle.</summary>
    public required CurveFit Fit { get; init; }

    /// <summary>Loss that was used.</summary>
    public required RobustLoss Loss { get; init; }

    /// <summary>Scale of sqrt(w) e; null when no fit could begin.</summary>
    public required double? Scale { get; init; }

    /// <summary>How much each point counted, 0 to 1, in the order of the problem; empty when no fit could begin. Below 0.5 a point is as good as outlying.</summary>
    public required IReadOnlyList<double> PointWeights { get; init; }

    /// <summary>Number of reweightings, of both losses.</summary>
    public required int IterationCount { get; init; }

    /// <summary>Fits a curve robustly.</summary>
    /// <param name="problem">As for <see cref="CurveFitter.Fit"/>.</param>
    /// <param name="options">Loss and limits.</param>
    /// <returns>The fit; check <see cref="CurveFit.IsUsable"/>. Points that lie on the least-squares curve to rounding leave nothing to weigh: that curve is the answer.
    /// So it is for an interpolation, which has no residuals to weigh by.</returns>
    /// <exception cref="ArgumentException">As for <see cref="CurveFitter.Fit"/>.</exception>
    public static RobustFit Of(CurveFitProblem problem, RobustFitOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IterationLimit, 1);
        CurveFit start = CurveFitter.Fit(problem, options.Fit);
        if (!start.IsUsable || start.Model.IsInterpolation)
        {
            return new RobustFit { Fit = start, Loss = options.Loss, Scale = null, PointWeights = [], IterationCount = 0 };
        }

        return new RobustReweighting(start, problem, options).Run();
    }
}
