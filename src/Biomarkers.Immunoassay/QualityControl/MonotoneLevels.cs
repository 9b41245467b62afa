using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>Two neighbouring calibrator levels whose mean responses run against the others: swapped wells, a damaged list of assigned values, or a hook.</summary>
/// <param name="Lower">Place of the level of lower concentration, in the list of levels.</param>
/// <param name="Upper">Place of the next level.</param>
public readonly record struct LevelTurn(int Lower, int Upper);

/// <summary>Looks for calibrator levels at which the mean responses turn back.</summary>
public static class MonotoneLevels
{
    /// <summary>Probability below which a turn is more than the scatter of wells: the packs' own for lack of fit and outliers.</summary>
    private const double Probability = 0.01;

    /// <summary>Every step between neighbours against the direction from the first level to the last. Equal means do not count.</summary>
    /// <param name="concentrations">Ascending; a step between levels of one concentration does not count.</param>
    /// <param name="meanResponses">One per level.</param>
    /// <returns>The turns, ascending; empty for fewer than two levels.</returns>
    public static IReadOnlyList<LevelTurn> TurnsOf(IReadOnlyList<double> concentrations, IReadOnlyList<double> meanResponses)
    {
        List<LevelTurn> turns = [];
        int direction = meanResponses.Count == 0 ? 0 : Math.Sign(meanResponses[^1] - meanResponses[0]);
        for (int i = 1; i < meanResponses.Count; i++)
        {
            int step = Math.Sign(meanResponses[i] - meanResponses[i - 1]);
            if (step != 0 && step != direction && concentrations[i] > concentrations[i - 1])
            {
                turns.Add(new LevelTurn(i - 1, i));
            }
        }

        return turns;
    }

    /// <summary>Whether a step between two levels is more than their wells scatter: one-sided p below 0.01 in z or t by the variance function where one is known or learned,
    /// else in Student's t by the two levels' pooled variance. Where there is neither, as with single wells, every step counts.</summary>
    /// <param name="lower">Responses of one level, one or more.</param>
    /// <param name="upper">Responses of the other, one or more.</param>
    /// <param name="weighting">Gives the variance function.</param>
    public static bool IsBeyondScatter(IReadOnlyList<double> lower, IReadOnlyList<double> upper, Weighting weighting)
    {
        (double lowerMean, double upperMean) = (lower.Average(), upper.Average());
        double step = Math.Abs(upperMean - lowerMean);
        if (weighting.Variance is { } variance && weighting.Basis != VarianceBasis.PlateResiduals)
        {
            double error = Math.Sqrt((variance.VarianceAt(lowerMean) / lower.Count) + (variance.VarianceAt(upperMean) / upper.Count));
            double two = weighting.PooledDegreesOfFreedom is { } learned ? TailProbability.TwoSidedT(step / error, learned) : TailProbability.TwoSidedNormal(step / error);
            return step > 0 && (error == 0 || two / 2 < Probability);
        }

        int degreesOfFreedom = lower.Count + upper.Count - 2;
        if (degreesOfFreedom < 1)
        {
            return step > 0;
        }

        double squares = lower.Sum(response => (response - lowerMean) * (response - lowerMean)) + upper.Sum(response => (response - upperMean) * (response - upperMean));
        double standardError = Math.Sqrt(squares / degreesOfFreedom * ((1.0 / lower.Count) + (1.0 / upper.Count)));
        return step > 0 && (standardError == 0 || TailProbability.TwoSidedT(step / standardError, degreesOfFreedom) / 2 < Probability);
    }
}
