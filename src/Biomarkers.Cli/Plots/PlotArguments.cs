using System.CommandLine;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Plots;

/// <summary>The options by which a command draws: into a file, and on the terminal.</summary>
internal static class PlotArguments
{
    /// <summary>The picture's file.</summary>
    public static Option<string> Plot { get; } = new("--plot") { Description = PlotFile.Description, HelpName = "FILE.svg|png" };

    /// <summary>How responses are spaced in a picture and on the terminal.</summary>
    public static Option<string> ResponseAxis { get; } = new("--response-axis")
    {
        Description = "Axis of responses: linear or log. Default: log where the calibrators' responses above 0 span more than a factor of 50.",
        HelpName = "linear|log",
    };

    /// <summary>The spacing of responses; null where none is asked for.</summary>
    public static ResponseScale? ReadScale(ParseResult parsed, List<Fault> faults)
    {
        switch (parsed.GetValue(ResponseAxis)?.ToLowerInvariant())
        {
            case null:
                return null;
            case "linear":
                return ResponseScale.Linear;
            case "log":
                return ResponseScale.Log;
            default:
                faults.Add(new Fault(ResponseAxis.Name, FaultReasons.UnknownWord, $"There is no axis '{parsed.GetValue(ResponseAxis)}'; expected linear or log."));
                return null;
        }
    }

    /// <summary>Whether the curve is drawn with the tables.</summary>
    public static Option<bool> Draw { get; } = new("--draw") { Description = "Draw the curve with the tables, also where the output is no terminal." };

    /// <summary>The path of the picture; null where none is asked for.</summary>
    public static string? ReadPlot(ParseResult parsed, List<Fault> faults)
    {
        string? path = parsed.GetValue(Plot);
        if (path is not null && PlotFile.FaultOf(Plot.Name, path) is { } fault)
        {
            faults.Add(fault);
        }

        return path;
    }
}
