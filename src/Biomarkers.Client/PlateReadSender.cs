using System.Threading.Channels;
using Biomarkers.Client.Spool;
using Biomarkers.V1;

namespace Biomarkers.Client;

/// <summary>Sends plate reads over one stream, each exactly once, through any number of broken connections.</summary>
/// <remarks>
/// An event is kept until the server acknowledges it after its commit; a write that succeeded proves nothing. Acknowledgements are read on
/// their own task, because a sender that only writes deadlocks with a server that only answers. After a break the sender waits with
/// exponential back-off and jitter, opens the stream again, drops what the server has, and writes the rest again under the same offsets.
/// Acknowledged events are kept for a while too: where the server comes back with a restored database that lacks some of them, they are sent again, and
/// what is no longer kept is named (<see cref="LastRestoration"/>).
/// Without a <see cref="PlateReadSenderOptions.Spool"/> it keeps events in memory, and they end with it. With one they are on this machine's disk before
/// they are accepted, and a later sender of the spool goes on with them.
/// </remarks>
public sealed partial class PlateReadSender : IAsyncDisposable
{
    /// <summary>Largest event, in bytes: what the server accepts, less room for the message around it.</summary>
    public const int MaximumContentBytes = (1024 * 1024) - 1024;

    private readonly PlateReadIngestService.PlateReadIngestServiceClient client;
    private readonly PlateReadSenderOptions options;
    private readonly TimeProvider time;
    private readonly SenderRetry retry;
    private readonly UnacknowledgedEvents events;
    private readonly SemaphoreSlim entrance = new(1, 1);
    private readonly SemaphoreSlim room;
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource ended = new();
    private readonly Task running;
    private volatile bool completing;
    private bool takesOver;
    private int disposed;
    private volatile Exception? failure;
    private volatile DatabaseRestoration? restoration;

    private PlateReadSender(PlateReadIngestService.PlateReadIngestServiceClient client, PlateReadSenderOptions options, TimeProvider time)
    {
        this.client = client;
        this.options = options;
        this.time = time;
        retry = new SenderRetry(options, time);
        takesOver = options.TakeOver;
        events = options.Spool?.Queue ?? new UnacknowledgedEvents(options, time);
        room = new SemaphoreSlim(options.MaximumUnacknowledged, options.MaximumUnacknowledged);
        options.Spool?.Attach(() => wake.Writer.TryWrite(true));
        running = Task.Run(RunAsync);
    }

    /// <summary>Events that are not acknowledged, or that wait for a restored database to acknowledge them again.</summary>
    public int UnacknowledgedCount => events.Count;

    /// <summary>Acknowledged events that are kept for the day that an older database is restored.</summary>
    public int KeptCount => events.KeptCount;

    /// <summary>What the latest restored database lacked of this stream, as far as it is made good by now; null while the database is the one of the first opening.</summary>
    public DatabaseRestoration? LastRestoration => restoration;

    /// <summary>Starts a sender; it opens its stream at once and keeps trying.</summary>
    /// <param name="client">Client of the service, usually <see cref="BiomarkersConnection.Ingest"/>.</param>
    /// <param name="options">How to send.</param>
    /// <param name="time">Clock of waits and of the times that are sent along.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the spool is another stream's.</exception>
    /// <exception cref="InvalidOperationException">The spool has a sender.</exception>
    public static PlateReadSender Start(PlateReadIngestService.PlateReadIngestServiceClient client, PlateReadSenderOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        return new PlateReadSender(client, options, time);
    }

    /// <summary>Hands over an event and waits until it is durable. Events are sent in the order of the calls; several may wait at once.</summary>
    /// <param name="content">What to send; it is serialised at once and may be changed afterwards.</param>
    /// <param name="cancellationToken">Ends the wait. An event that was handed over is still sent.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="ArgumentException">The event is larger than <see cref="MaximumContentBytes"/>.</exception>
    /// <exception cref="PlateReadSenderException">The sender has stopped for good.</exception>
    /// <exception cref="EventSpoolException">The spool is full, or its disk refuses. The event was not accepted.</exception>
    /// <exception cref="InvalidOperationException"><see cref="CompleteAsync"/> was called before.</exception>
    /// <remarks>With a spool an event that was accepted stays there and is sent by the next sender when this one stops. An adapter that needs to know the moment
    /// of acceptance calls <see cref="EventSpool.AcceptAsync"/>.</remarks>
    public async ValueTask<SendOutcome> SendAsync(StreamEventContent content, CancellationToken cancellationToken = default)
    {
        if (options.Spool is { } spool)
        {
            SenderEvent spooled = null!;
            await EnterAsync(
                () =>
                {
                    spooled = spool.Append(content);
                    return true;
                },
                cancellationToken);
            await spool.FlushAsync(spooled.Sequence).WaitAsync(cancellationToken);
            return await UnlessEndedAsync(token => spooled.Outcome.WaitAsync(token), cancellationToken);
        }

        var item = new SenderEvent(content);
        if (item.StoredLength > MaximumContentBytes)
        {
            throw new ArgumentException($"The event has {item.StoredLength} bytes; expected at most {MaximumContentBytes}. Send the plate in parts.", nameof(content));
        }

        await EnterAsync(() => events.TryAdd(item), cancellationToken);
        wake.Writer.TryWrite(true);
        return await item.Outcome.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no further events, waits until everything that was sent before is acknowledged, and closes the stream.</summary>
    /// <param name="cancellationToken">Ends the wait; the sender goes on until it is disposed of.</param>
    /// <exception cref="PlateReadSenderException">The sender has stopped for good.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        await UnlessEndedAsync(
            async token =>
            {
                // Sends that were called before and wait for room stand before this in the entrance.
                await entrance.WaitAsync(token);
                try
                {
                    await (options.Spool?.FlushAllAsync() ?? Task.CompletedTask);
                    completing = true;
                }
                finally
                {
                    entrance.Release();
                }

                return true;
            },
            cancellationToken);
        wake.Writer.TryWrite(true);
        await running.WaitAsync(cancellationToken);
        ThrowIfFailed();
    }

    /// <summary>Stops at once. What was not acknowledged fails with <see cref="PlateReadSenderException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await ended.CancelAsync();
        await running;
        // The semaphores hold nothing that must be freed, and a send that is just giving up still releases them.
        ended.Dispose();
    }

    // The entrance keeps the order of the calls where several wait for room. A spool has its own limits.
    private Task<bool> EnterAsync(Func<bool> add, CancellationToken cancellationToken) => UnlessEndedAsync(
        async token =>
        {
            await entrance.WaitAsync(token);
            try
            {
                await (options.Spool is null ? room.WaitAsync(token) : Task.CompletedTask);
                if (completing || !add())
                {
                    room.Release();
                    ThrowIfFailed();
                    throw new InvalidOperationException("The sender was completed; it takes no further events.");
                }
            }
            finally
            {
                entrance.Release();
            }

            return true;
        },
        cancellationToken);

    // A wait that also ends with the sender, whose fault is then told.
    private async Task<T> UnlessEndedAsync<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await running;
            ThrowIfFailed();
            throw;
        }
    }

    private void ThrowIfFailed()
    {
        if (failure is PlateReadSenderException stopped)
        {
            throw new PlateReadSenderException(stopped.Reason, stopped.Message, stopped.Fault, stopped);
        }

        if (failure is { } bug)
        {
            throw new InvalidOperationException("The sender stopped on a fault of its own.", bug);
        }
    }

    // Never throws: its outcome is `failure`, which every caller is told.
    private async Task RunAsync()
    {
        try
        {
            if (events.FencedBy is { } fenced && !options.TakeOver)
            {
                throw new PlateReadSenderException(SenderStopReason.Fenced, fenced, null, null);
            }

            while (!await RunCallAsync())
            {
                events.SetFault(retry.LastFault);
                TimeSpan delay = retry.NextDelay();
                Report(SenderActivity.WaitingToReconnect, delay, retry.LastFault);
                await Task.Delay(delay, time, ended.Token);
            }

            options.Spool?.Detach();
            Report(SenderActivity.Completed);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            Stop(new PlateReadSenderException(SenderStopReason.Disposed, $"The sender was disposed of with {events.Count} events unacknowledged.", null, null));
        }
        catch (EventSpoolException exception)
        {
            Stop(new PlateReadSenderException(SenderStopReason.SpoolFailed, exception.Message, null, exception));
        }
        catch (PlateReadSenderException exception) when (exception.Reason == SenderStopReason.Fenced && options.Spool is not null)
        {
            Fence(exception);
        }
        catch (Exception exception)
        {
            Stop(exception);
        }
    }

    private void Fence(PlateReadSenderException fenced)
    {
        try
        {
            events.Fence(fenced.Message);
            Stop(fenced);
        }
        catch (EventSpoolException exception)
        {
            Stop(new PlateReadSenderException(SenderStopReason.SpoolFailed, $"{fenced.Message} {exception.Message}", fenced.Fault, exception));
        }
    }

    private void Stop(Exception exception)
    {
        failure = exception;
        if (options.Spool is { } spool)
        {
            events.Release();
            spool.Detach();
        }
        else
        {
            events.FailAll(exception);
        }

        Report(SenderActivity.Stopped, null, exception.Message);
        ended.Cancel();
    }

    private void Settled(Settlement settled)
    {
        if (settled.Count > 0)
        {
            retry.Progressed();
        }

        foreach ((SenderEvent item, SendOutcome outcome) in settled.Events)
        {
            options.Outcomes?.Report(new SettledEvent(item.Sequence, item.PlateBarcode, item.ReadId, outcome));
        }

        if (settled.FirstCount > 0 && options.Spool is null)
        {
            room.Release(settled.FirstCount);
        }

        if (settled.AgainCount > 0 && restoration is { } begun)
        {
            DatabaseRestoration known = begun with { OutstandingCount = begun.OutstandingCount - settled.AgainCount, Refused = [.. begun.Refused, .. settled.Refused] };
            restoration = known;
            if (known.OutstandingCount == 0 || settled.Refused.Count > 0)
            {
                Report(SenderActivity.Restored, null, known.ToString());
            }
        }
    }

    private void Report(SenderActivity activity, TimeSpan? delay = null, string? text = null) =>
        options.Progress?.Report(
            new SenderState(activity, events.Count, retry.Attempt, delay, text, activity == SenderActivity.Restored ? restoration : null, options.Spool?.Status));
}
