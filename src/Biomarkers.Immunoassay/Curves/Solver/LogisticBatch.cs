using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>Many curves of one family and one number of points, in rows one behind the other.</summary>
public readonly ref struct LogisticBatchProblem
{
    /// <summary>Family of the curves.</summary>
    public required LogisticFamily Family { get; init; }

    /// <summary>Points per curve, n, 1 or more.</summary>
    public required int PointCount { get; init; }

    /// <summary>Concentrations, as for <see cref="LogisticProblem"/>: n per curve, or n that all curves share.</summary>
    public required ReadOnlySpan<double> Concentrations { get; init; }

    /// <summary>Responses, n per curve.</summary>
    public required ReadOnlySpan<double> Responses { get; init; }

    /// <summary>Weights, n per curve; empty for weights of 1.</summary>
    public ReadOnlySpan<double> Weights { get; init; }
}

/// <summary>Fits many curves at once: eight descents side by side, each lane taking the next curve when its own has ended.</summary>
/// <remarks>For simulations and many curves of one shape; a run of one plate has too few to gain by it.
/// Each curve has the starts that it would have alone; what does not end soon goes on
/// alone, and what fits badly or ends at the edge of steepness or middle is fitted again alone. The result agrees with that of
/// <see cref="LogisticSolver"/> to rounding, not to the bit, because sums run in another order.</remarks>
public static class LogisticBatch
{
    /// <summary>Points from which curves are fitted one by one: the lanes would not stay in the cache, and take more of the stack than 45 KiB.</summary>
    private const int LevelLimit = 64;

    /// <summary>Finds the curves.</summary>
    /// <param name="problem">The points.</param>
    /// <param name="summaries">Receives one summary per curve; its length is the number of curves.</param>
    /// <exception cref="ArgumentException">The lengths of the rows don't fit the number of curves: a bug of the caller.</exception>
    public static void Solve(in LogisticBatchProblem problem, Span<LogisticSummary> summaries)
    {
        int points = summaries.Length * problem.PointCount;
        bool isShared = problem.Concentrations.Length == problem.PointCount;
        bool isFitting = problem.Responses.Length == points && (isShared || problem.Concentrations.Length == points)
            && (problem.Weights.IsEmpty || problem.Weights.Length == points);
        if (!isFitting)
        {
            throw new ArgumentException($"Expected {points} responses and weights for {summaries.Length} curves of {problem.PointCount} points.", nameof(problem));
        }

        if (problem.PointCount > LevelLimit)
        {
            for (int i = 0; i < summaries.Length; i++)
            {
                summaries[i] = LogisticSolver.Solve(Single(problem, i));
            }

            return;
        }

        int tableLength = LevelTable.MemoryFor(problem.PointCount), lanesLength = LogisticLanes.MemoryFor(problem.PointCount);
        Span<double> memory = stackalloc double[tableLength + lanesLength];
        new Run(problem, summaries, memory[..tableLength], memory[tableLength..]).All();
    }

    /// <summary>One curve of the batch.</summary>
    private static LogisticProblem Single(in LogisticBatchProblem problem, int index)
    {
        int first = index * problem.PointCount;
        bool isShared = problem.Concentrations.Length == problem.PointCount;
        return new LogisticProblem
        {
            Family = problem.Family,
            Concentrations = isShared ? problem.Concentrations : problem.Concentrations.Slice(first, problem.PointCount),
            Responses = problem.Responses.Slice(first, problem.PointCount),
            Weights = problem.Weights.IsEmpty ? [] : problem.Weights.Slice(first, problem.PointCount),
        };
    }

    /// <summary>The lanes at work on one batch.</summary>
    private ref struct Run
    {
        private readonly LogisticBatchProblem problem;
        private readonly Span<LogisticSummary> summaries;
        private readonly Span<double> tableMemory;
        private readonly LogisticLanes lanes;
        private readonly bool isUnit;
        private readonly int levelCount;
        private int next;

        public Run(in LogisticBatchProblem problem, Span<LogisticSummary> summaries, Span<double> tableMemory, Span<double> laneMemory)
        {
            this.problem = problem;
            this.summaries = summaries;
            this.tableMemory = tableMemory;
            isUnit = problem.Family == LogisticFamily.FourParameter;
            levelCount = summaries.IsEmpty ? 1 : Gather(0).Count;
            lanes = new LogisticLanes(laneMemory, levelCount, isUnit);
        }

        public void All()
        {
            Span<Job> jobs = stackalloc Job[LogisticLanes.Count];
            ulong live = 0;
            for (int lane = 0; lane < LogisticLanes.Count; lane++)
            {
                live |= Take(lane, ref jobs[lane]) ? 1UL << lane : 0;
            }

            while (live != 0)
            {
                (ulong atMinimum, ulong failed, ulong atKnown) = lanes.Advance();
                for (ulong ended = (atMinimum | failed | atKnown) & live; ended != 0; ended &= ended - 1)
                {
                    int lane = BitOperations.TrailingZeroCount(ended);
                    bool isFailed = (failed >> lane & 1) != 0, isNew = (atMinimum >> lane & 1) != 0 && (atKnown >> lane & 1) == 0;
                    if (!End(lane, ref jobs[lane], isFailed, isNew) && !Take(lane, ref jobs[lane]))
                    {
                        live &= ~(1UL << lane);
                    }
                }
            }
        }

        private readonly LevelTable Gather(int index)
        {
            LogisticProblem single = Single(problem, index);
            return LevelTable.Gather(single.Concentrations, single.Responses, single.Weights, tableMemory);
        }

        /// <summary>Puts the next curve that has a start into a lane; false when none is left.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private bool Take(int lane, ref Job job)
        {
            for (; next < summaries.Length; next++)
            {
                LevelTable table = Gather(next);
                table.Centre(null);
                job.Space = new LogisticSpace(problem.Family, default, table.LnConcentrations, table.Count);
                job.Branch = LogisticBranch.Of(problem.Family, table.Direction, null, null);
                if (double.IsNegativeInfinity(table.LnConcentrations[0]))
                {
                    table.LnConcentrations.Replace(double.NegativeInfinity, job.Space.PlaceOfZero);
                }

                job.StartCount = table.Count == levelCount ? LogisticGrid.Scan(table, job.Space, job.Branch, job.Starts) : 0;
                if (job.StartCount == 0)
                {
                    summaries[next] = LogisticSolver.Solve(Single(problem, next));
                    continue;
                }

                (job.Index, job.NextStart, job.Scale, job.Scatter) = (next, 1, table.Scale, table.Scatter);
                job.Best.Point.SumOfSquares = double.PositiveInfinity;
                LogisticSolver.TakeLowest(job.Starts[..job.StartCount]);
                lanes.Load(lane, table, job.Space, job.Branch, job.Starts[0].Place);
                next++;
                return true;
            }

            return false;
        }

        /// <summary>Ends a descent; true when another of the same curve has begun in the lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly bool End(int lane, ref Job job, bool isFailed, bool isNew)
        {
            LogisticMinimum minimum = lanes.MinimumOf(lane);
            bool isStuck = isFailed && minimum.EvaluationCount > 1;
            bool isLimit = isNew && !isUnit && Math.Abs(minimum.Place.LnAsymmetry) is > LogisticSolver.LimitingForm and < LogisticSpace.LnAsymmetryBound;
            if (isStuck || isLimit)
            {
                isNew = Finish(ref job, ref minimum);
            }

            if (isNew && minimum.Point.SumOfSquares < job.Best.Point.SumOfSquares)
            {
                job.Best = minimum;
                lanes.SetKnown(lane, minimum.Place);
            }

            double share = job.Best.Point.SumOfSquares / job.Scatter;
            bool isClear = isUnit && share < LogisticSolver.ClearFit;
            if (!isClear && job.NextStart < job.StartCount)
            {
                LogisticSolver.TakeLowest(job.Starts[job.NextStart..job.StartCount]);
                lanes.Begin(lane, job.Starts[job.NextStart++].Place);
                return true;
            }

            LogisticPlace place = job.Best.Place;
            bool isAtCorner = LogisticDescent.IsAtBound(place.Steepness, job.Space.Minimum.Steepness, job.Space.Maximum.Steepness)
                || LogisticDescent.IsAtBound(place.Middle, job.Space.Minimum.Middle, job.Space.Maximum.Middle);
            bool isSure = !isAtCorner && share < LogisticSolver.UnclearDirection
                && job.Best.Termination is FitTermination.Converged or FitTermination.ConvergedAtBound;
            job.Best.Termination = LogisticDescent.IsAtBound(job.Space, place) ? FitTermination.ConvergedAtBound : FitTermination.Converged;
            summaries[job.Index] = isSure
                ? LogisticSolver.Summarise(job.Scale, job.Space, job.Branch, default, job.Best)
                : LogisticSolver.Solve(Single(problem, job.Index));
            return false;
        }

        /// <summary>Goes on alone where a lane stopped.</summary>
        private readonly bool Finish(ref Job job, ref LogisticMinimum minimum)
        {
            LevelTable table = Gather(job.Index);
            table.Centre(null);
            table.LnConcentrations.Replace(double.NegativeInfinity, job.Space.PlaceOfZero);
            ReadOnlySpan<LogisticPlace> known = [job.Best.Place];
            return LogisticSolver.Descend(
                table, job.Space, job.Branch, minimum.Place, double.IsFinite(job.Best.Point.SumOfSquares) ? known : [], LogisticSolver.EvaluationLimit, out minimum);
        }
    }

    /// <summary>What a lane is at.</summary>
    private struct Job
    {
        public int Index, StartCount, NextStart;
        public LogisticSpace Space;
        public LogisticBranch Branch;
        public LevelScale Scale;
        public double Scatter;
        public LogisticMinimum Best;
        private StartList starts;

        [UnscopedRef]
        public Span<LogisticStart> Starts => starts;
    }

    [InlineArray(LogisticGrid.StartLimit)]
    private struct StartList
    {
        private LogisticStart first;
    }
}
