namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>Fits with weights 1/V(f) of a variance function, where f is the fitted response itself.</summary>
/// <remarks>
/// Iteratively reweighted least squares: first weights from the level means, then fit, weights from the fitted curve, fit again, until no level's
/// weight changes by more than 1e-10 of itself. The end solves sum (y - f) f' / V(f) = 0, the quasi-likelihood equations, which are unbiased in the mean: V is not
/// differentiated, so that a wrong V costs efficiency and not accuracy. (Minimising sum (y - f)^2 / V(f) itself would pull the curve upwards to
/// where V is large.) Each round searches globally, so it cannot stay in a minimum of older weights. Where two
/// rounds answer each other, steps on ln weight are halved, which leaves the same solutions.
/// For a model that fits ln response, Var(ln y) = V(f) / f^2. Source: R. Carroll and D. Ruppert (1988), Transformation and Weighting in Regression, section 2.1 to 2.3.
/// </remarks>
internal sealed class WeightIteration
{
    /// <summary>Change of ln weight that is none.</summary>
    private const double Settled = 1e-10;

    /// <summary>Rounds with whole steps; afterwards they are halved.</summary>
    private const int WholeSteps = 12;

    private readonly CurveFitProblem problem;
    private readonly VarianceFunction variance;
    private readonly CalibratorLevels levels;
    private readonly double[] concentrations;

    public WeightIteration(CurveFitProblem problem, double[] targets)
    {
        this.problem = problem;
        variance = problem.Weighting.Variance!;
        var counts = new double[targets.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = problem.WellCounts?[i] ?? 1;
        }

        levels = CalibratorLevels.Gather(problem.Concentrations, targets, counts, problem.Model.FitsLnResponse);
        concentrations = [.. problem.Concentrations.Distinct().Order()];
    }

    /// <summary>Rounds that were taken.</summary>
    public int RoundCount { get; private set; }

    /// <summary>Iterates to the end.</summary>
    /// <returns>The last round's solution; ends with <see cref="FitTermination.UndefinedWeight"/> where V is 0 or overflows, and with
    /// <see cref="FitTermination.WeightsUnsettled"/> when the limit came first.</returns>
    public CurveSolution Run(double?[] held, CurveFitOptions options)
    {
        double[]? weights = FirstWeights();
        while (weights is not null)
        {
            CurveSolution solution = problem.Model.Solve(levels.Reweighted(weights), held, options);
            RoundCount++;
            if (solution.Parameters.Length == 0 || solution.Termination == FitTermination.IterationLimit)
            {
                return solution;
            }

            double change = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                double next = levels.Weights[i] * WeightAt(problem.Model.Response(solution.Parameters, concentrations[i]));
                if (!double.IsFinite(next) || !(next > 0))
                {
                    return Undefined();
                }

                change = Math.Max(change, Math.Abs(next - weights[i]) / next);
                weights[i] = RoundCount <= WholeSteps ? next : Math.Sqrt(next) * Math.Sqrt(weights[i]);
            }

            if (change <= Settled)
            {
                return solution;
            }

            if (RoundCount >= options.WeightIterationLimit)
            {
                return solution with { Termination = FitTermination.WeightsUnsettled };
            }
        }

        return Undefined();
    }

    /// <summary>The weight of each point at a curve: wells / V(f).</summary>
    public double[] WellWeights(double[] parameters, double[] weights)
    {
        for (int i = 0; i < weights.Length && parameters.Length > 0; i++)
        {
            weights[i] = (problem.WellCounts?[i] ?? 1) * WeightAt(problem.Model.Response(parameters, problem.Concentrations[i]));
        }

        return weights;
    }

    private static CurveSolution Undefined() => new([], FitTermination.UndefinedWeight, 0, []);

    // A level whose mean happens to be 0 under a = 0 begins with the smallest variance of the others: only the last weights count.
    private double[]? FirstWeights()
    {
        var weights = new double[levels.Count];
        double highest = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double mean = problem.Model.FitsLnResponse ? PreciseMath.Exp(levels.Targets[i]) : levels.Targets[i] * levels.ResponseScale;
            weights[i] = WeightAt(mean);
            highest = double.IsFinite(weights[i]) ? Math.Max(highest, weights[i]) : highest;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = levels.Weights[i] * (double.IsPositiveInfinity(weights[i]) ? highest : weights[i]);
            if (!double.IsFinite(weights[i]) || !(weights[i] > 0))
            {
                return null;
            }
        }

        return weights;
    }

    private double WeightAt(double response) =>
        (problem.Model.FitsLnResponse ? response * response : 1) / variance.VarianceAt(response);
}
