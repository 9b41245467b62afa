using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>What <see cref="LogisticPoint"/> is for one trial, for eight; the matrices as they are used, M exact, A only its diagonal and GN in full.</summary>
internal struct LanePoint
{
    public Vector512<double> SumOfSquares, Amplitude, Mean;
    public Vector512<double> D0, D1, D2;
    public Vector512<double> A00, A10, A11, A20, A21, A22;
    public Vector512<double> S00, S10, S11, S20, S21, S22;
    public Vector512<double> M0, M1, M2, C0, C1, C2;
}

/// <content>The evaluation of eight trials.</content>
internal readonly ref partial struct LogisticLanes
{
    private const double Ln2 = 0.6931471805599453;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Evaluate(out LanePoint point)
    {
        point = default;
        LaneShape shape = ShapeOf(Get(Row.TrialSteepness), Get(Row.TrialLnAsymmetry));
        Vector512<double> slope = shape.B * Get(Row.Orientation), inverseWeight = Get(Row.InverseWeight);
        point.Mean = Fill(shape, slope) * inverseWeight;
        Vector512<double> squares = Vector512<double>.Zero, products = squares;
        ref double h = ref MemoryMarshal.GetReference(scratch);
        for (int i = 0; i < levelCount; i++)
        {
            nuint at = (nuint)(i * RowLength);
            Vector512<double> centred = Vector512.LoadUnsafe(ref h, at) - point.Mean;
            Vector512<double> weighted = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(w), at) * centred;
            squares = Vector512.FusedMultiplyAdd(weighted, centred, squares);
            products = Vector512.FusedMultiplyAdd(weighted, Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(y), at), products);
        }

        Vector512<double> isThere = Vector512.GreaterThan(squares, Vector512<double>.Zero);
        Vector512<double> inverseSquares = Vector512.ConditionalSelect(isThere, Vector512<double>.One / squares, Vector512<double>.Zero);
        point.Amplitude = products * inverseSquares;
        Sum(shape, slope, ref point);
        Bend(shape, slope, ref point);
        Project(ref point, inverseWeight, inverseSquares);
    }

    /// <summary>As in <see cref="LogisticShape"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private LaneShape ShapeOf(Vector512<double> steepness, Vector512<double> lnAsymmetry)
    {
        Vector512<double> one = Vector512<double>.One;
        var shape = new LaneShape { B = VectorMath.Exp(steepness), Asymmetry = one };
        if (isUnit)
        {
            return shape;
        }

        Vector512<double> g = VectorMath.Exp(lnAsymmetry), a = Vector512.Create(Ln2) * VectorMath.Exp(-lnAsymmetry);
        Vector512<double> decay = VectorMath.Exp(-a);
        Vector512<double> series = one;
        for (int i = 6; i > 1; i--)
        {
            series = one - (a * Vector512.Create(1.0 / i) * series);
        }

        Vector512<double> isSmall = Vector512.LessThan(a, Vector512.Create(1e-2));
        Vector512<double> rest = Vector512.ConditionalSelect(isSmall, a * series, one - decay);
        Vector512<double> ratio = a * decay / rest, share = a / rest;
        shape.Asymmetry = g;
        shape.K = VectorMath.Log(rest) + a;
        shape.B /= (g + g) * rest;
        shape.LnBBy = ratio - one;
        shape.KBy = -share;
        shape.LnBBy2 = (shape.LnBBy * shape.LnBBy) + (ratio * (share - one));
        shape.KBy2 = share * (one - ratio);
        return shape;
    }

    /// <summary>Puts h and its derivatives by u and ln asymmetry into the scratch, gives sum w h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector512<double> Fill(in LaneShape shape, Vector512<double> slope)
    {
        Vector512<double> one = Vector512<double>.One, zero = Vector512<double>.Zero, sum = zero, middle = Get(Row.TrialMiddle), g = shape.Asymmetry;
        ref double store = ref MemoryMarshal.GetReference(scratch);
        nuint block = (nuint)(levelCount * RowLength);
        for (int i = 0; i < levelCount; i++)
        {
            nuint at = (nuint)(i * RowLength);
            Vector512<double> u = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(x), at) - middle, slope, shape.K);
            Vector512<double> e = VectorMath.Exp(-Vector512.Abs(u)), q = one / (one + e), eq = e * q;
            Vector512<double> isPositive = Vector512.GreaterThan(u, zero);
            Vector512<double> rest = Vector512.ConditionalSelect(isPositive, eq, q), h = rest, first = -(q * eq), second = first * (h + h - one);
            if (!isUnit)
            {
                Vector512<double> gl = g * (VectorMath.LogOnePlus(e) + Vector512.Max(u, zero)), gs = g * Vector512.ConditionalSelect(isPositive, q, eq);
                h = VectorMath.Exp(-gl);
                first = -(gs * h);
                second = first * (rest - gs);
                Vector512<double> by = -(gl * h);
                by.StoreUnsafe(ref store, (3 * block) + at);
                (first * (one - gl)).StoreUnsafe(ref store, (4 * block) + at);
                (by * (one - gl)).StoreUnsafe(ref store, (5 * block) + at);
            }

            h.StoreUnsafe(ref store, at);
            first.StoreUnsafe(ref store, block + at);
            second.StoreUnsafe(ref store, (2 * block) + at);
            sum = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(w), at), h, sum);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum(in LaneShape shape, Vector512<double> slope, ref LanePoint point)
    {
        Vector512<double> zero = Vector512<double>.Zero, s = zero, m0 = zero, m1 = zero, m2 = zero, c0 = zero, c1 = zero, c2 = zero, g0 = zero, g1 = zero, g2 = zero;
        Vector512<double> a00 = zero, a10 = zero, a11 = zero, a20 = zero, a21 = zero, a22 = zero;
        for (int i = 0; i < levelCount; i++)
        {
            Level level = LevelAt(i, slope, point);
            Vector512<double> v0 = level.First * level.Z, v1 = -(level.First * slope);
            Vector512<double> w0 = level.Weight * v0, w1 = level.Weight * v1;
            s = Vector512.FusedMultiplyAdd(level.WeightedResidual, level.Residual, s);
            m0 += w0;
            m1 += w1;
            c0 = Vector512.FusedMultiplyAdd(w0, level.Centred, c0);
            c1 = Vector512.FusedMultiplyAdd(w1, level.Centred, c1);
            g0 = Vector512.FusedMultiplyAdd(level.WeightedResidual, v0, g0);
            g1 = Vector512.FusedMultiplyAdd(level.WeightedResidual, v1, g1);
            a00 = Vector512.FusedMultiplyAdd(w0, v0, a00);
            a10 = Vector512.FusedMultiplyAdd(w0, v1, a10);
            a11 = Vector512.FusedMultiplyAdd(w1, v1, a11);
            if (!isUnit)
            {
                Vector512<double> p = Vector512.FusedMultiplyAdd(level.Z, shape.LnBBy, shape.KBy);
                Vector512<double> v2 = Vector512.FusedMultiplyAdd(level.First, p, Stored(3, i)), w2 = level.Weight * v2;
                m2 += w2;
                c2 = Vector512.FusedMultiplyAdd(w2, level.Centred, c2);
                g2 = Vector512.FusedMultiplyAdd(level.WeightedResidual, v2, g2);
                a20 = Vector512.FusedMultiplyAdd(w2, v0, a20);
                a21 = Vector512.FusedMultiplyAdd(w2, v1, a21);
                a22 = Vector512.FusedMultiplyAdd(w2, v2, a22);
            }
        }

        (point.SumOfSquares, point.D0, point.D1, point.D2) = (s, g0, g1, g2);
        (point.M0, point.M1, point.M2, point.C0, point.C1, point.C2) = (m0, m1, m2, c0, c1, c2);
        (point.A00, point.A10, point.A11, point.A20, point.A21, point.A22) = (a00, a10, a11, a20, a21, a22);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Bend(in LaneShape shape, Vector512<double> slope, ref LanePoint point)
    {
        Vector512<double> zero = Vector512<double>.Zero, s00 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s22 = zero;
        for (int i = 0; i < levelCount; i++)
        {
            Level level = LevelAt(i, slope, point);
            Vector512<double> second = Stored(2, i), bend = Vector512.FusedMultiplyAdd(second, level.Z, level.First);
            Vector512<double> wrz = level.WeightedResidual * level.Z, wrs = level.WeightedResidual * slope;
            s00 = Vector512.FusedMultiplyAdd(wrz, bend, s00);
            s10 = Vector512.FusedMultiplyAdd(wrs, bend, s10);
            s11 = Vector512.FusedMultiplyAdd(wrs * slope, second, s11);
            if (!isUnit)
            {
                Vector512<double> mixed = Stored(4, i), p = Vector512.FusedMultiplyAdd(level.Z, shape.LnBBy, shape.KBy);
                Vector512<double> turn = Vector512.FusedMultiplyAdd(second, p, Vector512.FusedMultiplyAdd(level.First, shape.LnBBy, mixed));
                Vector512<double> twist = Vector512.FusedMultiplyAdd(second, p, mixed + mixed) * p;
                twist = Vector512.FusedMultiplyAdd(level.First, Vector512.FusedMultiplyAdd(level.Z, shape.LnBBy2, shape.KBy2), twist) + Stored(5, i);
                s20 = Vector512.FusedMultiplyAdd(wrz, turn, s20);
                s21 = Vector512.FusedMultiplyAdd(wrs, turn, s21);
                s22 = Vector512.FusedMultiplyAdd(level.WeightedResidual, twist, s22);
            }
        }

        (point.S00, point.S10, point.S11, point.S20, point.S21, point.S22) = (s00, -s10, s11, s20, -s21, s22);
    }

    /// <summary>As in <see cref="LogisticKernel"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Project(ref LanePoint point, Vector512<double> inverseWeight, Vector512<double> inverseSquares)
    {
        Vector512<double> a = point.Amplitude, a2 = a * a, g0 = point.D0, g1 = point.D1, g2 = point.D2;
        Complete(ref point.A00, ref point.S00, point.M0 * point.M0, point.C0, point.C0, g0, g0);
        Complete(ref point.A10, ref point.S10, point.M1 * point.M0, point.C1, point.C0, g1, g0);
        Complete(ref point.A11, ref point.S11, point.M1 * point.M1, point.C1, point.C1, g1, g1);
        Complete(ref point.A20, ref point.S20, point.M2 * point.M0, point.C2, point.C0, g2, g0);
        Complete(ref point.A21, ref point.S21, point.M2 * point.M1, point.C2, point.C1, g2, g1);
        Complete(ref point.A22, ref point.S22, point.M2 * point.M2, point.C2, point.C2, g2, g2);
        (point.D0, point.D1, point.D2) = (a * g0, a * g1, a * g2);

        void Complete(
            ref Vector512<double> product, ref Vector512<double> bend, Vector512<double> means, Vector512<double> crossI, Vector512<double> crossJ,
            Vector512<double> gradientI, Vector512<double> gradientJ)
        {
            product = a2 * (product - (means * inverseWeight) - (crossI * crossJ * inverseSquares));
            bend = (a * bend) + (((gradientI * gradientJ) - (a * ((crossI * gradientJ) + (crossJ * gradientI)))) * inverseSquares);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<double> Stored(int what, int level) =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(scratch), (nuint)(((what * levelCount) + level) * RowLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Level LevelAt(int i, Vector512<double> slope, in LanePoint point)
    {
        nuint at = (nuint)(i * RowLength);
        Vector512<double> weight = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(w), at), centred = Stored(0, i) - point.Mean;
        Vector512<double> residual = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(y), at) - (point.Amplitude * centred);
        return new Level
        {
            Weight = weight,
            Centred = centred,
            Residual = residual,
            WeightedResidual = weight * residual,
            First = Stored(1, i),
            Z = (Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(x), at) - Get(Row.TrialMiddle)) * slope,
        };
    }

    private struct LaneShape
    {
        public Vector512<double> B, K, Asymmetry, LnBBy, KBy, LnBBy2, KBy2;
    }

    private ref struct Level
    {
        public Vector512<double> Weight, Centred, Residual, WeightedResidual, First, Z;
    }
}
