using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Fitting;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;
using Spectre.Console;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers fit</c>: a standard curve from a CSV file of calibrators.</summary>
public static class FitCommand
{
    private static readonly Argument<string> FileArgument = new("file") { Description = "CSV with a header and the columns concentration,response." };

    private static readonly Option<string> ModelOption = new("--model")
    {
        Description = $"Curve: {CurveModels.KnownIds}.",
        DefaultValueFactory = _ => "4pl",
    };

    private static readonly Option<string> WeightsOption = new("--weights")
    {
        Description = "Weights by observed response: none, 1/y, 1/y2, power:K for 1/y^K with K from 0 to 4 (for loglog they act on ln response). By fitted response, "
            + "1/V with V(f) = A^2 + (B |f|^THETA)^2: variance:A,B,THETA known, variance:A,B,THETA,DF learned, shape:A,B,THETA scaled by this curve's residuals. By each level's wells: replicates.",
        DefaultValueFactory = _ => "none",
    };

    private static readonly Option<string[]> FixOption = new("--fix")
    {
        Description = "Hold a parameter, such as lowerAsymptote=0; may be repeated.",
        HelpName = "NAME=VALUE",
    };

    private static readonly Option<string> PredictOption = new("--predict")
    {
        Description = "Responses, separated by commas, to read off the curve with 95 % intervals for one well.",
        HelpName = "R1,R2,...",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("fit", $"Fit a standard curve to calibrators. Exit codes: {ExitCodes.Explanation}.")
        {
            FileArgument, ModelOption, WeightsOption, FixOption, PredictOption, JsonOption,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        List<Fault> optionFaults = [];
        if (!CurveModels.TryFind(parsed.GetRequiredValue(ModelOption), out CurveModel? model))
        {
            optionFaults.Add(new Fault("--model", FaultReasons.UnknownWord,
                $"There is no model '{parsed.GetValue(ModelOption)}'; expected one of {CurveModels.KnownIds}."));
        }

        if (!Weighting.TryParse(parsed.GetRequiredValue(WeightsOption), out Weighting? weighting))
        {
            optionFaults.Add(new Fault("--weights", FaultReasons.UnknownWord,
                $"There is no weighting '{parsed.GetValue(WeightsOption)}'; expected {Weighting.KnownIds}."));
        }

        Dictionary<string, double> held = ReadFixed(parsed.GetValue(FixOption) ?? [], optionFaults);
        List<double> responses = ReadResponses(parsed.GetValue(PredictOption), optionFaults);
        string path = parsed.GetRequiredValue(FileArgument);
        Checked<CurvePoints> read = await CurvePointsFile.ReadAsync(path, cancellationToken);
        List<Fault> fileFaults = [.. read.Faults];
        CurveFitProblem? problem = model is null || weighting is null ? null : Pose(model, weighting, held, read, optionFaults, fileFaults);
        if (optionFaults.Count > 0 || fileFaults.Count > 0 || problem is null)
        {
            console.Refuse("biomarkers fit", optionFaults);
            return console.Refuse(path, fileFaults);
        }

        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        var report = FitReport.Of(fit, read.ValueOrThrow().Points, held.Keys, responses);
        if (parsed.GetValue(JsonOption))
        {
            console.WriteJson(report);
        }
        else
        {
            Print(console.People, report);
        }

        return fit.IsUsable ? ExitCodes.Ok : ExitCodes.Negative;
    }

    /// <summary>The problem, with everything in the file and the options that the model or the weighting can't take.</summary>
    private static CurveFitProblem Pose(
        CurveModel model, Weighting weighting, Dictionary<string, double> held, Checked<CurvePoints> read, List<Fault> optionFaults, List<Fault> fileFaults)
    {
        IReadOnlyList<CurvePoint> points = read.Value?.Points ?? [];
        var problem = new CurveFitProblem(
            model, weighting, [.. points.Select(point => point.Concentration)], [.. points.Select(point => point.Response)], held);
        optionFaults.AddRange(CurveFitter.Check(problem)
            .Where(fault => fault.Field.StartsWith("fixedParameters", StringComparison.Ordinal))
            .Select(fault => fault with { Field = "--fix" }));
        if (points.Count == 0)
        {
            return problem;
        }

        foreach (CurvePoint point in points)
        {
            if (point.Concentration == 0 && !model.AllowsZeroConcentration)
            {
                fileFaults.Add(new Fault(CurvePointsFile.PlaceOf(point.LineNumber, "concentration"), FaultReasons.OutOfRange,
                    $"The model {model.Id} has no place for a concentration of 0; expected more than 0, or another model."));
            }

            if (point.Response <= 0 && (model.FitsLnResponse || !weighting.IsDefinedFor(point.Response)))
            {
                fileFaults.Add(new Fault(CurvePointsFile.PlaceOf(point.LineNumber, "response"), FaultReasons.OutOfRange,
                    $"A response of {point.Response} has no weight under '{weighting.Id}' in {model.Id}; expected more than 0, or --weights none with another model."));
            }
        }

        int free = model.ParameterNames.Count(name => !held.ContainsKey(name));
        double[] levels = [.. problem.Concentrations.Distinct().Order()];
        if (levels.Length <= free)
        {
            fileFaults.Add(new Fault("", FaultReasons.OutOfRange,
                $"There are {levels.Length} distinct concentrations ({string.Join(", ", levels)}); {model.Id} with {free} free parameters expects at least {free + 1}."));
        }

        return problem;
    }

    private static Dictionary<string, double> ReadFixed(string[] texts, List<Fault> faults)
    {
        Dictionary<string, double> held = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=', 2);
            bool isRead = parts.Length == 2 & double.TryParse(parts[^1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            if (!isRead || !double.IsFinite(value))
            {
                faults.Add(new Fault("--fix", FaultReasons.InvalidText, $"Expected NAME=VALUE such as lowerAsymptote=0; got '{text}'."));
            }
            else if (!held.TryAdd(parts[0].Trim(), value))
            {
                faults.Add(new Fault("--fix", FaultReasons.Duplicate, $"'{parts[0].Trim()}' stands twice; expected each parameter once."));
            }
        }

        return held;
    }

    private static List<double> ReadResponses(string? list, List<Fault> faults)
    {
        List<double> responses = [];
        foreach (string text in list?.Split(',') ?? [])
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double response) && double.IsFinite(response))
            {
                responses.Add(response);
            }
            else
            {
                faults.Add(new Fault("--predict", FaultReasons.InvalidText, $"Expected numbers separated by commas, such as 0.2,1.5; got '{text}' in '{list}'."));
            }
        }

        return responses;
    }

    private static void Print(IAnsiConsole console, FitReport report)
    {
        console.MarkupLineInterpolated($"[bold]{report.Model}[/], weights {report.Weights}: {CommandConsole.WordOf(report.Termination)} after {report.IterationCount} iterations");
        if (report.Parameters.Count > 0)
        {
            Table table = new Table().AddColumns("Parameter", "Value", "Standard error");
            foreach ((string name, double value) in report.Parameters)
            {
                double? error = report.StandardErrors?.TryGetValue(name, out double found) == true ? found : null;
                table.AddRow(name, CommandConsole.Digits(value), CommandConsole.Digits(error));
            }

            console.Write(table);
            console.WriteLine($"Weighted sum of squares {CommandConsole.Digits(report.WeightedSumOfSquares)} (of {report.ResidualScale}), degrees of freedom {report.DegreesOfFreedom}");
        }

        foreach (FitFlag flag in report.Flags)
        {
            console.MarkupLineInterpolated($"[yellow]{flag.Code}[/] {flag.Text}");
        }

        if (report.Predictions is { } predictions)
        {
            Table table = new Table().AddColumns("Response", "Concentration", "Lower 95 %", "Upper 95 %", "Range");
            foreach (Prediction prediction in predictions)
            {
                bool isQuantified = prediction.RangeStatus == PredictionStatus.Quantified;
                table.AddRow(
                    CommandConsole.Digits(prediction.Response), CommandConsole.Digits(prediction.Concentration),
                    isQuantified ? CommandConsole.Digits(prediction.Lower, "unbounded") : "", isQuantified ? CommandConsole.Digits(prediction.Upper, "unbounded") : "",
                    CommandConsole.WordOf(prediction.RangeStatus));
            }

            console.Write(table);
        }
    }
}
