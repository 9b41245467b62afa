using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Cli.Fitting;

/// <summary>How an interval of a concentration is made.</summary>
public enum IntervalMethod
{
    /// <summary>All concentrations whose response the observed one does not contradict: <see cref="WithinPlateInterval.Of"/>.</summary>
    Inverted,

    /// <summary>By the delta method, symmetric on ln concentration: <see cref="WithinPlateInterval.ByDelta"/>.</summary>
    Delta,

    /// <summary>By a seeded parametric bootstrap: <see cref="BootstrapInterval"/>.</summary>
    Bootstrap,
}

/// <summary>How responses are read off a curve.</summary>
/// <param name="Method">How intervals are made.</param>
/// <param name="WellCount">Wells behind each response, 1 or more.</param>
/// <param name="Bootstrap">Seed, draws and tubes of a bootstrap.</param>
public sealed record ReadingOptions(IntervalMethod Method, int WellCount, BootstrapOptions Bootstrap);

/// <summary>Where a response lies on a curve, its calibrators standing for the limits of quantification.</summary>
public enum PredictionStatus
{
    /// <summary>Within the lowest and the highest calibrator of more than 0: a concentration is given.</summary>
    Quantified,

    /// <summary>Below the lowest calibrator, or beyond the curve's low end.</summary>
    BelowLloq,

    /// <summary>Above the highest calibrator, or beyond the curve's high end.</summary>
    AboveUloq,

    /// <summary>The fit is not usable, or several concentrations share the response.</summary>
    NotDetermined,
}

/// <summary>A response read off the curve.</summary>
/// <param name="Response">Mean response of its wells.</param>
/// <param name="Concentration">Its concentration; there exactly when quantified.</param>
/// <param name="Lower">Lower end of the 95 % within-plate interval; absent when unbounded, not estimated or not quantified.</param>
/// <param name="Upper">Upper end, likewise.</param>
/// <param name="RangeStatus">Where it lies.</param>
/// <param name="ExtrapolatedConcentration">What the curve gives beyond the calibrators: for diagnosis, never a result.</param>
/// <param name="HasInterval">Whether an interval could be estimated; an end of it may still be unbounded, and then is absent.</param>
public sealed record Prediction(
    double Response, double? Concentration, double? Lower, double? Upper, PredictionStatus RangeStatus, double? ExtrapolatedConcentration, bool HasInterval)
{
    /// <summary>Relative distance beyond a calibrator that still counts as the calibrator: rounding in the inversion.</summary>
    private const double RangeTolerance = 1e-9;

    /// <summary>Whether a model goes on below concentration 0, so that an interval without a lower end reaches there.</summary>
    internal static bool ReachesBelowZero(string model) => model is "linear" or "quadratic";

    internal static Prediction Of(CurveFit fit, CurveFitProblem problem, double response, ReadingOptions reading)
    {
        double lowest = problem.Concentrations.Where(concentration => concentration > 0).DefaultIfEmpty(0).Min();
        double highest = problem.Concentrations.Max();
        Inversion inversion = fit.IsUsable ? fit.Invert(response) : new Inversion(InversionStatus.Ambiguous, 0);
        double concentration = inversion.Concentration;
        bool isFound = inversion.Status == InversionStatus.Found;
        PredictionStatus status = inversion.Status switch
        {
            InversionStatus.Ambiguous => PredictionStatus.NotDetermined,
            InversionStatus.BelowCurve => PredictionStatus.BelowLloq,
            InversionStatus.AboveCurve => PredictionStatus.AboveUloq,
            _ when concentration < lowest * (1 - RangeTolerance) => PredictionStatus.BelowLloq,
            _ when concentration > highest * (1 + RangeTolerance) => PredictionStatus.AboveUloq,
            _ => PredictionStatus.Quantified,
        };
        if (status != PredictionStatus.Quantified)
        {
            return new Prediction(response, null, null, null, status, isFound ? concentration : null, false);
        }

        WithinPlateInterval? interval = reading.Method switch
        {
            IntervalMethod.Inverted => WithinPlateInterval.Of(fit, response, reading.WellCount),
            IntervalMethod.Delta => WithinPlateInterval.ByDelta(fit, response, reading.WellCount),
            IntervalMethod.Bootstrap => BootstrapInterval.Of(fit, problem, response, reading.WellCount, reading.Bootstrap) is { } drawn
                ? new WithinPlateInterval(drawn.Lower, drawn.Upper)
                : null,
            _ => throw new ArgumentOutOfRangeException(nameof(reading), reading.Method, "The method is not known."),
        };
        return new Prediction(response, concentration, interval?.Lower, interval?.Upper, status, null, interval is not null);
    }
}
