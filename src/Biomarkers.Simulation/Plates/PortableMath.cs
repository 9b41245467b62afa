namespace Biomarkers.Simulation.Plates;

/// <summary>Exponential and logarithm from additions, multiplications and divisions only: the runtime's own call the platform's library, whose
/// last bit differs between systems, and a seed must give the same plate everywhere. Relative error below 1e-14.</summary>
internal static class PortableMath
{
    // ln 2 in two parts: an integer of up to 20 bits times the first is exact (fdlibm's split).
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e to the power of x, for |x| up to 700.</summary>
    public static double Exp(double x)
    {
        int power = (int)Math.Round(x / (Ln2High + Ln2Low));
        double rest = x - (power * Ln2High) - (power * Ln2Low);
        double sum = 1;
        for (int n = 18; n >= 1; n--)
        {
            sum = 1 + (sum * rest / n);
        }

        return Math.ScaleB(sum, power);
    }

    /// <summary>Natural logarithm of a positive, normal number.</summary>
    public static double Log(double x)
    {
        int power = Math.ILogB(x);
        double mantissa = Math.ScaleB(x, -power);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            power++;
        }

        // ln m = 2 atanh((m - 1) / (m + 1)), |s| at most 0.172.
        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = 0;
        for (int n = 23; n >= 1; n -= 2)
        {
            sum = (sum * square) + (1.0 / n);
        }

        return (power * Ln2High) + ((2 * s * sum) + (power * Ln2Low));
    }
}
