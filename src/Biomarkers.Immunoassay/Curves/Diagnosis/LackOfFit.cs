namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>Whether the curve misses the means of the levels by more than replicates scatter.</summary>
/// <remarks>
/// F = ((SS - PE) / (k - p)) / (PE / (n - k)) with SS the weighted sum of squares, PE = sum over the k levels of sum w (y - level mean)^2 with the
/// weighted mean, p free parameters that are not on a bound, and n points; F(k - p, n - k) when the model is right and each well errs by itself.
/// It is informational: an error that the wells of a level share, such as that of the tube they came from, is taken for lack of fit (5 % per tube
/// fires at p &lt; 0.01 on 3 to 29 % of plates). Source: Draper and Smith (1998), Applied Regression Analysis, section 2.2.
/// </remarks>
/// <param name="F">Observed ratio, 0 or more.</param>
/// <param name="NumeratorDegreesOfFreedom">k - p, 1 or more.</param>
/// <param name="DenominatorDegreesOfFreedom">n - k, 1 or more.</param>
/// <param name="PValue">Probability of a ratio as large or larger.</param>
public sealed record LackOfFit(double F, int NumeratorDegreesOfFreedom, int DenominatorDegreesOfFreedom, double PValue)
{
    /// <summary>The test; null without replicates, without a level to spare, or where replicates are equal to rounding or squares overflow.</summary>
    internal static LackOfFit? Of(FittedPoints points, IReadOnlyList<int[]> levels)
    {
        int numerator = levels.Count - points.MovingCount;
        int denominator = points.Weights.Length - levels.Count;
        if (numerator < 1 || denominator < 1)
        {
            return null;
        }

        double pure = 0;
        foreach (int[] level in levels)
        {
            // All wells of a level share the fitted value, so residuals scatter as responses do.
            double weight = 0, sum = 0;
            foreach (int i in level)
            {
                weight += points.Weights[i];
                sum += points.Weights[i] * points.Residuals[i];
            }

            foreach (int i in level)
            {
                double deviation = points.Residuals[i] - (sum / weight);
                pure += points.Weights[i] * deviation * deviation;
            }
        }

        if (CurveDiagnosis.IsRounding(pure, points))
        {
            return null;
        }

        double f = Math.Max(points.SumOfSquares - pure, 0) / numerator / (pure / denominator);
        return double.IsFinite(f) ? new LackOfFit(f, numerator, denominator, TailProbability.UpperF(f, numerator, denominator)) : null;
    }
}
