namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>The reweighting of a <see cref="RobustFit"/>.</summary>
internal sealed class RobustReweighting
{
    private const double HuberLimit = 1.345;
    private const double BisquareLimit = 4.685;
    private const double ScaleQuantile = 0.6827;

    /// <summary>The reweighting has settled when no point's weight moves by more than this.</summary>
    private const double WeightTolerance = 1e-8;

    /// <summary>At the limit of iterations weights that stand still to this count as settled: slow, but known to four digits.</summary>
    private const double SlowTolerance = 1e-4;

    /// <summary>Rounds that take the scale as it comes. A quantile jumps from one residual to another, so that scale and curve may answer each other for ever.</summary>
    private const int WholeRounds = 20;

    /// <summary>Rounds until which the scale moves by half steps on its logarithm; then it is held, and the objective of each loss falls with every round.</summary>
    private const int DampedRounds = 40;

    private readonly CurveFit start;
    private readonly CurveFitProblem problem;
    private readonly RobustFitOptions options;
    private readonly double?[] held;
    private double[] baseWeights;
    private readonly double[] targets;
    private readonly double[] pointWeights;
    private readonly double? knownScale;
    private CurveFit current;
    private double scale;
    private int iterations;
    private string? failure;

    public RobustReweighting(CurveFit start, CurveFitProblem problem, RobustFitOptions options)
    {
        (this.start, this.problem, this.options, current) = (start, problem, options, start);
        held = [.. problem.Model.ParameterNames.Select(name => problem.FixedParameters.TryGetValue(name, out double value) ? value : (double?)null)];
        baseWeights = ResidualVarianceBasis.WeightsOf(start, problem);
        targets = [.. problem.Responses.Select(response => problem.Model.FitsLnResponse ? PreciseMath.Log(response) : response)];
        pointWeights = new double[targets.Length];
        Array.Fill(pointWeights, 1);
        var basis = ResidualVarianceBasis.Of(start);
        knownScale = basis.IsFromPlate ? null : Math.Sqrt(basis.Scale ?? 1);
    }

    public RobustFit Run()
    {
        bool settled = Settle(RobustLoss.Huber) && (options.Loss == RobustLoss.Huber || Settle(RobustLoss.Bisquare));
        return new RobustFit
        {
            Fit = scale > 0 ? Complete(settled) : start,
            Loss = options.Loss,
            Scale = scale,
            PointWeights = pointWeights,
            IterationCount = iterations,
        };
    }

    // Huber's loss finds the scale; the bisquare's takes it as given.
    private bool Settle(RobustLoss loss)
    {
        double moved = double.PositiveInfinity;
        for (int step = 0; step < options.IterationLimit; step++)
        {
            double[] residuals = WeightedResiduals();
            if (loss == RobustLoss.Huber && step < DampedRounds)
            {
                double found = knownScale ?? ScaleOf(residuals);
                scale = step < WholeRounds ? found : Math.Sqrt(scale * found);
            }

            if (!(scale > 0))
            {
                return true;
            }

            moved = 0;
            for (int i = 0; i < residuals.Length; i++)
            {
                double weight = WeightOf(loss, residuals[i] / scale);
                moved = Math.Max(moved, Math.Abs(weight - pointWeights[i]));
                pointWeights[i] = weight;
            }

            if (moved < WeightTolerance)
            {
                return true;
            }

            iterations++;
            if (!Refit())
            {
                return false;
            }
        }

        failure = $"The robust weights did not settle in {iterations} rounds; the curve of the last one gives no concentrations.";
        return moved < SlowTolerance;
    }

    private bool Refit()
    {
        int[] counting = [.. Enumerable.Range(0, targets.Length).Where(i => pointWeights[i] > 0)];
        double[] concentrations = [.. counting.Select(i => problem.Concentrations[i])];
        if (concentrations.Distinct().Count() <= held.Count(value => value is null))
        {
            failure = "The wells that the robust weights leave are of too few concentrations for the curve.";
            return false;
        }

        var levels = CalibratorLevels.Gather(
            concentrations, [.. counting.Select(i => targets[i])], [.. counting.Select(i => baseWeights[i] * pointWeights[i])], problem.Model.FitsLnResponse);
        CurveSolution solution = problem.Model.Solve(levels, held, options.Fit);
        CurveFit next = start with
        {
            Parameters = solution.Parameters,
            Termination = solution.Termination,
            IterationCount = solution.IterationCount,
            ParametersAtBound = solution.ParametersAtBound,
        };
        if (solution.Parameters.Length == 0 || !next.IsUsable)
        {
            failure = "The curve under the robust weights did not converge; the last one that did gives no concentrations.";
            return false;
        }

        current = next;
        return true;
    }

    // Weights by a variance function follow the curve.
    private double[] WeightedResiduals()
    {
        baseWeights = ResidualVarianceBasis.WeightsOf(current, problem);
        var residuals = new double[targets.Length];
        for (int i = 0; i < residuals.Length; i++)
        {
            double fitted = current.Response(problem.Concentrations[i]);
            residuals[i] = Math.Sqrt(baseWeights[i]) * (targets[i] - (problem.Model.FitsLnResponse ? PreciseMath.Log(fitted) : fitted));
        }

        return residuals;
    }

    private double ScaleOf(double[] residuals)
    {
        int n = residuals.Length;
        int p = held.Count(value => value is null);
        double[] sorted = [.. residuals.Select(Math.Abs).Order()];
        double place = ScaleQuantile * (n - 1);
        int below = (int)place;
        double quantile = sorted[below] + ((place - below) * (sorted[Math.Min(below + 1, n - 1)] - sorted[below]));
        double size = 0;
        for (int i = 0; i < n; i++)
        {
            size = Math.Max(size, Math.Sqrt(baseWeights[i]) * (problem.Model.FitsLnResponse ? 1 : Math.Abs(targets[i])));
        }

        // Two thirds of the points on the curve to rounding: there is no scatter to measure others by.
        return n > p && quantile > 1e-9 * size ? quantile * n / (n - p) : 0;
    }

    private CurveFit Complete(bool settled)
    {
        var points = FittedPoints.Of(current, problem);
        double[] residuals = WeightedResiduals();
        int n = residuals.Length;
        double squares = 0, mean = 0, meanSquare = 0;
        foreach (double residual in residuals)
        {
            double u = residual / scale;
            double psi = u * WeightOf(options.Loss, u);
            double slope = SlopeOf(options.Loss, u);
            squares += scale * psi * scale * psi;
            mean += slope / n;
            meanSquare += slope * slope / n;
        }

        int p = points.Free.Length;
        int degreesOfFreedom = n - p;
        double variance = n > 1 ? Math.Max(meanSquare - (mean * mean), 0) * n / (n - 1) : 0;
        double correction = 1 + (p * variance / (n * mean * mean));
        double factor = correction * correction * squares / degreesOfFreedom / (mean * mean);
        bool isEstimable = degreesOfFreedom > 0 && start.Covariance is not null && mean > 0 && double.IsFinite(factor);
        return current with
        {
            // What a model took from the calibrators, after its parameters, has no error.
            Covariance = isEstimable
                ? points.Factor.Covariance(factor, [.. held, .. current.Parameters.Skip(held.Length).Select(value => (double?)value)])
                : null,
            WeightedSumOfSquares = scale * scale * degreesOfFreedom,
            DegreesOfFreedom = degreesOfFreedom,
            ConditionNumber = points.Factor.ConditionNumber,
            Termination = settled ? current.Termination : FitTermination.WeightsUnsettled,
            Failure = settled ? null : failure,
        };
    }

    private static double WeightOf(RobustLoss loss, double u)
    {
        double size = Math.Abs(u);
        if (loss == RobustLoss.Huber)
        {
            return size <= HuberLimit ? 1 : HuberLimit / size;
        }

        double part = size / BisquareLimit;
        double rest = 1 - (part * part);
        return part < 1 ? rest * rest : 0;
    }

    // d psi / d u.
    private static double SlopeOf(RobustLoss loss, double u)
    {
        if (loss == RobustLoss.Huber)
        {
            return Math.Abs(u) <= HuberLimit ? 1 : 0;
        }

        double square = u / BisquareLimit * (u / BisquareLimit);
        return square < 1 ? (1 - square) * (1 - (5 * square)) : 0;
    }
}
