using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <content>Taking or leaving eight trials, and the next steps.</content>
internal readonly ref partial struct LogisticLanes
{
    /// <summary>Evaluations after which a lane gives up: what needs more follows a valley.</summary>
    private const double EvaluationLimit = 40;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (ulong AtMinimum, ulong Failed, ulong AtKnown) Decide(in LanePoint trial)
    {
        Vector512<double> zero = Vector512<double>.Zero, one = Vector512<double>.One;
        Vector512<double> sum = Get(Row.SumOfSquares), damping = Get(Row.Damping), predicted = Get(Row.Predicted), raw = Get(Row.RawSquares);
        Vector512<double> isFirst = Vector512.Equals(Get(Row.Evaluations), zero);
        Vector512<double> isRight = Vector512.GreaterThan(trial.Amplitude * Get(Row.AmplitudeSign), zero);
        Vector512<double> gain = sum - trial.SumOfSquares;
        Vector512<double> noise = Vector512.Create(LogisticDescent.Rounding) * (sum + Vector512.Sqrt(sum * raw));
        Vector512<double> isBetter = (isFirst | Vector512.GreaterThan(gain, noise)) & isRight;
        Vector512<double> isLevel = ~isBetter & isRight & Vector512.GreaterThanOrEqual(gain, -noise);
        Vector512<double> isTaken = isBetter | isLevel;

        Vector512<double> isQuadratic = Vector512.GreaterThan(gain, predicted * Vector512.Create(0.9)) & Vector512.LessThan(gain, predicted * Vector512.Create(1.1));
        Vector512<double> factor = Vector512.ConditionalSelect(isQuadratic, Vector512.Create(1e-3), Vector512.ConditionalSelect(
            Vector512.GreaterThan(gain, predicted * Vector512.Create(0.25)), Vector512.Create(0.2), Vector512.Create(2.0)));
        factor = Vector512.ConditionalSelect(isFirst, one, factor);
        Vector512<double> lower = Vector512.Max(damping * factor, Vector512.Create(LogisticDescent.LeastDamping));
        Vector512<double> higher = Vector512.Max(damping * Vector512.Create(8.0), Vector512.Create(1e-6));
        Set(Row.Damping, Vector512.ConditionalSelect(isTaken, lower, higher));
        Take(trial, isTaken);

        Vector512<double> evaluations = Get(Row.Evaluations) + one;
        Set(Row.Evaluations, evaluations);
        Vector512<double> cosine2 = Cosine2();
        Vector512<double> isExact = Vector512.LessThanOrEqual(Get(Row.SumOfSquares), raw * Vector512.Create(LogisticDescent.ExactFit));
        Vector512<double> isMinimum = Vector512.LessThanOrEqual(cosine2, Vector512.Create(LogisticDescent.TightCosine * LogisticDescent.TightCosine)) | isExact;
        Vector512<double> isOver = (~isTaken & Vector512.LessThanOrEqual(predicted, noise)) | (isLevel & ~isFirst)
            | Vector512.GreaterThanOrEqual(evaluations, Vector512.Create(EvaluationLimit)) | (isFirst & ~isTaken);
        isMinimum |= isOver & isTaken & Vector512.LessThanOrEqual(cosine2, Vector512.Create(LogisticDescent.Cosine * LogisticDescent.Cosine));
        MakeTrials();
        Vector512<double> isKnown = Near(Row.Steepness, Row.KnownSteepness) & Near(Row.Middle, Row.KnownMiddle) & Near(Row.LnAsymmetry, Row.KnownLnAsymmetry);
        return (
            Vector512.ExtractMostSignificantBits(isMinimum), Vector512.ExtractMostSignificantBits(isOver & ~isMinimum), Vector512.ExtractMostSignificantBits(isKnown));
    }

    private Vector512<double> Near(Row place, Row known) =>
        Vector512.LessThan(Vector512.Abs(Get(place) - Get(known)), Vector512.Create(LogisticDescent.SameBasin));

    /// <summary>Moves lanes to their trials.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(in LanePoint trial, Vector512<double> where)
    {
        Set(Row.Steepness, Get(Row.TrialSteepness), where);
        Set(Row.Middle, Get(Row.TrialMiddle), where);
        Set(Row.LnAsymmetry, Get(Row.TrialLnAsymmetry), where);
        Set(Row.SumOfSquares, trial.SumOfSquares, where);
        Set(Row.Amplitude, trial.Amplitude, where);
        Set(Row.Mean, trial.Mean, where);
        Set(Row.D0, trial.D0, where);
        Set(Row.D1, trial.D1, where);
        Set(Row.D2, trial.D2, where);
        Set(Row.A00, trial.A00, where);
        Set(Row.A10, trial.A10, where);
        Set(Row.A11, trial.A11, where);
        Set(Row.A20, trial.A20, where);
        Set(Row.A21, trial.A21, where);
        Set(Row.A22, trial.A22, where);
        Set(Row.S00, trial.S00, where);
        Set(Row.S10, trial.S10, where);
        Set(Row.S11, trial.S11, where);
        Set(Row.S20, trial.S20, where);
        Set(Row.S21, trial.S21, where);
        Set(Row.S22, trial.S22, where);
    }

    /// <summary>Which coordinates may move: free, and not pushed against a bound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Free Active()
    {
        Vector512<double> bound = Vector512.Create(LogisticSpace.LnAsymmetryBound);
        return new Free
        {
            Steepness = MayMove(Get(Row.Steepness), Get(Row.MinimumSteepness), Get(Row.MaximumSteepness), Get(Row.D0)),
            Middle = MayMove(Get(Row.Middle), Get(Row.MinimumMiddle), Get(Row.MaximumMiddle), Get(Row.D1)),
            Asymmetry = isUnit ? Vector512<double>.Zero : MayMove(Get(Row.LnAsymmetry), -bound, bound, Get(Row.D2)),
        };

        static Vector512<double> MayMove(Vector512<double> value, Vector512<double> minimum, Vector512<double> maximum, Vector512<double> descent) =>
            ~((Vector512.LessThanOrEqual(value, minimum) & Vector512.LessThanOrEqual(descent, Vector512<double>.Zero))
                | (Vector512.GreaterThanOrEqual(value, maximum) & Vector512.GreaterThanOrEqual(descent, Vector512<double>.Zero)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector512<double> Cosine2()
    {
        Free free = Active();
        Vector512<double> sum = Get(Row.SumOfSquares), floor = Vector512.Max(sum * Vector512.Create(LogisticDescent.FlatColumn), Vector512.Create(double.Epsilon));
        Vector512<double> largest = Ratio(Row.D0, Row.A00, floor) & free.Steepness;
        largest = Vector512.Max(largest, Ratio(Row.D1, Row.A11, floor) & free.Middle);
        largest = isUnit ? largest : Vector512.Max(largest, Ratio(Row.D2, Row.A22, floor) & free.Asymmetry);
        return largest / sum;
    }

    private Vector512<double> Ratio(Row descent, Row square, Vector512<double> floor) => Get(descent) * Get(descent) / Vector512.Max(Get(square), floor);

    /// <summary>Damped Newton steps, or Gauss-Newton's where the exact matrix is not positive definite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MakeTrials()
    {
        Free free = Active();
        Vector512<double> one = Vector512<double>.One;
        Vector512<double> isNewton = Solve(free, one, out Vector512<double> s0, out Vector512<double> s1, out Vector512<double> s2);
        if (isNewton != Vector512<double>.AllBitsSet)
        {
            Solve(free, Vector512<double>.Zero, out Vector512<double> t0, out Vector512<double> t1, out Vector512<double> t2);
            s0 = Vector512.ConditionalSelect(isNewton, s0, t0);
            s1 = Vector512.ConditionalSelect(isNewton, s1, t1);
            s2 = Vector512.ConditionalSelect(isNewton, s2, t2);
        }

        Set(Row.Predicted, (s0 * (Get(Row.D0) & free.Steepness)) + (s1 * (Get(Row.D1) & free.Middle)) + (s2 * (Get(Row.D2) & free.Asymmetry)));
        Vector512<double> length = Vector512.Max(one, Vector512.Abs(s0) * Vector512.Create(1 / LogisticDescent.SteepnessStep));
        length = Vector512.Max(length, Vector512.Abs(s1) * Vector512.Create(1 / LogisticDescent.MiddleStep));
        length = Vector512.Max(length, Vector512.Abs(s2) * Vector512.Create(1 / LogisticDescent.AsymmetryStep));
        Vector512<double> factor = one / length, bound = Vector512.Create(LogisticSpace.LnAsymmetryBound);
        Set(Row.TrialSteepness, Clamp(Get(Row.Steepness) + (factor * s0), Get(Row.MinimumSteepness), Get(Row.MaximumSteepness)));
        Set(Row.TrialMiddle, Clamp(Get(Row.Middle) + (factor * s1), Get(Row.MinimumMiddle), Get(Row.MaximumMiddle)));
        Set(Row.TrialLnAsymmetry, Clamp(Get(Row.LnAsymmetry) + (factor * s2), -bound, bound));
    }

    /// <summary>Solves (A - part S + damping diag A) step = D by L D L'; gives where all pivots are positive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector512<double> Solve(in Free free, Vector512<double> part, out Vector512<double> s0, out Vector512<double> s1, out Vector512<double> s2)
    {
        Vector512<double> growth = Vector512<double>.One + Get(Row.Damping);
        Vector512<double> d0 = Get(Row.D0) & free.Steepness, d1 = Get(Row.D1) & free.Middle, d2 = Get(Row.D2) & free.Asymmetry;
        Vector512<double> a00 = Diagonal(Row.A00, free.Steepness), a11 = Diagonal(Row.A11, free.Middle), a22 = Diagonal(Row.A22, free.Asymmetry);
        Vector512<double> m00 = (a00 * growth) - (part * Get(Row.S00) & free.Steepness), m11 = (a11 * growth) - (part * Get(Row.S11) & free.Middle);
        Vector512<double> m22 = (a22 * growth) - (part * Get(Row.S22) & free.Asymmetry);
        Vector512<double> m10 = (Get(Row.A10) - (part * Get(Row.S10))) & free.Steepness & free.Middle;
        Vector512<double> m20 = (Get(Row.A20) - (part * Get(Row.S20))) & free.Steepness & free.Asymmetry;
        Vector512<double> m21 = (Get(Row.A21) - (part * Get(Row.S21))) & free.Middle & free.Asymmetry;
        Vector512<double> l10 = m10 / m00, l20 = m20 / m00;
        Vector512<double> p1 = m11 - (l10 * m10), t21 = m21 - (l20 * m10), l21 = t21 / p1, p2 = m22 - (l20 * m20) - (l21 * t21);
        Vector512<double> z1 = d1 - (l10 * d0), z2 = d2 - (l20 * d0) - (l21 * z1), least = Vector512.Create(1e-12);
        s2 = z2 / p2;
        s1 = (z1 / p1) - (l21 * s2);
        s0 = (d0 / m00) - (l10 * s1) - (l20 * s2);
        return Vector512.GreaterThan(m00, a00 * Vector512.Create(1e-6)) & Vector512.GreaterThan(p1, least * a11) & Vector512.GreaterThan(p2, least * a22);
    }

    private Vector512<double> Diagonal(Row row, Vector512<double> isActive) =>
        Vector512.ConditionalSelect(isActive & Vector512.GreaterThan(Get(row), Vector512<double>.Zero), Get(row), Vector512<double>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Clamp(Vector512<double> value, Vector512<double> minimum, Vector512<double> maximum) =>
        Vector512.Min(Vector512.Max(value, minimum), maximum);

    private struct Free
    {
        public Vector512<double> Steepness, Middle, Asymmetry;
    }
}
