using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Biomarkers.Tests.Interchange;

/// <summary>Messages read by <c>decode_results.py</c>, which stands beside this assembly.</summary>
internal static class PythonDecoder
{
    private static readonly Dictionary<string, string> Names = new() { ["hl7-v2.5.1"] = "hl7", ["lis2-a2"] = "lis2", ["csv"] = "csv", ["json"] = "json" };

    /// <summary>Whether it reads a format; FHIR has a parser of its own.</summary>
    public static bool Reads(string format) => Names.ContainsKey(format);

    /// <summary>The records of every message, in order.</summary>
    /// <exception cref="InvalidOperationException">The decoder refused a message; its words are in the text.</exception>
    public static async Task<IReadOnlyList<SortedDictionary<string, string>>> DecodeAsync(string format, IEnumerable<byte[]> messages, CancellationToken cancellation)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, messages.Select(message => JsonSerializer.Serialize(Encoding.UTF8.GetString(message))), cancellation);
            string output = await RunAsync(Names[format], file, cancellation);
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(line => JsonSerializer.Deserialize<List<SortedDictionary<string, string>>>(line)!)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> RunAsync(string decoder, string file, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-B", Path.Combine(AppContext.BaseDirectory, "Interchange", "decode_results.py"), decoder, file])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONNOUSERSITE"] = "1";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("Unable to start Python.");
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"The decoder of {decoder} ended with {process.ExitCode}: {await error}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
