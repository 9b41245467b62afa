using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <content>A 4PL: asymmetry 1, for which h needs one exponential.</content>
internal static partial class LogisticKernel
{
    /// <summary>Puts h, dh/du and its second derivative into the scratch for asymmetry 1; gives sum w h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double FillUnit(in LevelTable table, double ob, double middle)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double w = ref MemoryMarshal.GetReference(table.Weights);
        ref double scratch = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> one = Vector512<double>.One, sum = Vector512<double>.Zero;
        Vector512<double> vectorMiddle = Vector512.Create(middle), vectorSlope = Vector512.Create(ob);
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> u = (Vector512.LoadUnsafe(ref x, i) - vectorMiddle) * vectorSlope;
            Vector512<double> e = VectorMath.Exp(-Vector512.Abs(u));
            Vector512<double> q = one / (one + e);
            Vector512<double> eq = e * q;
            Vector512<double> isPositive = Vector512.GreaterThan(u, Vector512<double>.Zero);
            Vector512<double> h = Vector512.ConditionalSelect(isPositive, eq, q);
            Vector512<double> first = -(q * eq);
            Vector512<double> second = first * (h + h - one);
            h.StoreUnsafe(ref scratch, i);
            first.StoreUnsafe(ref scratch, n + i);
            second.StoreUnsafe(ref scratch, (2 * n) + i);
            sum = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref w, i), h, sum);
        }

        return VectorMath.Sum(sum);
    }

    /// <summary>Sum of squares, and raw sums of the gradient, of the Gauss-Newton matrix and of w r times the second derivatives of h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumUnit(in LevelTable table, double ob, double middle, ref LogisticPoint point, out LogisticCrossSums cross)
    {
        ref double x = ref MemoryMarshal.GetReference(table.LnConcentrations);
        ref double y = ref MemoryMarshal.GetReference(table.Responses);
        ref double weights = ref MemoryMarshal.GetReference(table.Weights);
        ref double scratch = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> vectorMean = Vector512.Create(point.Mean), amplitude = Vector512.Create(point.Amplitude);
        Vector512<double> vectorMiddle = Vector512.Create(middle), slope = Vector512.Create(ob), zero = Vector512<double>.Zero;
        Vector512<double> s = zero, m0 = zero, m1 = zero, c0 = zero, c1 = zero, g0 = zero, g1 = zero;
        Vector512<double> a00 = zero, a10 = zero, a11 = zero, s00 = zero, s10 = zero, s11 = zero;
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> w = Vector512.LoadUnsafe(ref weights, i);
            Vector512<double> centred = Vector512.LoadUnsafe(ref scratch, i) - vectorMean;
            Vector512<double> first = Vector512.LoadUnsafe(ref scratch, n + i);
            Vector512<double> z = (Vector512.LoadUnsafe(ref x, i) - vectorMiddle) * slope;
            Vector512<double> residual = Vector512.LoadUnsafe(ref y, i) - (amplitude * centred);
            Vector512<double> wr = w * residual;
            Vector512<double> v0 = first * z, v1 = -(first * slope);
            Vector512<double> w0 = w * v0, w1 = w * v1;
            s = Vector512.FusedMultiplyAdd(wr, residual, s);
            m0 += w0;
            m1 += w1;
            c0 = Vector512.FusedMultiplyAdd(w0, centred, c0);
            c1 = Vector512.FusedMultiplyAdd(w1, centred, c1);
            g0 = Vector512.FusedMultiplyAdd(wr, v0, g0);
            g1 = Vector512.FusedMultiplyAdd(wr, v1, g1);
            a00 = Vector512.FusedMultiplyAdd(w0, v0, a00);
            a10 = Vector512.FusedMultiplyAdd(w1, v0, a10);
            a11 = Vector512.FusedMultiplyAdd(w1, v1, a11);
            Vector512<double> second = Vector512.LoadUnsafe(ref scratch, (2 * n) + i);
            Vector512<double> bend = Vector512.FusedMultiplyAdd(second, z, first);
            Vector512<double> wrs = wr * slope;
            s00 = Vector512.FusedMultiplyAdd(wr * z, bend, s00);
            s10 = Vector512.FusedMultiplyAdd(wrs, bend, s10);
            s11 = Vector512.FusedMultiplyAdd(wrs * slope, second, s11);
        }

        point.SumOfSquares = VectorMath.Sum(s);
        cross = default;
        (cross.M0, cross.C0, point.D0) = (VectorMath.Sum(m0), VectorMath.Sum(c0), VectorMath.Sum(g0));
        (cross.M1, cross.C1, point.D1) = (VectorMath.Sum(m1), VectorMath.Sum(c1), VectorMath.Sum(g1));
        point.A00 = VectorMath.Sum(a00);
        (point.A10, point.A11) = (VectorMath.Sum(a10), VectorMath.Sum(a11));
        (point.S00, point.S10, point.S11) = (VectorMath.Sum(s00), -VectorMath.Sum(s10), VectorMath.Sum(s11));
    }
}
