using System.Runtime.CompilerServices;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>Where a descent ended.</summary>
internal struct LogisticMinimum
{
    public LogisticPlace Place;
    public LogisticPoint Point;
    public FitTermination Termination;
    public int EvaluationCount;
}

/// <summary>One descent from one start: Newton's method on the projected sum of squares, damped as Levenberg and Marquardt do.</summary>
/// <remarks>
/// Step d from (M + damping diag A) d = -dF, M the exact second derivatives where they are positive definite, else the Gauss-Newton matrix A; coordinates
/// on a bound of the box are held while the gradient points outwards. Near a minimum the exact matrix makes the digits double with every step.
/// Stop: for every active coordinate the cosine between residual and projected Jacobian column, |D_k| / sqrt(A_kk sum of squares), is at most
/// 1e-9, A_kk being taken as 1e-6 of the sum of squares at least; or, where rounding lets no step improve on it, 1e-7, or 1e-9 of the column before
/// projection and the rounding of the residuals; or the residuals are rounding.
/// Source: K. Madsen, H. Nielsen, O. Tingleff (2004), Methods for Non-Linear Least Squares Problems, section 3.2.
/// </remarks>
internal static class LogisticDescent
{
    /// <summary>Cosine at which a descent ends.</summary>
    public const double TightCosine = 1e-9;

    /// <summary>Cosine that is accepted where rounding ends the descent.</summary>
    public const double Cosine = 1e-7;

    /// <summary>Cosine with the whole column that is accepted there too; and rounding of a residual, over the responses.</summary>
    private const double RawCosine = 1e-9;
    private const double RawRounding = 2e-15;

    /// <summary>Sum of squares, relative to that of the responses, below which the residual is rounding.</summary>
    public const double ExactFit = 1e-26;

    /// <summary>Relative error of a sum of squares by rounding.</summary>
    public const double Rounding = 4e-15;

    /// <summary>Squared length of a column, over the sum of squares, below which a coordinate counts as flat: its cosine is then taken as if the column had
    /// this length, because the direction of next to nothing says nothing.</summary>
    public const double FlatColumn = 1e-6;

    public const double FirstDamping = 1e-2;
    private const double LargestDamping = 1e12;
    public const double LeastDamping = 1e-15;
    private const double SmallestMove = 1e-14;

    /// <summary>Largest change in one step: factors of e.</summary>
    public const double SteepnessStep = 1.2;
    public const double MiddleStep = 3;
    public const double AsymmetryStep = 1.5;

    /// <summary>Evaluations after which trials that fail are led back to the floor of a valley.</summary>
    private const int PatienceWithValleys = 12;
    private const int CorrectionLimit = 4;
    private const double CorrectionDamping = 1e-4;

    /// <summary>Distance within which a descent is in the basin of a minimum that was found before.</summary>
    public const double SameBasin = 0.03;

    /// <summary>Descends.</summary>
    /// <param name="table">Rows, centred.</param>
    /// <param name="space">Box.</param>
    /// <param name="branch">How the curve runs.</param>
    /// <param name="start">Where to begin, in the box.</param>
    /// <param name="known">Minima of the same branch that were found before; running into one ends the descent.</param>
    /// <param name="evaluationLimit">Most evaluations.</param>
    /// <param name="result">Receives the end.</param>
    /// <returns>False where the descent ran into a known minimum, or began where the amplitude has the wrong sign.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(
        in LevelTable table, in LogisticSpace space, in LogisticBranch branch, in LogisticPlace start, ReadOnlySpan<LogisticPlace> known,
        int evaluationLimit, out LogisticMinimum result)
    {
        result = new LogisticMinimum { Place = start, EvaluationCount = 1 };
        LogisticPoint spare = default;
        ref LogisticPoint current = ref result.Point, trialPoint = ref spare;
        LogisticKernel.Evaluate(table, branch, space.ShapeAt(start), start.Middle, space.IsUnit, out current);
        if (!IsRight(current, branch))
        {
            return false;
        }

        (double damping, LogisticPlace place, FitTermination termination) = (FirstDamping, start, FitTermination.Converged);
        while (true)
        {
            var active = Active.At(space, place, current);
            if (active.IsStationary(current, TightCosine) || current.SumOfSquares <= ExactFit * table.RawSquares)
            {
                break;
            }

            if (result.EvaluationCount >= evaluationLimit)
            {
                termination = active.IsStationary(current, Cosine) ? FitTermination.Converged : FitTermination.IterationLimit;
                break;
            }

            bool isNewton = active.TryStep(current, damping, out LogisticPlace step, out double predicted);
            double length = Math.Max(Math.Abs(step.Steepness) / SteepnessStep, Math.Max(Math.Abs(step.Middle) / MiddleStep, Math.Abs(step.LnAsymmetry) / AsymmetryStep));
            LogisticPlace trial = place.Add(step, length > 1 ? 1 / length : 1).Clamp(space.Minimum, space.Maximum);
            LogisticKernel.Evaluate(table, branch, space.ShapeAt(trial), trial.Middle, space.IsUnit, out trialPoint);
            result.EvaluationCount++;
            double gain = current.SumOfSquares - trialPoint.SumOfSquares;
            double noise = Rounding * (current.SumOfSquares + Math.Sqrt(current.SumOfSquares * table.RawSquares));
            bool isBetter = gain > noise
                || (gain >= -noise && Active.At(space, trial, trialPoint).LargestCosine2(trialPoint) < active.LargestCosine2(current));
            bool isFollowed = !isBetter && predicted > noise && space.IsMiddleFree && result.EvaluationCount > PatienceWithValleys
                && Follow(table, space, branch, current.SumOfSquares - noise, ref trial, ref trialPoint, ref result.EvaluationCount);
            if ((isBetter || isFollowed) && IsRight(trialPoint, branch))
            {
                bool isQuadratic = isNewton && length <= 1 && gain > 0.9 * predicted && gain < 1.1 * predicted;
                damping = Math.Max(isQuadratic ? damping * 1e-3 : isFollowed ? damping * 0.5 : gain > 0.25 * predicted ? damping * 0.2 : damping * 2, LeastDamping);
                place = trial;
                ref LogisticPoint last = ref current;
                current = ref trialPoint;
                trialPoint = ref last;
                if (IsKnown(trial, known))
                {
                    return false;
                }
            }
            else if (predicted <= noise || damping > LargestDamping || trial.DistanceTo(place) < SmallestMove)
            {
                bool isEnd = active.IsStationary(current, Cosine) || active.IsRounding(current, table.RawSquares);
                termination = isEnd ? FitTermination.Converged : FitTermination.Stalled;
                break;
            }
            else
            {
                damping = Math.Max(damping * 8, 1e-6);
            }
        }

        result.Place = place;
        result.Point = current;
        result.Termination = termination == FitTermination.Converged && IsAtBound(space, place) ? FitTermination.ConvergedAtBound : termination;
        return true;
    }

    /// <summary>Brings a trial that left a narrow bent valley back to its floor, with the asymmetry held where the step put it, or the steepness of a 4PL.</summary>
    /// <remarks>Where the residuals are small, all asymmetries fit nearly alike, each with its own steepness and middle; and all steps do whose middle
    /// fits. Straight steps along such a valley are short; a long step and a correction across follow its bend.</remarks>
    /// <returns>Whether the trial became better than a sum of squares.</returns>
    private static bool Follow(
        in LevelTable table, in LogisticSpace space, in LogisticBranch branch, double sumOfSquares, ref LogisticPlace trial, ref LogisticPoint point, ref int evaluationCount)
    {
        for (int i = 0; i < CorrectionLimit && IsRight(point, branch); i++)
        {
            var across = new Active(space.IsAsymmetryFree && space.IsSteepnessFree, space.IsMiddleFree, false);
            across.TryStep(point, CorrectionDamping, out LogisticPlace step, out _);
            double length = Math.Max(Math.Abs(step.Steepness) / SteepnessStep, Math.Abs(step.Middle) / MiddleStep);
            LogisticPlace next = trial.Add(step, length > 1 ? 1 / length : 1).Clamp(space.Minimum, space.Maximum);
            LogisticKernel.Evaluate(table, branch, space.ShapeAt(next), next.Middle, space.IsUnit, out LogisticPoint nextPoint);
            evaluationCount++;
            if (!(nextPoint.SumOfSquares < point.SumOfSquares))
            {
                return false;
            }

            (trial, point) = (next, nextPoint);
            if (point.SumOfSquares < sumOfSquares)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a free coordinate is on a bound of the box.</summary>
    public static bool IsAtBound(in LogisticSpace space, in LogisticPlace place) =>
        (space.IsSteepnessFree && IsAtBound(place.Steepness, space.Minimum.Steepness, space.Maximum.Steepness))
        || (space.IsMiddleFree && IsAtBound(place.Middle, space.Minimum.Middle, space.Maximum.Middle))
        || (space.IsAsymmetryFree && IsAtBound(place.LnAsymmetry, space.Minimum.LnAsymmetry, space.Maximum.LnAsymmetry));

    /// <summary>Whether a coordinate is on the bound of its range.</summary>
    public static bool IsAtBound(double value, double minimum, double maximum) => value <= minimum || value >= maximum;

    private static bool IsRight(in LogisticPoint point, in LogisticBranch branch) =>
        point.Amplitude * branch.AmplitudeSign > 0 && double.IsFinite(point.SumOfSquares);

    private static bool IsKnown(in LogisticPlace place, ReadOnlySpan<LogisticPlace> known)
    {
        foreach (ref readonly LogisticPlace minimum in known)
        {
            if (place.DistanceTo(minimum) < SameBasin)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Which coordinates may move: free, and not pushed against a bound.</summary>
    private readonly struct Active(bool steepness, bool middle, bool asymmetry)
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static Active At(in LogisticSpace space, in LogisticPlace place, in LogisticPoint point) => new(
            space.IsSteepnessFree && MayMove(place.Steepness, space.Minimum.Steepness, space.Maximum.Steepness, point.D0),
            space.IsMiddleFree && MayMove(place.Middle, space.Minimum.Middle, space.Maximum.Middle, point.D1),
            space.IsAsymmetryFree && MayMove(place.LnAsymmetry, space.Minimum.LnAsymmetry, space.Maximum.LnAsymmetry, point.D2));

        /// <summary>Whether the cosine between the residual and the column of every active coordinate is at most a limit.</summary>
        public bool IsStationary(in LogisticPoint point, double cosine)
        {
            double floor = FlatColumn * point.SumOfSquares, limit = cosine * cosine * point.SumOfSquares;
            return (!steepness || point.D0 * point.D0 <= limit * Math.Max(point.A00, floor))
                && (!middle || point.D1 * point.D1 <= limit * Math.Max(point.A11, floor))
                && (!asymmetry || point.D2 * point.D2 <= limit * Math.Max(point.A22, floor));
        }

        /// <summary>Square of the largest cosine between the residual and the column of an active coordinate.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double LargestCosine2(in LogisticPoint point)
        {
            double floor = Math.Max(FlatColumn * point.SumOfSquares, double.Epsilon);
            double largest = 0;
            largest = steepness ? Math.Max(largest, point.D0 * point.D0 / Math.Max(point.A00, floor)) : largest;
            largest = middle ? Math.Max(largest, point.D1 * point.D1 / Math.Max(point.A11, floor)) : largest;
            largest = asymmetry ? Math.Max(largest, point.D2 * point.D2 / Math.Max(point.A22, floor)) : largest;
            return point.SumOfSquares > 0 ? largest / point.SumOfSquares : 0;
        }

        /// <summary>Whether the gradient is no more than the rounding of what it is a sum of: whole columns, before the asymptotes take most of them where
        /// the points show little of a curve, times residuals, which carry the rounding of the responses.</summary>
        public bool IsRounding(in LogisticPoint point, double rawSquares)
        {
            double least = (RawCosine * RawCosine * point.SumOfSquares) + (RawRounding * RawRounding * rawSquares);
            return !(steepness && point.D0 * point.D0 > point.R00 * least)
                && !(middle && point.D1 * point.D1 > point.R11 * least)
                && !(asymmetry && point.D2 * point.D2 > point.R22 * least);
        }

        /// <summary>The damped step and the fall of the sum of squares that it predicts; true when it is Newton's.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool TryStep(in LogisticPoint point, double damping, out LogisticPlace step, out double predicted)
        {
            bool isNewton = Solve(point, damping, 1, out step, out predicted);
            if (!isNewton)
            {
                Solve(point, damping, 0, out step, out predicted);
            }

            return isNewton;
        }

        /// <summary>Solves (A - part S + damping diag A) step = D over the active coordinates by L D L'; false when a pivot is not positive.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private bool Solve(in LogisticPoint point, double damping, double part, out LogisticPlace step, out double predicted)
        {
            double a00 = steepness && point.A00 > 0 ? point.A00 : 1, a11 = middle && point.A11 > 0 ? point.A11 : 1, a22 = asymmetry && point.A22 > 0 ? point.A22 : 1;
            double m00 = steepness ? a00 - (part * point.S00) + (damping * a00) : 1;
            double m11 = middle ? a11 - (part * point.S11) + (damping * a11) : 1;
            double m22 = asymmetry ? a22 - (part * point.S22) + (damping * a22) : 1;
            double m10 = steepness && middle ? point.A10 - (part * point.S10) : 0;
            double m20 = steepness && asymmetry ? point.A20 - (part * point.S20) : 0;
            double m21 = middle && asymmetry ? point.A21 - (part * point.S21) : 0;
            double d0 = steepness ? point.D0 : 0, d1 = middle ? point.D1 : 0, d2 = asymmetry ? point.D2 : 0;

            double l10 = m10 / m00, l20 = m20 / m00;
            double p1 = m11 - (l10 * m10), t21 = m21 - (l20 * m10), l21 = t21 / p1;
            double p2 = m22 - (l20 * m20) - (l21 * t21);
            double z1 = d1 - (l10 * d0), z2 = d2 - (l20 * d0) - (l21 * z1);
            double least = part > 0 ? 1e-6 : 0;
            bool isDefinite = m00 > least * a00 && p1 > least * least * a11 && p2 > least * least * a22;
            if (!isDefinite && part == 0)
            {
                // Rounding made the Gauss-Newton matrix singular: the steepest way, scaled.
                step = new LogisticPlace(d0 / (a00 * (1 + damping)), d1 / (a11 * (1 + damping)), d2 / (a22 * (1 + damping)));
            }
            else
            {
                double s2 = z2 / p2, s1 = (z1 / p1) - (l21 * s2);
                step = new LogisticPlace((d0 / m00) - (l10 * s1) - (l20 * s2), s1, s2);
            }

            predicted = (step.Steepness * d0) + (step.Middle * d1) + (step.LnAsymmetry * d2);
            return isDefinite && double.IsFinite(predicted);
        }

        private static bool MayMove(double value, double minimum, double maximum, double descent) =>
            !(value <= minimum && descent <= 0) && !(value >= maximum && descent >= 0);
    }
}
