using System.Globalization;
using Biomarkers.Cli.Fitting;
using Biomarkers.Immunoassay.Analysis;
using static Biomarkers.Cli.CommandConsole;

namespace Biomarkers.Cli.Runs;

/// <summary>A run as tables for people: curves with calibrators, controls, results, findings, then criteria and the verdict.</summary>
internal static class RunTables
{
    public static void Print(CommandConsole console, RunReport run)
    {
        console.WriteLine($"Plate {run.Plate}, assay {run.Assay}, rules {run.RulePack}{(run.Name is null ? "" : $", {run.Name}")}");
        foreach (CurveReport curve in run.Curves)
        {
            PrintCurve(console, curve);
        }

        if (run.Controls.Count > 0)
        {
            console.WriteTable(
                "Controls",
                ["Control", "Set", "Analyte", "Wells", "Nominal", "Measured", "Unit", "Recovery %", "CV %", "Accepted"],
                run.Controls.Select(control => (IReadOnlyList<string>)
                [
                    control.Level, Whole(control.SetNumber), control.Analyte, Wells(control.Wells), Digits(control.Nominal), Digits(control.Concentration), control.Unit ?? "",
                    Percent(control.RecoveryPercent), Percent(control.CvPercent), Judged(control.Accepted),
                ]));
        }

        if (run.Results.Count > 0)
        {
            console.WriteTable(
                "Results",
                ["Sample", "Wells", "Dil.", "Result", "95 %", "CV %", "Flags"],
                run.Results.Select(result => (IReadOnlyList<string>)
                [
                    $"{result.SampleId} {result.Analyte}", Wells(result.Wells), Digits(result.DilutionFactor), ConcentrationOf(result),
                    IntervalOf(result), Percent(result.CvPercent), string.Join(' ', result.Flags),
                ]));
        }

        if (run.Flags.Count > 0)
        {
            console.WriteTable(
                "Findings",
                ["Code", "Severity", "Analyte", "About", "Wells", "Finding"],
                run.Flags.Select(flag => (IReadOnlyList<string>)
                    [flag.Code, WordOf(flag.Severity), flag.Analyte ?? "", flag.Subject ?? "", Wells(flag.Wells), flag.Text]));
        }

        PrintVerdict(console, run);
    }

    /// <summary>A concentration with its unit, the limit that the result lies beyond, or the word for why there is neither.</summary>
    public static string ConcentrationOf(ResultReport result) => result.RangeStatus switch
    {
        RangeStatus.BelowLloq => $"< {Digits(result.Limit)} {result.Unit}",
        RangeStatus.AboveUloq => $"> {Digits(result.Limit)} {result.Unit}",
        RangeStatus.Quantified => $"{Digits(result.Concentration)} {result.Unit}",
        _ => WordOf(result.RangeStatus),
    };

    /// <summary>The 95 % interval such as <c>1.2 to 1.5</c>; nothing where the result is no number.</summary>
    public static string IntervalOf(ResultReport result) =>
        result.RangeStatus == RangeStatus.Quantified ? $"{Digits(result.Lower, "unbounded")} to {Digits(result.Upper, "unbounded")}" : "";

    private static void PrintCurve(CommandConsole console, CurveReport curve)
    {
        string range = curve.Range is { } limits ? $"reports {Digits(limits.Lloq)} to {Digits(limits.Uloq)} {curve.Unit}" : "reports nothing";
        console.WriteLine($"Curve of {curve.Analyte}: {curve.Model}, weights {curve.Weights}, {WordOf(curve.Termination)}, {(curve.Accepted ? "accepted" : "not accepted")}, {range}");
        if (curve.Parameters.Count > 0)
        {
            FitTables.PrintParameters(console, curve, $"Parameters of {curve.Analyte}");
            console.WriteLine($"Weighted sum of squares {Digits(curve.WeightedSumOfSquares)} (of {curve.ResidualScale}), degrees of freedom {Whole(curve.DegreesOfFreedom)}");
        }

        console.WriteTable(
            $"Calibrators of {curve.Analyte}",
            ["Calibrator", "Kind", "Wells", $"Nominal {curve.Unit}", "Mean response", "CV %", "Back-calculated", "Recovery %", "Studentised", "In fit", "Accepted"],
            curve.Calibrators.Select(calibrator => (IReadOnlyList<string>)
            [
                calibrator.Name, WordOf(calibrator.Kind), Wells(calibrator.Wells), Digits(calibrator.Nominal), Digits(calibrator.MeanResponse),
                Percent(calibrator.ResponseCvPercent), Digits(calibrator.BackCalculated), Percent(calibrator.RecoveryPercent), ResidualsOf(curve, calibrator),
                calibrator.InFit ? "yes" : "no", Judged(calibrator.Accepted),
            ]));
        if (curve.Diagnosis?.LackOfFit is { } lack)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Lack of fit: F({lack.NumeratorDegreesOfFreedom}, {lack.DenominatorDegreesOfFreedom}) = {lack.F:G4}, p = {lack.PValue:G3}"));
        }

        if (curve.Diagnosis?.Precision is { } precision)
        {
            console.WriteLine(precision.Lowest is { } lowest
                ? $"This plate's own precision: CV at most {Digits(precision.CvLimitPercent)} % from {Digits(lowest)} to {Digits(precision.Highest)} {curve.Unit}, means of {Whole(precision.Wells)} wells"
                : $"This plate's own precision: no concentration with a CV of at most {Digits(precision.CvLimitPercent)} %, means of {Whole(precision.Wells)} wells");
        }
    }

    private static string ResidualsOf(CurveReport curve, CalibratorReport calibrator)
    {
        IEnumerable<CurvePointReport> points = calibrator.InFit ? curve.Diagnosis?.Points ?? [] : [];
        return string.Join(' ', points.Where(point => point.Nominal == calibrator.Nominal).Select(point => point.Studentised?.ToString("F1", CultureInfo.InvariantCulture) ?? ""));
    }

    private static void PrintVerdict(CommandConsole console, RunReport run)
    {
        foreach (CriterionReport criterion in run.Criteria)
        {
            console.WriteLine($"{WordOf(criterion.Outcome),-12} {criterion.Code}: {criterion.Text}");
        }

        console.WriteLine($"Verdict: {WordOf(run.Verdict)}");
    }

    private static string Wells(IReadOnlyList<string> wells) => wells.Count <= 6 ? string.Join(' ', wells) : $"{string.Join(' ', wells.Take(5))} and {Whole(wells.Count - 5)} more";

    private static string Judged(bool? accepted) => accepted switch { true => "yes", false => "no", null => "" };

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
