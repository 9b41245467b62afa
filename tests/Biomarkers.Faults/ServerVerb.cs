using System.Diagnostics;
using System.Text.Json;

namespace Biomarkers.Faults;

/// <summary>A verb of the server's executable, run as a process of its own.</summary>
internal static class ServerVerb
{
    /// <summary>Runs a verb that answers in JSON to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It did not end with 0.</exception>
    public static async Task<JsonElement> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using JsonDocument document = JsonDocument.Parse(await EndAsync(cancellationToken, [.. arguments, "--json"]));
        return document.RootElement.Clone();
    }

    /// <summary>Runs a verb to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It did not end with 0.</exception>
    public static async Task<string> EndAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("The verb was not started.");
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}: {await error}");
        }

        return await output;
    }
}
