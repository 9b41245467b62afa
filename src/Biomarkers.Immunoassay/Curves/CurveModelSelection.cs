using System.Globalization;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>One model beside the others.</summary>
/// <param name="Model">The model.</param>
/// <param name="Fit">Its fit; null where the model was left out before one was made.</param>
/// <param name="WeightedSumOfSquares">Sum of w (y - f)^2 with the weights that all candidates share; null without a usable fit.</param>
/// <param name="Aicc">Corrected information criterion, on the known scale where the variance is known: the least is the best.
/// Null where it is not defined or the model is left out.</param>
/// <param name="AiccDifference">Its distance from the least of the candidates, 0 or more; null likewise.</param>
/// <param name="FStatistic">Extra-sum-of-squares F of a 5PL over the 4PL; null for other models and where it is not defined.</param>
/// <param name="FProbability">Probability of that F or more if the 4PL holds; null likewise.</param>
/// <param name="LeftOut">Why the model can't be chosen; null for a candidate.</param>
public sealed record ModelCandidate(
    CurveModel Model,
    CurveFit? Fit,
    double? WeightedSumOfSquares,
    double? Aicc,
    double? AiccDifference,
    double? FStatistic,
    double? FProbability,
    string? LeftOut)
{
    /// <summary>Chi-square difference of a 5PL and the 4PL, in place of F where the variance is known; null otherwise.</summary>
    public double? ChiSquare { get; init; }

    /// <summary>Probability of that difference or more if the 4PL holds; null likewise.</summary>
    public double? ChiSquareProbability { get; init; }

    /// <summary>Probability of the test over the 4PL, whichever was made; null without one.</summary>
    public double? NestedProbability => FProbability ?? ChiSquareProbability;
}

/// <summary>What a comparison of models came to.</summary>
/// <param name="Chosen">The chosen fit; null when no model could be chosen.</param>
/// <param name="Candidates">Every model of the product, in its order, chosen or not.</param>
/// <param name="Reason">One sentence: why this one, or why none.</param>
public sealed record ModelChoice(CurveFit? Chosen, IReadOnlyList<ModelCandidate> Candidates, string Reason);

/// <summary>Compares the models on one set of calibrators: for the development of an assay. A validated assay names its model: one that changes with
/// the plate would change the method with it.</summary>
/// <remarks>
/// Compared are models of the response itself (so not <c>loglog</c>, whose sum of squares is of ln response) that leave degrees of freedom (so not
/// <c>point-to-point</c>), with one set of weights, because sums of squares under unlike weights can't be compared: of the observed responses, or of
/// a variance function at the mean response of each level. The chosen fit itself has its own, iterated weights.
/// AICc = n ln(S / n) + 2 K + 2 K (K + 1) / (n - K - 1), S the weighted sum of squares over n points and K the free parameters and the variance;
/// not defined unless n is more than K + 1. A sum below 1e-24 of sum w y^2 is rounding and counts as that. The least AICc is chosen; a 5PL
/// besides must beat the 4PL, which is the 5PL of asymmetry 1, in F = (S4 - S5) / (S5 / (n - 5)) on 1 and n - 5 degrees of freedom at the 5 % level.
/// Where the variance is known in full (<see cref="VarianceBasis.Known"/>) there is no scale to estimate: S is chi-square itself, the criterion is
/// S + 2 p + 2 p (p + 1) / (n - p - 1) with p free parameters, and the test is the difference S4 - S5 as chi-square on 1 degree of freedom.
/// A fit on a bound or an ill-conditioned one is no candidate: its parameters are not determined.
/// Source: K. Burnham, D. Anderson, Model Selection and Multimodel Inference (2002), sections 2.2 to 2.4; H. Motulsky, A. Christopoulos, Fitting Models
/// to Biological Data (2003), chapters 21 and 22.
/// </remarks>
public static class CurveModelSelection
{
    /// <summary>What stands for the comparison where a model is asked for.</summary>
    public const string Id = "auto";

    /// <summary>Level at which the F test prefers a 5PL.</summary>
    public const double SignificanceLevel = 0.05;

    private const string NestedModel = "4pl";
    private const double RoundingShare = 1e-24;

    private static readonly string[] NestingModels = ["5pl", "5pl-ad"];

    /// <summary>Fits every model and chooses.</summary>
    /// <param name="weighting">Weights of all candidates.</param>
    /// <param name="concentrations">n concentrations of zero or more.</param>
    /// <param name="responses">n responses.</param>
    /// <param name="options">Limits of the iteration.</param>
    /// <returns>The choice; its <see cref="ModelChoice.Chosen"/> is null when no model is usable and determined.</returns>
    /// <exception cref="ArgumentException">As for <see cref="CurveFitter.Fit"/>: a bug of the caller.</exception>
    public static ModelChoice Select(Weighting weighting, IReadOnlyList<double> concentrations, IReadOnlyList<double> responses, CurveFitOptions options)
    {
        double[] weights = SharedWeights(weighting, concentrations, responses);
        double floor = RoundingShare * responses.Select((response, i) => weights[i] * response * response).Sum();
        List<ModelCandidate> candidates = [];
        foreach (CurveModel model in CurveModels.All)
        {
            candidates.Add(Assess(model, weighting, concentrations, responses, weights, floor, options));
        }

        bool isKnown = IsKnown(weighting);
        WithNestedTests(candidates, responses.Count, isKnown);
        return Choose(candidates, isKnown);
    }

    private static ModelCandidate Assess(
        CurveModel model, Weighting weighting, IReadOnlyList<double> concentrations, IReadOnlyList<double> responses, double[] weights, double floor, CurveFitOptions options)
    {
        if (model.FitsLnResponse || model.IsInterpolation)
        {
            return LeftOut(model, null, model.FitsLnResponse
                ? "It fits ln response: its sum of squares can't be compared with those of the response."
                : "It goes through every level's mean: it leaves nothing to compare.");
        }

        CurveFit fit = CurveFitter.Fit(new CurveFitProblem(model, weighting, concentrations, responses, new Dictionary<string, double>()), options);
        if (!fit.IsUsable)
        {
            return LeftOut(model, fit, fit.Failure ?? "The fit reached no minimum.");
        }

        var levels = CalibratorLevels.Gather(concentrations, [.. responses], weights, isLn: false);
        CurveSolution solution = model.Solve(levels, new double?[model.ParameterCount], options);
        if (solution.Termination is not (FitTermination.Converged or FitTermination.ConvergedAtBound))
        {
            return LeftOut(model, fit, "It reached no minimum with the weights that the candidates share.");
        }

        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double residual = responses[i] - model.Response(solution.Parameters, concentrations[i]);
            sum += weights[i] * residual * residual;
        }

        sum = Math.Max(sum, floor);
        bool isKnown = IsKnown(weighting);
        double? aicc = isKnown ? AiccOfKnownScale(sum, responses.Count, model.ParameterCount) : Aicc(sum, responses.Count, model.ParameterCount);
        string? leftOut =
            fit.ParametersAtBound.Count > 0 ? $"The best curve lies on the bound of {string.Join(" and ", fit.ParametersAtBound)}: the points do not determine it."
            : fit.ConditionNumber >= CurveFitter.IllConditionedFrom ? "The points do not determine all of its parameters."
            : aicc is null ? string.Create(CultureInfo.InvariantCulture,
                $"AICc is not defined for {responses.Count} points and {model.ParameterCount} parameters; it needs at least {model.ParameterCount + (isKnown ? 2 : 3)}.")
            : null;
        return new ModelCandidate(model, fit, sum, leftOut is null ? aicc : null, null, null, null, leftOut);
    }

    /// <summary>Corrected information criterion of least squares.</summary>
    /// <param name="sumOfSquares">S, more than 0.</param>
    /// <param name="pointCount">n.</param>
    /// <param name="parameterCount">Free parameters of the curve; the variance is one more.</param>
    /// <returns>The criterion; null unless n is more than K + 1.</returns>
    public static double? Aicc(double sumOfSquares, int pointCount, int parameterCount)
    {
        int k = parameterCount + 1;
        int rest = pointCount - k - 1;
        return rest > 0 ? (pointCount * PreciseMath.Log(sumOfSquares / pointCount)) + (2 * k) + (2.0 * k * (k + 1) / rest) : null;
    }

    /// <summary>Corrected information criterion where the variance of every point is known.</summary>
    /// <param name="chiSquare">Sum of squares over the known variances, 0 or more.</param>
    /// <param name="pointCount">n.</param>
    /// <param name="parameterCount">p, free parameters of the curve; there is no other.</param>
    /// <returns>The criterion; null unless n is more than p + 1.</returns>
    public static double? AiccOfKnownScale(double chiSquare, int pointCount, int parameterCount)
    {
        int rest = pointCount - parameterCount - 1;
        return rest > 0 ? chiSquare + (2 * parameterCount) + (2.0 * parameterCount * (parameterCount + 1) / rest) : null;
    }

    private static bool IsKnown(Weighting weighting) => weighting.Variance is not null && weighting.Basis == VarianceBasis.Known;

    private static ModelCandidate LeftOut(CurveModel model, CurveFit? fit, string reason) => new(model, fit, null, null, null, null, null, reason);

    /// <summary>One weight per point, the same for every candidate.</summary>
    private static double[] SharedWeights(Weighting weighting, IReadOnlyList<double> concentrations, IReadOnlyList<double> responses)
    {
        double[] targets = [.. responses];
        var weights = new double[targets.Length];
        if (weighting.Variance is { } variance)
        {
            // The level means are of the data, and so of no candidate.
            Dictionary<double, double> means = Enumerable.Range(0, targets.Length).GroupBy(i => concentrations[i])
                .ToDictionary(level => level.Key, level => level.Select(i => targets[i]).Order().Average());
            double[] inverse = [.. concentrations.Select(concentration => 1 / variance.VarianceAt(means[concentration]))];
            // A mean of 0 under a function without a floor has no variance; it counts as the smallest of the others.
            double highest = inverse.Where(double.IsFinite).DefaultIfEmpty(1).Max();
            return [.. inverse.Select(weight => double.IsFinite(weight) ? weight : highest)];
        }

        // Where a point has no weight every fit fails, with its reason, before these numbers are used.
        var problem = new CurveFitProblem(CurveModels.All[0], weighting, concentrations, responses, new Dictionary<string, double>());
        FixedWeights.Fill(problem, targets, weights);
        return weights;
    }

    private static void WithNestedTests(List<ModelCandidate> candidates, int pointCount, bool isKnown)
    {
        double? nested = candidates.Find(candidate => candidate.Model.Id == NestedModel)?.WeightedSumOfSquares;
        double? least = candidates.Min(candidate => candidate.Aicc);
        for (int i = 0; i < candidates.Count; i++)
        {
            ModelCandidate candidate = candidates[i] with { AiccDifference = candidates[i].Aicc - least };
            int degreesOfFreedom = pointCount - candidate.Model.ParameterCount;
            if (NestingModels.Contains(candidate.Model.Id) && nested is { } outer && candidate.WeightedSumOfSquares is { } inner && degreesOfFreedom > 0)
            {
                // The larger model can't fit worse; where it does by a rounding, the gain is nothing.
                double gain = Math.Max(0, outer - inner);
                double f = gain / (inner / degreesOfFreedom);
                candidate = isKnown
                    ? candidate with { ChiSquare = gain, ChiSquareProbability = TailProbability.UpperChiSquare(gain, 1) }
                    : candidate with { FStatistic = f, FProbability = TailProbability.UpperF(f, 1, degreesOfFreedom) };
            }

            candidates[i] = candidate;
        }
    }

    private static ModelChoice Choose(List<ModelCandidate> candidates, bool isKnown)
    {
        ModelCandidate[] ranked =
        [
            .. from candidate in candidates
               where candidate.Aicc is not null
               orderby candidate.Aicc, candidate.Model.ParameterCount
               select candidate,
        ];
        if (ranked.Length == 0)
        {
            return new ModelChoice(null, candidates, "No model that can be compared is determined by these points.");
        }

        bool hasNested = ranked.Any(candidate => candidate.Model.Id == NestedModel);
        bool IsRefused(ModelCandidate candidate) => hasNested && candidate.NestedProbability >= SignificanceLevel;
        ModelCandidate chosen = ranked.First(candidate => !IsRefused(candidate));
        string test = isKnown ? "chi-square difference test" : "F test";
        string reason = string.Create(CultureInfo.InvariantCulture, $"{chosen.Model.Id} has the least AICc, {chosen.Aicc:F2}");
        if (chosen != ranked[0])
        {
            reason = string.Create(CultureInfo.InvariantCulture,
                $"{ranked[0].Model.Id} has the least AICc, {ranked[0].Aicc:F2}, but does not beat 4pl in the {test} (p {ranked[0].NestedProbability:G2}); {chosen.Model.Id} follows with {chosen.Aicc:F2}");
        }
        else if (chosen.NestedProbability is { } probability && hasNested)
        {
            reason += string.Create(CultureInfo.InvariantCulture, $", and beats 4pl in the {test} (p {probability:G2})");
        }

        string[] close = [.. ranked.Where(candidate => candidate != chosen && candidate.Aicc - chosen.Aicc < 2).Select(candidate => candidate.Model.Id)];
        return new ModelChoice(chosen.Fit, candidates, close.Length == 0 ? $"{reason}." : $"{reason}; within 2 of it: {string.Join(", ", close)}.");
    }
}
