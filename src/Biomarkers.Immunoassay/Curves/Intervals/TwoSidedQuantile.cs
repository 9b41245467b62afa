using System.Collections.Concurrent;
using Biomarkers.Immunoassay.Curves.Diagnosis;

namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>The 97.5 % quantiles that two-sided 95 % intervals take, with the same bits on every processor.</summary>
/// <remarks>Student's t by bisection of its tail probability; from 1000 degrees of freedom by the expansion around the normal quantile of Abramowitz and
/// Stegun (1964), 26.7.5, whose first term left out is below 1e-13 there. About 12 digits.</remarks>
internal static class TwoSidedQuantile
{
    /// <summary>97.5 % quantile of the normal distribution.</summary>
    public const double Normal = 1.9599639845400542;

    private const double OutsideProbability = 0.05;
    private const double ExpansionFrom = 1000;

    /// <summary>Beyond the quantile of one degree of freedom.</summary>
    private const double Highest = 12.8;

    /// <summary>Most quantiles that are remembered; others are computed each time, since a t quantile costs more than an interval.</summary>
    private const int RememberedLimit = 1024;

    private static readonly ConcurrentDictionary<double, double> Remembered = new();

    /// <summary>97.5 % quantile of Student's t.</summary>
    /// <param name="degreesOfFreedom">1 or more; null for the normal distribution.</param>
    public static double Of(double? degreesOfFreedom)
    {
        if (degreesOfFreedom is not { } df)
        {
            return Normal;
        }

        if (!Remembered.TryGetValue(df, out double quantile))
        {
            quantile = df < ExpansionFrom ? Bisect(df) : Expand(df);
            if (Remembered.Count < RememberedLimit)
            {
                Remembered[df] = quantile;
            }
        }

        return quantile;
    }

    /// <summary>The quantile that a normal or t number exceeds with a probability, by bisection.</summary>
    /// <param name="degreesOfFreedom">1 or more; null for the normal distribution.</param>
    /// <param name="probability">Between 0 and 0.5.</param>
    public static double Upper(double? degreesOfFreedom, double probability)
    {
        (double low, double high) = (0.0, 1.0);
        while (TwoSidedTail(high) > 2 * probability && high < double.MaxValue / 2)
        {
            high *= 2;
        }

        for (double middle = high / 2; middle > low && middle < high; middle = low + ((high - low) / 2))
        {
            (low, high) = TwoSidedTail(middle) > 2 * probability ? (middle, high) : (low, middle);
        }

        return high;

        double TwoSidedTail(double q) => degreesOfFreedom is { } df ? TailProbability.TwoSidedT(q, df) : TailProbability.TwoSidedNormal(q);
    }

    private static double Bisect(double df)
    {
        (double low, double high) = (Normal, Highest);
        while (high - low > 1e-15 * high)
        {
            double middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high)
            {
                break;
            }

            (low, high) = TailProbability.TwoSidedT(middle, df) > OutsideProbability ? (middle, high) : (low, middle);
        }

        return high;
    }

    private static double Expand(double df)
    {
        const double z = Normal;
        const double z2 = z * z;
        const double first = z * (z2 + 1) / 4;
        const double second = z * ((((5 * z2) + 16) * z2) + 3) / 96;
        const double third = z * ((((((3 * z2) + 19) * z2) + 17) * z2) - 15) / 384;
        const double fourth = z * ((((((((79 * z2) + 776) * z2) + 1482) * z2) - 1920) * z2) - 945) / 92160;
        double inverse = 1 / df;
        return z + (inverse * (first + (inverse * (second + (inverse * (third + (inverse * fourth)))))));
    }
}
