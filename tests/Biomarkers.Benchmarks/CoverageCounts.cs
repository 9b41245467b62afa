namespace Biomarkers.Benchmarks;

/// <summary>An interval that is simulated.</summary>
internal enum CoverageInterval
{
    /// <summary>Variance known, z.</summary>
    KnownZ,

    /// <summary>The plate's own s^2, shape known, t(n-p).</summary>
    PlateT,

    /// <summary>Learned from 20 plates, t on the pooled degrees of freedom.</summary>
    LearnedPooledT,

    /// <summary>The same with t on the effective degrees of freedom.</summary>
    LearnedEffectiveT,

    /// <summary>The same with z.</summary>
    LearnedZ,

    /// <summary>Delta on ln x, variance known, z.</summary>
    Wald,

    /// <summary>Variance known, t(n-p).</summary>
    KnownT,

    /// <summary>Fixed weights 1/y^2, t(n-p).</summary>
    FixedOneOverY2,

    /// <summary>As the first, by deciles of the reported instead of the true concentration.</summary>
    KnownZByReported,

    /// <summary>As the first, unknowns within the plate's own CV-20 % limits only.</summary>
    KnownZWithinOwnLimits,

    /// <summary>As the first, with the tubes' variance joined to the covariance.</summary>
    KnownZTubesJoined,
}

/// <summary>What plates of one learning set were covered.</summary>
/// <param name="Set">Number of the set.</param>
/// <param name="Share">Covered unknowns of all deciles over all unknowns.</param>
/// <param name="ChanceVariance">Variance of the share by the plates that were drawn, from how plates differ.</param>
internal sealed record CoverageSet(int Set, double Share, double ChanceVariance);

/// <summary>Counts of one scenario by interval and decile. Sums of integers, so that the order of the plates does not matter.</summary>
internal sealed class CoverageCounts
{
    private const int Kinds = 4;
    private static readonly int Intervals = Enum.GetValues<CoverageInterval>().Length;
    private readonly long[] counts = new long[Intervals * CoverageScenario.DecileCount * Kinds];

    private enum Kind
    {
        All,
        Covered,
        Unbounded,
        None,
    }

    /// <summary>Coverage of each single learning set.</summary>
    public List<CoverageSet> Sets { get; } = [];

    public void Note(CoverageInterval interval, int decile, bool exists, bool isUnbounded, bool isCovered)
    {
        Add(interval, decile, Kind.All, 1);
        Add(interval, decile, Kind.Covered, isCovered ? 1 : 0);
        Add(interval, decile, Kind.Unbounded, isUnbounded ? 1 : 0);
        Add(interval, decile, Kind.None, exists ? 0 : 1);
    }

    public void Add(CoverageCounts other)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] += other.counts[i];
        }

        Sets.AddRange(other.Sets);
    }

    public long All(CoverageInterval interval, int decile) => counts[Place(interval, decile, Kind.All)];

    public double CoveredPercent(CoverageInterval interval, int decile) =>
        100.0 * counts[Place(interval, decile, Kind.Covered)] / Math.Max(1, All(interval, decile));

    public double UnboundedPercent(CoverageInterval interval) => Percent(interval, Kind.Unbounded);

    public double NonePercent(CoverageInterval interval) => Percent(interval, Kind.None);

    private double Percent(CoverageInterval interval, Kind kind)
    {
        long part = 0;
        long all = 0;
        for (int decile = 0; decile < CoverageScenario.DecileCount; decile++)
        {
            part += counts[Place(interval, decile, kind)];
            all += All(interval, decile);
        }

        return 100.0 * part / Math.Max(1, all);
    }

    private void Add(CoverageInterval interval, int decile, Kind kind, long count) => counts[Place(interval, decile, kind)] += count;

    private static int Place(CoverageInterval interval, int decile, Kind kind) => ((((int)interval * CoverageScenario.DecileCount) + decile) * Kinds) + (int)kind;
}

/// <summary>How many of some plates were called determined at the upper asymptote.</summary>
internal sealed class DeterminedCounts
{
    /// <summary>By SE(upper) / amplitude below 0.2, variance known.</summary>
    public int KnownByError { get; set; }

    /// <summary>The same with the plate's own s^2.</summary>
    public int PlateByError { get; set; }

    /// <summary>By the diagnosis, which also asks for the calibrators' reach, variance known.</summary>
    public int KnownByDiagnosis { get; set; }

    /// <summary>The same with the plate's own s^2.</summary>
    public int PlateByDiagnosis { get; set; }

    /// <summary>Parameters on a bound, which the fit flags.</summary>
    public int AtBound { get; set; }

    /// <summary>Fits that are not usable.</summary>
    public int Unusable { get; set; }

    public void Add(DeterminedCounts other)
    {
        KnownByError += other.KnownByError;
        PlateByError += other.PlateByError;
        KnownByDiagnosis += other.KnownByDiagnosis;
        PlateByDiagnosis += other.PlateByDiagnosis;
        AtBound += other.AtBound;
        Unusable += other.Unusable;
    }
}
