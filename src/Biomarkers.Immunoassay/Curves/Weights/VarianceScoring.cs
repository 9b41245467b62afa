namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>Finds A, B and theta of V = A + B |f|^(2 theta) that make independent variances s^2 ~ V chi^2(df) / df most likely.</summary>
/// <remarks>
/// Objective: L = sum over groups of df/2 (ln V + s^2 / V), minus the log-likelihood of gamma-distributed variances, plus the prior's sum over places of
/// df/4 (ln V - ln V0)^2 and (theta - theta0)^2 / (2 sd^2). Since s^2 has its own mean removed, it is the restricted likelihood of the wells. The
/// prior is normal on ln V, with the variance 2/df that ln s^2 would have: a prior that is wrong by orders of magnitude then gives way, which a conjugate
/// one does not. A zero s^2 is nothing special: no logarithm of it is taken. Responses and variances are scaled to around 1. A coarse grid of theta
/// and A/B, with the common factor profiled out in closed form, gives the start; Newton's steps, or Fisher's scoring where the second derivatives are not
/// positive definite, with lengths halved and active bounds (A at or above its floor, B at or above 0, theta within 0 and 2) go on from there
/// until no step promises a decrease. Deterministic.
/// Source: P. McCullagh, J. Nelder (1989), Generalized Linear Models, chapters 8 and 10; M. Davidian, R. Carroll (1987), JASA 82:1079-1091.
/// </remarks>
internal sealed class VarianceScoring
{
    private const int A = 0;
    private const int B = 1;
    private const int Theta = 2;
    private const int Count = 3;

    /// <summary>Promised decrease of L, per degree of freedom, that is none.</summary>
    private const double Settled = 1e-15;

    private const double ShortestStep = 1e-10;
    private const double FlatBelow = 1e-12;
    private static readonly double[] ThetaGrid = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
    private static readonly double[] LnRatioGrid = [double.NegativeInfinity, -10, -8, -6, -4, -2, 0, 2, 4, double.PositiveInfinity];

    private readonly double[] lnResponses;
    private readonly double[] variances;
    private readonly double[] weights;
    private readonly double totalWeight;
    private readonly int groupCount;
    private readonly double[] powers;
    private readonly double[] gradient = new double[Count];
    private readonly double[] hessian = new double[Count * Count];
    private readonly double lowestA;
    private readonly VarianceLearningOptions options;

    /// <summary>Takes scaled data.</summary>
    /// <param name="lnResponses">ln |f| of each group.</param>
    /// <param name="variances">s^2 of each group, then ln V0 of each place of the prior.</param>
    /// <param name="degreesOfFreedom">df of each group and place.</param>
    /// <param name="groupCount">How many are groups.</param>
    /// <param name="lowestA">Least A.</param>
    /// <param name="options">What is held, and the prior of theta.</param>
    public VarianceScoring(double[] lnResponses, double[] variances, double[] degreesOfFreedom, int groupCount, double lowestA, VarianceLearningOptions options)
    {
        this.lnResponses = lnResponses;
        this.variances = variances;
        this.lowestA = lowestA;
        this.options = options;
        weights = degreesOfFreedom;
        this.groupCount = groupCount;
        totalWeight = degreesOfFreedom.AsSpan(0, groupCount).ToArray().Sum();
        powers = new double[lnResponses.Length];
    }

    /// <summary>A, B and theta at the end.</summary>
    public double[] Place { get; private set; } = [0, 0, 1];

    /// <summary>Steps that were taken.</summary>
    public int IterationCount { get; private set; }

    /// <summary>Fisher information at the end, 3 x 3 row major.</summary>
    public double[] Information { get; } = new double[Count * Count];

    /// <summary>Searches.</summary>
    /// <returns>Whether a minimum was reached.</returns>
    public bool Run()
    {
        Place = Start();
        double value = Evaluate(Place, true);
        while (IterationCount < options.IterationLimit)
        {
            IterationCount++;
            double[] step = SolveFree(hessian, gradient, true) ?? SolveFree(Information, gradient, false)!;
            double[]? next = double.IsFinite(value) ? StepFrom(value, step) : null;
            if (next is null)
            {
                return double.IsFinite(value);
            }

            Place = next;
            value = Evaluate(Place, true);
        }

        return false;
    }

    // Halves the step until the decrease is at least a quarter of what the gradient promises: a step that lands on the other side of the valley, as high as
    // before, is refused. Null when nothing is promised, or no length goes down by more than rounding.
    private double[]? StepFrom(double value, double[] step)
    {
        for (double length = 1; length > ShortestStep; length /= 2)
        {
            var next = new double[Count];
            double promised = 0;
            for (int k = 0; k < Count; k++)
            {
                next[k] = Math.Clamp(Place[k] - (length * step[k]), Lowest(k), Highest(k));
                promised += gradient[k] * (Place[k] - next[k]);
            }

            if (!(promised > Settled * totalWeight))
            {
                return null;
            }

            if (Evaluate(next, false) < value - (promised / 4))
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>Variance of ln V at a response, from the inverse of the information; coordinates on a bound count as known.</summary>
    public double LnVarianceVariance(double lnResponse)
    {
        double power = PreciseMath.Exp(2 * Place[Theta] * lnResponse);
        double v = Place[A] + (Place[B] * power);
        double[] derivative = [1 / v, power / v, 2 * lnResponse * Place[B] * power / v];
        double[] solved = SolveFree(Information, derivative, false)!;
        return (derivative[A] * solved[A]) + (derivative[B] * solved[B]) + (derivative[Theta] * solved[Theta]);
    }

    /// <summary>Standard error of theta; null where it is held or on a bound.</summary>
    public double? ThetaStandardError => IsFree(Theta) ? Math.Sqrt(SolveFree(Information, [0, 0, 1], false)![Theta]) : null;

    private double Lowest(int k) => k switch { A => lowestA, B => 0, _ => options.HeldTheta ?? 0 };

    private double Highest(int k) => k switch
    {
        A => options.HasFloor ? double.MaxValue : lowestA,
        B => double.MaxValue,
        _ => options.HeldTheta ?? VarianceFunction.HighestTheta,
    };

    /// <summary>Whether a coordinate can move: between its bounds, or from a bound inwards.</summary>
    private bool IsFree(int k) =>
        Lowest(k) < Highest(k) && !(Place[k] <= Lowest(k) && gradient[k] >= 0) && !(Place[k] >= Highest(k) && gradient[k] <= 0)
        && (k != Theta || Place[B] > 0);

    private double[] Start()
    {
        double best = double.PositiveInfinity;
        double[] place = [lowestA, 1, options.HeldTheta ?? 1];
        foreach (double theta in options.HeldTheta is { } held ? [held] : ThetaGrid)
        {
            for (int i = 0; i < powers.Length; i++)
            {
                powers[i] = PreciseMath.Exp(2 * theta * lnResponses[i]);
            }

            foreach (double lnRatio in options.HasFloor ? LnRatioGrid : LnRatioGrid.AsSpan(0, 1))
            {
                (double a, double b) = double.IsPositiveInfinity(lnRatio) ? (1, 0) : (PreciseMath.Exp(lnRatio), 1);
                double logs = 0;
                double ratios = 0;
                for (int i = 0; i < groupCount; i++)
                {
                    double shape = a + (b * powers[i]);
                    logs += weights[i] * PreciseMath.Log(shape);
                    ratios += weights[i] * variances[i] / shape;
                }

                double factor = ratios / totalWeight;
                double distance = (theta - options.Prior.Theta) / options.Prior.ThetaStandardDeviation;
                double value = (logs / 2) + (totalWeight / 2 * PreciseMath.Log(factor)) + (distance * distance / 2);
                if (value < best)
                {
                    best = value;
                    place = [Math.Max(lowestA, a * factor), b * factor, theta];
                }
            }
        }

        return place;
    }

    private double Evaluate(double[] place, bool withDerivatives)
    {
        double distance = (place[Theta] - options.Prior.Theta) / options.Prior.ThetaStandardDeviation;
        double value = options.HeldTheta is null ? distance * distance / 2 : 0;
        if (withDerivatives)
        {
            Array.Clear(Information);
            Array.Clear(hessian);
            Array.Clear(gradient);
            gradient[Theta] = distance / options.Prior.ThetaStandardDeviation;
            Information[^1] = 1 / (options.Prior.ThetaStandardDeviation * options.Prior.ThetaStandardDeviation);
            hessian[^1] = Information[^1];
        }

        // A place of the prior has the derivative of a group whose s^2 / V is 1 - ln(V / V0).
        Span<double> derivative = stackalloc double[Count];
        for (int i = 0; i < weights.Length; i++)
        {
            double power = PreciseMath.Exp(2 * place[Theta] * lnResponses[i]);
            double v = place[A] + (place[B] * power);
            double lnV = PreciseMath.Log(v);
            double ratio = i < groupCount ? variances[i] / v : 1 - (lnV - variances[i]);
            value += weights[i] / 2 * (i < groupCount ? lnV + ratio : (lnV - variances[i]) * (lnV - variances[i]) / 2);
            if (!withDerivatives)
            {
                continue;
            }

            derivative[A] = 1 / v;
            derivative[B] = power / v;
            derivative[Theta] = 2 * lnResponses[i] * place[B] * power / v;
            double curvature = i < groupCount ? (2 * ratio) - 1 : ratio;
            for (int j = 0; j < Count; j++)
            {
                gradient[j] += weights[i] / 2 * (1 - ratio) * derivative[j];
                for (int k = 0; k < Count; k++)
                {
                    double product = weights[i] / 2 * derivative[j] * derivative[k];
                    Information[(j * Count) + k] += product;
                    hessian[(j * Count) + k] += curvature * product;
                }
            }

            // Second derivatives of V itself, over V: by B and theta, and twice by theta.
            double rest = weights[i] / 2 * (1 - ratio) * 2 * lnResponses[i] * power / v;
            hessian[(B * Count) + Theta] += rest;
            hessian[(Theta * Count) + B] += rest;
            hessian[^1] += rest * 2 * lnResponses[i] * place[B];
        }

        return double.IsNaN(value) ? double.PositiveInfinity : value;
    }

    /// <summary>Solves by Cholesky's factors in the free coordinates; a direction that the data leave flat gets nothing.</summary>
    /// <returns>The solution; null for a matrix that is not positive definite where it has to be.</returns>
    private double[]? SolveFree(double[] matrix, double[] right, bool hasToBeDefinite)
    {
        var factor = new double[Count * Count];
        var solved = new double[Count];
        for (int j = 0; j < Count; j++)
        {
            double diagonal = matrix[(j * Count) + j];
            double rest = diagonal;
            for (int m = 0; m < j; m++)
            {
                rest -= factor[(j * Count) + m] * factor[(j * Count) + m];
            }

            if (!IsFree(j))
            {
                continue;
            }

            if (!(rest > FlatBelow * Math.Abs(diagonal)))
            {
                if (hasToBeDefinite)
                {
                    return null;
                }

                continue;
            }

            double root = Math.Sqrt(rest);
            factor[(j * Count) + j] = root;
            double own = right[j];
            for (int m = 0; m < j; m++)
            {
                own -= factor[(j * Count) + m] * solved[m];
            }

            solved[j] = own / root;
            for (int i = j + 1; i < Count; i++)
            {
                double entry = matrix[(i * Count) + j];
                for (int m = 0; m < j; m++)
                {
                    entry -= factor[(i * Count) + m] * factor[(j * Count) + m];
                }

                factor[(i * Count) + j] = IsFree(i) ? entry / root : 0;
            }
        }

        for (int j = Count - 1; j >= 0; j--)
        {
            double root = factor[(j * Count) + j];
            double own = solved[j];
            for (int i = j + 1; i < Count; i++)
            {
                own -= factor[(i * Count) + j] * solved[i];
            }

            solved[j] = root > 0 ? own / root : 0;
        }

        return solved;
    }
}
