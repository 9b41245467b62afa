using System.Globalization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Limits;
using static Biomarkers.Cli.CommandConsole;

namespace Biomarkers.Cli.Fitting;

/// <summary>A fit as tables for people: models, parameters, calibrators, limits, predictions, findings.</summary>
internal static class FitTables
{
    /// <summary>More numbers are the levels of a point-to-point curve, which the table of calibrators shows.</summary>
    private const int MostParameters = 5;

    /// <summary>Recoveries outside are marked: no rule pack judges a fit, but 20 % is what most of them allow.</summary>
    private const double MarkedDeviationPercent = 20;

    public static void Print(CommandConsole console, FitAnswer answer)
    {
        if (answer.ModelComparison is { } comparison)
        {
            PrintComparison(console, comparison, answer.Weights);
        }

        console.WriteLine($"{answer.Model}, weights {answer.Weights}{(answer.RobustLoss is { } loss ? $", robust ({WordOf(loss)})" : "")}: {WordOf(answer.Termination).Replace('-', ' ')} after {Whole(answer.IterationCount)} iterations");
        if (answer.Parameters.Count > 0)
        {
            if (answer.Parameters.Count <= MostParameters)
            {
                PrintParameters(console, answer);
            }

            console.WriteLine($"Weighted sum of squares {Digits(answer.WeightedSumOfSquares)} (of {answer.ResidualScale}), degrees of freedom {Whole(answer.DegreesOfFreedom)}");
            PrintCalibrators(console, answer);
        }

        if (answer.Limits is { } limits)
        {
            PrintLimits(console, limits, answer.Replicates);
        }

        if (answer.Predictions is { } predictions)
        {
            PrintPredictions(console, answer, predictions);
        }

        foreach (FitFlag flag in answer.Flags)
        {
            console.WriteLine($"{WordOf(flag.Severity),-8} {flag.Code}: {flag.Text}");
        }
    }

    /// <summary>Rows of a fit's parameters, without the ends of the ladder, which are none: name, value, standard error, 95 % interval.</summary>
    public static void PrintParameters(CommandConsole console, FitReport report, string title = "Parameters") => console.WriteTable(
        title,
        ["Parameter", "Value", "Standard error", "95 %"],
        report.Parameters.Where(parameter => !IsEndOfLadder(parameter.Key)).Select(parameter => (IReadOnlyList<string>)
        [
            parameter.Key, Digits(parameter.Value), report.StandardErrors?.TryGetValue(parameter.Key, out double error) == true ? Digits(error) : "",
            report.ConfidenceIntervals?.TryGetValue(parameter.Key, out ParameterInterval? ends) == true ? $"{Digits(ends.Lower)} to {Digits(ends.Upper)}" : "",
        ]));

    private static bool IsEndOfLadder(string parameter) => parameter is CurveParameters.LowestConcentration or CurveParameters.HighestConcentration;

    private static void PrintComparison(CommandConsole console, ModelComparison comparison, string weights)
    {
        bool isKnown = comparison.Candidates.Any(candidate => candidate.ChiSquare is not null);
        console.WriteTable(
            "Models",
            ["Model", "AICc", "Difference", "Weighted sum of squares", isKnown ? "Chi-square over 4pl" : "F over 4pl", "p", "Left out because"],
            comparison.Candidates.Select(candidate => (IReadOnlyList<string>)
            [
                candidate.Model + (candidate.Model == comparison.Chosen ? " *" : ""), Fixed(candidate.Aicc), Fixed(candidate.AiccDifference), Digits(candidate.WeightedSumOfSquares),
                Fixed(candidate.FStatistic ?? candidate.ChiSquare), Probability(candidate.FProbability ?? candidate.ChiSquareProbability), candidate.LeftOut ?? "",
            ]));
        if (weights.Contains(':', StringComparison.Ordinal) && !weights.StartsWith("power", StringComparison.Ordinal))
        {
            console.WriteLine("All are compared under common weights, 1/V at the level means; so these sums of squares differ from the one of the fit below, which weighs by its own curve.");
        }

        console.WriteLine(comparison.Reason);
    }

    private static void PrintCalibrators(CommandConsole console, FitAnswer answer)
    {
        bool isRobust = answer.Calibrators.Any(level => level.RobustWeight is not null);
        string[] judged = isRobust ? ["Least robust weight"] : ["Studentised", "Adjusted p"];
        console.WriteTable(
            "Calibrators",
            ["Nominal", "Wells", "Mean response", "CV %", "Fitted", "Back-calculated", "Recovery %", .. judged],
            answer.Calibrators.Select(level => (IReadOnlyList<string>)
            [
                Digits(level.Nominal), Whole(level.WellCount), Digits(level.MeanResponse), Percent(level.ResponseCvPercent), Digits(level.FittedResponse),
                Digits(level.BackCalculated), RecoveryOf(level),
                .. (string[])(isRobust ? [Fixed(level.RobustWeight)] : [Fixed(level.Studentised), Probability(level.AdjustedPValue)]),
            ]));
        if (answer.Calibrators.Any(IsMarked))
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"* recovery outside {100 - MarkedDeviationPercent} to {100 + MarkedDeviationPercent} %"));
        }

        if (answer.LackOfFit is { } lack)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Lack of fit: F({lack.NumeratorDegreesOfFreedom}, {lack.DenominatorDegreesOfFreedom}) = {lack.F:G4}, p = {lack.PValue:G3}"));
        }

        if (answer.NotTested is { } reason)
        {
            console.WriteLine(reason);
        }
        else if (answer.Calibrators.All(level => level.Studentised is null) && answer.StandardErrors is null)
        {
            console.WriteLine("No standard errors and no intervals: the curve leaves no degrees of freedom, or the points do not determine it.");
        }
    }

    private static void PrintLimits(CommandConsole console, FitLimits limits, int wells)
    {
        string quantified = limits.LowestQuantified is { } lowest
            ? $"CV at most {Digits(limits.CvLimitPercent)} % from {Digits(lowest)} to {Digits(limits.HighestQuantified)}"
            : $"no concentration with a CV of at most {Digits(limits.CvLimitPercent)} %";
        string detectable = limits.MinimumDetectableOutcome == LimitOutcome.Found
            ? $"minimum detectable concentration {Digits(limits.MinimumDetectable)}"
            : $"no minimum detectable concentration: {ReasonOf(limits.MinimumDetectableOutcome)}";
        console.WriteLine($"This plate's own precision for the mean of {Whole(wells)} {(wells == 1 ? "well" : "wells")}: {quantified}; {detectable}");
    }

    private static string ReasonOf(LimitOutcome outcome) => outcome switch
    {
        LimitOutcome.BelowCurve => "the response that tells from none lies beyond the zero end of the curve",
        LimitOutcome.AboveCurve => "no response of the curve can be told from none",
        _ => "the model has no response at 0, or the weights no variance there",
    };

    private static bool IsMarked(FitLevel level) => level.RecoveryPercent is { } recovery && Math.Abs(recovery - 100) > MarkedDeviationPercent;

    private static string RecoveryOf(FitLevel level) => Percent(level.RecoveryPercent) + (IsMarked(level) ? " *" : "");

    private static void PrintPredictions(CommandConsole console, FitAnswer answer, IReadOnlyList<Prediction> predictions)
    {
        string method = answer.Resamples is { } draws ? $"{WordOf(answer.IntervalMethod)} of {Whole(draws)} draws, seed {answer.Seed}" : WordOf(answer.IntervalMethod);
        string noLower = Prediction.ReachesBelowZero(answer.Model) ? "below 0" : "unbounded";
        string wells = answer.Replicates == 1 ? "one well each" : $"means of {Whole(answer.Replicates)} wells";
        console.WriteTable(
            $"Read off the curve, {wells}, intervals {method}",
            ["Response", "Concentration", "Lower 95 %", "Upper 95 %", "Range"],
            predictions.Select(prediction => (IReadOnlyList<string>)
            [
                Digits(prediction.Response), Digits(prediction.Concentration), EndOf(prediction, prediction.Lower, noLower), EndOf(prediction, prediction.Upper, "unbounded"),
                WordOf(prediction.RangeStatus),
            ]));
    }

    private static string EndOf(Prediction prediction, double? end, string none) =>
        prediction.RangeStatus != PredictionStatus.Quantified ? "" : prediction.HasInterval ? Digits(end, none) : "not estimated";

    private static string Fixed(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? "";

    private static string Probability(double? value) => value?.ToString("G2", CultureInfo.InvariantCulture) ?? "";

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
