using System.CommandLine;
using Biomarkers.Cli.Fitting;
using Biomarkers.Cli.Plots;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers fit</c>: a standard curve from a CSV file of calibrators.</summary>
public static class FitCommand
{
    /// <summary>Shown below the help.</summary>
    internal const string Examples =
        """
        Examples:
          biomarkers fit CURVE.csv --model 4pl --weights 1/y2 --predict 0.5,1.2 --replicates 2
          biomarkers fit CURVE.csv --model 5pl --weights variance:0.002,0.05,1,160 --plot CURVE.svg
          biomarkers fit CURVE.csv --model auto --json
        """;

    private static readonly Argument<string> FileArgument = new("file") { Description = "CSV with a header and the columns concentration,response." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("fit", $"Fit a standard curve to calibrators. Exit codes: {ExitCodes.Explanation}.") { FileArgument };
        foreach (Option option in FitArguments.All)
        {
            command.Add(option);
        }

        command.Add(PlotArguments.Plot);
        command.Add(PlotArguments.Draw);
        command.Add(PlotArguments.ResponseAxis);
        command.Add(JsonOption);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        List<Fault> optionFaults = [];
        FitRequest? request = FitArguments.Read(parsed, optionFaults);
        string? plotPath = PlotArguments.ReadPlot(parsed, optionFaults);
        ResponseScale? scale = PlotArguments.ReadScale(parsed, optionFaults);
        string path = parsed.GetRequiredValue(FileArgument);
        Checked<CurvePoints> read = await CurvePointsFile.ReadAsync(path, cancellationToken);
        List<Fault> fileFaults = [.. read.Faults];
        CurveFitProblem? problem = request is null ? null : Pose(request, read, optionFaults, fileFaults);
        if (optionFaults.Count > 0 || fileFaults.Count > 0 || request is null || problem is null)
        {
            console.Refuse("biomarkers fit", optionFaults);
            return console.Refuse(path, fileFaults);
        }

        IReadOnlyList<CurvePoint> points = read.ValueOrThrow().Points;
        var fitted = FittedCurve.Of(request, problem);
        var answer = FitAnswer.Of(fitted, request, points);
        CurveDrawing drawing = FitDrawing.Of(fitted, answer, Path.GetFileName(path), scale);
        if (plotPath is not null && await PlotFile.WriteAsync("--plot", plotPath, CurvePicture.Draw(drawing), cancellationToken) is { } fault)
        {
            return console.Refuse("biomarkers fit", [fault]);
        }

        if (parsed.GetValue(JsonOption))
        {
            console.WriteJson(answer);
        }
        else
        {
            FitTables.Print(console, answer);
            if (console.IsTerminal || parsed.GetValue(PlotArguments.Draw))
            {
                console.WriteDrawing(drawing);
            }
        }

        return fitted.Fit.IsUsable ? ExitCodes.Ok : ExitCodes.Negative;
    }

    private static string OtherWay(CurveModel model, Weighting weighting) => (model.FitsLnResponse, weighting.IsDefinedFor(0)) switch
    {
        (true, true) => "another --model",
        (true, false) => "another --model with --weights none or a variance function",
        _ => "--weights none or a variance function",
    };

    /// <summary>The problem, with everything in the file and the options that the model or the weighting can't take.</summary>
    private static CurveFitProblem Pose(FitRequest request, Checked<CurvePoints> read, List<Fault> optionFaults, List<Fault> fileFaults)
    {
        IReadOnlyList<CurvePoint> points = read.Value?.Points ?? [];
        CurveModel model = request.Model ?? CurveModels.All[0];
        var problem = new CurveFitProblem(
            model, request.Weighting, [.. points.Select(point => point.Concentration)], [.. points.Select(point => point.Response)], request.Held);
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

            if (point.Response <= 0 && (model.FitsLnResponse || !request.Weighting.IsDefinedFor(point.Response)))
            {
                fileFaults.Add(new Fault(CurvePointsFile.PlaceOf(point.LineNumber, "response"), FaultReasons.OutOfRange,
                    $"A response of {point.Response} {(model.FitsLnResponse ? $"has no logarithm, which {model.Id} fits" : $"has no weight under '{request.Weighting.Id}'")}; expected more than 0, or {OtherWay(model, request.Weighting)}."));
            }
        }

        int free = model.ParameterNames.Count(name => !request.Held.ContainsKey(name));
        int least = model.LeastLevelCount(free);
        double[] levels = [.. problem.Concentrations.Distinct().Order()];
        if (levels.Length < least && request.Model is not null)
        {
            fileFaults.Add(new Fault("", FaultReasons.OutOfRange,
                $"There are {levels.Length} distinct concentrations ({string.Join(", ", levels)}); {model.Id} with {free} free parameters expects at least {least}."));
        }

        return problem;
    }
}
