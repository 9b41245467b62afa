using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>Exponential and logarithm of eight numbers at once, with the same bits on every processor.</summary>
/// <remarks>
/// Only additions, multiplications, divisions and explicit fused multiply-adds of single lanes are used, each rounded once by IEEE 754: the bits do
/// not depend on whether the processor has AVX-512, AVX2 or neither. The runtime's own <c>Vector512.Exp</c> and <c>Log</c>, and the C library
/// behind <c>Math.Exp</c>, promise no such thing. Errors are below one unit in the last place.
/// Sources: the reduction by multiples of ln 2 in two parts of W. Cody and W. Waite (1980), Software Manual for the Elementary Functions; the
/// series of the exponential function; for the logarithm the polynomial of fdlibm's e_log.c (Sun Microsystems 1993).
/// </remarks>
internal static class VectorMath
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>1.5 * 2^52: adding it rounds to a whole number, which then stands in the low bits.</summary>
    private const double Rounding = 6755399441055744.0;

    /// <summary>Below it exp is less than the smallest normal number.</summary>
    private const double FlushBelow = -708;

    private const long SquareRootHalfBits = 0x3FE6A09E667F3BCD;
    private const long ExponentMask = unchecked((long)0xFFF0000000000000);

    /// <summary>exp(x) for x of at most 709; 0 below -708, where the result would lose digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        Vector512<double> rounding = Vector512.Create(Rounding);
        Vector512<double> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), rounding);
        Vector512<double> k = shifted - rounding;
        Vector512<double> r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-Ln2Low), r);

        // Taylor's series to the 13th power in pairs (Estrin): |r| <= ln 2 / 2 leaves a remainder of 5e-18.
        Vector512<double> r2 = r * r;
        Vector512<double> r4 = r2 * r2;
        Vector512<double> p01 = r + Vector512<double>.One;
        Vector512<double> p23 = Pair(r, 1.0 / 6, 0.5);
        Vector512<double> p45 = Pair(r, 1.0 / 120, 1.0 / 24);
        Vector512<double> p67 = Pair(r, 1.0 / 5040, 1.0 / 720);
        Vector512<double> p89 = Pair(r, 1.0 / 362880, 1.0 / 40320);
        Vector512<double> pAb = Pair(r, 1.0 / 39916800, 1.0 / 3628800);
        Vector512<double> pCd = Pair(r, 1.0 / 6227020800, 1.0 / 479001600);
        Vector512<double> low = Vector512.FusedMultiplyAdd(p23, r2, p01);
        Vector512<double> middle = Vector512.FusedMultiplyAdd(p67, r2, p45);
        Vector512<double> high = Vector512.FusedMultiplyAdd(pAb, r2, p89);
        high = Vector512.FusedMultiplyAdd(pCd, r4, high);
        middle = Vector512.FusedMultiplyAdd(high, r4, middle);
        Vector512<double> series = Vector512.FusedMultiplyAdd(middle, r4, low);

        Vector512<double> scale = ((shifted.AsInt64() + Vector512.Create(1023L)) << 52).AsDouble();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(FlushBelow)), Vector512<double>.Zero, series * scale);
    }

    /// <summary>ln x for normal x of more than 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // x = 2^k z with z between sqrt(1/2) and sqrt 2.
        Vector512<long> bits = x.AsInt64();
        Vector512<long> offset = bits - Vector512.Create(SquareRootHalfBits);
        Vector512<long> exponent = offset & Vector512.Create(ExponentMask);
        Vector512<double> z = (bits - exponent).AsDouble();
        Vector512<double> k = Vector512.ConvertToDouble(exponent >> 52);
        return LogOfReduced(z - Vector512<double>.One, k);
    }

    /// <summary>ln(1 + x) for x between 0 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LogOnePlus(Vector512<double> x)
    {
        Vector512<double> isLarge = Vector512.GreaterThan(x, Vector512.Create(0.41421356237309503));
        Vector512<double> half = Vector512.Create(0.5);
        Vector512<double> f = Vector512.ConditionalSelect(isLarge, (x - Vector512<double>.One) * half, x);
        return LogOfReduced(f, isLarge & Vector512<double>.One);
    }

    /// <summary>Sum of the eight lanes, in one fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector512<double> x)
    {
        Vector256<double> four = x.GetLower() + x.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two.ToScalar() + two.GetElement(1);
    }

    /// <summary>ln(1 + f) + k ln 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LogOfReduced(Vector512<double> f, Vector512<double> k)
    {
        Vector512<double> s = f / (f + Vector512.Create(2.0));
        Vector512<double> z = s * s;
        Vector512<double> w = z * z;
        Vector512<double> odd = Pair(w, 1.531383769920937332e-01, 2.222219843214978396e-01);
        odd = Vector512.FusedMultiplyAdd(odd, w, Vector512.Create(3.999999999940941908e-01));
        Vector512<double> even = Pair(w, 1.479819860511658591e-01, 1.818357216161805012e-01);
        even = Vector512.FusedMultiplyAdd(even, w, Vector512.Create(2.857142874366239149e-01));
        even = Vector512.FusedMultiplyAdd(even, w, Vector512.Create(6.666666666666735130e-01));
        Vector512<double> remainder = Vector512.FusedMultiplyAdd(odd, w, even * z);
        Vector512<double> halfSquare = f * f * Vector512.Create(0.5);
        Vector512<double> tail = Vector512.FusedMultiplyAdd(s, halfSquare + remainder, k * Vector512.Create(Ln2Low));
        return Vector512.FusedMultiplyAdd(k, Vector512.Create(Ln2High), f - (halfSquare - tail));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Pair(Vector512<double> x, double factor, double constant) =>
        Vector512.FusedMultiplyAdd(x, Vector512.Create(factor), Vector512.Create(constant));
}
