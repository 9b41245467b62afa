using System.CommandLine;
using Biomarkers.Cli.Plates;
using Biomarkers.Cli.Plots;
using Biomarkers.Cli.Runs;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers analyze</c>: a plate file analysed here, without a server.</summary>
public static class AnalyzeCommand
{
    /// <summary>Shown below the help.</summary>
    internal const string Examples =
        """
        Examples:
          biomarkers analyze PLATE-0042.csv --assay il-6
          biomarkers analyze PLATE-0042.csv --assay MY-ASSAY.json --plot CURVE.svg --json
        With several analytes each has a picture of its own, FILE-ANALYTE.svg.
        """;

    private static readonly Argument<string> PlateArgument = new("plate") { Description = $"Plate file: {PlateFileFormats.KnownNames}." };

    private static readonly Option<string> AssayOption = new("--assay")
    {
        Description = $"Built-in assay ({BuiltInAssays.KnownIds}) or a JSON file of one, such as 'biomarkers assays get il-6 --json' prints.",
        HelpName = "ID|FILE.json",
        Required = true,
    };

    private static readonly Option<string> LayoutOption = new("--layout")
    {
        Description = "Plain CSV that says what is in the wells, where the plate file does not; its column response may be empty.",
        HelpName = "FILE.csv",
    };

    private static readonly Option<string> BarcodeOption = new("--barcode") { Description = "Barcode of the plate. Default: as the file or its name says.", HelpName = "NAME" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("analyze", $"Compute the concentrations and flags of a plate file. Exit codes: 0 accepted, 1 rejected, 2 wrong arguments or input.")
        {
            PlateArgument, AssayOption, LayoutOption, BarcodeOption, JsonOption, PlotArguments.Plot, PlotArguments.Draw, PlotArguments.ResponseAxis,
        };
        foreach (Option option in PlateFileArguments.All)
        {
            command.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        List<Fault> optionFaults = [];
        PlateFileSettings settings = PlateFileArguments.Read(parsed, parsed.GetValue(BarcodeOption), optionFaults);
        string? plotPath = PlotArguments.ReadPlot(parsed, optionFaults);
        ResponseScale? scale = PlotArguments.ReadScale(parsed, optionFaults);
        string assayText = parsed.GetRequiredValue(AssayOption);
        Checked<AssayDefinition> assay = await AssayFile.FindAsync(assayText, cancellationToken);
        if (optionFaults.Count > 0 || assay.Value is null)
        {
            console.Refuse("biomarkers analyze", optionFaults);
            return console.Refuse($"--assay {assayText}", assay.Faults);
        }

        string path = parsed.GetRequiredValue(PlateArgument);
        Checked<PlateInput> read = await PlateInput.ReadAsync(path, settings, assay.Value, cancellationToken);
        if (read.Value is not { } input)
        {
            return console.Refuse(path, read.Faults);
        }

        foreach (PlateFileNotice notice in input.File.Notices)
        {
            console.Tell($"{path}: {notice}");
        }

        (Checked<PlateLayout> layout, string source) = await input.ReadLayoutAsync(parsed.GetValue(LayoutOption), settings, assay.Value, assay.Value.Version, cancellationToken);
        return layout.Value is null
            ? console.Refuse(source, layout.Faults)
            : await AnalyzeAsync(console, parsed, new Asked(input, layout.Value, assay.Value, plotPath, scale), cancellationToken);
    }

    private static async Task<int> AnalyzeAsync(CommandConsole console, ParseResult parsed, Asked asked, CancellationToken cancellationToken)
    {
        (PlateInput input, PlateLayout layout, AssayDefinition assay, string? plotPath, ResponseScale? scale) = asked;
        if (!RulePacks.TryFind(assay.RulePack, out RulePack? pack))
        {
            throw new InvalidOperationException($"Assay {assay.Name} passed its check with the unknown rule pack '{assay.RulePack}'.");
        }

        Checked<AnalysisInputs> inputs = AnalysisInputs.Check(input.Read, layout, assay, pack);
        if (inputs.Value is null)
        {
            return console.Refuse(input.Path, inputs.Faults);
        }

        AnalyticalRun run = PlateAnalyzer.Analyze(inputs.Value);
        var report = RunReport.Of(run, input.Read.PlateBarcode);
        CurveDrawing[] drawings = [.. run.Curves.Select(curve => RunDrawing.Of(curve, run.Results, input.Read.PlateBarcode, assay.ResponseKind, scale))];
        for (int i = 0; i < drawings.Length && plotPath is not null; i++)
        {
            string file = drawings.Length == 1 ? plotPath : PlotFile.WithWord(plotPath, run.Curves[i].Analyte);
            if (await PlotFile.WriteAsync("--plot", file, CurvePicture.Draw(drawings[i]), cancellationToken) is { } fault)
            {
                return console.Refuse("biomarkers analyze", [fault]);
            }
        }

        if (parsed.GetValue(JsonOption))
        {
            console.WriteJson(report);
        }
        else
        {
            RunTables.Print(console, report);
            foreach (CurveDrawing drawing in drawings.Where(_ => console.IsTerminal || parsed.GetValue(PlotArguments.Draw)))
            {
                console.WriteLine(drawing.Title);
                console.WriteDrawing(drawing);
            }
        }

        return report.Verdict == RunVerdict.Accepted ? ExitCodes.Ok : ExitCodes.Negative;
    }

    /// <summary>What is analysed.</summary>
    private sealed record Asked(PlateInput Input, PlateLayout Layout, AssayDefinition Assay, string? PlotPath, ResponseScale? Scale);
}
