using System.Globalization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Plates;

/// <summary>The bytes of a file that a command was given.</summary>
internal static class LocalFile
{
    /// <summary>Reads a file, or says why it can't be read.</summary>
    /// <param name="path">File.</param>
    /// <param name="maximumBytes">Most bytes; a larger file is not read.</param>
    /// <param name="expected">What the file should be, for messages, such as <c>a plate file</c>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Checked<byte[]>> ReadAsync(string path, int maximumBytes, string expected, CancellationToken cancellationToken)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return Refused(FaultReasons.Required, Directory.Exists(path) ? $"This is a folder; expected {expected}." : $"No such file; expected {expected}.");
        }

        try
        {
            if (file.Length > maximumBytes)
            {
                return Refused(
                    FaultReasons.LimitExceeded, string.Create(CultureInfo.InvariantCulture, $"The file has {file.Length} bytes; expected at most {maximumBytes}."));
            }

            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Refused(FaultReasons.InvalidFile, $"Unable to read the file: {exception.Message}");
        }
    }

    private static Checked<byte[]> Refused(string reason, string text) => new List<Fault> { new("", reason, text) };
}
