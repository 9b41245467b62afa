using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Benchmarks;

/// <summary>Simulates plates of a scenario and counts how often intervals cover. Every plate and every learning set has a seed of its own.</summary>
internal static class CoverageSimulation
{
    /// <summary>Plates of a learning set.</summary>
    public const int LearningPlates = 20;

    private const int BlockSize = 250;

    /// <summary>Intervals that have no limit are made for every fourth plate, to save time.</summary>
    private const int ComparedEvery = 4;

    private const ulong SetsFrom = 1UL << 40;
    private static readonly Dictionary<string, double> NoneHeld = [];

    /// <summary>Plates with known variance and with the plate's own.</summary>
    public static void RunPlates(CoverageScenario scenario, int plateCount, ulong seed, CoverageCounts counts)
    {
        int blocks = (plateCount + BlockSize - 1) / BlockSize;
        Parallel.For(0, blocks, block =>
        {
            var own = new CoverageCounts();
            for (int plate = block * BlockSize; plate < Math.Min(plateCount, (block + 1) * BlockSize); plate++)
            {
                OfPlate(scenario, new SeededGenerator(SeededGenerator.SeedOf(seed, (ulong)plate)), plate % ComparedEvery == 0, own);
            }

            lock (counts)
            {
                counts.Add(own);
            }
        });
    }

    /// <summary>Learning sets, each followed by plates that are fitted with what it learned.</summary>
    public static void RunLearningSets(CoverageScenario scenario, int setCount, int platesPerSet, ulong seed, CoverageCounts counts) =>
        Parallel.For(0, setCount, set =>
        {
            var own = new CoverageCounts();
            OfLearningSet(scenario, set, platesPerSet, new SeededGenerator(SeededGenerator.SeedOf(seed, SetsFrom + (ulong)set)), own);
            lock (counts)
            {
                counts.Add(own);
            }
        });

    /// <summary>How often curves without a plateau in sight are called determined.</summary>
    public static DeterminedCounts CountDetermined(CoverageScenario scenario, int plateCount, ulong seed)
    {
        var counts = new DeterminedCounts();
        Parallel.For(0, (plateCount + BlockSize - 1) / BlockSize, block =>
        {
            var own = new DeterminedCounts();
            for (int plate = block * BlockSize; plate < Math.Min(plateCount, (block + 1) * BlockSize); plate++)
            {
                double[] responses = scenario.DrawCalibrators(new SeededGenerator(SeededGenerator.SeedOf(seed, (ulong)plate)));
                CurveFitProblem problem = ProblemOf(scenario, Weighting.Known(scenario.FittedVariance), responses);
                CurveFit known = CurveFitter.Fit(problem, CurveFitOptions.Default);
                CurveFit plateFit = WithOwnVariance(scenario, known);
                own.Unusable += known.IsUsable ? 0 : 1;
                own.AtBound += known.IsUsable && known.ParametersAtBound.Count > 0 ? 1 : 0;
                own.KnownByError += IsDetermined(known, problem, 0) ? 1 : 0;
                own.PlateByError += IsDetermined(plateFit, problem, 0) ? 1 : 0;
                own.KnownByDiagnosis += IsDetermined(known, problem, AsymptoteDiagnosis.DeterminedReach) ? 1 : 0;
                own.PlateByDiagnosis += IsDetermined(plateFit, problem, AsymptoteDiagnosis.DeterminedReach) ? 1 : 0;
            }

            lock (counts)
            {
                counts.Add(own);
            }
        });
        return counts;
    }

    // With a reach of 0 and no look at bounds, the standard error alone decides.
    private static bool IsDetermined(CurveFit fit, CurveFitProblem problem, double reach) =>
        fit.IsUsable && CurveDiagnosis.Of(fit, problem)?.Identifiability.Asymptotes is [_, { } upper]
        && (reach > 0 ? upper.IsDetermined : upper.RelativeStandardError < AsymptoteDiagnosis.DeterminedBelow);

    private static CurveFit WithOwnVariance(CoverageScenario scenario, CurveFit known) => known with
    {
        Weighting = Weighting.Shape(scenario.FittedVariance),
        Covariance = known.Covariance is { } covariance && known.ResidualVariance is { } s2 ? [.. covariance.Select(entry => s2 * entry)] : null,
    };

    private static void OfPlate(CoverageScenario scenario, SeededGenerator random, bool isCompared, CoverageCounts counts)
    {
        double[] responses = scenario.DrawCalibrators(random);
        CurveFit known = Fit(scenario, Weighting.Known(scenario.FittedVariance), responses);
        CurveFit plate = WithOwnVariance(scenario, known);
        CurveFit knownT = known with { Weighting = Weighting.Learned(scenario.FittedVariance, known.DegreesOfFreedom) };
        CurveFit? fixedWeights = isCompared ? Fit(scenario, Weighting.OneOverY2, responses) : null;
        CurveFit? joined = scenario.TubeStandardDeviation > 0
            ? CalibratorTubes.Join(known, ProblemOf(scenario, known.Weighting, responses), scenario.TubeStandardDeviation)
            : null;
        Span<double> wells = stackalloc double[CoverageScenario.SampleWells];
        for (int decile = 0; decile < CoverageScenario.DecileCount; decile++)
        {
            double lnX = scenario.DrawUnknown(decile, random, wells);
            double mean = MeanOf(wells);
            bool isCovered = Note(CoverageInterval.KnownZ, decile, WithinPlateInterval.Of(known, mean, wells.Length), lnX, counts);
            Note(CoverageInterval.PlateT, decile, WithinPlateInterval.Of(plate, mean, wells.Length), lnX, counts);
            if (fixedWeights is not null)
            {
                Note(CoverageInterval.Wald, decile, WithinPlateInterval.ByDelta(known, mean, wells.Length), lnX, counts);
                Note(CoverageInterval.KnownT, decile, WithinPlateInterval.Of(knownT, mean, wells.Length), lnX, counts);
                Note(CoverageInterval.FixedOneOverY2, decile, WithinPlateInterval.Of(fixedWeights, mean, wells.Length), lnX, counts);
            }

            if (joined is not null)
            {
                Note(CoverageInterval.KnownZTubesJoined, decile, WithinPlateInterval.Of(joined, mean, wells.Length), lnX, counts);
            }

            NoteByReported(scenario, known, mean, decile, isCovered, counts);
        }
    }

    private static void NoteByReported(CoverageScenario scenario, CurveFit known, double mean, int decile, bool isCovered, CoverageCounts counts)
    {
        if (!known.IsUsable || known.Invert(mean) is not { Status: InversionStatus.Found, Concentration: var concentration })
        {
            return;
        }

        double[] edges = scenario.LnEdges;
        int reported = (int)Math.Floor((Math.Log(concentration) - edges[0]) / (edges[^1] - edges[0]) * CoverageScenario.DecileCount);
        if (reported is >= 0 and < CoverageScenario.DecileCount)
        {
            counts.Note(CoverageInterval.KnownZByReported, reported, true, false, isCovered);
        }

        bool isInLadder = concentration <= scenario.Concentrations[0] && concentration >= scenario.Concentrations[^1];
        if (isInLadder && WithinPlateInterval.LnConcentrationStandardError(known, concentration, CoverageScenario.SampleWells) <= 0.2)
        {
            counts.Note(CoverageInterval.KnownZWithinOwnLimits, decile, true, false, isCovered);
        }
    }

    private static void OfLearningSet(CoverageScenario scenario, int set, int plateCount, SeededGenerator random, CoverageCounts counts)
    {
        List<ReplicateGroup> groups = [];
        var wells = new double[CoverageScenario.SampleWells];
        for (int plate = 0; plate < LearningPlates; plate++)
        {
            double[] calibrators = scenario.DrawCalibrators(random);
            for (int i = 0; i < calibrators.Length; i += scenario.Replicates)
            {
                groups.Add(ReplicateGroup.Of(new ArraySegment<double>(calibrators, i, scenario.Replicates))!.Value);
            }

            for (int decile = 0; decile < CoverageScenario.DecileCount; decile++)
            {
                scenario.DrawUnknown(decile, random, wells);
                groups.Add(ReplicateGroup.Of(wells)!.Value);
            }
        }

        Checked<LearnedVarianceFunction> learned = VarianceFunctionLearning.Learn(groups, VarianceLearningOptions.Default);
        double sum = 0;
        double squares = 0;
        for (int plate = 0; plate < plateCount; plate++)
        {
            double[] responses = scenario.DrawCalibrators(random);
            int covered = OfLearnedPlate(scenario, learned.Value, responses, plate % ComparedEvery == 0, random, counts);
            sum += covered;
            squares += covered * covered;
        }

        double share = sum / plateCount / CoverageScenario.DecileCount;
        double variance = plateCount > 1 ? (squares - (sum * sum / plateCount)) / (plateCount - 1) / plateCount : 0;
        counts.Sets.Add(new CoverageSet(set, share, variance / CoverageScenario.DecileCount / CoverageScenario.DecileCount));
    }

    private static int OfLearnedPlate(
        CoverageScenario scenario, LearnedVarianceFunction? learned, double[] responses, bool isCompared, SeededGenerator random, CoverageCounts counts)
    {
        CurveFit? fit = learned is null ? null : Fit(scenario, learned.Weighting, responses);
        CurveFit? effective = fit is null ? null : fit with { Weighting = Weighting.Learned(learned!.Function, Math.Max(1, learned.EffectiveDegreesOfFreedom)) };
        CurveFit? normal = fit is null ? null : fit with { Weighting = Weighting.Known(learned!.Function) };
        Span<double> wells = stackalloc double[CoverageScenario.SampleWells];
        int covered = 0;
        for (int decile = 0; decile < CoverageScenario.DecileCount; decile++)
        {
            double lnX = scenario.DrawUnknown(decile, random, wells);
            double mean = MeanOf(wells);
            covered += Note(CoverageInterval.LearnedPooledT, decile, fit is null ? null : WithinPlateInterval.Of(fit, mean, wells.Length), lnX, counts) ? 1 : 0;
            if (isCompared)
            {
                Note(CoverageInterval.LearnedEffectiveT, decile, effective is null ? null : WithinPlateInterval.Of(effective, mean, wells.Length), lnX, counts);
                Note(CoverageInterval.LearnedZ, decile, normal is null ? null : WithinPlateInterval.Of(normal, mean, wells.Length), lnX, counts);
            }
        }

        return covered;
    }

    private static bool Note(CoverageInterval kind, int decile, WithinPlateInterval? interval, double lnX, CoverageCounts counts)
    {
        double x = Math.Exp(lnX);
        bool isCovered = interval is not null && !(interval.Lower > x) && !(interval.Upper < x);
        counts.Note(kind, decile, interval is not null, interval is { Lower: null } or { Upper: null }, isCovered);
        return isCovered;
    }

    private static double MeanOf(ReadOnlySpan<double> wells)
    {
        double sum = 0;
        foreach (double well in wells)
        {
            sum += well;
        }

        return sum / wells.Length;
    }

    private static CurveFit Fit(CoverageScenario scenario, Weighting weighting, double[] responses) =>
        CurveFitter.Fit(ProblemOf(scenario, weighting, responses), CurveFitOptions.Default);

    private static CurveFitProblem ProblemOf(CoverageScenario scenario, Weighting weighting, double[] responses) =>
        new(scenario.Model, weighting, scenario.Concentrations, responses, NoneHeld);
}
