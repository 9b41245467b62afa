using System.Threading.Channels;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Client;

/// <summary>Sends plate reads over one stream, each exactly once, through any number of broken connections.</summary>
/// <remarks>
/// An event is kept until the server acknowledges it after its commit; a write that succeeded proves nothing. Acknowledgements are read on
/// their own task, because a sender that only writes deadlocks with a server that only answers. After a break the sender waits with
/// exponential back-off and jitter, opens the stream again, drops what the server has, and writes the rest again under the same offsets.
/// Acknowledged events are kept for a while too: where the server comes back with a restored database that lacks some of them, they are sent again, and
/// what is no longer kept is named (<see cref="LastRestoration"/>).
/// It keeps events in memory: an adapter that must survive its own death sends from its files again, and the server recognises repeats.
/// </remarks>
public sealed class PlateReadSender : IAsyncDisposable
{
    /// <summary>Largest event, in bytes: what the server accepts, less room for the message around it.</summary>
    public const int MaximumContentBytes = (1024 * 1024) - 1024;

    /// <summary>How long the status of a call may take to arrive after a write on it failed.</summary>
    private static readonly TimeSpan StatusGrace = TimeSpan.FromSeconds(5);

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
    private int disposed;
    private volatile Exception? failure;
    private volatile DatabaseRestoration? restoration;

    private PlateReadSender(PlateReadIngestService.PlateReadIngestServiceClient client, PlateReadSenderOptions options, TimeProvider time)
    {
        this.client = client;
        this.options = options;
        this.time = time;
        retry = new SenderRetry(options, time);
        events = new UnacknowledgedEvents(options, time);
        room = new SemaphoreSlim(options.MaximumUnacknowledged, options.MaximumUnacknowledged);
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
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
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
    /// <exception cref="InvalidOperationException"><see cref="CompleteAsync"/> was called before.</exception>
    public async ValueTask<SendOutcome> SendAsync(StreamEventContent content, CancellationToken cancellationToken = default)
    {
        var item = new SenderEvent(content);
        if (item.Content.Length > MaximumContentBytes)
        {
            throw new ArgumentException($"The event has {item.Content.Length} bytes; expected at most {MaximumContentBytes}. Send the plate in parts.", nameof(content));
        }

        await EnterAsync(item, cancellationToken);
        wake.Writer.TryWrite(true);
        return await item.Outcome.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no further events, waits until everything that was sent before is acknowledged, and closes the stream.</summary>
    /// <param name="cancellationToken">Ends the wait; the sender goes on until it is disposed of.</param>
    /// <exception cref="PlateReadSenderException">The sender has stopped for good.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token);
        try
        {
            // Sends that were called before and wait for room stand before this in the entrance.
            await entrance.WaitAsync(either.Token);
            completing = true;
            entrance.Release();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await running;
            ThrowIfFailed();
            throw;
        }

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

    // The entrance keeps the order of the calls where several wait for room.
    private async Task EnterAsync(SenderEvent item, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token);
        try
        {
            await entrance.WaitAsync(either.Token);
            try
            {
                await room.WaitAsync(either.Token);
                if (completing || !events.TryAdd(item))
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
            while (!await RunCallAsync())
            {
                TimeSpan delay = retry.NextDelay();
                Report(SenderActivity.WaitingToReconnect, delay, retry.LastFault);
                await Task.Delay(delay, time, ended.Token);
            }

            Report(SenderActivity.Completed);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            Stop(new PlateReadSenderException(SenderStopReason.Disposed, $"The sender was disposed of with {events.Count} events unacknowledged.", null, null));
        }
        catch (Exception exception)
        {
            Stop(exception);
        }
    }

    private void Stop(Exception exception)
    {
        failure = exception;
        events.FailAll(exception);
        Report(SenderActivity.Stopped, null, exception.Message);
        ended.Cancel();
    }

    /// <summary>One call, from opening to its end.</summary>
    /// <returns>True when everything is acknowledged and the stream is closed; false when it broke and is worth another attempt.</returns>
    private async Task<bool> RunCallAsync()
    {
        Report(SenderActivity.Connecting);
        retry.CallBegins();
        using var callEnds = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);
        try
        {
            using AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse> call = client.StreamPlateReads(cancellationToken: callEnds.Token);
            await OpenAsync(call, callEnds);
            Report(SenderActivity.Open);
            Task reading = ReadAsync(call.ResponseStream, callEnds);
            await WriteAsync(call.RequestStream, callEnds);
            // The status of the call comes out of the reader, whatever made the writer end.
            await reading;
            if (completing && events.TryClose())
            {
                return true;
            }

            retry.Broken("The server closed the stream.");
            return false;
        }
        catch (RpcException exception) when (!ended.IsCancellationRequested)
        {
            retry.BrokenBy(exception);
            return false;
        }
        catch (RpcException) when (ended.IsCancellationRequested)
        {
            throw new OperationCanceledException(ended.Token);
        }
    }

    private async Task OpenAsync(AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse> call, CancellationTokenSource callEnds)
    {
        using var timeout = new CancellationTokenSource(options.OpenTimeout, time);
        await using CancellationTokenRegistration registration = timeout.Token.Register(callEnds.Cancel);
        var open = new OpenReadStream
        {
            Instrument = $"instruments/{options.InstrumentId}",
            StreamId = options.StreamId,
            ClientVersion = options.ClientVersion,
            SendTime = time.GetUtcNow().ToTimestamp(),
        };
        try
        {
            await call.RequestStream.WriteAsync(new StreamPlateReadsRequest { Open = open }, callEnds.Token);
        }
        catch (Exception exception) when (IsEndOfCall(exception))
        {
            // The call is over and the read below learns why; the time limit of the opening holds for it.
        }

        bool answered = await call.ResponseStream.MoveNext(CancellationToken.None);
        if (!answered || call.ResponseStream.Current.Opened is not { } opened)
        {
            throw new PlateReadSenderException(SenderStopReason.Refused, "The server did not answer the opening of the stream: it does not keep to the contract.", null, null);
        }

        (Settlement settled, DatabaseRestoration? restored) = events.Resume(opened.NextOffset, opened.DatabaseGeneration);
        // What the older restoration still waited for is settled first.
        Settled(settled);
        if (restored is not null)
        {
            restoration = restored;
            Report(SenderActivity.Restored, null, restored.ToString());
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<StreamPlateReadsResponse> responses, CancellationTokenSource callEnds)
    {
        try
        {
            while (await responses.MoveNext(CancellationToken.None))
            {
                if (responses.Current.Ack is { } ack)
                {
                    Settled(events.Acknowledge(ack));
                }
            }
        }
        finally
        {
            await callEnds.CancelAsync();
        }
    }

    private async Task WriteAsync(IClientStreamWriter<StreamPlateReadsRequest> requests, CancellationTokenSource callEnds)
    {
        try
        {
            while (true)
            {
                if (events.TryTakeNext(out long offset, out SenderEvent? next))
                {
                    var message = new StreamEvent { Offset = offset, Sha256 = next.Sha256, Content = next.Content, SendTime = time.GetUtcNow().ToTimestamp() };
                    await requests.WriteAsync(new StreamPlateReadsRequest { Event = message }, callEnds.Token);
                }
                else if (completing)
                {
                    await requests.CompleteAsync();
                    return;
                }
                else if (!await WaitForWorkAsync(callEnds.Token))
                {
                    var heartbeat = new Heartbeat { SendTime = time.GetUtcNow().ToTimestamp() };
                    await requests.WriteAsync(new StreamPlateReadsRequest { Heartbeat = heartbeat }, callEnds.Token);
                }
            }
        }
        catch (Exception exception) when (IsEndOfCall(exception))
        {
            // The call is over and the reader learns why; a connection that is only half broken may keep it waiting.
            callEnds.CancelAfter(StatusGrace);
        }
    }

    /// <summary>True when there may be something to write; false when it is time for a heartbeat.</summary>
    private async Task<bool> WaitForWorkAsync(CancellationToken callEnds)
    {
        using var idle = new CancellationTokenSource(options.HeartbeatInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, callEnds);
        try
        {
            return await wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!callEnds.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Settled(Settlement settled)
    {
        if (settled.Count > 0)
        {
            retry.Progressed();
        }

        if (settled.FirstCount > 0)
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
        options.Progress?.Report(new SenderState(activity, events.Count, retry.Attempt, delay, text, activity == SenderActivity.Restored ? restoration : null));

    // A write on a call that has ended or whose connection broke fails with any of these.
    private static bool IsEndOfCall(Exception exception) =>
        exception is RpcException or InvalidOperationException or OperationCanceledException or IOException or HttpRequestException;
}
