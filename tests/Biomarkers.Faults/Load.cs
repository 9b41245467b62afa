using Biomarkers.Client;

namespace Biomarkers.Faults;

/// <summary>Instruments that send as many plates as they are allowed to.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly SemaphoreSlim permits = new(0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] sending;

    /// <summary>Makes the instruments; they open their streams.</summary>
    /// <param name="server">Where they send.</param>
    /// <param name="keyFile">Their key.</param>
    /// <param name="senders">How many.</param>
    /// <param name="seed">Seed of their plates.</param>
    /// <param name="spools">Folder of spools, for instruments that are processes of their own; null for instruments in this process.</param>
    /// <param name="firstNumber">Number of the first.</param>
    public Load(Uri server, string keyFile, int senders, int seed, string? spools = null, int firstNumber = 0)
    {
        var options = new BiomarkersConnectionOptions { Server = server, KeyFile = keyFile };
        Senders =
        [
            .. Enumerable.Range(firstNumber, senders).Select(number => spools is null
                ? (ILoadSender)new LoadSender(options, number, (ulong)seed)
                : new AdapterProcess(server, keyFile, number, seed, Path.Combine(spools, LoadPlates.InstrumentIdOf(number)))),
        ];
        sending = [.. Senders.Select(sender => sender.RunAsync(permits, stop.Token))];
    }

    public IReadOnlyList<ILoadSender> Senders { get; }

    /// <summary>The instruments that are processes of their own.</summary>
    public IEnumerable<AdapterProcess> Adapters => Senders.OfType<AdapterProcess>();

    /// <summary>Events that were handed over and are not acknowledged.</summary>
    public int UnacknowledgedCount => Senders.Sum(sender => sender.UnacknowledgedCount);

    /// <summary>Events that are acknowledged.</summary>
    public int AcknowledgedCount => Senders.Sum(sender => sender.AcknowledgedCount);

    /// <summary>Whether everything that was allowed is sent and acknowledged.</summary>
    public bool IsIdle => permits.CurrentCount == 0 && UnacknowledgedCount == 0;

    /// <summary>Everything that was handed over by now.</summary>
    public SentEvent[] Snapshot() => [.. Senders.SelectMany(sender => sender.Snapshot())];

    /// <summary>Plates that are acknowledged by now.</summary>
    public IEnumerable<string> AcknowledgedPlates() => Snapshot().Where(sent => sent.IsAcknowledged).Select(sent => sent.PlateBarcode).OfType<string>();

    /// <summary>Allows further events, as long as no more than these wait.</summary>
    public void Allow(int events) => Release(events - permits.CurrentCount);

    /// <summary>Allows events evenly over a time.</summary>
    public async Task AllowOverAsync(int events, TimeSpan time, CancellationToken cancellationToken)
    {
        const int Steps = 20;
        for (int step = 0; step < Steps; step++)
        {
            Release(((step + 1) * events / Steps) - (step * events / Steps));
            await Task.Delay(time / Steps, cancellationToken);
        }
    }

    /// <exception cref="InvalidOperationException">An instrument stopped for good.</exception>
    public void ThrowIfStopped()
    {
        if (Senders.Select(sender => sender.Fault).OfType<Exception>().FirstOrDefault() is { } fault)
        {
            throw new InvalidOperationException($"A sender stopped for good: {fault.Message}", fault);
        }

        if (Array.Find(sending, task => task.IsFaulted)?.Exception is { } failure)
        {
            throw new InvalidOperationException($"A sender failed: {failure.InnerException?.Message}", failure);
        }
    }

    /// <summary>Hands over nothing more; what was handed over is still sent.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits until everything is acknowledged and closes the streams.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        foreach (ILoadSender sender in Senders)
        {
            await sender.FinishAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (ILoadSender sender in Senders)
        {
            await sender.DisposeAsync();
        }

        stop.Dispose();
        permits.Dispose();
    }

    private void Release(int events)
    {
        if (events > 0)
        {
            permits.Release(events);
        }
    }
}
