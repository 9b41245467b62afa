namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>Wells of one content on one plate, as far as a variance function is learned from them.</summary>
/// <param name="MeanResponse">Mean response, finite.</param>
/// <param name="Variance">Variance of the wells around it, s^2 with n - 1, squared unit of the response, finite, 0 or more.</param>
/// <param name="DegreesOfFreedom">n - 1, 1 or more.</param>
public readonly record struct ReplicateGroup(double MeanResponse, double Variance, int DegreesOfFreedom)
{
    /// <summary>The group of some wells.</summary>
    /// <param name="responses">Responses of the wells, finite.</param>
    /// <returns>The group; null for fewer than two wells, or where the variance overflows.</returns>
    public static ReplicateGroup? Of(IReadOnlyList<double> responses)
    {
        if (responses.Count < 2)
        {
            return null;
        }

        double mean = 0;
        for (int i = 0; i < responses.Count; i++)
        {
            mean += responses[i] / responses.Count;
        }

        double sum = 0;
        for (int i = 0; i < responses.Count; i++)
        {
            sum += (responses[i] - mean) * (responses[i] - mean);
        }

        double variance = sum / (responses.Count - 1);
        return double.IsFinite(mean) && double.IsFinite(variance) ? new ReplicateGroup(mean, variance, responses.Count - 1) : null;
    }
}
