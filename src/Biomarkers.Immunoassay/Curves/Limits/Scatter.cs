namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>Mean and variance of results, summed in the order given.</summary>
internal static class Scatter
{
    /// <summary>Mean, and variance with n - 1, of two values or more.</summary>
    public static (double Mean, double Variance) Of(IReadOnlyList<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        double mean = sum / values.Count, squares = 0;
        foreach (double value in values)
        {
            squares += (value - mean) * (value - mean);
        }

        return (mean, squares / (values.Count - 1));
    }
}
