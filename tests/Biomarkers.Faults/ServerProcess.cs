using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Biomarkers.Faults;

/// <summary>How a server is started.</summary>
/// <param name="DataDirectory">Its folder.</param>
internal sealed record ServerStart(string DataDirectory)
{
    /// <summary>Connection string of its PostgreSQL; null for SQLite in its folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>The key file that replicas share; null for the one in its folder.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Port of gRPC; 0 picks a free one.</summary>
    public int GrpcPort { get; init; }

    /// <summary>Port of JSON; 0 picks a free one.</summary>
    public int WebPort { get; init; }

    /// <summary>Further options, such as those of its database.</summary>
    public IReadOnlyList<string> Further { get; init; } = [];

    /// <summary>A program that runs the server's, with its own arguments, such as one that records what the server does; empty for none. The process that is started
    /// must become the server's.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Further variables of the server's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The arguments of the program.</summary>
    public IEnumerable<string> Arguments() =>
    [
        "serve", "--data", DataDirectory,
        "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{GrpcPort}"),
        "--listen-web", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{WebPort}"),
        .. Postgres is null ? Array.Empty<string>() : ["--postgres", Postgres],
        .. KeyFile is null ? Array.Empty<string>() : ["--key-file", KeyFile],
        .. Further,
    ];
}

/// <summary>A server ended before it served.</summary>
internal sealed class ServerStartException(int? exitCode, string lastLines) : InvalidOperationException($"The server did not start:\n{lastLines}")
{
    /// <summary>Its exit code.</summary>
    public int? ExitCode { get; } = exitCode;
}

/// <summary>The server as a process of its own, built beside this program, on loopback.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int LinesKept = 20;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly TaskCompletionSource<(Uri Grpc, Uri Web)> serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> lastLines = new();

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Where gRPC listens.</summary>
    public Uri GrpcAddress => serving.Task.Result.Grpc;

    /// <summary>Where JSON listens.</summary>
    public Uri WebAddress => serving.Task.Result.Web;

    public int Id => process.Id;

    /// <summary>Whether the process has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>Starts a server with SQLite in its folder; it serves when this returns.</summary>
    /// <param name="dataDirectory">Its folder.</param>
    /// <param name="grpcPort">Port of gRPC; 0 picks a free one.</param>
    /// <param name="webPort">Port of JSON; 0 picks a free one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="options">Further options, such as those of its database.</param>
    /// <exception cref="InvalidOperationException">It ended or did not serve in time.</exception>
    public static Task<ServerProcess> StartAsync(string dataDirectory, int grpcPort, int webPort, CancellationToken cancellationToken, params string[] options) =>
        StartAsync(new ServerStart(dataDirectory) { GrpcPort = grpcPort, WebPort = webPort, Further = options }, cancellationToken);

    /// <summary>Starts a server; it serves when this returns.</summary>
    /// <param name="how">Its options.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="InvalidOperationException">It ended or did not serve in time.</exception>
    public static async Task<ServerProcess> StartAsync(ServerStart how, CancellationToken cancellationToken)
    {
        string[] command = [.. how.Before, "dotnet", Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), .. how.Arguments()];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in how.Environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start) ?? throw new InvalidOperationException("The server was not started."));
        server.process.OutputDataReceived += (_, line) => server.Take(line.Data);
        server.process.ErrorDataReceived += (_, line) => server.Take(line.Data);
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        try
        {
            Task ended = server.process.WaitForExitAsync(cancellationToken);
            await Task.WhenAny(server.serving.Task, ended).WaitAsync(StartLimit, cancellationToken);
            return server.serving.Task.IsCompletedSuccessfully
                ? server
                : throw new ServerStartException(await server.WaitForEndAsync(TimeSpan.Zero, cancellationToken), server.LastLines());
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>Its exit code; null when it still runs after the time.</returns>
    public async Task<int?> WaitForEndAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var tooLong = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        tooLong.CancelAfter(limit);
        await process.WaitForExitAsync(tooLong.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return process.HasExited ? process.ExitCode : null;
    }

    /// <summary>SIGKILL: the process gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM. Returns at once.</summary>
    public Task TerminateAsync(CancellationToken cancellationToken) => SignalAsync("-TERM", cancellationToken);

    /// <summary>SIGSTOP for a time: the process does nothing, and then goes on.</summary>
    public async Task HangAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        await SignalAsync("-STOP", cancellationToken);
        await Task.Delay(time, cancellationToken);
        await SignalAsync("-CONT", cancellationToken);
    }

    /// <summary>SIGTERM, and waits.</summary>
    /// <exception cref="InvalidOperationException">The server did not end with 0.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await TerminateAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(StopLimit, cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The server ended with {process.ExitCode}:\n{LastLines()}");
        }
    }

    /// <summary>Largest resident memory so far, in bytes; null where the system does not say.</summary>
    public long? PeakResidentBytes()
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/status");
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal)) : null;
        return line is null ? null : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Resident memory now, in bytes.</summary>
    public long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>Processor time of all its threads so far; unlike the clock it does not depend on what else the machine does.</summary>
    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>Kills the process where it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private async Task SignalAsync(string signal, CancellationToken cancellationToken)
    {
        using Process kill = Process.Start("kill", [signal, Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lastLines)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > LinesKept)
            {
                lastLines.Dequeue();
            }
        }

        // The first message names the addresses.
        if (!serving.Task.IsCompleted && line.Contains(nameof(GrpcAddress), StringComparison.Ordinal))
        {
            using JsonDocument message = JsonDocument.Parse(line);
            JsonElement state = message.RootElement.GetProperty("State");
            serving.TrySetResult((new Uri(state.GetProperty(nameof(GrpcAddress)).GetString()!), new Uri(state.GetProperty(nameof(WebAddress)).GetString()!)));
        }
    }

    /// <summary>What it wrote last, for a person.</summary>
    public string LastLines()
    {
        lock (lastLines)
        {
            return string.Join('\n', lastLines);
        }
    }
}
