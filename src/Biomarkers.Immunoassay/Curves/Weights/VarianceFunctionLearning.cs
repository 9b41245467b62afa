using System.Globalization;
using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Curves.Diagnosis;

namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>A variance function as it was learned from replicates.</summary>
public sealed record LearnedVarianceFunction
{
    /// <summary>V, its three numbers rounded to six significant digits, as they go into the next version of the assay.</summary>
    public required VarianceFunction Function { get; init; }

    /// <summary>Sum of the degrees of freedom of the groups, without the prior's.</summary>
    public required int PooledDegreesOfFreedom { get; init; }

    /// <summary>Degrees of freedom of a chi-squared variable that scatters as V does, on average over the groups: 2 / mean Var(ln V). Since the three parameters
    /// share the pooled ones, about a third of them, and more where the prior helps.</summary>
    public required double EffectiveDegreesOfFreedom { get; init; }

    /// <summary>Groups that it was learned from.</summary>
    public required int GroupCount { get; init; }

    /// <summary>Groups among them whose wells were equal to the last digit.</summary>
    public required int ZeroVarianceCount { get; init; }

    /// <summary>Places in the list of groups, ascending, that scatter beyond all chance: by the chi-squared distribution of s^2 / V, 0.1 % over all groups.</summary>
    public required IReadOnlyList<int> OutlyingGroups { get; init; }

    /// <summary>Whether the outlying groups were left out.</summary>
    public required bool LeftOutOutlyingGroups { get; init; }

    /// <summary>Names of the parameters that ended on a bound: <c>a</c> at 0 (no constant part was seen) or at the resolution's, <c>b</c> at 0, <c>theta</c> at 0 or 2.</summary>
    public required IReadOnlyList<string> ParametersAtBound { get; init; }

    /// <summary>Standard error of theta; null where it is held or on a bound.</summary>
    public required double? ThetaStandardError { get; init; }

    /// <summary>Largest relative standard error of the SD of a well, half that of ln V, over the groups' responses.</summary>
    public required double LargestRelativeError { get; init; }

    /// <summary>Lowest and highest |mean response| that it was learned at; beyond, it is an extrapolation.</summary>
    public required double LowestResponse { get; init; }

    /// <inheritdoc cref="LowestResponse"/>
    public required double HighestResponse { get; init; }

    /// <summary>Whether the data determine it: the SD is known within 20 % (one standard error) at every response that was seen, and neither b nor a free
    /// theta ended on a bound. Otherwise the prior speaks, and more plates are needed.</summary>
    public required bool IsDetermined { get; init; }

    /// <summary>The weighting of the next version of the assay.</summary>
    [JsonIgnore]
    public Weighting Weighting => Weighting.Learned(Function, PooledDegreesOfFreedom);
}

/// <summary>Learns an assay's variance function from replicates of many plates: calibrators, controls and samples alike.</summary>
/// <remarks>
/// Wells of one content on one plate have one expected response whatever the curve does, so their scatter needs no fit: lack of fit, errors of
/// calibrator tubes and differences between plates do not enter. The response that V is taken at is the group's mean. See <see cref="VarianceScoring"/> for the
/// likelihood and <see cref="VarianceFunctionPrior"/> for the prior.
/// </remarks>
public static class VarianceFunctionLearning
{
    /// <summary>Places of the prior over ln response.</summary>
    private const int PriorPlaces = 8;

    /// <summary>Share of clean sets of groups in which one would be called outlying.</summary>
    private const double OutlyingProbability = 0.001;

    private const double DeterminedBelow = 0.2;

    /// <summary>ln |f| of a mean of zero, on the scale of the geometric mean.</summary>
    private const double LnZero = -300;

    /// <summary>Learns.</summary>
    /// <param name="groups">Groups of any order; equal groups in equal order give equal bits.</param>
    /// <param name="options">Prior, what is held, resolution.</param>
    /// <returns>The function, or the reason why there is none: no group, only equal wells, or no minimum.</returns>
    /// <exception cref="ArgumentException">A group is outside its domain, or an option is.</exception>
    public static Checked<LearnedVarianceFunction> Learn(IReadOnlyList<ReplicateGroup> groups, VarianceLearningOptions options)
    {
        CheckInputs(groups, options);
        List<int> used = [.. Enumerable.Range(0, groups.Count)];
        List<int> outlying = [];
        int most = groups.Count / 10;
        while (true)
        {
            if (!used.Exists(i => groups[i].Variance > 0))
            {
                return new List<Fault>
                {
                    new("groups", FaultReasons.OutOfRange, $"{used.Count} groups of replicates, none with wells that differ: there is no variance to learn from."),
                };
            }

            Scale scale = Scale.Of(groups, used);
            VarianceScoring scoring = ScoringOf(groups, used, scale, options);
            if (!scoring.Run())
            {
                return new List<Fault> { new("groups", FaultReasons.OutOfRange, $"The variance function did not converge in {scoring.IterationCount} steps.") };
            }

            List<(int Group, double Probability)> found = Outlying(groups, used, scale, scoring);
            if (options.LeavesOutOutlyingGroups && found.Count > 0 && outlying.Count < most)
            {
                int worst = found.MinBy(pair => pair.Probability).Group;
                outlying.Add(worst);
                used.Remove(worst);
                continue;
            }

            if (FunctionOf(scoring, scale) is not { } function)
            {
                return new List<Fault> { new("groups", FaultReasons.OutOfRange, "The variances are too small or too large to be written down.") };
            }

            bool leavesOut = options.LeavesOutOutlyingGroups;
            return ResultOf(groups, used, scale, scoring, options, function) with
            {
                OutlyingGroups = [.. (leavesOut ? outlying : found.Select(pair => pair.Group)).Order()],
                LeftOutOutlyingGroups = leavesOut,
            };
        }
    }

    private static void CheckInputs(IReadOnlyList<ReplicateGroup> groups, VarianceLearningOptions options)
    {
        foreach (ReplicateGroup group in groups)
        {
            if (!double.IsFinite(group.MeanResponse) || !double.IsFinite(group.Variance) || group.Variance < 0 || group.DegreesOfFreedom < 1)
            {
                throw new ArgumentException($"Expected a finite mean, a finite variance of 0 or more and 1 or more degrees of freedom; got {group}.", nameof(groups));
            }
        }

        VarianceFunctionPrior prior = options.Prior;
        bool isPrior = prior.RelativeStandardDeviation > 0 && prior.Floor >= 0 && prior.ThetaStandardDeviation > 0 && prior.DegreesOfFreedom >= 0
            && prior.Theta is >= 0 and <= VarianceFunction.HighestTheta && double.IsFinite(prior.RelativeStandardDeviation + prior.Floor + prior.DegreesOfFreedom);
        if (!isPrior || options.HeldTheta is < 0 or > VarianceFunction.HighestTheta or double.NaN || !(options.ResponseResolution >= 0) || options.IterationLimit < 1)
        {
            throw new ArgumentException($"Expected options in their domains; got {options}.", nameof(options));
        }
    }

    private static VarianceScoring ScoringOf(IReadOnlyList<ReplicateGroup> groups, List<int> used, Scale scale, VarianceLearningOptions options)
    {
        VarianceFunctionPrior prior = options.Prior;
        int places = prior.DegreesOfFreedom > 0 ? PriorPlaces : 0;
        int count = used.Count + places;
        var lnResponses = new double[count];
        var variances = new double[count];
        var degrees = new double[count];
        for (int i = 0; i < used.Count; i++)
        {
            ReplicateGroup group = groups[used[i]];
            lnResponses[i] = scale.LnResponse(group.MeanResponse);
            variances[i] = group.Variance / scale.Variance;
            degrees[i] = group.DegreesOfFreedom;
        }

        for (int i = 0; i < places; i++)
        {
            double lnResponse = scale.LnLowest + ((scale.LnHighest - scale.LnLowest) * i / (places - 1));
            double response = scale.Response * PreciseMath.Exp(lnResponse);
            double relative = prior.RelativeStandardDeviation * response;
            lnResponses[used.Count + i] = lnResponse;
            variances[used.Count + i] = PreciseMath.Log(((prior.Floor * prior.Floor) + (relative * relative)) / scale.Variance);
            degrees[used.Count + i] = prior.DegreesOfFreedom / places;
        }

        return new VarianceScoring(lnResponses, variances, degrees, used.Count, options.ResponseResolution * options.ResponseResolution / 12 / scale.Variance, options);
    }

    private static List<(int Group, double Probability)> Outlying(IReadOnlyList<ReplicateGroup> groups, List<int> used, Scale scale, VarianceScoring scoring)
    {
        List<(int Group, double Probability)> found = [];
        foreach (int i in used)
        {
            ReplicateGroup group = groups[i];
            double chiSquared = group.DegreesOfFreedom * group.Variance / scale.Variance / VarianceAt(scoring, scale.LnResponse(group.MeanResponse));

            // No probability this small is reached below, which spares the distribution for nearly all groups.
            if (chiSquared > group.DegreesOfFreedom + 9)
            {
                double probability = TailProbability.UpperChiSquare(chiSquared, group.DegreesOfFreedom);
                if (probability < OutlyingProbability / used.Count)
                {
                    found.Add((i, probability));
                }
            }
        }

        return found;
    }

    private static double VarianceAt(VarianceScoring scoring, double lnResponse) =>
        scoring.Place[0] + (scoring.Place[1] * PreciseMath.Exp(2 * scoring.Place[2] * lnResponse));

    private static LearnedVarianceFunction ResultOf(
        IReadOnlyList<ReplicateGroup> groups, List<int> used, Scale scale, VarianceScoring scoring, VarianceLearningOptions options, VarianceFunction function)
    {
        int pooled = 0;
        double sum = 0;
        double highest = 0;
        foreach (int i in used)
        {
            double variance = scoring.LnVarianceVariance(scale.LnResponse(groups[i].MeanResponse));
            pooled += groups[i].DegreesOfFreedom;
            sum += groups[i].DegreesOfFreedom * variance;
            highest = Math.Max(highest, variance);
        }

        double theta = scoring.Place[2];
        List<string> atBound = [];
        if (scoring.Place[0] <= options.ResponseResolution * options.ResponseResolution / 12 / scale.Variance && options.HasFloor)
        {
            atBound.Add("a");
        }

        bool isFlat = scoring.Place[1] <= 0;
        if (isFlat)
        {
            atBound.Add("b");
        }

        if (options.HeldTheta is null && theta is <= 0 or >= VarianceFunction.HighestTheta)
        {
            atBound.Add("theta");
        }

        double largestError = Math.Sqrt(highest) / 2;
        return new LearnedVarianceFunction
        {
            Function = function,
            PooledDegreesOfFreedom = pooled,
            EffectiveDegreesOfFreedom = 2 * pooled / sum,
            GroupCount = used.Count,
            ZeroVarianceCount = used.Count(i => groups[i].Variance == 0),
            OutlyingGroups = [],
            LeftOutOutlyingGroups = false,
            ParametersAtBound = atBound,
            ThetaStandardError = scoring.ThetaStandardError,
            LargestRelativeError = largestError,
            LowestResponse = used.Min(i => Math.Abs(groups[i].MeanResponse)),
            HighestResponse = used.Max(i => Math.Abs(groups[i].MeanResponse)),
            IsDetermined = largestError <= DeterminedBelow && !atBound.Contains("theta") && !(isFlat && options.HeldTheta is null),
        };
    }

    // Back to the unit of the response. A constant has one text only: a alone.
    private static VarianceFunction? FunctionOf(VarianceScoring scoring, Scale scale)
    {
        double constant = scoring.Place[0] * scale.Variance;
        double theta = RoundedToSixDigits(scoring.Place[2]);
        double factor = scoring.Place[1] * scale.Variance / PreciseMath.Exp(2 * theta * PreciseMath.Log(scale.Response));
        (double a, double b, double power) = theta == 0 || factor == 0
            ? (RoundedToSixDigits(Math.Sqrt(constant + factor)), 0, 0)
            : (RoundedToSixDigits(Math.Sqrt(constant)), RoundedToSixDigits(Math.Sqrt(factor)), theta);
        return VarianceFunction.IsInDomain(a, b, power) ? new VarianceFunction(a, b, power) : null;
    }

    private static double RoundedToSixDigits(double value) =>
        double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>What responses and variances are divided by, so that the search sees numbers around 1.</summary>
    private sealed record Scale(double Response, double Variance, double LnLowest, double LnHighest)
    {
        public static Scale Of(IReadOnlyList<ReplicateGroup> groups, List<int> used)
        {
            double logs = 0;
            double variance = 0;
            double degrees = 0;
            double lowest = double.PositiveInfinity;
            double highest = double.NegativeInfinity;
            int count = 0;
            foreach (int i in used)
            {
                variance += groups[i].DegreesOfFreedom * groups[i].Variance;
                degrees += groups[i].DegreesOfFreedom;
                if (groups[i].MeanResponse != 0)
                {
                    double ln = PreciseMath.Log(Math.Abs(groups[i].MeanResponse));
                    logs += ln;
                    count++;
                    lowest = Math.Min(lowest, ln);
                    highest = Math.Max(highest, ln);
                }
            }

            double middle = count > 0 ? logs / count : 0;
            return new Scale(PreciseMath.Exp(middle), variance / degrees, count > 0 ? lowest - middle : 0, count > 0 ? highest - middle : 0);
        }

        public double LnResponse(double response) => response == 0 ? LnZero : PreciseMath.Log(Math.Abs(response)) - PreciseMath.Log(Response);
    }
}
