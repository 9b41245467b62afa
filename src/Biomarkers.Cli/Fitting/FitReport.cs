using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Fitting;

/// <summary>A fit as it is printed: the shape of <c>biomarkers fit --json</c>.</summary>
/// <param name="Model">Id of the curve model.</param>
/// <param name="Weights">Id of the weighting.</param>
/// <param name="ResidualScale"><c>response</c>, or <c>lnResponse</c> where the sum of squares is of ln response.</param>
/// <param name="Parameters">By name; empty when the iteration could not begin.</param>
/// <param name="StandardErrors">By name, of the parameters that aren't fixed; absent without covariance.</param>
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
    /// <summary>Makes the report of a fit.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="points">The points that it was made from; only predictions need them.</param>
    /// <param name="fixedNames">Names of the fixed parameters.</param>
    /// <param name="responses">Responses to read off the curve, each that of one well.</param>
    public static FitReport Of(CurveFit fit, IReadOnlyList<CurvePoint> points, IReadOnlyCollection<string> fixedNames, IReadOnlyList<double> responses)
    {
        bool isFitted = fit.Parameters.Length > 0;
        string[] names = isFitted ? [.. fit.Model.ParameterNames] : [];
        List<FitFlag> flags = FlagsOf(fit);
        double lowest = points.Select(point => point.Concentration).Where(concentration => concentration > 0).DefaultIfEmpty(0).Min();
        double highest = points.Select(point => point.Concentration).DefaultIfEmpty(0).Max();
        return new FitReport(
            fit.Model.Id,
            fit.Weighting.Id,
            fit.Model.FitsLnResponse ? "lnResponse" : "response",
            names.Select((name, i) => (name, value: fit.Parameters[i])).ToDictionary(pair => pair.name, pair => pair.value),
            fit.StandardErrors is { } errors
                ? names.Select((name, i) => (name, value: errors[i])).Where(pair => !fixedNames.Contains(pair.name)).ToDictionary(pair => pair.name, pair => pair.value)
                : null,
            isFitted ? fit.WeightedSumOfSquares : null,
            fit.DegreesOfFreedom,
            fit.Termination,
            fit.IterationCount,
            fit.ConditionNumber,
            fit.ParametersAtBound,
            flags,
            responses.Count > 0 ? [.. responses.Select(response => Prediction.Of(fit, response, lowest, highest))] : null);
    }

    private static List<FitFlag> FlagsOf(CurveFit fit)
    {
        List<FitFlag> flags = [];
        if (fit.Failure is not null)
        {
            flags.Add(new FitFlag(FlagCodes.NotConverged, FlagSeverity.Reject, null, null, fit.Failure));
        }

        if (fit.ConditionNumber >= CurveFitter.IllConditionedFrom)
        {
            flags.Add(new FitFlag(FlagCodes.IllConditioned, FlagSeverity.Warning, fit.ConditionNumber, CurveFitter.IllConditionedFrom,
                "The points do not determine all parameters: they and their standard errors mean little."));
        }

        if (fit.ParametersAtBound.Count > 0)
        {
            flags.Add(new FitFlag(FlagCodes.IllConditioned, FlagSeverity.Warning, null, null,
                $"The best curve lies on the bound of {string.Join(" and ", fit.ParametersAtBound)}: the points do not determine its shape."));
        }

        return flags;
    }
}

/// <summary>One finding about a fit.</summary>
/// <param name="Code">Code of the flag catalogue; see <see cref="FlagCodes"/>.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Observed">What was observed; absent when it is no number.</param>
/// <param name="Limit">What it was compared with; absent when it is no number.</param>
/// <param name="Text">One sentence for a reader.</param>
public sealed record FitFlag(string Code, FlagSeverity Severity, double? Observed, double? Limit, string Text);

/// <summary>Where a response lies on a curve, its calibrators standing for the limits of quantification.</summary>
public enum PredictionStatus
{
    /// <summary>Within the lowest and the highest calibrator of more than 0: a concentration is given.</summary>
    Quantified,

    /// <summary>Below the lowest calibrator, or beyond the curve's low end.</summary>
    BelowLloq,

    /// <summary>Above the highest calibrator, or beyond the curve's high end.</summary>
    AboveUloq,

    /// <summary>The fit is not usable.</summary>
    NotDetermined,
}

/// <summary>A response read off the curve.</summary>
/// <param name="Response">Response of one well.</param>
/// <param name="Concentration">Its concentration; there exactly when quantified.</param>
/// <param name="Lower">Lower end of the 95 % within-plate interval; absent when unbounded, not estimated or not quantified.</param>
/// <param name="Upper">Upper end, likewise.</param>
/// <param name="RangeStatus">Where it lies.</param>
/// <param name="ExtrapolatedConcentration">What the curve gives beyond the calibrators: for diagnosis, never a result.</param>
public sealed record Prediction(
    double Response, double? Concentration, double? Lower, double? Upper, PredictionStatus RangeStatus, double? ExtrapolatedConcentration)
{
    /// <summary>Relative distance beyond a calibrator that still counts as the calibrator: rounding in the inversion.</summary>
    private const double RangeTolerance = 1e-9;

    internal static Prediction Of(CurveFit fit, double response, double lowest, double highest)
    {
        if (!fit.IsUsable)
        {
            return new Prediction(response, null, null, null, PredictionStatus.NotDetermined, null);
        }

        Inversion inversion = fit.Invert(response);
        double concentration = inversion.Concentration;
        bool isFound = inversion.Status == InversionStatus.Found;
        PredictionStatus status = inversion.Status switch
        {
            InversionStatus.BelowCurve => PredictionStatus.BelowLloq,
            InversionStatus.AboveCurve => PredictionStatus.AboveUloq,
            _ when concentration < lowest * (1 - RangeTolerance) => PredictionStatus.BelowLloq,
            _ when concentration > highest * (1 + RangeTolerance) => PredictionStatus.AboveUloq,
            _ => PredictionStatus.Quantified,
        };
        if (status != PredictionStatus.Quantified)
        {
            return new Prediction(response, null, null, null, status, isFound ? concentration : null);
        }

        var interval = WithinPlateInterval.Of(fit, response, 1);
        return new Prediction(response, concentration, interval?.Lower, interval?.Upper, status, null);
    }
}
