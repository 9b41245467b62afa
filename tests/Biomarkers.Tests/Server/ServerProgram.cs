using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Biomarkers.Tests.Server;

/// <summary>The server as a process of its own on free loopback ports, for what only a process shows: signals, variables, exit codes.</summary>
internal sealed class ServerProgram : IAsyncDisposable
{
    private readonly Process process;
    private readonly string[] first;
    private readonly Task<string> rest;

    private ServerProgram(Process process, string[] first, Uri grpcAddress, Uri webAddress)
    {
        this.process = process;
        this.first = first;
        GrpcAddress = grpcAddress;
        WebAddress = webAddress;
        rest = process.StandardOutput.ReadToEndAsync();
    }

    public Uri GrpcAddress { get; }

    public Uri WebAddress { get; }

    public int Id => process.Id;

    public int ExitCode => process.ExitCode;

    /// <summary>Starts a server; it serves when this returns.</summary>
    public static async Task<ServerProgram> StartAsync(string folder, string[] options, IReadOnlyDictionary<string, string>? variables = null)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), "serve", "--data", folder, "--listen", "127.0.0.1:0", "--listen-web", "127.0.0.1:0", .. options];
        var start = new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Process started = Process.Start(start) ?? throw new InvalidOperationException("The server was not started.");
        var lines = new List<string>();
        while (await started.StandardOutput.ReadLineAsync().WaitAsync(TestServer.Patience) is { } line)
        {
            lines.Add(line);
            if (line.Contains("\"GrpcAddress\"", StringComparison.Ordinal))
            {
                using JsonDocument message = JsonDocument.Parse(line);
                JsonElement state = message.RootElement.GetProperty("State");
                (string grpc, string web) = (state.GetProperty(nameof(GrpcAddress)).GetString()!, state.GetProperty(nameof(WebAddress)).GetString()!);
                return new ServerProgram(started, [.. lines], new Uri(grpc), new Uri(web));
            }
        }

        throw new InvalidOperationException($"The server did not start: {string.Join('\n', lines)}");
    }

    public Task SignalAsync(string signal) => ProgramRun.OfAsync("kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)], AppContext.BaseDirectory);

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>Everything that it logged.</returns>
    public async Task<string> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TestServer.Patience);
        return string.Join('\n', [.. first, await rest]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }
}
