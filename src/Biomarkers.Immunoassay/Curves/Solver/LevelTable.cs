using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>The points of one fit as the vectors take them: one row per distinct concentration, padded with rows of weight 0 to whole vectors.</summary>
/// <remarks>
/// For given weights, sum w (y - f)^2 over the wells of one concentration is W (mean - f)^2 plus a constant, W being the sum of the weights and mean the
/// weighted mean; so levels have exactly the minimum that wells have. Responses and weights are scaled by powers of two, which is exact. Rows are
/// sorted, so the outcome does not depend on the order of the points, to the last bit.
/// </remarks>
internal ref struct LevelTable
{
    /// <summary>Doubles per row that <see cref="Solver"/> needs: three of the table, six of the kernel.</summary>
    public const int DoublesPerRow = 9;

    private LevelTable(Span<double> memory, int count, double responseScale, double withinSquares, double weightScale)
    {
        Length = PaddedLength(count);
        Count = count;
        LnConcentrations = memory[..Length];
        Responses = memory.Slice(Length, Length);
        Weights = memory.Slice(2 * Length, Length);
        Scratch = memory.Slice(3 * Length, 6 * Length);
        ResponseScale = responseScale;
        WeightScale = weightScale;
        WithinSquares = withinSquares;
    }

    /// <summary>Number of distinct concentrations.</summary>
    public int Count { get; }

    /// <summary>Rows with the padding: a multiple of eight.</summary>
    public int Length { get; }

    /// <summary>Ln concentration, ascending; negative infinity for zero, until the search puts a place far below there.</summary>
    public Span<double> LnConcentrations { get; }

    /// <summary>Weighted mean response over <see cref="ResponseScale"/>.</summary>
    public Span<double> Responses { get; }

    /// <summary>Sum of the weights over <see cref="WeightScale"/>; 0 in the padding.</summary>
    public Span<double> Weights { get; }

    /// <summary>Memory of the kernel, six doubles per row.</summary>
    public Span<double> Scratch { get; }

    /// <summary>What responses were divided by.</summary>
    public double ResponseScale { get; }

    /// <summary>What weights were divided by.</summary>
    public double WeightScale { get; }

    /// <summary>Weighted squares of the wells about the means of their levels, in the scale of the rows.</summary>
    public double WithinSquares { get; }

    /// <summary>1 / sum of the weights.</summary>
    public double InverseTotalWeight { get; private set; }

    /// <summary>What was taken from the responses: a held asymptote, or their weighted mean.</summary>
    public double Origin { get; private set; }

    /// <summary>Weighted squares of the responses about the origin.</summary>
    public double Squares { get; private set; }

    /// <summary>Weighted squares of the responses about their mean: what no curve at all would leave.</summary>
    public double Scatter { get; private set; }

    /// <summary>-1 where responses rise with the concentration on the whole, +1 where they fall.</summary>
    public int Direction { get; private set; }

    /// <summary>Weighted squares of the responses as they came: what rounding is measured by.</summary>
    public double RawSquares { get; private set; }

    /// <summary>What leads from the scale of the rows back to that of the points.</summary>
    public readonly LevelScale Scale => new(Origin, ResponseScale, WeightScale, WithinSquares);

    /// <summary>Length of memory for a number of rows.</summary>
    public static int MemoryFor(int rowCount) => PaddedLength(rowCount) * DoublesPerRow;

    /// <summary>Gathers points into rows.</summary>
    /// <param name="concentrations">n finite concentrations, zero or more.</param>
    /// <param name="responses">n finite responses.</param>
    /// <param name="weights">n finite weights of more than 0; empty for weights of 1.</param>
    /// <param name="memory">At least <see cref="MemoryFor"/> n doubles.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static LevelTable Gather(
        scoped ReadOnlySpan<double> concentrations, scoped ReadOnlySpan<double> responses, scoped ReadOnlySpan<double> weights, Span<double> memory)
    {
        if (IsInOrder(concentrations))
        {
            return FromSorted(concentrations, responses, weights, memory);
        }

        // The points stand behind the rows while they are sorted, in what is the kernel's memory later.
        int n = concentrations.Length, padded = PaddedLength(n);
        Span<Point> points = MemoryMarshal.Cast<double, Point>(memory.Slice(padded * 6, 3 * n));
        for (int i = 0; i < n; i++)
        {
            points[i] = new Point(concentrations[i], responses[i], weights.IsEmpty ? 1 : weights[i]);
        }

        Sort(points);
        Span<double> x = memory.Slice(padded * 3, n), y = memory.Slice(padded * 4, n), w = memory.Slice(padded * 5, n);
        for (int i = 0; i < n; i++)
        {
            (x[i], y[i], w[i]) = (points[i].Concentration, points[i].Response, points[i].Weight);
        }

        return FromSorted(x, y, w, memory);
    }

    /// <summary>Takes levels that were gathered before.</summary>
    public static LevelTable FromLevels(ReadOnlySpan<double> lnConcentrations, ReadOnlySpan<double> responses, ReadOnlySpan<double> weights, Span<double> memory)
    {
        var table = new LevelTable(memory, responses.Length, 1, 0, 1);
        lnConcentrations.CopyTo(table.LnConcentrations);
        responses.CopyTo(table.Responses);
        weights.CopyTo(table.Weights);
        table.Pad();
        return table;
    }

    /// <summary>The largest power of two of at most a value; 1 for zero and for values without one.</summary>
    public static double PowerOfTwoNear(double value) =>
        value is >= 1e-300 and <= double.MaxValue ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) & unchecked((long)0xFFF0000000000000)) : 1;

    /// <summary>Whether the points stand in ascending order with two of one concentration at most, whose sums don't depend on which comes first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsInOrder(ReadOnlySpan<double> concentrations)
    {
        for (int i = 1; i < concentrations.Length; i++)
        {
            bool isThird = i > 1 && concentrations[i] == concentrations[i - 2];
            if (concentrations[i] < concentrations[i - 1] || isThird)
            {
                return false;
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static LevelTable FromSorted(
        scoped ReadOnlySpan<double> concentrations, scoped ReadOnlySpan<double> responses, scoped ReadOnlySpan<double> weights, Span<double> memory)
    {
        int padded = PaddedLength(concentrations.Length), count = -1;
        double largestResponse = 0, largestWeight = weights.IsEmpty ? 1 : 0;
        for (int i = 0; i < responses.Length; i++)
        {
            largestResponse = Math.Max(largestResponse, Math.Abs(responses[i]));
            largestWeight = weights.IsEmpty ? 1 : Math.Max(largestWeight, weights[i]);
        }

        double responseScale = PowerOfTwoNear(largestResponse), weightScale = PowerOfTwoNear(largestWeight);
        double inverseResponseScale = 1 / responseScale, inverseWeightScale = 1 / weightScale, current = double.NaN;
        Span<double> x = memory[..padded], y = memory.Slice(padded, padded), w = memory.Slice(2 * padded, padded);
        for (int i = 0; i < concentrations.Length; i++)
        {
            double weight = weights.IsEmpty ? 1 : weights[i] * inverseWeightScale, response = weight * (responses[i] * inverseResponseScale);
            if (concentrations[i] == current)
            {
                (y[count], w[count]) = (y[count] + response, w[count] + weight);
            }
            else
            {
                current = concentrations[i];
                count++;
                (x[count], y[count], w[count]) = (current, response, weight);
            }
        }

        count++;
        for (int i = 0; i < count; i++)
        {
            y[i] /= w[i];
        }

        // Level by level, so that it does not matter which of two wells comes first.
        double within = 0, ofLevel = 0;
        for (int i = 0, level = 0; i < concentrations.Length; i++)
        {
            if (concentrations[i] != x[level])
            {
                level++;
                within += ofLevel;
                ofLevel = 0;
            }

            double difference = (responses[i] * inverseResponseScale) - y[level];
            ofLevel += (weights.IsEmpty ? 1 : weights[i] * inverseWeightScale) * difference * difference;
        }

        within += ofLevel;

        int length = PaddedLength(count);
        if (length != padded)
        {
            y[..count].CopyTo(memory.Slice(length, count));
            w[..count].CopyTo(memory.Slice(2 * length, count));
        }

        var table = new LevelTable(memory, count, responseScale, within, weightScale);
        table.Pad();
        TakeLogarithms(table.LnConcentrations, count);
        return table;
    }

    /// <summary>Takes the origin from the responses.</summary>
    /// <param name="heldAsymptote">A held asymptote in the scale of the rows; null for the weighted mean.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Centre(double? heldAsymptote)
    {
        double weight = 0, sum = 0, sumX = 0;
        double lowest = Count > 1 && double.IsNegativeInfinity(LnConcentrations[0]) ? LnConcentrations[1] : LnConcentrations[0];
        for (int i = 0; i < Count; i++)
        {
            weight += Weights[i];
            sum += Weights[i] * Responses[i];
            sumX += Weights[i] * Math.Max(LnConcentrations[i], lowest);
        }

        InverseTotalWeight = 1 / weight;
        double mean = sum / weight, meanX = sumX / weight, product = 0;
        Origin = heldAsymptote ?? mean;
        for (int i = 0; i < Count; i++)
        {
            double w = Weights[i], difference = Responses[i] - mean;
            RawSquares += w * Responses[i] * Responses[i];
            Scatter += w * difference * difference;
            product += w * difference * (Math.Max(LnConcentrations[i], lowest) - meanX);
            Responses[i] -= Origin;
            Squares += w * Responses[i] * Responses[i];
        }

        Direction = product < 0 ? 1 : -1;
    }

    private void Pad()
    {
        LnConcentrations[Count..].Fill(LnConcentrations[Count - 1]);
        Responses[Count..].Clear();
        Weights[Count..].Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeLogarithms(Span<double> values, int count)
    {
        ref double first = ref MemoryMarshal.GetReference(values);
        bool isOrdinary = (count < 2 || values[1] >= 1e-300) && values[count - 1] > 0;
        double lowest = values[0];
        for (int i = 0; i < values.Length && isOrdinary; i += 8)
        {
            VectorMath.Log(Vector512.LoadUnsafe(ref first, (nuint)i)).StoreUnsafe(ref first, (nuint)i);
        }

        // Zero and numbers without a full set of digits are rare, and only the lowest can be one of them then.
        for (int i = 0; i < values.Length && !isOrdinary; i++)
        {
            values[i] = PreciseMath.Log(values[i]);
        }

        values[0] = lowest >= 1e-300 ? values[0] : PreciseMath.Log(lowest);
    }

    private static void Sort(Span<Point> points)
    {
        if (points.Length > 64)
        {
            points.Sort(Point.Compare);
            return;
        }

        // Nearly always sorted by concentration: a pass of insertions.
        for (int i = 1; i < points.Length; i++)
        {
            Point point = points[i];
            int j = i;
            for (; j > 0 && Point.Compare(point, points[j - 1]) < 0; j--)
            {
                points[j] = points[j - 1];
            }

            points[j] = point;
        }
    }

    private static int PaddedLength(int count) => (count + 7) & ~7;

    /// <summary>One well, ordered by everything that it has.</summary>
    private readonly record struct Point(double Concentration, double Response, double Weight)
    {
        public static int Compare(Point left, Point right) => left.Concentration != right.Concentration ? left.Concentration < right.Concentration ? -1 : 1
            : left.Response != right.Response ? left.Response < right.Response ? -1 : 1
            : left.Weight.CompareTo(right.Weight);
    }
}

/// <summary>What leads from the scale of a table's rows back to that of its points.</summary>
/// <param name="Origin">What was taken from the scaled responses.</param>
/// <param name="Response">What responses were divided by.</param>
/// <param name="Weight">What weights were divided by.</param>
/// <param name="WithinSquares">Weighted squares of the wells about their levels, in the scale of the rows.</param>
internal readonly record struct LevelScale(double Origin, double Response, double Weight, double WithinSquares);
