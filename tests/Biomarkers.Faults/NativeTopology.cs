using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Biomarkers.Faults;

/// <summary>PostgreSQL, replicas and HAProxy as the server's own script <c>Deployment/native</c> starts them, on loopback.</summary>
internal sealed class NativeTopology : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    private readonly Process script;
    private readonly string folder;

    private NativeTopology(Process script, string folder, JsonElement addresses)
    {
        this.script = script;
        this.folder = folder;
        GrpcAddress = new Uri(addresses.GetProperty("grpc").GetString()!);
        WebAddress = new Uri(addresses.GetProperty("web").GetString()!);
        AuthorityFile = addresses.GetProperty("authority").GetString()!;
        KeyFile = addresses.GetProperty("keyFile").GetString()!;
        ServerCount = addresses.GetProperty("servers").GetArrayLength();
    }

    /// <summary>The balancer's address of gRPC.</summary>
    public Uri GrpcAddress { get; }

    /// <summary>The balancer's address of JSON.</summary>
    public Uri WebAddress { get; }

    public string AuthorityFile { get; }

    public string KeyFile { get; }

    public int ServerCount { get; }

    private static string Script => Path.Combine(AppContext.BaseDirectory, "Deployment", "native");

    /// <summary>Starts everything; the balancer sees every server when this returns.</summary>
    /// <param name="folder">Takes everything that is made.</param>
    /// <param name="servers">Replicas, 1 to 4.</param>
    /// <param name="drainSeconds">Of each server.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="InvalidOperationException">It did not start; with the script's words.</exception>
    public static async Task<NativeTopology> StartAsync(string folder, int servers, int drainSeconds, CancellationToken cancellationToken)
    {
        Process started = Run(["up", "--data", folder, "--servers", Text(servers), "--drain-seconds", Text(drainSeconds), "--json"]);
        Task<string> errors = started.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            string? line = await started.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(StartLimit, cancellationToken);
            if (line is null)
            {
                throw new InvalidOperationException($"The topology did not start: {await errors}");
            }

            using JsonDocument addresses = JsonDocument.Parse(line);
            return new NativeTopology(started, folder, addresses.RootElement);
        }
        catch
        {
            await EndAsync(started);
            throw;
        }
    }

    /// <summary>Ends a server gracefully, and waits until the balancer gives it new connections again.</summary>
    /// <param name="number">1 for the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RestartAsync(int number, CancellationToken cancellationToken)
    {
        using Process restart = Run(["restart-server", Text(number), "--data", folder]);
        string error = await restart.StandardError.ReadToEndAsync(cancellationToken);
        await restart.WaitForExitAsync(cancellationToken);
        if (restart.ExitCode != 0)
        {
            throw new InvalidOperationException($"Server {number} was not restarted: {error}");
        }
    }

    /// <summary>SIGKILL to a server, which is started again by the script; waits until it serves.</summary>
    /// <param name="number">1 for the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task KillAsync(int number, CancellationToken cancellationToken)
    {
        string file = Path.Combine(folder, "run", $"server-{Text(number)}.pid");
        string log = Path.Combine(folder, "log", $"server-{Text(number)}.log");
        string old = await File.ReadAllTextAsync(file, cancellationToken);
        using (var process = Process.GetProcessById(int.Parse(old, CultureInfo.InvariantCulture)))
        {
            process.Kill();
        }

        while (await File.ReadAllTextAsync(file, cancellationToken) == old || !(await File.ReadAllTextAsync(log, cancellationToken)).Contains("GrpcAddress", StringComparison.Ordinal))
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Ends everything as SIGTERM to the script does.</summary>
    /// <returns>The script's exit code.</returns>
    public async Task<int> StopAsync()
    {
        await EndAsync(script);
        return script.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(script);
        script.Dispose();
    }

    private static async Task EndAsync(Process ending)
    {
        if (!ending.HasExited)
        {
            using Process signal = Process.Start("kill", ["-TERM", Text(ending.Id)]);
            await ending.WaitForExitAsync(CancellationToken.None).WaitAsync(StopLimit);
        }
    }

    private static Process Run(string[] arguments) =>
        Process.Start(new ProcessStartInfo(Script, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })
        ?? throw new InvalidOperationException($"{Script} was not started.");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
