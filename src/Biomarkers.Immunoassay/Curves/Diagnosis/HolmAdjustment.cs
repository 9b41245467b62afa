namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>Adjusts p-values for their number, so that the chance of any false finding stays below the level.</summary>
/// <remarks>Sorted ascending, the k-th of m is multiplied by m - k + 1, made monotone and cut at 1. It holds whatever the dependence between the
/// tests, and never finds less than Bonferroni. Source: Holm (1979), Scand J Stat 6:65-70.</remarks>
internal static class HolmAdjustment
{
    /// <summary>Adjusted values, in the order given; a test that could not be made is null and does not count.</summary>
    public static double?[] Of(IReadOnlyList<double?> values)
    {
        var places = new List<int>(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] is not null)
            {
                places.Add(i);
            }
        }

        places.Sort((left, right) => values[left] != values[right] ? values[left]!.Value.CompareTo(values[right]!.Value) : left - right);
        var adjusted = new double?[values.Count];
        double floor = 0;
        for (int k = 0; k < places.Count; k++)
        {
            floor = Math.Max(floor, Math.Min(1, (places.Count - k) * values[places[k]]!.Value));
            adjusted[places[k]] = floor;
        }

        return adjusted;
    }
}
