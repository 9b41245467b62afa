namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>Weights that do not depend on the curve: by the observed response, or by the replicates of each level.</summary>
internal static class FixedWeights
{
    /// <summary>Computes one weight per point.</summary>
    /// <param name="problem">The points; weights are not those of a variance function.</param>
    /// <param name="targets">Responses, or ln responses for a model that fits them.</param>
    /// <param name="weights">Receives the weights.</param>
    /// <returns>Null; otherwise a sentence that names a point without a finite weight of more than 0.</returns>
    public static string? Fill(CurveFitProblem problem, double[] targets, double[] weights)
    {
        if (problem.Weighting.IsByReplicates)
        {
            return FillByReplicates(problem, targets, weights);
        }

        for (int i = 0; i < weights.Length; i++)
        {
            double response = problem.Responses[i];
            weights[i] = problem.Weighting.IsDefinedFor(response) ? problem.Weighting.WeightOf(response) : double.NaN;
            if (!(double.IsFinite(weights[i]) && weights[i] > 0))
            {
                return FailureAt(problem, i);
            }
        }

        return null;
    }

    /// <summary>The sentence for a point without a weight.</summary>
    public static string FailureAt(CurveFitProblem problem, int i) =>
        $"Response {problem.Responses[i]} at concentration {problem.Concentrations[i]} has no weight under '{problem.Weighting.Id}' in {problem.Model.Id}.";

    // 1 / s^2 of the level, with the mean subtracted first, so that no digits of s^2 are lost. A level whose wells are equal, often only because
    // the reader rounds, would weigh infinitely much; there is no honest weight for it, nor for a single well.
    private static string? FillByReplicates(CurveFitProblem problem, double[] targets, double[] weights)
    {
        foreach (IGrouping<double, int> level in Enumerable.Range(0, targets.Length).GroupBy(i => problem.Concentrations[i]))
        {
            // One order of summation gives one set of bits, whatever the order of the points.
            double[] wells = [.. level.Select(i => targets[i]).Order()];
            double mean = wells.Sum() / wells.Length;
            double sum = 0;
            foreach (double well in wells)
            {
                sum += (well - mean) * (well - mean);
            }

            double weight = (wells.Length - 1) / sum;
            if (wells.Length < 2 || !double.IsFinite(weight) || !(weight > 0))
            {
                return wells.Length < 2
                    ? $"The level at concentration {level.Key} has one point; weights by replicates need two wells or more of every level."
                    : $"The wells of the level at concentration {level.Key} do not differ, so that their variance gives no weight under '{problem.Weighting.Id}'.";
            }

            foreach (int i in level)
            {
                weights[i] = weight;
            }
        }

        return null;
    }
}
