using System.Diagnostics;
using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>An adapter with a spool, or without one, that is killed and started again, and what it said of its events.</summary>
internal sealed class AdapterProcess(Uri server, string keyFile, int number, int seed, string? spool) : ILoadSender
{
    /// <summary>Most events without an acknowledgement.</summary>
    private const int Window = 16;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim changing = new(1, 1);
    private readonly List<SentEvent> events = [];
    private Process? process;
    private Task reading = Task.CompletedTask;
    private TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int requestedCount;
    private int acceptedCount;
    private int acknowledgedCount;

    public string InstrumentId => LoadPlates.InstrumentIdOf(number);

    public IReadOnlyList<SentEvent> Events => events;

    public int UnacknowledgedCount => Volatile.Read(ref requestedCount) - Volatile.Read(ref acknowledgedCount);

    public int AcknowledgedCount => Volatile.Read(ref acknowledgedCount);

    /// <summary>Events that it said are accepted.</summary>
    public int AcceptedCount => Volatile.Read(ref acceptedCount);

    /// <summary>Accepted events that it no longer had after it was killed.</summary>
    public int LostCount { get; private set; }

    /// <summary>Times that it was killed.</summary>
    public int KillCount { get; private set; }

    public Exception? Fault { get; private set; }

    public SentEvent[] Snapshot()
    {
        lock (gate)
        {
            return [.. events];
        }
    }

    public async Task RunAsync(SemaphoreSlim permits, CancellationToken cancellationToken)
    {
        // A kill waits until there is something to kill.
        await changing.WaitAsync(cancellationToken);
        try
        {
            await StartAsync(cancellationToken);
        }
        finally
        {
            changing.Release();
        }

        while (true)
        {
            await permits.WaitAsync(cancellationToken);
            while (UnacknowledgedCount >= Window)
            {
                await Task.Delay(Poll, cancellationToken);
            }

            await RequestAsync(1, cancellationToken);
        }
    }

    /// <summary>Tells it to read some plates.</summary>
    public async Task RequestAsync(int count, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            Interlocked.Add(ref requestedCount, count);
            await process!.StandardInput.WriteLineAsync(count.ToString(CultureInfo.InvariantCulture).AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>SIGKILL, and a new process on the same spool.</summary>
    public async Task KillAndStartAgainAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            process!.Kill();
            await process.WaitForExitAsync(cancellationToken);
            // What it said before it died is all read before the new one says a word.
            await reading;
            process.Dispose();
            KillCount++;
            await StartAsync(cancellationToken);
        }
        finally
        {
            changing.Release();
        }
    }

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        process!.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        await reading;
        if (process.ExitCode != 0 || UnacknowledgedCount != 0)
        {
            throw new InvalidOperationException($"The adapter of {InstrumentId} ended with {process.ExitCode} and {UnacknowledgedCount} events unacknowledged.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        await reading;
        process?.Dispose();
        changing.Dispose();
    }

    /// <summary>Starts the process; it has its spool open when this returns.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            typeof(AdapterProcess).Assembly.Location, AdapterCommand.Name, "--server", server.ToString(), "--key-file", keyFile,
            "--number", number.ToString(CultureInfo.InvariantCulture), "--seed", seed.ToString(CultureInfo.InvariantCulture),
            .. spool is null ? Array.Empty<string>() : ["--spool", spool],
        ];
        started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        process = Process.Start(start) ?? throw new InvalidOperationException("The adapter was not started.");
        reading = ReadAsync(process.StandardOutput);
        Task first = await Task.WhenAny(started.Task, reading).WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        if (first != started.Task)
        {
            throw new InvalidOperationException($"The adapter of {InstrumentId} ended before it had its spool open.");
        }
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync(CancellationToken.None) is { } line)
        {
            string[] words = line.Split(' ');
            lock (gate)
            {
                Take(words);
            }
        }
    }

    private void Take(string[] words)
    {
        int index = words[0] == "fault" ? 0 : int.Parse(words[1], CultureInfo.InvariantCulture);
        switch (words[0])
        {
            case "start":
                // What was offered and not accepted may be in the spool or not; what was accepted must be.
                LostCount += Math.Max(0, acceptedCount - index);
                events.RemoveRange(index, events.Count - index);
                requestedCount = acceptedCount = index;
                for (int i = 0; i < int.Parse(words[2], CultureInfo.InvariantCulture); i++)
                {
                    Acknowledge(i);
                }

                started.TrySetResult();
                break;
            case "offered":
                events.Add(new SentEvent(Convert.FromHexString(words[2]), words[4] == "-" ? null : words[4], int.Parse(words[3], CultureInfo.InvariantCulture)));
                break;
            case "accepted":
                acceptedCount = index + 1;
                break;
            case "acknowledged":
                Acknowledge(index);
                break;
            default:
                Fault = new InvalidOperationException($"The adapter of {InstrumentId} says: {string.Join(' ', words)}");
                break;
        }
    }

    private void Acknowledge(int index)
    {
        if (!events[index].IsAcknowledged)
        {
            events[index].IsAcknowledged = true;
            acknowledgedCount++;
        }
    }
}
