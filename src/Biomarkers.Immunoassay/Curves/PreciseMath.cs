using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Elementary functions of single numbers with the same bits on every processor, which keep their relative accuracy near zero and never
/// overflow between.</summary>
/// <remarks>Exponential and logarithm are one lane of <see cref="VectorMath"/>. Source of the corrections in <see cref="LogOnePlus"/> and
/// <see cref="ExpMinusOne"/>: W. Kahan, as given by N. Higham, Accuracy and Stability of Numerical Algorithms, section 1.14.1.</remarks>
internal static class PreciseMath
{
    private const double SmallestFull = 1e-300;
    private const double TwoTo54 = 18014398509481984;

    /// <summary>exp(x); 0 below -745, infinity above 709.78.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Exp(double x) => x switch
    {
        > 709 => x > 709.782712893384 ? double.PositiveInfinity : Exp(x - 1) * Math.E,
        < -708 => x < -746 ? 0 : Exp(x + 64) * 1.6038108905486378e-28,
        _ => double.IsNaN(x) ? x : VectorMath.Exp(Vector512.Create(x)).ToScalar(),
    };

    /// <summary>ln x; negative infinity for 0, no number below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log(double x) => x switch
    {
        >= SmallestFull => double.IsPositiveInfinity(x) ? x : VectorMath.Log(Vector512.Create(x)).ToScalar(),
        > 0 => Log(x * TwoTo54) - (54 * 0.6931471805599453),
        0 => double.NegativeInfinity,
        _ => double.NaN,
    };

    /// <summary>x^power for x of more than 0.</summary>
    public static double Pow(double x, double power) => power switch
    {
        0 => 1,
        1 => x,
        2 => x * x,
        _ => Exp(power * Log(x)),
    };

    /// <summary>ln(1 + x), x more than -1.</summary>
    public static double LogOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 || double.IsInfinity(u) ? x : Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1.</summary>
    public static double ExpMinusOne(double x)
    {
        if (Math.Abs(x) > 1)
        {
            return Exp(x) - 1;
        }

        double u = Exp(x);
        return u == 1 ? x : (u - 1) * (x / Log(u));
    }

    /// <summary>ln(exp(s) - 1), s more than 0.</summary>
    public static double LogExpMinusOne(double s) => s > 1 ? s + LogOnePlus(-Exp(-s)) : Log(ExpMinusOne(s));
}
