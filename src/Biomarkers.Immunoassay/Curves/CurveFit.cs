using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>What is fitted to what: one curve's calibrator points.</summary>
/// <param name="Model">Curve family with p parameters.</param>
/// <param name="Weighting">Weight of a point as a function of its response.</param>
/// <param name="Concentrations">n concentrations in one unit, zero or more.</param>
/// <param name="Responses">n responses, finite.</param>
/// <param name="FixedParameters">Parameters held at a value, by name; empty for none.</param>
public sealed record CurveFitProblem(
    CurveModel Model,
    Weighting Weighting,
    IReadOnlyList<double> Concentrations,
    IReadOnlyList<double> Responses,
    IReadOnlyDictionary<string, double> FixedParameters)
{
    /// <summary>Wells behind each response, 1 or more: more than 1 where a response is a mean of wells. Null for one well each. A variance function
    /// is that of one well, so a mean of m wells has the variance V/m; other weights do not look at it.</summary>
    public IReadOnlyList<int>? WellCounts { get; init; }
}

/// <summary>Why a fit ended.</summary>
public enum FitTermination
{
    /// <summary>The gradient vanished to the tolerance: a minimum.</summary>
    Converged,

    /// <summary>The minimum lies on a bound of the box (see <see cref="CurveFit.ParametersAtBound"/>): the data do not determine the shape.</summary>
    ConvergedAtBound,

    /// <summary>The limit of iterations was reached before convergence.</summary>
    IterationLimit,

    /// <summary>No step improves the fit and the gradient has not vanished: the problem is ill-conditioned.</summary>
    Stalled,

    /// <summary>There are fewer distinct concentrations than free parameters need.</summary>
    TooFewLevels,

    /// <summary>A weight is not defined: a response is zero or negative under a weighting by response, the variance function is 0, or the replicates
    /// of a level have no variance.</summary>
    UndefinedWeight,

    /// <summary>All responses are equal, so no curve has a slope.</summary>
    NoResponseRange,

    /// <summary>Weights by a variance function, or robust weights, and the curve that they give did not settle within the limit of rounds.</summary>
    WeightsUnsettled,
}

/// <summary>The outcome of a fit: parameters, their covariance, and why the iteration ended. A bad fit is a value, not an exception.</summary>
/// <remarks>Check <see cref="IsUsable"/>; an unusable fit gives no concentrations.</remarks>
public sealed record CurveFit
{
    /// <summary>Curve family.</summary>
    public required CurveModel Model { get; init; }

    /// <summary>Weighting that was used.</summary>
    public required Weighting Weighting { get; init; }

    /// <summary>p parameters in the order of <see cref="ParameterNames"/>; empty when the iteration could not begin.</summary>
    public required double[] Parameters { get; init; }

    /// <summary>Names of <see cref="Parameters"/>; see <see cref="CurveModel.ParameterNamesOf"/>.</summary>
    public IReadOnlyList<string> ParameterNames => Model.ParameterNamesOf(Parameters.Length);

    /// <summary>p x p covariance matrix, row major: <see cref="CovarianceScale"/> times (J'WJ)^-1; rows of fixed parameters are zero. Null when it
    /// cannot be estimated: a parameter without influence on any point, or no degrees of freedom where the plate's residuals have to tell the variance.</summary>
    public required double[]? Covariance { get; init; }

    /// <summary>Sum of w (y - f(x))^2.</summary>
    public required double WeightedSumOfSquares { get; init; }

    /// <summary>Number of points less number of free parameters; may be 0.</summary>
    public required int DegreesOfFreedom { get; init; }

    /// <summary>Wells that the variance of one point under fixed weights stands for, 1 or more: 1 / mean(1 / wells) over the points of a fit to means, so
    /// that s^2 of means tells the variance of a well. 1 for a fit to wells and for variance functions, which are those of a well by themselves. It is not
    /// kept with a stored curve.</summary>
    public double WellsPerPoint { get; init; } = 1;

    /// <summary>Why the iteration ended.</summary>
    public required FitTermination Termination { get; init; }

    /// <summary>Iterations of the start that won.</summary>
    public required int IterationCount { get; init; }

    /// <summary>Rounds of fit and new weights until the weights of a variance function stood still; 0 for weights that do not depend on the curve.
    /// It is not kept with a stored curve.</summary>
    public int WeightIterationCount { get; init; }

    /// <summary>2-norm condition number of the column-scaled, weighted Jacobian at the end; null when the iteration could not begin.</summary>
    public required double? ConditionNumber { get; init; }

    /// <summary>Names of the parameters that ended on a bound of the box; empty for none.</summary>
    public required IReadOnlyList<string> ParametersAtBound { get; init; }

    /// <summary>A sentence for a person, when the fit is not usable; null otherwise.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether concentrations may be read off: a minimum was reached.</summary>
    public bool IsUsable => Termination is FitTermination.Converged or FitTermination.ConvergedAtBound;

    /// <summary>s^2 = weighted sum of squares / degrees of freedom; null without degrees of freedom.</summary>
    public double? ResidualVariance => DegreesOfFreedom > 0 ? WeightedSumOfSquares / DegreesOfFreedom : null;

    /// <summary>What (J'WJ)^-1 is multiplied with to be the covariance: 1 where the weighting brings the variance (known or learned), s^2 where only the
    /// plate's residuals tell it. Null without the degrees of freedom that s^2 needs.</summary>
    public double? CovarianceScale => Weighting.Basis == VarianceBasis.PlateResiduals ? ResidualVariance : 1;

    /// <summary>Degrees of freedom of the t quantile of this fit's intervals: those that a variance function was learned with, or n - p where
    /// the plate's residuals speak; null for the normal quantile of a known variance, and without degrees of freedom.</summary>
    public double? QuantileDegreesOfFreedom => Weighting.Basis switch
    {
        VarianceBasis.Known => null,
        VarianceBasis.Learned => Weighting.PooledDegreesOfFreedom,
        _ => DegreesOfFreedom > 0 ? DegreesOfFreedom : null,
    };

    /// <summary>Variance of the response of one well where the curve gives f: V(f), <see cref="CovarianceScale"/> times the variance function, or
    /// s^2 / w(f) for fixed weights (for a model that fits ln response, s^2 f^2 / w(f)), times <see cref="WellsPerPoint"/>; 0 where fixed weights have none.</summary>
    /// <param name="response">f, finite.</param>
    /// <returns>The variance, squared unit of the response; null without the degrees of freedom that s^2 needs, and for
    /// <see cref="Weighting.Replicates"/>, which tell nothing between the levels.</returns>
    public double? WellVariance(double response)
    {
        if (CovarianceScale is not { } scale || Weighting.IsByReplicates)
        {
            return null;
        }

        if (Weighting.Variance is { } variance)
        {
            return scale * variance.VarianceAt(response);
        }

        double unit = Model.FitsLnResponse ? response * response : 1;
        return Weighting.IsDefinedFor(response) ? scale * WellsPerPoint * unit / Weighting.WeightOf(response) : 0;
    }

    /// <summary>p standard errors; null when there is no covariance.</summary>
    public double[]? StandardErrors
    {
        get
        {
            if (Covariance is null)
            {
                return null;
            }

            int p = Parameters.Length;
            var errors = new double[p];
            for (int i = 0; i < p; i++)
            {
                errors[i] = Math.Sqrt(Covariance[(i * p) + i]);
            }

            return errors;
        }
    }

    /// <summary>Fitted response at a concentration.</summary>
    public double Response(double concentration) => Model.Response(Parameters, concentration);

    /// <summary>Concentration that belongs to a response.</summary>
    public Inversion Invert(double response) => Model.Invert(Parameters, response) switch
    {
        // A number that a double can't hold is beyond the end.
        { Status: InversionStatus.Found, Concentration: double.PositiveInfinity } => new Inversion(InversionStatus.AboveCurve, 0),
        { Status: InversionStatus.Found, Concentration: 0 } => new Inversion(InversionStatus.BelowCurve, 0),
        var inversion => inversion,
    };
}
