using System.Collections.Concurrent;
using MathNet.Numerics.Distributions;

namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>The 97.5 % quantiles that two-sided 95 % intervals take.</summary>
internal static class TwoSidedQuantile
{
    /// <summary>97.5 % quantile of the normal distribution.</summary>
    public const double Normal = 1.9599639845400542;

    private const double Probability = 0.975;

    /// <summary>Most quantiles that are remembered; others are computed each time, since a t quantile costs more than an interval.</summary>
    private const int RememberedLimit = 1024;

    private static readonly ConcurrentDictionary<double, double> Remembered = new();

    /// <summary>97.5 % quantile of Student's t.</summary>
    /// <param name="degreesOfFreedom">More than 0; null for the normal distribution.</param>
    public static double Of(double? degreesOfFreedom)
    {
        if (degreesOfFreedom is not { } df)
        {
            return Normal;
        }

        if (!Remembered.TryGetValue(df, out double quantile))
        {
            quantile = StudentT.InvCDF(0, 1, df, Probability);
            if (Remembered.Count < RememberedLimit)
            {
                Remembered[df] = quantile;
            }
        }

        return quantile;
    }
}
