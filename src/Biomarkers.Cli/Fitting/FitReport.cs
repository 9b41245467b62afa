using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Fitting;

/// <summary>A fit as it is printed: the shape of <c>biomarkers fit --json</c>.</summary>
/// <param name="Model">Id of the curve model.</param>
/// <param name="Weights">Id of the weighting.</param>
/// <param name="ResidualScale"><c>response</c>, or <c>lnResponse</c> where the sum of squares is of ln response.</param>
/// <param name="Parameters">By name; empty when the iteration could not begin.</param>
/// <param name="StandardErrors">By name, of the parameters that aren't fixed; absent without covariance and under weights by replicates.</param>
/// <param name="WeightedSumOfSquares">Sum of w (y - f)^2; absent when the iteration could not begin.</param>
/// <param name="DegreesOfFreedom">Points less free parameters.</param>
/// <param name="Termination">Why the iteration ended.</param>
/// <param name="IterationCount">Iterations of the start that won.</param>
/// <param name="ConditionNumber">Of the scaled Jacobian; absent when the iteration could not begin.</param>
/// <param name="ParametersAtBound">Names; empty for none.</param>
/// <param name="Flags">Findings.</param>
/// <param name="Predictions">One per asked response; absent when none was asked.</param>
public record FitReport(
    string Model,
    string Weights,
    string ResidualScale,
    IReadOnlyDictionary<string, double> Parameters,
    IReadOnlyDictionary<string, double>? StandardErrors,
    double? WeightedSumOfSquares,
    int DegreesOfFreedom,
    FitTermination Termination,
    int IterationCount,
    double? ConditionNumber,
    IReadOnlyList<string> ParametersAtBound,
    IReadOnlyList<FitFlag> Flags,
    IReadOnlyList<Prediction>? Predictions)
{
    /// <summary>95 % intervals by name, of the parameters that aren't fixed; absent without covariance and under weights by replicates.</summary>
    [JsonPropertyOrder(10)]
    public IReadOnlyDictionary<string, ParameterInterval>? ConfidenceIntervals { get; init; }

    /// <summary>Makes the report of a fit alone.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="fixedNames">Names of the fixed parameters.</param>
    internal static FitReport Of(CurveFit fit, IReadOnlyCollection<string> fixedNames)
    {
        bool isFitted = fit.Parameters.Length > 0;
        IReadOnlyList<string> names = isFitted ? fit.ParameterNames : [];
        // Weights by replicates rest on too few wells to tell an error.
        double[]? errors = fit.Weighting.IsByReplicates ? null : fit.StandardErrors;
        IReadOnlyList<(double Lower, double Upper)>? ends = FitIntervals.OfParameters(fit);
        // What a model took from the calibrators stands behind its parameters, and has no error either.
        int[] free = [.. Enumerable.Range(0, Math.Min(names.Count, fit.Model.ParameterCount)).Where(i => !fixedNames.Contains(names[i]))];
        return new FitReport(
            fit.Model.Id,
            fit.Weighting.Id,
            fit.Model.FitsLnResponse ? "lnResponse" : "response",
            names.Select((name, i) => (name, value: fit.Parameters[i])).ToDictionary(pair => pair.name, pair => pair.value),
            errors is null ? null : free.ToDictionary(i => names[i], i => errors[i]),
            isFitted ? fit.WeightedSumOfSquares : null,
            fit.DegreesOfFreedom,
            fit.Termination,
            fit.IterationCount,
            fit.ConditionNumber,
            fit.ParametersAtBound,
            FitFlags.Of(fit),
            null)
        {
            ConfidenceIntervals = ends is null ? null : free.ToDictionary(i => names[i], i => new ParameterInterval(ends[i].Lower, ends[i].Upper)),
        };
    }
}

/// <summary>95 % interval of a parameter.</summary>
/// <param name="Lower">Lower end.</param>
/// <param name="Upper">Upper end.</param>
public sealed record ParameterInterval(double Lower, double Upper);

/// <summary>One finding about a fit.</summary>
/// <param name="Code">Code of the flag catalogue; see <see cref="FlagCodes"/>.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Observed">What was observed; absent when it is no number.</param>
/// <param name="Limit">What it was compared with; absent when it is no number.</param>
/// <param name="Text">One sentence for a reader.</param>
public sealed record FitFlag(string Code, FlagSeverity Severity, double? Observed, double? Limit, string Text);
