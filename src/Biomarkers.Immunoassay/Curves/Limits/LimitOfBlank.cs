namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>Blank responses of one reagent lot, over its plates, with the curve on whose scale they are.</summary>
/// <param name="Lot">Name of the lot.</param>
/// <param name="Responses">Responses of blanks, finite, reduced as those of the curve's calibrators.</param>
/// <param name="Curve">Curve by which a response of this lot becomes a concentration.</param>
public sealed record BlankLot(string Lot, IReadOnlyList<double> Responses, CurveFit Curve);

/// <summary>How a limit of blank is made from its results.</summary>
public enum BlankEstimator
{
    /// <summary>Mean + 1.645 SD of the responses.</summary>
    Parametric,

    /// <summary>The response of rank 0.5 + 0.95 B of B, linear between ranks: for responses that are not normal.</summary>
    Rank,
}

/// <summary>The limit of blank of one lot.</summary>
/// <param name="Lot">Name of the lot.</param>
/// <param name="ResultCount">Number of responses.</param>
/// <param name="Limit">The limit, or why there is none.</param>
public sealed record LotLimit(string Lot, int ResultCount, ConcentrationLimit Limit);

/// <summary>LoB: the highest concentration that a sample without analyte is likely to read (95 %).</summary>
/// <remarks>
/// Made on the scale of responses and then inverted, because about half of the blanks have no inverse: y = mean + 1.645 SD of blank responses, for a
/// falling curve mean - 1.645 SD; or the response of rank 0.5 + 0.95 B, counted from the other end for a falling curve. The largest over lots counts.
/// Sources: Armbruster and Pry (2008), Clin Biochem Rev 29 Suppl 1:S49-52; CLSI EP17-A2 (as cited there; at least 60 results of at least two lots).
/// </remarks>
/// <param name="Limit">The largest of the lots, or why there is none: one lot without enough results leaves it open.</param>
/// <param name="Lots">Each lot by itself, in the order given.</param>
public sealed record LimitOfBlank(ConcentrationLimit Limit, IReadOnlyList<LotLimit> Lots)
{
    /// <summary>Normal quantile of 95 %, as the guideline prints it.</summary>
    internal const double Quantile95 = 1.645;

    /// <summary>Results per lot with which EP17 establishes a limit.</summary>
    public const int UsualResultCount = 60;

    /// <summary>Ranks up to the last are needed: 0.5 + 0.95 B is at most B from here on.</summary>
    private const int LeastForRank = 10;

    /// <summary>Computes the limit.</summary>
    /// <param name="lots">Lots, at least one.</param>
    /// <param name="estimator">How.</param>
    /// <param name="minimumResultCount">Results that each lot must have, 2 or more; default 60. A verification by 20 says so.</param>
    /// <returns>The limit with that of each lot. A lot whose limiting response lies beyond the zero end of its curve has a limit of no concentration, which
    /// can't be the largest; when every lot is such, so is the outcome. A lot beyond the other end leaves no limit at all.</returns>
    /// <exception cref="ArgumentException">There is no lot, or the minimum is below 2.</exception>
    public static LimitOfBlank Of(IReadOnlyList<BlankLot> lots, BlankEstimator estimator = BlankEstimator.Parametric, int minimumResultCount = UsualResultCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(lots.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumResultCount, 2);
        int least = estimator == BlankEstimator.Rank ? Math.Max(minimumResultCount, LeastForRank) : minimumResultCount;
        LotLimit[] limits = [.. lots.Select(lot => new LotLimit(lot.Lot, lot.Responses.Count, LimitOf(lot, estimator, least)))];
        return new LimitOfBlank(Largest([.. limits.Select(limit => limit.Limit)]), limits);
    }

    private static ConcentrationLimit Largest(ConcentrationLimit[] limits)
    {
        foreach (LimitOutcome outcome in (LimitOutcome[])[LimitOutcome.NotEnoughResults, LimitOutcome.NotEstimable, LimitOutcome.AboveCurve])
        {
            if (Array.Exists(limits, limit => limit.Outcome == outcome))
            {
                return ConcentrationLimit.Without(outcome);
            }
        }

        ConcentrationLimit[] found = [.. limits.Where(limit => limit.Outcome == LimitOutcome.Found)];
        return found.Length > 0 ? found.MaxBy(limit => limit.Concentration) : ConcentrationLimit.Without(LimitOutcome.BelowCurve);
    }

    private static ConcentrationLimit LimitOf(BlankLot lot, BlankEstimator estimator, int least)
    {
        if (lot.Responses.Count < least)
        {
            return ConcentrationLimit.Without(LimitOutcome.NotEnoughResults);
        }

        if (!lot.Curve.IsUsable || CurveStart.IsRising(lot.Curve) is not { } isRising)
        {
            return ConcentrationLimit.Without(LimitOutcome.NotEstimable);
        }

        double[] sorted = [.. lot.Responses.Order()];
        (double mean, double variance) = Scatter.Of(sorted);
        double response = estimator switch
        {
            BlankEstimator.Parametric => mean + ((isRising ? Quantile95 : -Quantile95) * Math.Sqrt(variance)),
            BlankEstimator.Rank => OfRank(sorted, isRising ? 0.5 + (0.95 * sorted.Length) : 0.5 + (0.05 * sorted.Length)),
            _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "The estimator is not known."),
        };
        return ConcentrationLimit.AtResponse(lot.Curve, response);
    }

    // Ranks count from 1; from the top, rank r is rank B + 1 - r, and B + 1 - (0.5 + 0.95 B) = 0.5 + 0.05 B.
    private static double OfRank(double[] sorted, double rank)
    {
        int below = (int)Math.Floor(rank);
        double part = rank - below;
        return part == 0 ? sorted[below - 1] : sorted[below - 1] + (part * (sorted[below] - sorted[below - 1]));
    }
}
