using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>Eight descents side by side, one curve in each lane: what <see cref="LogisticKernel"/> and <see cref="LogisticDescent"/> do for one.</summary>
/// <remarks>Sums run over the levels one after the other instead of across a vector, so they cost no shuffles; they round in another order than those of a
/// single fit. Lanes have no valley to follow and no bound to try: what does not end soon, or ends at the edge, is fitted again alone.</remarks>
internal readonly ref partial struct LogisticLanes
{
    /// <summary>Lanes of a vector.</summary>
    public const int Count = 8;

    private const int RowLength = Count;
    private const int StateRows = 42;

    private readonly Span<double> x;
    private readonly Span<double> y;
    private readonly Span<double> w;
    private readonly Span<double> scratch;
    private readonly Span<double> state;
    private readonly int levelCount;
    private readonly bool isUnit;

    /// <summary>Lays lanes out in memory.</summary>
    /// <param name="memory">At least <see cref="MemoryFor"/> doubles.</param>
    /// <param name="levelCount">Most levels of a curve.</param>
    /// <param name="isUnit">Whether the asymmetry is held at 1.</param>
    public LogisticLanes(Span<double> memory, int levelCount, bool isUnit)
    {
        this.levelCount = levelCount;
        this.isUnit = isUnit;
        int block = levelCount * RowLength;
        x = memory[..block];
        y = memory.Slice(block, block);
        w = memory.Slice(2 * block, block);
        scratch = memory.Slice(3 * block, 6 * block);
        state = memory.Slice(9 * block, StateRows * RowLength);
        memory.Clear();
    }

    /// <summary>Rows of the state, a number per lane each.</summary>
    private enum Row
    {
        Steepness, Middle, LnAsymmetry,
        TrialSteepness, TrialMiddle, TrialLnAsymmetry,
        MinimumSteepness, MinimumMiddle, MaximumSteepness, MaximumMiddle,
        SumOfSquares, Amplitude, Mean, D0, D1, D2,
        A00, A10, A11, A20, A21, A22,
        S00, S10, S11, S20, S21, S22,
        Damping, Predicted, Evaluations, Orientation, AmplitudeSign, InverseWeight, RawSquares,
        KnownSteepness, KnownMiddle, KnownLnAsymmetry,
    }

    public static int MemoryFor(int levelCount) => ((9 * levelCount) + StateRows) * RowLength;

    /// <summary>Puts a curve into a lane, to descend from a start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Load(int lane, in LevelTable table, in LogisticSpace space, in LogisticBranch branch, in LogisticPlace start)
    {
        for (int i = 0; i < levelCount; i++)
        {
            bool isLevel = i < table.Count;
            x[(i * RowLength) + lane] = table.LnConcentrations[isLevel ? i : table.Count - 1];
            y[(i * RowLength) + lane] = isLevel ? table.Responses[i] : 0;
            w[(i * RowLength) + lane] = isLevel ? table.Weights[i] : 0;
        }

        Set(Row.MinimumSteepness, lane, space.Minimum.Steepness);
        Set(Row.MinimumMiddle, lane, space.Minimum.Middle);
        Set(Row.MaximumSteepness, lane, space.Maximum.Steepness);
        Set(Row.MaximumMiddle, lane, space.Maximum.Middle);
        Set(Row.Orientation, lane, branch.Orientation);
        Set(Row.AmplitudeSign, lane, branch.AmplitudeSign);
        Set(Row.InverseWeight, lane, table.InverseTotalWeight);
        Set(Row.RawSquares, lane, table.RawSquares);
        SetKnown(lane, new LogisticPlace(double.MaxValue, 0, 0));
        Begin(lane, start);
    }

    /// <summary>Names the minimum of the curve in a lane into which another descent need not run.</summary>
    public void SetKnown(int lane, in LogisticPlace place)
    {
        Set(Row.KnownSteepness, lane, place.Steepness);
        Set(Row.KnownMiddle, lane, place.Middle);
        Set(Row.KnownLnAsymmetry, lane, place.LnAsymmetry);
    }

    /// <summary>Begins another descent of the curve in a lane.</summary>
    public void Begin(int lane, in LogisticPlace start)
    {
        Set(Row.TrialSteepness, lane, start.Steepness);
        Set(Row.TrialMiddle, lane, start.Middle);
        Set(Row.TrialLnAsymmetry, lane, start.LnAsymmetry);
        Set(Row.SumOfSquares, lane, double.MaxValue);
        Set(Row.Damping, lane, LogisticDescent.FirstDamping);
        Set(Row.Predicted, lane, 0);
        Set(Row.Evaluations, lane, 0);
    }

    /// <summary>Where a lane is.</summary>
    public LogisticPlace PlaceOf(int lane) => new(Get(Row.Steepness, lane), Get(Row.Middle, lane), Get(Row.LnAsymmetry, lane));

    /// <summary>What a lane ended with.</summary>
    public LogisticMinimum MinimumOf(int lane)
    {
        var minimum = new LogisticMinimum { Place = PlaceOf(lane), Termination = FitTermination.Converged, EvaluationCount = (int)Get(Row.Evaluations, lane) };
        minimum.Point.SumOfSquares = Get(Row.SumOfSquares, lane);
        minimum.Point.Amplitude = Get(Row.Amplitude, lane);
        minimum.Point.Mean = Get(Row.Mean, lane);
        return minimum;
    }

    /// <summary>Evaluates all trials, takes the better ones, and makes the next trials.</summary>
    /// <returns>Lanes that have ended, as bits: at a minimum, without one, or near the known one.</returns>
    public (ulong AtMinimum, ulong Failed, ulong AtKnown) Advance()
    {
        Evaluate(out LanePoint trial);
        return Decide(trial);
    }

    private double Get(Row row, int lane) => state[((int)row * RowLength) + lane];

    private void Set(Row row, int lane, double value) => state[((int)row * RowLength) + lane] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<double> Get(Row row) => Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(state), (nuint)((int)row * RowLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Set(Row row, Vector512<double> value) => value.StoreUnsafe(ref MemoryMarshal.GetReference(state), (nuint)((int)row * RowLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Set(Row row, Vector512<double> value, Vector512<double> where) => Set(row, Vector512.ConditionalSelect(where, value, Get(row)));
}
