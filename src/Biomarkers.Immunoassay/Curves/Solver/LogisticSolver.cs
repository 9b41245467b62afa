using System.Buffers;
using System.Runtime.CompilerServices;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>What a logistic curve is fitted to, without an allocation.</summary>
public readonly ref struct LogisticProblem
{
    /// <summary>Family of the curve.</summary>
    public required LogisticFamily Family { get; init; }

    /// <summary>n finite concentrations in one unit, zero or more, in any order.</summary>
    public required ReadOnlySpan<double> Concentrations { get; init; }

    /// <summary>n finite responses.</summary>
    public required ReadOnlySpan<double> Responses { get; init; }

    /// <summary>n finite weights of more than 0; empty for weights of 1.</summary>
    public ReadOnlySpan<double> Weights { get; init; }

    /// <summary>Parameters that are held; by default none.</summary>
    public LogisticHolds Holds { get; init; }
}

/// <summary>The curve that was found. Check <see cref="IsUsable"/>.</summary>
public readonly record struct LogisticSummary
{
    /// <summary>Why the search ended.</summary>
    public FitTermination Termination { get; init; }

    /// <summary>Smaller asymptote, in the unit of the responses.</summary>
    public double LowerAsymptote { get; init; }

    /// <summary>Larger asymptote.</summary>
    public double UpperAsymptote { get; init; }

    /// <summary>Scale of the concentration, more than 0.</summary>
    public double Inflection { get; init; }

    /// <summary>Exponent of the concentration, negative for a rising curve.</summary>
    public double Slope { get; init; }

    /// <summary>Exponent of the bracket; 1 for a 4PL.</summary>
    public double Asymmetry { get; init; }

    /// <summary>Sum of w (y - f)^2 over all points.</summary>
    public double WeightedSumOfSquares { get; init; }

    /// <summary>Evaluations of the winning descent.</summary>
    public int EvaluationCount { get; init; }

    /// <summary>Whether slope, inflection and asymmetry ended on the bound of the box.</summary>
    public (bool Slope, bool Inflection, bool Asymmetry) AtBound { get; init; }

    /// <summary>Whether a minimum was reached.</summary>
    public bool IsUsable => Termination is FitTermination.Converged or FitTermination.ConvergedAtBound;
}

/// <summary>Finds the logistic curve with the least weighted sum of squares.</summary>
/// <remarks>
/// Objective: F = min over the asymptotes of sum w (y - f)^2, as a function of steepness, middle and ln asymmetry in a box (<see cref="LogisticShape"/>,
/// <see cref="LogisticSpace"/>). Starts: the best place of each asymmetry of a coarse grid (<see cref="LogisticGrid"/>); from each a descent
/// (<see cref="LogisticDescent"/>); the lowest minimum wins, the first of equals. Curves that run the other way than the points are sought too where the
/// points hardly say which way that is. The outcome depends on the points alone, to the last bit, on every processor.
/// The mathematics is written out in the README beside the folder of the curves.
/// </remarks>
public static class LogisticSolver
{
    /// <summary>Doubles that a fit takes from the stack; larger problems rent.</summary>
    private const int StackDoubles = 32 * LevelTable.DoublesPerRow;

    /// <summary>Most evaluations of one descent where nothing else is said.</summary>
    public const int EvaluationLimit = 100;

    /// <summary>Share of the squares that the better direction may leave before the other is sought as well.</summary>
    internal const double UnclearDirection = 0.3;

    /// <summary>Share of the scatter that a fit with one minimum leaves at most.</summary>
    internal const double ClearFit = 0.05;

    /// <summary>Ln asymmetry, ln 20, from which a curve may as well be a limiting form.</summary>
    internal const double LimitingForm = 3;

    /// <summary>Distance of ln steepness from its bound from which a descent that does not end may be creeping there.</summary>
    private const double NearBound = 2.5;

    /// <summary>Relative difference within which a curve on the bound is as good as the one that crept towards it.</summary>
    private const double SameSum = 1e-9;

    /// <summary>Finds the curve of one problem.</summary>
    /// <param name="problem">The points; at least one more distinct concentration than free parameters for a unique minimum.</param>
    /// <param name="evaluationLimit">Most evaluations of one descent, 1 or more.</param>
    /// <returns>The curve, with the reason why the search ended. A problem without a curve in the direction of its slope ends as stalled.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static LogisticSummary Solve(in LogisticProblem problem, int evaluationLimit = EvaluationLimit)
    {
        int length = LevelTable.MemoryFor(problem.Concentrations.Length);
        double[]? rented = length > StackDoubles ? ArrayPool<double>.Shared.Rent(length) : null;
        Span<double> memory = rented ?? stackalloc double[length];
        var table = LevelTable.Gather(problem.Concentrations, problem.Responses, problem.Weights, memory);
        LogisticSummary summary = Solve(ref table, problem.Family, problem.Holds, evaluationLimit);
        if (rented is not null)
        {
            ArrayPool<double>.Shared.Return(rented);
        }

        return summary;
    }

    /// <summary>Finds the curve of levels that were gathered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static LogisticSummary Solve(ref LevelTable table, LogisticFamily family, in LogisticHolds holds, int evaluationLimit)
    {
        double? lower = holds.LowerAsymptote / table.ResponseScale, upper = holds.UpperAsymptote / table.ResponseScale;
        table.Centre(lower ?? upper);
        var space = new LogisticSpace(family, holds, table.LnConcentrations, table.Count);
        if (double.IsNegativeInfinity(table.LnConcentrations[0]))
        {
            table.LnConcentrations.Replace(double.NegativeInfinity, space.PlaceOfZero);
        }

        int first = holds.Slope is { } slope ? Math.Sign(slope) : table.Direction;
        LogisticMinimum best = Search(table, space, LogisticBranch.Of(family, first, lower, upper), evaluationLimit);
        int direction = first;
        bool isUnclear = !(best.Point.SumOfSquares <= UnclearDirection * table.Scatter);
        if (isUnclear && holds.Slope is null)
        {
            LogisticMinimum other = Search(table, space, LogisticBranch.Of(family, -first, lower, upper), evaluationLimit);
            if (other.Point.SumOfSquares < best.Point.SumOfSquares)
            {
                (best, direction) = (other, -first);
            }
        }

        return Summarise(table.Scale, space, LogisticBranch.Of(family, direction, lower, upper), holds, best);
    }

    /// <summary>Descends from every start of one branch; an infinite sum of squares says that there was none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static LogisticMinimum Search(in LevelTable table, in LogisticSpace space, in LogisticBranch branch, int evaluationLimit)
    {
        Span<LogisticStart> starts = stackalloc LogisticStart[LogisticGrid.StartLimit];
        Span<LogisticPlace> known = stackalloc LogisticPlace[LogisticGrid.StartLimit];
        starts = starts[..LogisticGrid.Scan(table, space, branch, starts)];
        int count = 0;
        var best = new LogisticMinimum { Termination = FitTermination.Stalled };
        best.Point.SumOfSquares = double.PositiveInfinity;
        for (int i = 0; i < starts.Length; i++)
        {
            TakeLowest(starts[i..]);

            // A 4PL that fits well has one minimum only; where the points scatter much, or one lies far out, there may be others.
            bool isClear = !space.IsAsymmetryFree && best.Point.SumOfSquares < ClearFit * table.Scatter;
            if (isClear || !Descend(table, space, branch, starts[i].Place, known[..count], evaluationLimit, out LogisticMinimum minimum))
            {
                continue;
            }

            known[count++] = minimum.Place;
            if (minimum.Point.SumOfSquares < best.Point.SumOfSquares)
            {
                best = minimum;
            }
        }

        return best;
    }

    /// <summary>One descent, and where it did not end well inside the box, others from the bound that it was near.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Descend(
        in LevelTable table, in LogisticSpace space, in LogisticBranch branch, in LogisticPlace start, ReadOnlySpan<LogisticPlace> known, int evaluationLimit,
        out LogisticMinimum minimum)
    {
        if (!LogisticDescent.Run(table, space, branch, start, known, evaluationLimit, out minimum))
        {
            return false;
        }

        bool isLimit = space.IsAsymmetryFree && Math.Abs(minimum.Place.LnAsymmetry) is > LimitingForm and < LogisticSpace.LnAsymmetryBound;
        if (isLimit || minimum.Termination is FitTermination.IterationLimit or FitTermination.Stalled)
        {
            TryBounds(table, space, branch, evaluationLimit, ref minimum);
        }

        return true;
    }

    /// <summary>Brings the start with the lowest sum of squares to the front.</summary>
    internal static void TakeLowest(Span<LogisticStart> starts)
    {
        int lowest = 0;
        for (int i = 1; i < starts.Length; i++)
        {
            lowest = starts[i].SumOfSquares < starts[lowest].SumOfSquares ? i : lowest;
        }

        (starts[0], starts[lowest]) = (starts[lowest], starts[0]);
    }

    /// <summary>Begins again on the bound that a descent was creeping towards.</summary>
    /// <remarks>Where the best curve is a step or has a corner, the sum of squares falls towards a bound of the box for ever, by less and less. A
    /// descent that begins on the bound either stays there, because the gradient points outwards, or comes back.</remarks>
    private static void TryBounds(in LevelTable table, in LogisticSpace space, in LogisticBranch branch, int evaluationLimit, ref LogisticMinimum minimum)
    {
        LogisticPlace place = minimum.Place;
        if (space.IsSteepnessFree && place.Steepness > space.Maximum.Steepness - NearBound)
        {
            TryFrom(table, place with { Steepness = space.Maximum.Steepness }, space, branch, evaluationLimit, ref minimum);
        }

        if (space.IsAsymmetryFree)
        {
            double bound = place.LnAsymmetry < 0 ? space.Minimum.LnAsymmetry : space.Maximum.LnAsymmetry;
            TryFrom(table, place with { LnAsymmetry = bound }, space, branch, evaluationLimit, ref minimum);
        }

        static void TryFrom(
            in LevelTable table, in LogisticPlace start, in LogisticSpace space, in LogisticBranch branch, int evaluationLimit, ref LogisticMinimum minimum)
        {
            bool isFinished = LogisticDescent.Run(table, space, branch, start, [], evaluationLimit, out LogisticMinimum other)
                && other.Termination is FitTermination.Converged or FitTermination.ConvergedAtBound;
            if (isFinished && other.Point.SumOfSquares <= minimum.Point.SumOfSquares * (1 + SameSum))
            {
                other.EvaluationCount += minimum.EvaluationCount;
                minimum = other;
            }
        }
    }

    /// <summary>From coordinates to parameters in the unit of the responses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static LogisticSummary Summarise(
        in LevelScale scale, in LogisticSpace space, in LogisticBranch branch, in LogisticHolds holds, in LogisticMinimum best)
    {
        if (!double.IsFinite(best.Point.SumOfSquares))
        {
            return new LogisticSummary { Termination = FitTermination.Stalled, WeightedSumOfSquares = double.NaN };
        }

        LogisticShape shape = space.ShapeAt(best.Place);
        // f = origin + amplitude (h - mean): the asymptotes are where h is 0 and 1.
        double atZero = scale.Origin - (best.Point.Amplitude * best.Point.Mean), atOne = scale.Origin + (best.Point.Amplitude * (1 - best.Point.Mean));
        (double lower, double upper) = branch.AmplitudeSign > 0 ? (atZero, atOne) : (atOne, atZero);
        double lnInflection = best.Place.Middle - (shape.K / (branch.Orientation * shape.B));
        double sum = (best.Point.SumOfSquares + scale.WithinSquares) * scale.Weight * scale.Response * scale.Response;
        double inflection = holds.Inflection ?? PreciseMath.Exp(lnInflection);
        bool isFinite = double.IsFinite(sum) && double.IsFinite((lower * scale.Response) + (upper * scale.Response)) && inflection is > 0 and < double.PositiveInfinity;
        return new LogisticSummary
        {
            // Numbers near the ends of what a double holds may leave it on the way back.
            Termination = isFinite ? best.Termination : FitTermination.Stalled,
            // What is held comes back as it was given, not through a logarithm.
            LowerAsymptote = holds.LowerAsymptote ?? lower * scale.Response,
            UpperAsymptote = holds.UpperAsymptote ?? upper * scale.Response,
            Inflection = inflection,
            Slope = holds.Slope ?? branch.Direction * shape.B,
            Asymmetry = holds.Asymmetry ?? shape.Asymmetry,
            WeightedSumOfSquares = isFinite ? sum : double.NaN,
            EvaluationCount = best.EvaluationCount,
            AtBound = (
                space.IsSteepnessFree && LogisticDescent.IsAtBound(best.Place.Steepness, space.Minimum.Steepness, space.Maximum.Steepness),
                space.IsMiddleFree && LogisticDescent.IsAtBound(best.Place.Middle, space.Minimum.Middle, space.Maximum.Middle),
                space.IsAsymmetryFree && LogisticDescent.IsAtBound(best.Place.LnAsymmetry, space.Minimum.LnAsymmetry, space.Maximum.LnAsymmetry)),
        };
    }
}
