namespace Biomarkers.Immunoassay.Curves;

/// <summary>Elementary functions that keep their relative accuracy near zero and never overflow between.</summary>
/// <remarks>Source of the first two: W. Kahan's corrections, as given by N. Higham, Accuracy and Stability of Numerical Algorithms, section 1.14.1.</remarks>
internal static class PreciseMath
{
    /// <summary>ln(1 + x), x more than -1.</summary>
    public static double LogOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 || double.IsInfinity(u) ? x : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1.</summary>
    public static double ExpMinusOne(double x)
    {
        if (Math.Abs(x) > 1)
        {
            return Math.Exp(x) - 1;
        }

        double u = Math.Exp(x);
        return u == 1 ? x : (u - 1) * (x / Math.Log(u));
    }

    /// <summary>ln(1 + exp(z)) for any z.</summary>
    public static double LogOnePlusExp(double z) => z > 0 ? z + LogOnePlus(Math.Exp(-z)) : LogOnePlus(Math.Exp(z));

    /// <summary>ln(exp(s) - 1), s more than 0: the inverse of <see cref="LogOnePlusExp"/>.</summary>
    public static double LogExpMinusOne(double s) => s > 1 ? s + LogOnePlus(-Math.Exp(-s)) : Math.Log(ExpMinusOne(s));
}
