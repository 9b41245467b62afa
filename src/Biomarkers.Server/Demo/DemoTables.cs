using System.Globalization;
using Biomarkers.V1;
using Spectre.Console;

namespace Biomarkers.Server.Demo;

/// <summary>What a demo came to, for people.</summary>
internal static class DemoTables
{
    private const int ResultsShown = 24;
    private const int ResultsShownPerPlate = 3;

    /// <summary>Width from which the table of results has all its columns.</summary>
    private const int WideEnough = 110;

    /// <summary>Width of the tables where there is no terminal to fit.</summary>
    private const int WidthWithoutTerminal = 160;

    /// <summary>Prints runs, results, a failing plate explained, and what was found of the truth.</summary>
    public static void Print(IAnsiConsole console, DemoReport report, IReadOnlyList<DemoOutcome> outcomes)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        console.Write(Runs(outcomes));
        console.Write(Results(console, outcomes));
        Explain(console, outcomes);
        Summarize(console, report);
    }

    private static Table Runs(IReadOnlyList<DemoOutcome> outcomes)
    {
        Table table = Make("Runs", "plate", "planted", "verdict", "findings");
        foreach (DemoOutcome outcome in outcomes)
        {
            IEnumerable<string> codes = outcome.Run.Flags.CountBy(flag => flag.Code).OrderBy(pair => pair.Key).Select(pair => pair.Value == 1 ? pair.Key : $"{pair.Key} x{pair.Value}");
            table.AddRow(
                new Text(outcome.Run.Plate["plates/".Length..]),
                new Text(Words(outcome.Plate.Scenario.ToString())),
                Verdict(outcome.Run.Verdict),
                new Text(string.Join(", ", codes)));
        }

        return table;
    }

    private static Table Results(IAnsiConsole console, IReadOnlyList<DemoOutcome> outcomes)
    {
        bool isWide = console.Profile.Width >= WideEnough;
        string[] columns = isWide ? ["sample", "analyte", "dilution", "result", "95 % interval", "CV %", "true", "flags"] : ["sample", "result", "true", "flags"];
        Table table = Make($"Results with a finding of their own, and the truth behind them (the first {ResultsShown}; the server has all)", columns);
        var told = outcomes
            .Where(outcome => outcome.Run.Verdict == RunVerdict.Accepted)
            .SelectMany(outcome => outcome.Results.Where(HasOwnFinding).Take(ResultsShownPerPlate).Select(result => (outcome, result)))
            .Take(ResultsShown);
        foreach ((DemoOutcome outcome, Result result) in told)
        {
            Text sample = new(isWide ? result.SampleId : $"{result.SampleId} {result.Analyte}");
            Text value = new Text(Reported(result)).RightJustified();
            Text truth = new Text(Invariant($"{outcome.TruthOf(result).Concentration:G4}")).RightJustified();
            Text flags = new(string.Join(", ", result.FlagCodes));
            table.AddRow(isWide
                ? [
                    sample,
                    new Text(result.Analyte),
                    new Text(Invariant($"{result.DilutionFactor:G4}")).RightJustified(),
                    value,
                    new Text(IntervalOf(result)),
                    new Text(result.HasCvPercent ? Invariant($"{result.CvPercent:F1}") : string.Empty).RightJustified(),
                    truth,
                    flags,
                ]
                : [sample, value, truth, flags]);
        }

        return table;
    }

    private static string IntervalOf(Result result) => result.HasConcentration
        ? $"{(result.HasLower ? Invariant($"{result.Lower:G3}") : "?")} to {(result.HasUpper ? Invariant($"{result.Upper:G3}") : "?")}"
        : string.Empty;

    private static bool HasOwnFinding(Result result) =>
        result.FlagCodes.Any(code => code.StartsWith("S_", StringComparison.Ordinal) || code.StartsWith("W_", StringComparison.Ordinal));

    private static void Explain(IAnsiConsole console, IReadOnlyList<DemoOutcome> outcomes)
    {
        DemoOutcome? rejected = outcomes.FirstOrDefault(outcome => outcome.Run.Verdict == RunVerdict.Rejected);
        if (rejected is null)
        {
            return;
        }

        console.MarkupLineInterpolated($"\n[bold]Why {rejected.Run.Plate["plates/".Length..]} is rejected[/] (planted: {Words(rejected.Plate.Scenario.ToString())})");
        foreach (AcceptanceCriterion criterion in rejected.Run.Criteria.Where(criterion => criterion.Outcome == CriterionOutcome.Failed))
        {
            console.MarkupLineInterpolated($"  [red]{criterion.Code}[/] {criterion.Text} {(criterion.Clause.Length > 0 ? $"({criterion.Clause})" : string.Empty)}");
        }

        foreach (QcFlag flag in rejected.Run.Flags.Where(flag => flag.Level is FlagLevel.Calibrator or FlagLevel.ReplicateGroup).Take(6))
        {
            console.MarkupLineInterpolated($"  [yellow]{flag.Code}[/] {flag.Text} [grey]wells {string.Join(' ', flag.Wells)}[/]");
        }
    }

    private static void Summarize(IAnsiConsole console, DemoReport report)
    {
        DemoTruth truth = report.Truth;
        console.MarkupLineInterpolated($"\n[bold]{report.Plates} plates[/] in {report.ElapsedSeconds:F1} s: {report.Runs.Accepted} accepted, {report.Runs.Rejected} rejected; {report.Results.Values.Sum()} results, {report.Flags.Values.Sum()} findings.");
        console.MarkupLineInterpolated($"Of the simulated truth: {truth.VerdictsAsPlanted} of {report.Plates} verdicts as planted, {truth.PlantedFaultsFound} of {truth.PlantedFaults} planted faults flagged;");
        console.MarkupLineInterpolated($"{truth.QuantifiedResults} concentrations with a median error of {truth.MedianErrorPercent:F1} %, {truth.Within20Percent:F1} % within 20 %, {truth.TruthInIntervalPercent:F1} % with the truth in their 95 % within-plate interval.");
    }

    private static string Reported(Result result) => result.RangeStatus switch
    {
        RangeStatus.Quantified => Invariant($"{result.Concentration:G4} {result.Unit}"),
        RangeStatus.BelowLloq => Invariant($"< {result.Limit:G4} {result.Unit}"),
        RangeStatus.AboveUloq => Invariant($"> {result.Limit:G4} {result.Unit}"),
        _ => "not determined",
    };

    private static Markup Verdict(RunVerdict verdict) => verdict == RunVerdict.Accepted ? new Markup("[green]accepted[/]") : new Markup("[red]rejected[/]");

    private static Table Make(string title, params string[] columns)
    {
        Table table = new Table().Title(new TableTitle(title)).Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = column is "plate" or "sample" or "verdict" or "result" });
        }

        return table;
    }

    // BadCalibrator becomes "bad calibrator".
    private static string Words(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? " " : string.Empty) + char.ToLowerInvariant(c) : c.ToString()));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
