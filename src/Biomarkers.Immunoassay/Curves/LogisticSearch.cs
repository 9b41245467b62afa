namespace Biomarkers.Immunoassay.Curves;

/// <summary>One descent from one start; see <see cref="LogisticSolver"/> for the method.</summary>
internal sealed class LogisticSearch
{
    /// <summary>Largest change of a coordinate in one step: a factor of e in steepness, middle or asymmetry.</summary>
    private const double LargestStep = 1;

    /// <summary>Cosine between residual and Jacobian column below which the gradient has vanished.</summary>
    private const double CosineTolerance = 1e-7;

    /// <summary>Sum of squares, relative to that of the targets, below which the residual is rounding.</summary>
    private const double ExactFit = 1e-26;

    /// <summary>Gauss-Newton steps after which the second derivatives are taken in: where the residuals are large and the model bends, they
    /// make the difference between a crawl and a few steps.</summary>
    private const int GaussNewtonLimit = 12;

    /// <summary>Half width of the differences of the gradient that give the second derivatives.</summary>
    private const double DifferenceWidth = 1e-4;

    /// <summary>Distance in the coordinates within which a descent is in the basin of a minimum that was found before.</summary>
    private const double SameMinimum = 1e-3;

    private const int PolishLimit = 60;

    private readonly int iterationLimit;
    private readonly double[] place;
    private readonly double[] trial = new double[LogisticCoordinates.Count];
    private readonly double[] step = new double[LogisticCoordinates.Count];
    private readonly double[,] normal = new double[LogisticCoordinates.Count, LogisticCoordinates.Count];
    private readonly double[,] curvature = new double[LogisticCoordinates.Count, LogisticCoordinates.Count];
    private readonly double[] columnSquares = new double[LogisticCoordinates.Count];
    private readonly double[] gradient = new double[LogisticCoordinates.Count];
    private readonly bool[] isActive = new bool[LogisticCoordinates.Count];

    /// <summary>Makes a descent.</summary>
    public LogisticSearch(LogisticProjection projection, double[] start, int iterationLimit)
    {
        Projection = projection;
        place = [.. start];
        this.iterationLimit = iterationLimit;
    }

    /// <summary>The function that is minimised.</summary>
    public LogisticProjection Projection { get; }

    /// <summary>Where the descent ended.</summary>
    public ReadOnlySpan<double> Place => place;

    /// <summary>Sum of squares at <see cref="Place"/>.</summary>
    public double SumOfSquares { get; private set; }

    /// <summary>Lower asymptote at <see cref="Place"/>.</summary>
    public double Lower { get; private set; }

    /// <summary>Upper less lower asymptote at <see cref="Place"/>.</summary>
    public double Amplitude { get; private set; }

    /// <summary>Steps that were computed.</summary>
    public int IterationCount { get; private set; }

    /// <summary>Why the descent ended.</summary>
    public FitTermination Termination { get; private set; }

    /// <summary>Descends.</summary>
    /// <param name="finished">Earlier descents, each at a minimum.</param>
    /// <returns>False when this descent ran into an earlier one's minimum, and so has nothing to add.</returns>
    public bool Run(IReadOnlyList<LogisticSearch> finished)
    {
        SumOfSquares = Projection.SumOfSquaresAt(place);
        Linearise();
        bool isLimited = !Descend(finished);
        if (finished.Any(IsSameAs))
        {
            return false;
        }

        if (!isLimited)
        {
            Polish();
        }

        Lower = Projection.Lower;
        Amplitude = Projection.Amplitude;
        Termination = (IsStationary(), isLimited, NamesAtBound().Count > 0) switch
        {
            (true, _, false) => FitTermination.Converged,
            (true, _, true) => FitTermination.ConvergedAtBound,
            (false, true, _) => FitTermination.IterationLimit,
            _ => FitTermination.Stalled,
        };
        return true;
    }

    /// <summary>Parameters whose coordinate ended on its bound.</summary>
    public IReadOnlyList<string> NamesAtBound()
    {
        string[] names = [CurveParameters.Slope, CurveParameters.Inflection, CurveParameters.Asymmetry];
        LogisticCoordinates c = Projection.Coordinates;
        return [.. names.Where((_, k) => c.IsFree[k] && (place[k] <= c.Minimum[k] || place[k] >= c.Maximum[k]))];
    }

    /// <summary>Levenberg-Marquardt until the sum of squares says no more; false at the limit of iterations.</summary>
    private bool Descend(IReadOnlyList<LogisticSearch> finished)
    {
        double damping = 1e-3;
        while (!IsExact())
        {
            if (IterationCount >= iterationLimit)
            {
                Restore();
                return false;
            }

            IterationCount++;
            Step(damping);
            double moved = MoveTrial();
            double sum = Projection.SumOfSquaresAt(trial);
            if (sum < SumOfSquares)
            {
                double gain = (SumOfSquares - sum) / SumOfSquares;
                Accept(sum);
                damping = Math.Max(damping / 10, 1e-12);
                if (gain < 1e-13 || moved < 1e-8 || finished.Any(IsSameAs))
                {
                    return true;
                }
            }
            else
            {
                damping *= 10;
                if (moved < 1e-9 || damping > 1e15)
                {
                    Restore();
                    return true;
                }
            }
        }

        return true;
    }

    private bool IsSameAs(LogisticSearch other)
    {
        double distance = 0;
        for (int k = 0; k < LogisticCoordinates.Count; k++)
        {
            distance = Math.Max(distance, Math.Abs(place[k] - other.place[k]));
        }

        return other.Projection == Projection && other.Termination == FitTermination.Converged && distance < SameMinimum;
    }

    /// <summary>Undamped steps while they shrink.</summary>
    private void Polish()
    {
        double previous = 1e-2;
        for (int i = 0; i < PolishLimit && IterationCount < iterationLimit; i++)
        {
            Step(0);
            double moved = MoveTrial();
            if (!(moved < previous))
            {
                return;
            }

            double sum = Projection.SumOfSquaresAt(trial);
            if (!(sum <= SumOfSquares * (1 + 1e-12)))
            {
                Restore();
                return;
            }

            IterationCount++;
            Accept(sum);
            previous = moved;
            if (moved < 1e-15)
            {
                return;
            }
        }
    }

    private void Accept(double sum)
    {
        trial.CopyTo(place, 0);
        SumOfSquares = sum;
        Linearise();
    }

    private void Restore() => SumOfSquares = Projection.SumOfSquaresAt(place);

    private bool IsExact() => SumOfSquares <= ExactFit * Projection.TargetSquares;

    private void Linearise()
    {
        Projection.Differentiate(place);
        LogisticCoordinates c = Projection.Coordinates;
        for (int k = 0; k < LogisticCoordinates.Count; k++)
        {
            gradient[k] = Projection.Dot(Projection.Columns[k], Projection.Residuals);
            for (int j = 0; j <= k; j++)
            {
                normal[k, j] = normal[j, k] = Projection.Dot(Projection.Columns[k], Projection.Columns[j]);
            }

            columnSquares[k] = normal[k, k];

            // The gradient here is that of descent: positive means that a larger coordinate fits better.
            isActive[k] = c.IsFree[k]
                && !(place[k] <= c.Minimum[k] && gradient[k] < 0)
                && !(place[k] >= c.Maximum[k] && gradient[k] > 0);
        }

        if (IterationCount >= GaussNewtonLimit && !IsExact())
        {
            TakeInSecondDerivatives();
        }
    }

    /// <summary>Replaces the normal matrix by half the matrix of second derivatives, by central differences of the exact gradient, where
    /// that is positive definite.</summary>
    private void TakeInSecondDerivatives()
    {
        const int n = LogisticCoordinates.Count;
        Span<double> moved = stackalloc double[n];
        for (int k = 0; k < n; k++)
        {
            for (int side = -1; isActive[k] && side <= 1; side += 2)
            {
                place.CopyTo(moved);
                moved[k] += side * DifferenceWidth;
                Projection.SumOfSquaresAt(moved);
                Projection.Differentiate(moved);
                for (int j = 0; j < n; j++)
                {
                    double derivative = Projection.Dot(Projection.Columns[j], Projection.Residuals);
                    curvature[k, j] = side < 0 ? derivative : (curvature[k, j] - derivative) / (2 * DifferenceWidth);
                }
            }
        }

        Projection.SumOfSquaresAt(place);
        Projection.Differentiate(place);
        for (int k = 0; k < n; k++)
        {
            for (int j = 0; j < k; j++)
            {
                double mean = (curvature[k, j] + curvature[j, k]) / 2;
                curvature[k, j] = curvature[j, k] = isActive[k] && isActive[j] ? mean : 0;
            }
        }

        if (IsPositiveDefinite(curvature))
        {
            Array.Copy(curvature, normal, curvature.Length);
        }
    }

    /// <summary>Whether all pivots of the active coordinates are positive.</summary>
    private bool IsPositiveDefinite(double[,] matrix)
    {
        double a = isActive[0] ? matrix[0, 0] : 1;
        double b = isActive[1] ? matrix[1, 1] : 1;
        double c = isActive[2] ? matrix[2, 2] : 1;
        double minor = (a * b) - (matrix[0, 1] * matrix[0, 1]);
        double determinant = (c * minor) - (a * matrix[1, 2] * matrix[1, 2]) - (b * matrix[0, 2] * matrix[0, 2])
            + (2 * matrix[0, 1] * matrix[0, 2] * matrix[1, 2]);
        return a > 0 && minor > 0 && determinant > 1e-13 * a * b * c;
    }

    private bool IsStationary()
    {
        if (IsExact())
        {
            return true;
        }

        for (int k = 0; k < LogisticCoordinates.Count; k++)
        {
            if (isActive[k] && !(Math.Abs(gradient[k]) <= CosineTolerance * Math.Sqrt(columnSquares[k] * SumOfSquares)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Solves (A + damping diag A) step = gradient over the active coordinates by Cholesky on the scaled matrix.</summary>
    private void Step(double damping)
    {
        const int n = LogisticCoordinates.Count;
        Span<double> scale = stackalloc double[n];
        Span<double> factor = stackalloc double[n * n];
        Span<double> y = stackalloc double[n];
        for (int k = 0; k < n; k++)
        {
            step[k] = 0;
            scale[k] = isActive[k] && normal[k, k] > 0 ? 1 / Math.Sqrt(normal[k, k]) : 0;
        }

        for (int k = 0; k < n; k++)
        {
            for (int j = 0; j <= k; j++)
            {
                double sum = j == k ? 1 + damping + 1e-15 : normal[k, j] * scale[k] * scale[j];
                for (int i = 0; i < j; i++)
                {
                    sum -= factor[(k * n) + i] * factor[(j * n) + i];
                }

                factor[(k * n) + j] = j == k ? Math.Sqrt(Math.Max(sum, 1e-15)) : sum / factor[(j * n) + j];
            }

            double right = gradient[k] * scale[k];
            for (int i = 0; i < k; i++)
            {
                right -= factor[(k * n) + i] * y[i];
            }

            y[k] = right / factor[(k * n) + k];
        }

        for (int k = n - 1; k >= 0; k--)
        {
            double sum = y[k];
            for (int i = k + 1; i < n; i++)
            {
                sum -= factor[(i * n) + k] * step[i];
            }

            step[k] = sum / factor[(k * n) + k];
        }

        for (int k = 0; k < n; k++)
        {
            step[k] *= scale[k];
        }
    }

    /// <summary>Puts the trial one step away, within the box and the largest step; gives the largest change.</summary>
    private double MoveTrial()
    {
        LogisticCoordinates c = Projection.Coordinates;
        double largest = Math.Max(Math.Abs(step[0]), Math.Max(Math.Abs(step[1]), Math.Abs(step[2])));
        double factor = largest > LargestStep ? LargestStep / largest : 1;
        double moved = 0;
        for (int k = 0; k < LogisticCoordinates.Count; k++)
        {
            trial[k] = c.IsFree[k] ? Math.Clamp(place[k] + (factor * step[k]), c.Minimum[k], c.Maximum[k]) : place[k];
            moved = Math.Max(moved, Math.Abs(trial[k] - place[k]));
        }

        return moved;
    }
}
