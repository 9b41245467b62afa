using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Limits of the iteration.</summary>
public sealed record CurveFitOptions
{
    /// <summary>Most iterations of one start, 1 or more; default 500.</summary>
    public int IterationLimit { get; init; } = 500;

    /// <summary>Most rounds of fit and new weights for a variance function, 1 or more; default 100. A settled fit takes about ten.</summary>
    public int WeightIterationLimit { get; init; } = 100;

    /// <summary>The defaults.</summary>
    public static CurveFitOptions Default { get; } = new();
}

/// <summary>Fits a curve to the calibrators of one analyte by weighted least squares.</summary>
public static class CurveFitter
{
    /// <summary>Condition number from which a fit is ill-conditioned: the points do not determine all of its parameters, though they may still
    /// determine the curve between them. 1e6. (Fits on which independent programs agree to six digits in every parameter reach 4e4.)</summary>
    public const double IllConditionedFrom = 1e6;

    /// <summary>Finds the parameters that minimise sum w (y - f(x))^2 over all points. Weights by observed response or by replicates are computed once;
    /// those of a variance function, 1/V(f), are computed anew from each fitted curve until they stand still (<see cref="WeightIteration"/>).</summary>
    /// <param name="problem">n points; the model's free parameters need at least one more distinct concentration than there are of them.</param>
    /// <param name="options">Limits of the iteration.</param>
    /// <returns>The fit. Check <see cref="CurveFit.IsUsable"/>, and compare <see cref="CurveFit.ConditionNumber"/> with
    /// <see cref="IllConditionedFrom"/>: such a fit, or one with <see cref="CurveFit.ParametersAtBound"/>, has parameters that mean little.
    /// The covariance counts every parameter that is not fixed as free, also one at a bound; directions that the points leave flat have a vast
    /// variance in it and not an infinite one.
    /// For a model with <see cref="CurveModel.FitsLnResponse"/>, residuals, sum of squares and residual variance are those of ln response.
    /// Equal problems give equal fits, to the last bit, in any order of the points.</returns>
    /// <exception cref="ArgumentException">A bug of the caller: the lists are empty or differ in length; a number is not finite; a concentration
    /// is negative, or zero where the model has no place for it; a fixed parameter is unknown or outside its domain: see <see cref="Check"/>.</exception>
    public static CurveFit Fit(CurveFitProblem problem, CurveFitOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IterationLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WeightIterationLimit, 1);
        IReadOnlyList<Fault> faults = Check(problem);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", faults), nameof(problem));
        }

        problem = Sorted(problem);
        double?[] held = HeldValues(problem);
        int freeCount = held.Count(value => value is null);
        int levelCount = problem.Concentrations.Distinct().Count();
        int leastLevelCount = problem.Model.LeastLevelCount(freeCount);
        if (levelCount < leastLevelCount)
        {
            return Unfitted(problem, freeCount, FitTermination.TooFewLevels,
                $"{levelCount} distinct concentrations; {problem.Model.Id} with {freeCount} free parameters needs at least {leastLevelCount}.");
        }

        double[] targets = [.. problem.Responses];
        for (int i = 0; i < targets.Length && problem.Model.FitsLnResponse; i++)
        {
            if (!(targets[i] > 0))
            {
                return Unfitted(problem, freeCount, FitTermination.UndefinedWeight, FixedWeights.FailureAt(problem, i));
            }

            targets[i] = PreciseMath.Log(targets[i]);
        }

        bool isIterated = problem.Weighting.Variance is not null;
        var weights = new double[targets.Length];
        string? failure = isIterated ? null : FixedWeights.Fill(problem, targets, weights);
        if (failure is not null)
        {
            return Unfitted(problem, freeCount, FitTermination.UndefinedWeight, failure);
        }

        if (problem.Responses.Max() == problem.Responses.Min())
        {
            return Unfitted(problem, freeCount, FitTermination.NoResponseRange, $"All responses are {problem.Responses[0]}: no curve has a slope.");
        }

        if (!isIterated)
        {
            var levels = CalibratorLevels.Gather(problem.Concentrations, targets, weights, problem.Model.FitsLnResponse);
            return Complete(problem, held, weights, problem.Model.Solve(levels, held, options), 0);
        }

        var iteration = new WeightIteration(problem, targets);
        CurveSolution solution = iteration.Run(held, options);
        return solution.Termination == FitTermination.UndefinedWeight
            ? Unfitted(problem, freeCount, FitTermination.UndefinedWeight, $"The variance function '{problem.Weighting.Id}' gives a calibrator no finite weight.")
            : Complete(problem, held, iteration.WellWeights(solution.Parameters, weights), solution, iteration.RoundCount);
    }

    /// <summary>Finds everything for which <see cref="Fit"/> would throw, for callers that take problems from outside.</summary>
    /// <param name="problem">The problem.</param>
    /// <returns>The faults, by fields such as <c>concentrations[3]</c> and <c>fixedParameters.slope</c>; empty when it can be fitted.</returns>
    public static IReadOnlyList<Fault> Check(CurveFitProblem problem)
    {
        List<Fault> faults = [];
        if (problem.Concentrations.Count == 0 || problem.Concentrations.Count != problem.Responses.Count)
        {
            faults.Add(new Fault("responses", FaultReasons.LengthMismatch,
                $"Expected as many concentrations as responses, at least one; got {problem.Concentrations.Count} and {problem.Responses.Count}."));
        }

        string expectedConcentration = problem.Model.AllowsZeroConcentration ? "zero or more" : $"more than zero for {problem.Model.Id}";
        for (int i = 0; i < problem.Concentrations.Count; i++)
        {
            double x = problem.Concentrations[i];
            if (!double.IsFinite(x))
            {
                faults.Add(new Fault($"concentrations[{i}]", FaultReasons.NonFinite, $"Expected a finite concentration; got {x}."));
            }
            else if (x < 0 || (x == 0 && !problem.Model.AllowsZeroConcentration))
            {
                faults.Add(new Fault($"concentrations[{i}]", FaultReasons.OutOfRange, $"Expected a concentration of {expectedConcentration}; got {x}."));
            }
        }

        if (problem.WellCounts is { } counts && (counts.Count != problem.Responses.Count || counts.Any(count => count < 1)))
        {
            faults.Add(new Fault("wellCounts", FaultReasons.OutOfRange, "Expected one number of wells per response, each 1 or more."));
        }

        for (int i = 0; i < problem.Responses.Count; i++)
        {
            if (!double.IsFinite(problem.Responses[i]))
            {
                faults.Add(new Fault($"responses[{i}]", FaultReasons.NonFinite, $"Expected a finite response; got {problem.Responses[i]}."));
            }
        }

        foreach ((string name, double value) in problem.FixedParameters)
        {
            bool isKnown = problem.Model.ParameterNames.Contains(name);
            string? expected = !isKnown ? null : !double.IsFinite(value) ? "a finite number" : problem.Model.FaultOfFixedValue(name, value);
            if (!isKnown || expected is not null)
            {
                string text = isKnown
                    ? $"Expected {name} to be {expected}; got {value}."
                    : problem.Model.ParameterCount == 0
                    ? $"{problem.Model.Id} has no parameter to hold; expected none."
                    : $"{problem.Model.Id} has no parameter '{name}'; expected one of {string.Join(", ", problem.Model.ParameterNames)}.";
                faults.Add(new Fault($"fixedParameters.{name}", FaultReasons.OutOfRange, text));
            }
        }

        return faults;
    }

    /// <summary>The same points by concentration, response and number of wells: sums over them then round alike in any order that they came in.</summary>
    private static CurveFitProblem Sorted(CurveFitProblem problem)
    {
        int[] order =
        [
            .. Enumerable.Range(0, problem.Responses.Count)
                .OrderBy(i => problem.Concentrations[i]).ThenBy(i => problem.Responses[i]).ThenBy(i => problem.WellCounts?[i]),
        ];
        return problem with
        {
            Concentrations = [.. order.Select(i => problem.Concentrations[i])],
            Responses = [.. order.Select(i => problem.Responses[i])],
            WellCounts = problem.WellCounts is { } counts ? [.. order.Select(i => counts[i])] : null,
        };
    }

    private static double?[] HeldValues(CurveFitProblem problem) =>
        [.. problem.Model.ParameterNames.Select(name => problem.FixedParameters.TryGetValue(name, out double value) ? value : (double?)null)];

    private static CurveFit Unfitted(CurveFitProblem problem, int freeCount, FitTermination termination, string failure) => new()
    {
        Model = problem.Model,
        Weighting = problem.Weighting,
        Parameters = [],
        Covariance = null,
        WeightedSumOfSquares = 0,
        DegreesOfFreedom = Math.Max(0, problem.Responses.Count - freeCount),
        Termination = termination,
        IterationCount = 0,
        ConditionNumber = null,
        ParametersAtBound = [],
        Failure = failure,
    };

    /// <summary>Adds to the parameters what is the same for every model: sum of squares, condition and covariance.</summary>
    private static CurveFit Complete(CurveFitProblem problem, double?[] held, double[] weights, CurveSolution solution, int weightIterationCount)
    {
        int freeCount = held.Count(value => value is null);
        if (solution.Parameters.Length == 0)
        {
            return Unfitted(problem, freeCount, solution.Termination, problem.FixedParameters.Count > 0
                ? "No curve with the fixed parameters runs in the direction of the points." + SlopeHint(problem)
                : "The parameters of the best curve are beyond the range of numbers.");
        }

        CurveModel model = problem.Model;
        // What a model took from the calibrators has no error.
        held = [.. held, .. solution.Parameters.Skip(held.Length).Select(value => (double?)value)];
        int pointCount = weights.Length;
        var jacobian = new double[freeCount][];
        for (int k = 0; k < freeCount; k++)
        {
            jacobian[k] = new double[pointCount];
        }

        var gradient = new double[solution.Parameters.Length];
        double sumOfSquares = 0;
        for (int i = 0; i < pointCount; i++)
        {
            double x = problem.Concentrations[i];
            double fitted = model.Response(solution.Parameters, x);
            double residual = model.FitsLnResponse ? PreciseMath.Log(problem.Responses[i] / fitted) : problem.Responses[i] - fitted;
            sumOfSquares += weights[i] * residual * residual;
            model.Gradient(solution.Parameters, x, gradient);
            double factor = Math.Sqrt(weights[i]) / (model.FitsLnResponse ? fitted : 1);
            for (int parameter = 0, k = 0; parameter < gradient.Length; parameter++)
            {
                if (held[parameter] is null)
                {
                    jacobian[k++][i] = gradient[parameter] * factor;
                }
            }
        }

        bool isFinite = double.IsFinite(sumOfSquares) && Array.TrueForAll(solution.Parameters, double.IsFinite)
            && Array.TrueForAll(jacobian, column => Array.TrueForAll(column, double.IsFinite));
        if (!isFinite)
        {
            return Unfitted(problem, freeCount, FitTermination.Stalled, "The points span more than numbers of sixteen digits can compute with.");
        }

        var factored = JacobianFactor.Of(jacobian);
        int degreesOfFreedom = model.IsInterpolation ? 0 : pointCount - freeCount;
        bool isIterated = problem.Weighting.Variance is not null;
        bool isScaled = problem.Weighting.Basis == VarianceBasis.PlateResiduals;
        bool isEstimable = (degreesOfFreedom > 0 || !isScaled) && !model.IsInterpolation;
        return new CurveFit
        {
            Model = model,
            Weighting = problem.Weighting,
            Parameters = solution.Parameters,
            Covariance = isEstimable ? factored.Covariance(isScaled ? sumOfSquares / degreesOfFreedom : 1, held) : null,
            WeightedSumOfSquares = sumOfSquares,
            DegreesOfFreedom = degreesOfFreedom,
            WellsPerPoint = isIterated || problem.WellCounts is not { } counts ? 1 : counts.Count / counts.Order().Sum(count => 1.0 / count),
            Termination = solution.Termination,
            IterationCount = solution.IterationCount,
            WeightIterationCount = weightIterationCount,
            ConditionNumber = factored.ConditionNumber,
            ParametersAtBound = solution.ParametersAtBound,
            Failure = FailureOf(solution, weightIterationCount),
        };
    }

    // The sign surprises: other programs have it the other way round.
    private static string SlopeHint(CurveFitProblem problem) => problem.FixedParameters.ContainsKey(CurveParameters.Slope)
        ? $" In {problem.Model.Id} a rising curve has a negative {CurveParameters.Slope}, a falling one a positive {CurveParameters.Slope}."
        : "";

    private static string? FailureOf(CurveSolution solution, int weightIterationCount) => solution.Termination switch
    {
        FitTermination.IterationLimit => $"The iteration did not converge in {solution.IterationCount} steps.",
        FitTermination.Stalled => "The iteration stalled before it converged: the points do not determine the curve.",
        FitTermination.WeightsUnsettled => $"Weights and curve did not settle in {weightIterationCount} rounds: the points do not determine the curve.",
        _ => null,
    };
}
