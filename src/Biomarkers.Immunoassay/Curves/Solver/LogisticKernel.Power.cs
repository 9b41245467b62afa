using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <content>Any asymmetry, free or held.</content>
internal static partial class LogisticKernel
{
    /// <summary>As <see cref="FillUnit"/> for any asymmetry g, with the derivatives by ln g: first, mixed and second, behind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double FillPower(in LevelTable table, in LogisticShape shape, double ob, double middle)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double w = ref MemoryMarshal.GetReference(table.Weights);
        ref double scratch = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> one = Vector512<double>.One, zero = Vector512<double>.Zero, sum = zero;
        Vector512<double> vectorMiddle = Vector512.Create(middle), vectorSlope = Vector512.Create(ob);
        Vector512<double> k = Vector512.Create(shape.K), g = Vector512.Create(shape.Asymmetry);
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> u = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref x, i) - vectorMiddle, vectorSlope, k);
            Vector512<double> e = VectorMath.Exp(-Vector512.Abs(u));
            Vector512<double> q = one / (one + e);
            Vector512<double> eq = e * q;
            Vector512<double> isPositive = Vector512.GreaterThan(u, zero);
            Vector512<double> sigmoid = Vector512.ConditionalSelect(isPositive, q, eq);
            Vector512<double> rest = Vector512.ConditionalSelect(isPositive, eq, q);
            Vector512<double> gl = g * (VectorMath.LogOnePlus(e) + Vector512.Max(u, zero));
            Vector512<double> h = VectorMath.Exp(-gl);
            Vector512<double> gs = g * sigmoid;
            Vector512<double> first = -(gs * h);
            Vector512<double> byAsymmetry = -(gl * h);
            h.StoreUnsafe(ref scratch, i);
            first.StoreUnsafe(ref scratch, n + i);
            (first * (rest - gs)).StoreUnsafe(ref scratch, (2 * n) + i);
            byAsymmetry.StoreUnsafe(ref scratch, (3 * n) + i);
            (first * (one - gl)).StoreUnsafe(ref scratch, (4 * n) + i);
            (byAsymmetry * (one - gl)).StoreUnsafe(ref scratch, (5 * n) + i);
            sum = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref w, i), h, sum);
        }

        return VectorMath.Sum(sum);
    }

    /// <summary>Sum of squares, raw sums of the gradient and of the Gauss-Newton matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumPower(in LevelTable table, in LogisticShape shape, double ob, double middle, ref LogisticPoint point, out LogisticCrossSums cross)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double y = ref MemoryMarshal.GetReference(table.Responses);
        ref double weights = ref MemoryMarshal.GetReference(table.Weights);
        ref double scratch = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> vectorMean = Vector512.Create(point.Mean), amplitude = Vector512.Create(point.Amplitude);
        Vector512<double> vectorMiddle = Vector512.Create(middle), slope = Vector512.Create(ob), zero = Vector512<double>.Zero;
        Vector512<double> lnB = Vector512.Create(shape.LnBByAsymmetry), kBy = Vector512.Create(shape.KByAsymmetry);
        Vector512<double> s = zero, m0 = zero, m1 = zero, m2 = zero, c0 = zero, c1 = zero, c2 = zero, g0 = zero, g1 = zero, g2 = zero;
        Vector512<double> a00 = zero, a10 = zero, a11 = zero, a20 = zero, a21 = zero, a22 = zero;
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> w = Vector512.LoadUnsafe(ref weights, i);
            Vector512<double> centred = Vector512.LoadUnsafe(ref scratch, i) - vectorMean;
            Vector512<double> first = Vector512.LoadUnsafe(ref scratch, n + i);
            Vector512<double> z = (Vector512.LoadUnsafe(ref x, i) - vectorMiddle) * slope;
            Vector512<double> residual = Vector512.LoadUnsafe(ref y, i) - (amplitude * centred);
            Vector512<double> wr = w * residual;
            Vector512<double> v0 = first * z, v1 = -(first * slope);
            Vector512<double> v2 = Vector512.FusedMultiplyAdd(first, Vector512.FusedMultiplyAdd(z, lnB, kBy), Vector512.LoadUnsafe(ref scratch, (3 * n) + i));
            Vector512<double> w0 = w * v0, w1 = w * v1, w2 = w * v2;
            s = Vector512.FusedMultiplyAdd(wr, residual, s);
            m0 += w0;
            m1 += w1;
            m2 += w2;
            c0 = Vector512.FusedMultiplyAdd(w0, centred, c0);
            c1 = Vector512.FusedMultiplyAdd(w1, centred, c1);
            c2 = Vector512.FusedMultiplyAdd(w2, centred, c2);
            g0 = Vector512.FusedMultiplyAdd(wr, v0, g0);
            g1 = Vector512.FusedMultiplyAdd(wr, v1, g1);
            g2 = Vector512.FusedMultiplyAdd(wr, v2, g2);
            a00 = Vector512.FusedMultiplyAdd(w0, v0, a00);
            a10 = Vector512.FusedMultiplyAdd(w1, v0, a10);
            a11 = Vector512.FusedMultiplyAdd(w1, v1, a11);
            a20 = Vector512.FusedMultiplyAdd(w2, v0, a20);
            a21 = Vector512.FusedMultiplyAdd(w2, v1, a21);
            a22 = Vector512.FusedMultiplyAdd(w2, v2, a22);
        }

        point.SumOfSquares = VectorMath.Sum(s);
        cross = default;
        (cross.M0, cross.C0, point.D0) = (VectorMath.Sum(m0), VectorMath.Sum(c0), VectorMath.Sum(g0));
        (cross.M1, cross.C1, point.D1) = (VectorMath.Sum(m1), VectorMath.Sum(c1), VectorMath.Sum(g1));
        (cross.M2, cross.C2, point.D2) = (VectorMath.Sum(m2), VectorMath.Sum(c2), VectorMath.Sum(g2));
        point.A00 = VectorMath.Sum(a00);
        (point.A10, point.A11) = (VectorMath.Sum(a10), VectorMath.Sum(a11));
        (point.A20, point.A21, point.A22) = (VectorMath.Sum(a20), VectorMath.Sum(a21), VectorMath.Sum(a22));
    }

    /// <summary>Raw sums of w r times the second derivatives of h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BendPower(in LevelTable table, in LogisticShape shape, double ob, double middle, ref LogisticPoint point)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double y = ref MemoryMarshal.GetReference(table.Responses);
        ref double weights = ref MemoryMarshal.GetReference(table.Weights);
        ref double scratch = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> vectorMean = Vector512.Create(point.Mean), amplitude = Vector512.Create(point.Amplitude);
        Vector512<double> vectorMiddle = Vector512.Create(middle), slope = Vector512.Create(ob), zero = Vector512<double>.Zero;
        Vector512<double> lnB = Vector512.Create(shape.LnBByAsymmetry), kBy = Vector512.Create(shape.KByAsymmetry);
        Vector512<double> lnB2 = Vector512.Create((shape.LnBByAsymmetry * shape.LnBByAsymmetry) + shape.LnBByAsymmetry2);
        Vector512<double> kBy2 = Vector512.Create(shape.KByAsymmetry2);
        Vector512<double> s00 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s22 = zero;
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> w = Vector512.LoadUnsafe(ref weights, i);
            Vector512<double> centred = Vector512.LoadUnsafe(ref scratch, i) - vectorMean;
            Vector512<double> first = Vector512.LoadUnsafe(ref scratch, n + i);
            Vector512<double> z = (Vector512.LoadUnsafe(ref x, i) - vectorMiddle) * slope;
            Vector512<double> residual = Vector512.LoadUnsafe(ref y, i) - (amplitude * centred);
            Vector512<double> wr = w * residual;
            Vector512<double> second = Vector512.LoadUnsafe(ref scratch, (2 * n) + i);
            Vector512<double> mixed = Vector512.LoadUnsafe(ref scratch, (4 * n) + i);
            Vector512<double> p = Vector512.FusedMultiplyAdd(z, lnB, kBy);
            Vector512<double> bend = Vector512.FusedMultiplyAdd(second, z, first);
            Vector512<double> turn = Vector512.FusedMultiplyAdd(second, p, Vector512.FusedMultiplyAdd(first, lnB, mixed));
            Vector512<double> twist = Vector512.FusedMultiplyAdd(second, p, mixed + mixed) * p;
            twist = Vector512.FusedMultiplyAdd(first, Vector512.FusedMultiplyAdd(z, lnB2, kBy2), twist) + Vector512.LoadUnsafe(ref scratch, (5 * n) + i);
            Vector512<double> wrz = wr * z, wrs = wr * slope;
            s00 = Vector512.FusedMultiplyAdd(wrz, bend, s00);
            s10 = Vector512.FusedMultiplyAdd(wrs, bend, s10);
            s11 = Vector512.FusedMultiplyAdd(wrs * slope, second, s11);
            s20 = Vector512.FusedMultiplyAdd(wrz, turn, s20);
            s21 = Vector512.FusedMultiplyAdd(wrs, turn, s21);
            s22 = Vector512.FusedMultiplyAdd(wr, twist, s22);
        }

        (point.S00, point.S10, point.S11) = (VectorMath.Sum(s00), -VectorMath.Sum(s10), VectorMath.Sum(s11));
        (point.S20, point.S21, point.S22) = (VectorMath.Sum(s20), -VectorMath.Sum(s21), VectorMath.Sum(s22));
    }
}
