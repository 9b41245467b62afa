namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Mean and scatter of replicates. Values are summed in the order given, so one order gives one set of bits.</summary>
internal static class ReplicateStatistics
{
    /// <summary>Arithmetic mean of at least one value.</summary>
    public static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    /// <summary>100 SD / mean with n - 1 in the SD; null for fewer than two values, a mean that is not positive, or a value that is infinite.</summary>
    public static double? CvPercent(ReadOnlySpan<double> values)
    {
        if (values.Length < 2)
        {
            return null;
        }

        double mean = Mean(values);
        double squares = 0;
        foreach (double value in values)
        {
            squares += (value - mean) * (value - mean);
        }

        double cv = 100 * Math.Sqrt(squares / (values.Length - 1)) / mean;
        return mean > 0 && double.IsFinite(cv) ? cv : null;
    }
}
