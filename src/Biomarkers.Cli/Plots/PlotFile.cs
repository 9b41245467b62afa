using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Plots;

/// <summary>The file that a picture is asked for: its kind by its ending, its folder.</summary>
internal static class PlotFile
{
    /// <summary>Text of the option's help.</summary>
    public const string Description = "Draw the curve into FILE.svg or FILE.png: band, calibrators, predictions, limits. An existing file is replaced.";

    /// <summary>What is wrong with a path, before anything is computed; null when nothing is.</summary>
    /// <param name="option">Name of the option, such as <c>--plot</c>.</param>
    /// <param name="path">As it was given.</param>
    public static Fault? FaultOf(string option, string path)
    {
        string extension = Path.GetExtension(path);
        if (!IsSvg(path) && !extension.Equals(".png", StringComparison.OrdinalIgnoreCase))
        {
            return new Fault(option, FaultReasons.InvalidText, $"'{path}' ends with '{extension}'; expected a file that ends with .svg or .png.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        return !Directory.Exists(folder)
            ? new Fault(option, FaultReasons.InvalidFile, $"'{path}' is in the folder '{folder}', which does not exist; expected one that does.")
            : Directory.Exists(path)
                ? new Fault(option, FaultReasons.InvalidFile, $"'{path}' is a folder; expected a file.")
                : null;
    }

    /// <summary>Writes a picture.</summary>
    /// <param name="option">Name of the option.</param>
    /// <param name="path">A path without a fault.</param>
    /// <param name="picture">What is drawn, and what there is to see.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>What went wrong; null when the file is there.</returns>
    public static async Task<Fault?> WriteAsync(string option, string path, Picture picture, CancellationToken cancellationToken)
    {
        byte[] bytes = IsSvg(path) ? System.Text.Encoding.UTF8.GetBytes(PlotPage.ToSvg(picture.Plot, picture.Description)) : PlotPage.ToPng(picture.Plot);
        try
        {
            await File.WriteAllBytesAsync(path, bytes, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Fault(option, FaultReasons.InvalidFile, $"Unable to write '{path}': {exception.Message}");
        }
    }

    /// <summary>A path with a word before its ending, for one picture of several.</summary>
    public static string WithWord(string path, string word) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-{word}{Path.GetExtension(path)}");

    private static bool IsSvg(string path) => Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A picture and what there is to see in it, in words.</summary>
/// <param name="Plot">The picture.</param>
/// <param name="Description">Axes, and how much of what is drawn.</param>
internal sealed record Picture(ScottPlot.Plot Plot, string Description);
