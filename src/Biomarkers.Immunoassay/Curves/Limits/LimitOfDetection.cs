namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>LoD: the lowest concentration that reads above the LoB in 95 % of cases.</summary>
/// <remarks>
/// LoD = LoB + cp SD, SD = sqrt(sum over J low samples of (n - 1) s^2 / (L - J)) of L measured concentrations, cp = 1.645 / (1 - 1 / (4 (L - J))), which
/// corrects the bias of an SD. On the scale of concentration, within a lot. It assumes that the SD of the low samples is alike.
/// Source: CLSI EP17-A2, as given by Armbruster and Pry (2008), Clin Biochem Rev 29 Suppl 1:S49-52.
/// </remarks>
/// <param name="Limit">The limit, or why there is none; it has no response.</param>
/// <param name="PooledSd">SD of low samples, in the unit of the concentrations; null without enough results.</param>
/// <param name="ResultCount">L.</param>
/// <param name="SampleCount">J, samples with two results or more.</param>
public sealed record LimitOfDetection(ConcentrationLimit Limit, double? PooledSd, int ResultCount, int SampleCount)
{
    /// <summary>Computes the limit of one lot.</summary>
    /// <param name="limitOfBlank">LoB in the unit of the samples; 0 where blanks read below every concentration.</param>
    /// <param name="samples">Measured concentrations of each low sample; a sample with fewer than two says nothing of the SD and does not count.</param>
    /// <param name="minimumResultCount">L that is needed, 2 or more; default 60.</param>
    /// <returns>The limit, or that there are not enough results.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The LoB is negative or not finite, or the minimum below 2.</exception>
    public static LimitOfDetection Of(double limitOfBlank, IReadOnlyList<IReadOnlyList<double>> samples, int minimumResultCount = LimitOfBlank.UsualResultCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumResultCount, 2);
        if (!double.IsFinite(limitOfBlank) || limitOfBlank < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(limitOfBlank), limitOfBlank, "Expected a finite concentration of 0 or more.");
        }

        int resultCount = 0, sampleCount = 0;
        double squares = 0;
        foreach (IReadOnlyList<double> sample in samples)
        {
            if (sample.Count >= 2)
            {
                resultCount += sample.Count;
                sampleCount++;
                squares += Scatter.Of(sample).Variance * (sample.Count - 1);
            }
        }

        int degreesOfFreedom = resultCount - sampleCount;
        if (resultCount < minimumResultCount || degreesOfFreedom < 1)
        {
            return new LimitOfDetection(ConcentrationLimit.Without(LimitOutcome.NotEnoughResults), null, resultCount, sampleCount);
        }

        double sd = Math.Sqrt(squares / degreesOfFreedom);
        double factor = LimitOfBlank.Quantile95 / (1 - (1 / (4.0 * degreesOfFreedom)));
        return new LimitOfDetection(new ConcentrationLimit(LimitOutcome.Found, limitOfBlank + (factor * sd), null), sd, resultCount, sampleCount);
    }

    /// <summary>The largest over lots; without enough results where a lot has too few.</summary>
    /// <param name="lots">Limits of the lots, at least one.</param>
    public static LimitOfDetection LargestOf(IReadOnlyList<LimitOfDetection> lots)
    {
        ArgumentOutOfRangeException.ThrowIfZero(lots.Count);
        return lots.FirstOrDefault(lot => lot.Limit.Outcome != LimitOutcome.Found) ?? lots.MaxBy(lot => lot.Limit.Concentration)!;
    }
}
