using System.Globalization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Fitting;

/// <summary>What there is to say of a fit: the codes and the limits of the rules that judge curves in a run.</summary>
internal static class FitFlags
{
    /// <summary>Probability below which lack of fit, a level or a well is named; the packs' own.</summary>
    private const double Probability = 0.01;

    /// <summary>What the fit itself shows.</summary>
    public static List<FitFlag> Of(CurveFit fit)
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

        if (fit.IsUsable && fit.Model.TurningPoint(fit.Parameters) is { } turn)
        {
            flags.Add(new FitFlag(FlagCodes.NonMonotone, FlagSeverity.Warning, turn, null, string.Create(CultureInfo.InvariantCulture,
                $"The curve turns back at {turn:G6}, within its calibrators: a response that two concentrations share gives none.")));
        }

        return flags;
    }

    /// <summary>Quantified responses whose interval lacks a side, as the rule <c>interval-bounds@1</c> has it. Where no interval is estimated at all, the table says so.</summary>
    public static IEnumerable<FitFlag> Of(CurveFit fit, IEnumerable<Prediction> predictions)
    {
        foreach (Prediction prediction in predictions.Where(prediction => prediction.HasInterval && (prediction.Lower is null || prediction.Upper is null)))
        {
            string side = (prediction.Lower, prediction.Upper) switch
            {
                (null, null) => "has no end",
                (null, _) => "has no lower end",
                _ => "has no upper end",
            };
            string zero = prediction.Lower is null && Prediction.ReachesBelowZero(fit.Model.Id) ? ": it reaches below concentration 0" : "";
            yield return new FitFlag(FlagCodes.IntervalUnbounded, FlagSeverity.Warning, prediction.Response, null, string.Create(CultureInfo.InvariantCulture,
                $"The 95 % interval of response {prediction.Response:G6} {side}{zero}."));
        }
    }

    /// <summary>What the points, the comparison of models and a robust fit add.</summary>
    public static IEnumerable<FitFlag> Of(FittedCurve fitted)
    {
        if (TurnOfLevels(fitted.Problem) is { } turn)
        {
            yield return turn;
        }

        if (fitted.Choice?.Chosen is not null)
        {
            yield return new FitFlag(FlagCodes.ModelChosenHere, FlagSeverity.Warning, null, null,
                $"The model was chosen on these points, for development only; an assay names its model. {fitted.Choice.Reason}");
        }

        if (fitted.Robust is { Fit.IsUsable: true } robust)
        {
            int lessened = robust.PointWeights.Count(weight => weight < 0.5);
            yield return new FitFlag(FlagCodes.RobustFit, FlagSeverity.Warning, lessened, null, string.Create(CultureInfo.InvariantCulture,
                $"Outlying wells count less ({CommandConsole.WordOf(robust.Loss)}): {lessened} of {robust.PointWeights.Count} count less than half. For looking, not for reporting."));
        }

        if (fitted.Diagnosis is not { } diagnosis)
        {
            yield break;
        }

        foreach (AsymptoteDiagnosis asymptote in diagnosis.Identifiability.Asymptotes.Where(asymptote => !asymptote.IsDetermined))
        {
            yield return new FitFlag(
                FlagCodes.AsymptoteNotReached, FlagSeverity.Notice, 100 * asymptote.RelativeStandardError, 100 * AsymptoteDiagnosis.DeterminedBelow,
                $"The calibrators do not determine {asymptote.Parameter}: {asymptote.WhyNotBy(AsymptoteDiagnosis.DeterminedBelow, AsymptoteDiagnosis.DeterminedReach)}.");
        }

        if (diagnosis.LackOfFit is { PValue: < Probability } lack)
        {
            yield return new FitFlag(FlagCodes.LackOfFit, FlagSeverity.Notice, lack.PValue, Probability, string.Create(CultureInfo.InvariantCulture,
                $"The curve misses the means by more than replicates scatter: F({lack.NumeratorDegreesOfFreedom}, {lack.DenominatorDegreesOfFreedom}) = {lack.F:G4}, p = {lack.PValue:G2}. Tubes that differ look the same."));
        }

        foreach (LevelDiagnosis level in diagnosis.Levels.Where(level => level.AdjustedPValue < Probability))
        {
            yield return new FitFlag(FlagCodes.CalibratorOutlier, FlagSeverity.Warning, level.AdjustedPValue, Probability, string.Create(CultureInfo.InvariantCulture,
                $"The level at {level.Concentration:G6} lies off the curve by {level.ExternallyStudentised:G3} standard errors (adjusted p = {level.AdjustedPValue:G2}). It stays in the fit."));
        }

        foreach (FitFlag well in OutlyingWells(diagnosis))
        {
            yield return well;
        }
    }

    // The rule of runs counts every turn; here duplicates on a plateau would name half of all clean files.
    private static FitFlag? TurnOfLevels(CurveFitProblem problem)
    {
        (double Concentration, double[] Responses)[] levels =
        [
            .. Enumerable.Range(0, problem.Responses.Count).GroupBy(i => problem.Concentrations[i]).OrderBy(level => level.Key)
                .Select(level => (level.Key, level.Select(i => problem.Responses[i]).ToArray())),
        ];
        string[] turns =
        [
            .. from turn in MonotoneLevels.TurnsOf([.. levels.Select(level => level.Concentration)], [.. levels.Select(level => level.Responses.Average())])
               let lower = levels[turn.Lower]
               let upper = levels[turn.Upper]
               where MonotoneLevels.IsBeyondScatter(lower.Responses, upper.Responses, problem.Weighting)
               select string.Create(CultureInfo.InvariantCulture, $"{lower.Concentration:G6} to {upper.Concentration:G6}"),
        ];
        return turns.Length == 0 ? null : new FitFlag(FlagCodes.NonMonotone, FlagSeverity.Warning, turns.Length, 0,
            $"The calibrators' mean responses turn back from {string.Join("; ", turns)}: swapped wells, wrong concentrations, or a hook.");
    }

    private static IEnumerable<FitFlag> OutlyingWells(CurveDiagnosis diagnosis)
    {
        foreach (PointDiagnosis point in diagnosis.Points.Where(point => point.AdjustedPValue < Probability))
        {
            yield return new FitFlag(FlagCodes.WellOutlier, FlagSeverity.Warning, point.AdjustedPValue, Probability, string.Create(CultureInfo.InvariantCulture,
                $"The well of response {point.Response:G6} at {point.Concentration:G6} lies off the curve by {point.ExternallyStudentised:G3} standard errors (adjusted p = {point.AdjustedPValue:G2}). It stays in the fit."));
        }
    }
}
