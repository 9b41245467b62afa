namespace Biomarkers.Immunoassay.Curves;

/// <summary>The points of a fit, gathered by concentration and sorted: what a solver minimises over.</summary>
/// <remarks>
/// For weights that do not change, sum w (y - f)^2 over the wells of one concentration is W (mean - f)^2 plus a constant, W being the sum of the
/// weights and mean the weighted mean; so levels give the same minimum as wells. Responses and weights are scaled by powers of two, which is exact.
/// Sorting makes the outcome independent of the order of the points, to the last bit.
/// </remarks>
internal sealed class CalibratorLevels
{
    private CalibratorLevels(double[] concentrations, double[] lnConcentrations, double[] targets, double[] weights, double responseScale)
    {
        Concentrations = concentrations;
        LnConcentrations = lnConcentrations;
        Targets = targets;
        Weights = weights;
        ResponseScale = responseScale;
    }

    /// <summary>Number of distinct concentrations.</summary>
    public int Count => Targets.Length;

    /// <summary>Concentration, ascending.</summary>
    public double[] Concentrations { get; }

    /// <summary>Ln concentration, ascending; negative infinity for zero.</summary>
    public double[] LnConcentrations { get; }

    /// <summary>Weighted mean of the response over <see cref="ResponseScale"/>, or of ln response for a model that fits that.</summary>
    public double[] Targets { get; }

    /// <summary>Sum of the weights, over a common scale.</summary>
    public double[] Weights { get; }

    /// <summary>What responses were divided by; 1 for ln response.</summary>
    public double ResponseScale { get; }

    /// <summary>Gathers points whose weights are defined.</summary>
    /// <param name="concentrations">n concentrations.</param>
    /// <param name="targets">n responses or ln responses.</param>
    /// <param name="weights">n finite weights of more than 0.</param>
    /// <param name="isLn">Whether the targets are ln responses, which aren't scaled.</param>
    public static CalibratorLevels Gather(IReadOnlyList<double> concentrations, double[] targets, double[] weights, bool isLn)
    {
        int[] order = Enumerable.Range(0, targets.Length)
            .OrderBy(i => concentrations[i]).ThenBy(i => targets[i]).ThenBy(i => weights[i])
            .ToArray();
        double responseScale = isLn ? 1 : PowerOfTwoNear(targets.Max(Math.Abs));
        double weightScale = PowerOfTwoNear(weights.Max());
        var distinct = new List<double>();
        var lnConcentrations = new List<double>();
        var sums = new List<double>();
        var totals = new List<double>();
        double current = double.NaN;
        foreach (int i in order)
        {
            if (concentrations[i] != current)
            {
                current = concentrations[i];
                distinct.Add(current);
                lnConcentrations.Add(PreciseMath.Log(current));
                sums.Add(0);
                totals.Add(0);
            }

            double weight = weights[i] / weightScale;
            sums[^1] += weight * (targets[i] / responseScale);
            totals[^1] += weight;
        }

        double[] means = sums.Zip(totals, (sum, total) => sum / total).ToArray();
        return new CalibratorLevels([.. distinct], [.. lnConcentrations], means, [.. totals], responseScale);
    }

    /// <summary>The same points with other weights, equal for all wells of a level, so that the means stay.</summary>
    /// <param name="weights">One finite weight of more than 0 per level, over all of its wells.</param>
    public CalibratorLevels Reweighted(ReadOnlySpan<double> weights)
    {
        double highest = 0;
        foreach (double weight in weights)
        {
            highest = Math.Max(highest, weight);
        }

        double scale = PowerOfTwoNear(highest);
        var scaled = new double[weights.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = weights[i] / scale;
        }

        return new CalibratorLevels(Concentrations, LnConcentrations, Targets, scaled, ResponseScale);
    }

    private static double PowerOfTwoNear(double value) => value > 0 ? Math.ScaleB(1, Math.ILogB(value)) : 1;
}

/// <summary>What a solver gives back.</summary>
/// <param name="Parameters">p parameters in their order; empty when the iteration could not begin.</param>
/// <param name="Termination">Why it ended.</param>
/// <param name="IterationCount">Iterations of the start that won.</param>
/// <param name="ParametersAtBound">Names of parameters on a bound of the solver's box.</param>
internal sealed record CurveSolution(double[] Parameters, FitTermination Termination, int IterationCount, IReadOnlyList<string> ParametersAtBound);
