using System.CommandLine;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Plots;

/// <summary>The options by which a command draws: into a file, and on the terminal.</summary>
internal static class PlotArguments
{
    /// <summary>The picture's file.</summary>
    public static Option<string> Plot { get; } = new("--plot") { Description = PlotFile.Description, HelpName = "FILE.svg|png" };

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
