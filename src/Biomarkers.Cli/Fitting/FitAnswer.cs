using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Limits;

namespace Biomarkers.Cli.Fitting;

/// <summary>The whole answer of <c>biomarkers fit --json</c>: the keys of a fit, with its calibrators, limits and what was compared.</summary>
public sealed record FitAnswer : FitReport
{
    /// <summary>CV that a quantified concentration may have at most, in percent.</summary>
    private const double QuantifiedCvPercent = 20;

    private FitAnswer(FitReport report)
        : base(report)
    {
    }

    /// <summary>Loss of a robust fit; absent for least squares.</summary>
    [JsonPropertyOrder(11)]
    public required RobustLoss? RobustLoss { get; init; }

    /// <summary>How the intervals of predictions were made.</summary>
    [JsonPropertyOrder(11)]
    public required IntervalMethod IntervalMethod { get; init; }

    /// <summary>Seed of a bootstrap; absent for other intervals.</summary>
    [JsonPropertyOrder(11)]
    public required ulong? Seed { get; init; }

    /// <summary>Draws of a bootstrap; absent for other intervals.</summary>
    [JsonPropertyOrder(11)]
    public required int? Resamples { get; init; }

    /// <summary>Wells behind each predicted response.</summary>
    [JsonPropertyOrder(12)]
    public required int Replicates { get; init; }

    /// <summary>CV of a calibrator tube that the curve's error holds; absent for none.</summary>
    [JsonPropertyOrder(13)]
    public required double? TubeCvPercent { get; init; }

    /// <summary>One per distinct concentration, ascending.</summary>
    [JsonPropertyOrder(14)]
    public required IReadOnlyList<FitLevel> Calibrators { get; init; }

    /// <summary>One per line of the file, in its order; absent when the fit is not usable or an interpolation.</summary>
    [JsonPropertyOrder(15)]
    public required IReadOnlyList<FitPoint>? Points { get; init; }

    /// <summary>What this plate's curve can tell apart and quantify; absent when the fit is not usable or has no covariance, and under weights by replicates.</summary>
    [JsonPropertyOrder(16)]
    public required FitLimits? Limits { get; init; }

    /// <summary>F test of the level means against the curve; absent without replicates or a level to spare.</summary>
    [JsonPropertyOrder(17)]
    public required LackOfFit? LackOfFit { get; init; }

    /// <summary>Why no residual is tested, in one sentence; absent where they are, and when the fit is not usable.</summary>
    [JsonPropertyOrder(17)]
    public required string? NotTested { get; init; }

    /// <summary>How the models compare; absent where one was named.</summary>
    [JsonPropertyOrder(18)]
    public required ModelComparison? ModelComparison { get; init; }

    /// <summary>Makes the answer.</summary>
    internal static FitAnswer Of(FittedCurve fitted, FitRequest request, IReadOnlyList<CurvePoint> points)
    {
        CurveFit fit = fitted.Fit;
        double lowest = points.Select(point => point.Concentration).Where(concentration => concentration > 0).DefaultIfEmpty(0).Min();
        double highest = points.Max(point => point.Concentration);
        FitReport report = Of(fit, [.. request.Held.Keys]);
        Prediction[] predictions = [.. request.Responses.Select(response => Prediction.Of(fit, fitted.Problem, response, request.Reading))];
        return new FitAnswer(report with
        {
            Flags = [.. report.Flags, .. FitFlags.Of(fitted), .. FitFlags.Of(fit, predictions)],
            Predictions = predictions.Length > 0 ? predictions : null,
        })
        {
            RobustLoss = fitted.Robust?.Loss,
            IntervalMethod = request.Reading.Method,
            Seed = request.Reading.Method == IntervalMethod.Bootstrap ? request.Reading.Bootstrap.Seed : null,
            Resamples = request.Reading.Method == IntervalMethod.Bootstrap ? request.Reading.Bootstrap.DrawCount : null,
            Replicates = request.Reading.WellCount,
            TubeCvPercent = request.TubeCvPercent > 0 ? request.TubeCvPercent : null,
            Calibrators = FitLevel.AllOf(fitted),
            Points = fitted.Diagnosis is { } diagnosis
                ? [.. diagnosis.Points.Select((point, i) => FitPoint.Of(point, points[i].LineNumber, fitted.Robust?.PointWeights is { Count: > 0 } weights ? weights[i] : null))]
                : null,
            Limits = fit.IsUsable && fit.Covariance is not null && !fit.Weighting.IsByReplicates && lowest > 0 && highest > lowest
                ? FitLimits.Of(fit, lowest, highest, request.Reading.WellCount, QuantifiedCvPercent)
                : null,
            LackOfFit = fitted.Diagnosis?.LackOfFit,
            NotTested = fitted.Diagnosis?.NotTested,
            ModelComparison = fitted.Choice is { } choice ? ModelComparison.Of(choice) : null,
        };
    }
}

/// <summary>One calibrator level of a fit.</summary>
/// <param name="Nominal">Concentration of the file.</param>
/// <param name="WellCount">Wells.</param>
/// <param name="MeanResponse">Plain mean of their responses.</param>
/// <param name="ResponseCvPercent">100 SD / mean of their responses; absent for one well.</param>
/// <param name="FittedResponse">Of the curve; absent when the fit is not usable, but for one whose weights did not settle.</param>
/// <param name="BackCalculated">Concentration of the mean response; absent off the curve.</param>
/// <param name="RecoveryPercent">100 back-calculated / nominal; absent at 0.</param>
/// <param name="Studentised">Externally studentised residual of the level; absent where it can't be estimated.</param>
/// <param name="AdjustedPValue">Of the level as an outlier, adjusted for all levels (Holm); absent likewise.</param>
/// <param name="RobustWeight">Least weight of its wells in a robust fit, 0 to 1; absent for least squares.</param>
public sealed record FitLevel(
    double Nominal,
    int WellCount,
    double MeanResponse,
    double? ResponseCvPercent,
    double? FittedResponse,
    double? BackCalculated,
    double? RecoveryPercent,
    double? Studentised,
    double? AdjustedPValue,
    double? RobustWeight)
{
    internal static FitLevel[] AllOf(FittedCurve fitted)
    {
        CurveFitProblem problem = fitted.Problem;
        IReadOnlyList<double> robust = fitted.Robust?.PointWeights ?? [];
        return
        [
            .. Enumerable.Range(0, problem.Responses.Count).GroupBy(i => problem.Concentrations[i]).OrderBy(level => level.Key)
                .Select((level, place) => Of(fitted.Fit, level.Key, [.. level.Select(i => problem.Responses[i])], fitted.Diagnosis?.Levels[place])
                    with { RobustWeight = robust.Count > 0 ? level.Min(i => robust[i]) : null }),
        ];
    }

    private static FitLevel Of(CurveFit fit, double nominal, double[] responses, LevelDiagnosis? diagnosis)
    {
        double mean = responses.Average();
        double? cv = responses.Length > 1 && mean != 0
            ? 100 * Math.Sqrt(responses.Sum(response => (response - mean) * (response - mean)) / (responses.Length - 1)) / Math.Abs(mean)
            : null;
        double? back = fit.IsUsable && fit.Invert(mean) is { Status: InversionStatus.Found } inversion ? inversion.Concentration : null;
        bool hasCurve = fit.IsUsable || fit.Termination == FitTermination.WeightsUnsettled;
        return new FitLevel(
            nominal, responses.Length, mean, cv, hasCurve ? fit.Response(nominal) : null, back, nominal > 0 ? 100 * back / nominal : null,
            diagnosis?.ExternallyStudentised, diagnosis?.AdjustedPValue, null);
    }
}

/// <summary>One point of a fit.</summary>
/// <param name="Line">1-based line of the file.</param>
/// <param name="Concentration">Of the file.</param>
/// <param name="Response">Of the file.</param>
/// <param name="Residual">Observed less fitted, or their ln ratio for a model that fits ln response.</param>
/// <param name="Weight">In the fit.</param>
/// <param name="Leverage">0 to 1.</param>
/// <param name="Studentised">Externally studentised residual; absent where it can't be estimated.</param>
/// <param name="AdjustedPValue">Of the point as an outlier, adjusted for all points (Holm).</param>
/// <param name="RobustWeight">How much a robust fit lets it count, 0 to 1; absent for least squares.</param>
public sealed record FitPoint(
    int Line, double Concentration, double Response, double Residual, double Weight, double Leverage, double? Studentised, double? AdjustedPValue, double? RobustWeight)
{
    internal static FitPoint Of(PointDiagnosis point, int line, double? robustWeight) => new(
        line, point.Concentration, point.Response, point.Residual, point.Weight, point.Leverage, point.ExternallyStudentised, point.AdjustedPValue, robustWeight);
}

/// <summary>What a curve can tell apart and quantify on this plate; the validated limits of an assay are another thing.</summary>
/// <param name="MinimumDetectable">MDC for the wells of a prediction; absent where the curve has no place for it.</param>
/// <param name="MinimumDetectableOutcome">Whether there is an MDC, else why not.</param>
/// <param name="CvLimitPercent">CV up to which a concentration counts as quantified.</param>
/// <param name="LowestQuantified">Lowest concentration of the ladder with that CV; absent where none has it.</param>
/// <param name="HighestQuantified">Highest, likewise.</param>
public sealed record FitLimits(
    double? MinimumDetectable, LimitOutcome MinimumDetectableOutcome, double CvLimitPercent, double? LowestQuantified, double? HighestQuantified)
{
    internal static FitLimits Of(CurveFit fit, double lowest, double highest, int wellCount, double cvLimitPercent)
    {
        ConcentrationLimit detectable = MinimumDetectableConcentration.Of(fit, wellCount);
        var profile = PrecisionProfile.Of(fit, lowest, highest, wellCount, cvLimitPercent);
        return new FitLimits(detectable.Concentration, detectable.Outcome, cvLimitPercent, profile?.Lowest, profile?.Highest);
    }
}

/// <summary>How the models compare.</summary>
/// <param name="Chosen">Id; absent when no model could be chosen.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="Candidates">Every model.</param>
public sealed record ModelComparison(string? Chosen, string Reason, IReadOnlyList<ModelFigures> Candidates)
{
    internal static ModelComparison Of(ModelChoice choice) => new(
        choice.Chosen?.Model.Id,
        choice.Reason,
        [.. choice.Candidates.Select(candidate => new ModelFigures(
            candidate.Model.Id, candidate.WeightedSumOfSquares, candidate.Aicc, candidate.AiccDifference, candidate.FStatistic, candidate.FProbability, candidate.LeftOut)
        {
            ChiSquare = candidate.ChiSquare,
            ChiSquareProbability = candidate.ChiSquareProbability,
        })]);
}

/// <summary>One model beside the others; see <see cref="ModelCandidate"/>.</summary>
/// <param name="Model">Id.</param>
/// <param name="WeightedSumOfSquares">With the weights that all share.</param>
/// <param name="Aicc">Corrected information criterion; absent where it is not defined.</param>
/// <param name="AiccDifference">Distance from the least.</param>
/// <param name="FStatistic">Of a 5PL over the 4PL.</param>
/// <param name="FProbability">Its probability if the 4PL holds.</param>
/// <param name="LeftOut">Why it can't be chosen; absent for a candidate.</param>
public sealed record ModelFigures(
    string Model, double? WeightedSumOfSquares, double? Aicc, double? AiccDifference, double? FStatistic, double? FProbability, string? LeftOut)
{
    /// <summary>Chi-square difference of a 5PL and the 4PL, in place of F where the variance is known.</summary>
    public double? ChiSquare { get; init; }

    /// <summary>Its probability if the 4PL holds.</summary>
    public double? ChiSquareProbability { get; init; }
}
