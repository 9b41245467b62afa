using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>A place to start from, with its sum of squares.</summary>
internal readonly record struct LogisticStart(LogisticPlace Place, double SumOfSquares);

/// <summary>The coarse grid over the box: eight middles in the lanes of one vector, for each of a few asymmetries and steepnesses.</summary>
/// <remarks>The grid depends on nothing but the range of the concentrations.</remarks>
internal static class LogisticGrid
{
    /// <summary>Most starts that one branch has.</summary>
    public const int StartLimit = 5;

    private const int LaneCount = 8;

    private const double Ln2 = 0.6931471805599453;

    /// <summary>Exponents stay within this, so that products of two exponentials are finite.</summary>
    private const double ExponentLimit = 300;

    /// <summary>The middles reach beyond the concentrations by a factor of e at the low and e^1.5 at the high end.</summary>
    private const double ReachBelow = 1;
    private const double ReachAbove = 1.5;

    /// <summary>Asymmetries as powers of two, for which h takes squares or roots and no logarithm.</summary>
    private static ReadOnlySpan<int> Doublings => [0, -2, 2, -4, 4];

    private static ReadOnlySpan<double> Steepnesses => [-0.4, 0.3, 1.1];

    /// <summary>Shapes of the free grid, by asymmetry and steepness: they depend on nothing.</summary>
    private static readonly LogisticShape[] FreeShapes = MakeFreeShapes();

    /// <summary>Finds the starts of one branch: the best place of each asymmetry, or of each steepness where the asymmetry is held.</summary>
    /// <param name="table">Rows, centred.</param>
    /// <param name="space">Box.</param>
    /// <param name="branch">How the curve runs.</param>
    /// <param name="starts">Receives the starts, <see cref="StartLimit"/> at most.</param>
    /// <returns>Number of starts; those on which the best amplitude has the wrong sign are left out.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Scan(in LevelTable table, in LogisticSpace space, in LogisticBranch branch, Span<LogisticStart> starts)
    {
        int asymmetryCount = space.IsAsymmetryFree ? Doublings.Length : 1;
        ReadOnlySpan<double> steepnesses = space.IsSteepnessFree ? Steepnesses : [space.Minimum.Steepness];
        bool isFree = space.IsSteepnessFree && !space.IsNatural && (space.IsAsymmetryFree || space.IsUnit);
        Vector512<double> middles = MiddlesOf(space);
        int count = 0;
        for (int a = 0; a < asymmetryCount; a++)
        {
            double asymmetry = space.IsAsymmetryFree ? Doublings[a] * Ln2 : space.Minimum.LnAsymmetry;
            var best = new LogisticStart(default, double.PositiveInfinity);
            for (int s = 0; s < steepnesses.Length; s++)
            {
                LogisticShape shape = isFree
                    ? FreeShapes[(a * Steepnesses.Length) + s]
                    : space.ShapeAt(new LogisticPlace(steepnesses[s], 0, asymmetry));
                Vector512<double> sums = SumsOfSquares(table, branch, shape, middles, space.IsAsymmetryFree ? Doublings[a] : space.IsUnit ? 0 : null);
                double least = Least(sums, out int lane);
                if (least < best.SumOfSquares)
                {
                    best = new LogisticStart(new LogisticPlace(steepnesses[s], middles.GetElement(lane), asymmetry), least);
                }

                bool isLast = s == steepnesses.Length - 1;
                if ((isLast || !space.IsAsymmetryFree) && double.IsFinite(best.SumOfSquares))
                {
                    starts[count++] = best;
                    best = new LogisticStart(default, double.PositiveInfinity);
                }
            }
        }

        return count;
    }

    private static Vector512<double> MiddlesOf(in LogisticSpace space)
    {
        if (!space.IsMiddleFree)
        {
            return Vector512.Create(space.Minimum.Middle);
        }

        double step = (space.HighestLevel - space.LowestLevel + ReachBelow + ReachAbove) / (LaneCount - 1);
        return Vector512.FusedMultiplyAdd(
            Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create(step), Vector512.Create(space.LowestLevel - ReachBelow));
    }

    private static LogisticShape[] MakeFreeShapes()
    {
        var shapes = new LogisticShape[Doublings.Length * Steepnesses.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            var place = new LogisticPlace(Steepnesses[i % Steepnesses.Length], 0, Doublings[i / Steepnesses.Length] * Ln2);
            shapes[i] = new LogisticShape(place, isNatural: false, isUnit: place.LnAsymmetry == 0);
        }

        return shapes;
    }

    /// <summary>Sum of squares at eight middles; infinity where the amplitude has the wrong sign.</summary>
    /// <remarks>exp(u) is the product of a part of the level and one of the middle, so a place costs no exponential of its own.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> SumsOfSquares(
        in LevelTable table, in LogisticBranch branch, in LogisticShape shape, Vector512<double> middles, int? doublings)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double y = ref MemoryMarshal.GetReference(table.Responses);
        ref double w = ref MemoryMarshal.GetReference(table.Weights);
        ref double levelParts = ref MemoryMarshal.GetReference(table.Scratch);
        Vector512<double> slope = Vector512.Create(branch.Orientation * shape.B), limit = Vector512.Create(ExponentLimit);
        Vector512<double> centre = Vector512.Create(table.LnConcentrations[table.Count - 1]);
        for (nuint i = 0; i < (nuint)table.Length; i += 8)
        {
            Vector512<double> exponent = (Vector512.LoadUnsafe(ref x, i) - centre) * slope;
            VectorMath.Exp(Vector512.Max(-limit, Vector512.Min(exponent, limit))).StoreUnsafe(ref levelParts, i);
        }

        Vector512<double> middleExponent = Vector512.FusedMultiplyAdd(centre - middles, slope, Vector512.Create(shape.K));
        Vector512<double> middlePart = VectorMath.Exp(Vector512.Max(-limit, Vector512.Min(middleExponent, limit)));
        Vector512<double> shift = Vector512.Create(branch.IsCentred ? 0 : branch.Shift), g = Vector512.Create(shape.Asymmetry), one = Vector512<double>.One;
        Vector512<double> sums = Vector512<double>.Zero, squares = sums, products = sums;
        for (int i = 0; i < table.Count; i++)
        {
            Vector512<double> bracket = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref levelParts, i)), middlePart, one);
            Vector512<double> h = (doublings is { } count ? Raise(one / bracket, count) : VectorMath.Exp(-(g * VectorMath.Log(bracket)))) - shift;
            Vector512<double> weighted = Vector512.Create(Unsafe.Add(ref w, i)) * h;
            sums += weighted;
            squares = Vector512.FusedMultiplyAdd(weighted, h, squares);
            products = Vector512.FusedMultiplyAdd(weighted, Vector512.Create(Unsafe.Add(ref y, i)), products);
        }

        // A column that is constant to half of its digits determines nothing.
        Vector512<double> least = squares * Vector512.Create(1e-8);
        if (branch.IsCentred)
        {
            squares -= sums * sums * Vector512.Create(table.InverseTotalWeight);
        }

        Vector512<double> gain = branch.HeldAmplitude is { } amplitude
            ? Vector512.Create(amplitude) * (products + products - (Vector512.Create(amplitude) * squares))
            : products * products / squares;
        Vector512<double> signed = products * Vector512.Create((double)branch.AmplitudeSign);
        Vector512<double> isRight = Vector512.GreaterThan(squares, least) & Vector512.GreaterThan(signed, Vector512<double>.Zero);
        isRight = branch.HeldAmplitude is null ? isRight : Vector512<double>.AllBitsSet;
        return Vector512.ConditionalSelect(isRight, Vector512.Create(table.Squares) - gain, Vector512.Create(double.PositiveInfinity));
    }

    /// <summary>x to the power of 2^count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Raise(Vector512<double> x, int count)
    {
        for (int i = 0; i < count; i++)
        {
            x *= x;
        }

        for (int i = count; i < 0; i++)
        {
            x = Vector512.Sqrt(x);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Least(Vector512<double> values, out int lane)
    {
        var four = Vector256.Min(values.GetLower(), values.GetUpper());
        var two = Vector128.Min(four.GetLower(), four.GetUpper());
        double least = Math.Min(two.ToScalar(), two.GetElement(1));
        lane = BitOperations.TrailingZeroCount(Vector512.ExtractMostSignificantBits(Vector512.Equals(values, Vector512.Create(least))));
        return double.IsNaN(least) ? double.PositiveInfinity : least;
    }
}
