using System.Threading.Channels;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Server.Services;

/// <summary>One open read stream: a reader that hands events over in their order, and a writer that acknowledges them after their commit.</summary>
/// <remarks>Between the two stands a bounded channel of events on their way to the disk. When the disk or the analysis is slow the channel
/// fills, the reader stops reading, and HTTP/2 flow control slows the sender.</remarks>
internal sealed class PlateReadStream(
    PlateReadIntake intake,
    WireLimits limits,
    StreamSlots slots,
    EventBudget budget,
    TimeProvider time,
    ILogger logger,
    string caller,
    Func<string, Task> requireSenderAsync,
    CancellationToken stopping)
    : IDisposable
{
    private readonly StreamPace pace = new(limits, time);
    private readonly CancellationTokenSource expired = new(limits.StreamAge, time);

    private readonly Channel<(long Offset, Task<EventOutcome> Outcome)> inFlight =
        Channel.CreateBounded<(long, Task<EventOutcome>)>(new BoundedChannelOptions(limits.EventsInFlight) { SingleReader = true, SingleWriter = true });

    // Durable, and not yet on the queue of work.
    private readonly Queue<EventOutcome> durable = new();

    /// <summary>Serves until the sender half-closes (then everything is acknowledged), an error ends the call, or the token is cancelled.</summary>
    public async Task RunAsync(
        IAsyncStreamReader<StreamPlateReadsRequest> requests, IServerStreamWriter<StreamPlateReadsResponse> responses, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        OpenReadStream open = await NextOpenAsync(requests, ended.Token);
        string instrument = Check(open);
        using IDisposable slot = slots.Take(caller, instrument, open.StreamId);
        OpenedStream stream = await OpenAsync(open, instrument, ended.Token);
        await WriteAsync(
            responses,
            new StreamPlateReadsResponse { Opened = new ReadStreamOpened { NextOffset = stream.NextOffset, Epoch = stream.Epoch, DatabaseGeneration = stream.DatabaseGeneration } },
            ended.Token);
        Task reading = ReadAsync(stream, requests, ended.Token);
        Task acknowledging = AcknowledgeAsync(stream, responses, ended.Token);
        try
        {
            // Whichever fails first ends the call with its error; a reader that ended well leaves the rest to the acknowledgements.
            await await Task.WhenAny(reading, acknowledging);
            await acknowledging;
            await reading;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(reading, acknowledging).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await PutRestToWorkAsync();
        }
    }

    public void Dispose() => expired.Dispose();

    private async Task<OpenReadStream> NextOpenAsync(IAsyncStreamReader<StreamPlateReadsRequest> requests, CancellationToken cancellationToken)
    {
        StreamPlateReadsRequest? first = await NextAsync(requests, cancellationToken);
        return first?.RequestCase == StreamPlateReadsRequest.RequestOneofCase.Open
            ? first.Open
            : throw RpcErrors.ProtocolViolation("request", $"The first message is {(first is null ? "missing" : $"'{first.RequestCase}'")}; expected 'open'.");
    }

    private static string Check(OpenReadStream open)
    {
        var faults = new List<Fault>();
        string? instrument = ResourceNames.ParseInstrument("open.instrument", open.Instrument, faults);
        Texts.CheckName("open.stream_id", open.StreamId, faults);
        if (open.ClientVersion.Length > 0)
        {
            Texts.CheckText("open.client_version", open.ClientVersion, faults);
        }

        Requests.Require(faults);
        return instrument!;
    }

    private async Task<OpenedStream> OpenAsync(OpenReadStream open, string instrument, CancellationToken cancellationToken)
    {
        await requireSenderAsync(instrument);
        TimeSpan? clockOffset = PlateReadMapper.ToInstant(open.SendTime) is { } sendTime ? time.GetUtcNow() - sendTime : null;
        OpenedStream stream = await intake.OpenAsync(instrument, open.StreamId, caller, clockOffset, cancellationToken);
        logger.StreamOpened(stream.InstrumentId, stream.StreamId, stream.Epoch, stream.NextOffset, open.ClientVersion);
        return stream;
    }

    private async Task ReadAsync(OpenedStream stream, IAsyncStreamReader<StreamPlateReadsRequest> requests, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            while (await NextAsync(requests, cancellationToken) is { } request)
            {
                switch (request.RequestCase)
                {
                    case StreamPlateReadsRequest.RequestOneofCase.Event:
                        await TakeUpAsync(stream, request.Event, cancellationToken);
                        break;
                    case StreamPlateReadsRequest.RequestOneofCase.Heartbeat:
                        break;
                    default:
                        throw RpcErrors.ProtocolViolation("request", $"Got '{request.RequestCase}' on an open stream; expected 'event' or 'heartbeat'.");
                }
            }
        }
        catch (Exception exception)
        {
            fault = exception;
            throw;
        }
        finally
        {
            inFlight.Writer.TryComplete(fault);
        }
    }

    // Room first: what is not in flight yet is not taken from the sender.
    private async Task TakeUpAsync(OpenedStream stream, V1.StreamEvent sent, CancellationToken cancellationToken)
    {
        await pace.PassAsync(sent.Content.Length, cancellationToken);
        await inFlight.Writer.WaitToWriteAsync(cancellationToken);
        IDisposable room = await budget.TakeAsync(sent.Content.Length, cancellationToken);
        Pipeline.Ingest.StreamEvent received;
        try
        {
            received = Received(stream, sent);
        }
        catch
        {
            room.Dispose();
            throw;
        }

        // There is room, and nobody else writes: no event that is on its way to the disk goes unseen.
        inFlight.Writer.TryWrite((sent.Offset, AppendAsync(received, room)));
    }

    private async Task<EventOutcome> AppendAsync(Pipeline.Ingest.StreamEvent received, IDisposable room)
    {
        using (room)
        {
            return await intake.AppendAsync(received);
        }
    }

    private Pipeline.Ingest.StreamEvent Received(OpenedStream stream, V1.StreamEvent sent)
    {
        if (sent.Offset < 0)
        {
            throw RpcErrors.ProtocolViolation("event.offset", $"Offset {sent.Offset} is negative; expected 0 or more.");
        }

        if (sent.Sha256.Length != 32)
        {
            throw RpcErrors.ProtocolViolation("event.sha256", $"The hash has {sent.Sha256.Length} bytes; expected 32.");
        }

        byte[] bytes = sent.Content.ToByteArray();
        ContentHash hash = ContentHash.Of(bytes);
        ContentHash stated = ContentHash.FromBytes(sent.Sha256.Span);
        if (hash != stated)
        {
            throw RpcErrors.ChecksumMismatch(sent.Offset, stated, hash);
        }

        return new Pipeline.Ingest.StreamEvent(stream, sent.Offset, hash, bytes, time.GetUtcNow(), PlateReadMapper.ToInstant(sent.SendTime), PlateReadMapper.ToEventContent(bytes));
    }

    private async Task AcknowledgeAsync(OpenedStream stream, IServerStreamWriter<StreamPlateReadsResponse> responses, CancellationToken cancellationToken)
    {
        var ready = new List<EventOutcome>();
        while (await inFlight.Reader.WaitToReadAsync(cancellationToken))
        {
            var ack = new Ack();
            ready.Clear();
            RpcException? ending = null;
            // Waits for the oldest event, then takes along whatever is durable by now.
            while (ending is null && inFlight.Reader.TryPeek(out (long Offset, Task<EventOutcome> Outcome) next) && (ready.Count == 0 || next.Outcome.IsCompleted))
            {
                inFlight.Reader.TryRead(out _);
                EventOutcome outcome = await next.Outcome;
                ending = EndOf(stream, next.Offset, outcome);
                if (ending is null)
                {
                    Take(stream, next.Offset, outcome, ack);
                    ready.Add(outcome);
                    durable.Enqueue(outcome);
                }
            }

            if (ready.Count > 0)
            {
                ack.NextOffset = ready[^1].NextOffset;
                await WriteAsync(responses, new StreamPlateReadsResponse { Ack = ack }, cancellationToken);
            }

            while (durable.TryPeek(out EventOutcome? outcome))
            {
                await intake.EnqueueAsync(outcome.Works, cancellationToken);
                durable.Dequeue();
            }

            if (ending is not null)
            {
                throw ending;
            }
        }
    }

    // The sender may be gone before it was answered; its plates are durable and are analysed all the same.
    private async Task PutRestToWorkAsync()
    {
        while (inFlight.Reader.TryRead(out (long Offset, Task<EventOutcome> Outcome) rest))
        {
            await ((Task)rest.Outcome).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (rest.Outcome.IsCompletedSuccessfully)
            {
                durable.Enqueue(await rest.Outcome);
            }
        }

        while (durable.TryDequeue(out EventOutcome? outcome))
        {
            await intake.EnqueueAsync(outcome.Works, stopping);
        }
    }

    private static RpcException? EndOf(OpenedStream stream, long offset, EventOutcome outcome) => outcome.Kind switch
    {
        EventOutcomeKind.OffsetGap => RpcErrors.OffsetGap(offset, outcome.NextOffset),
        EventOutcomeKind.OffsetConflict => RpcErrors.OffsetConflict(offset, outcome.Faults),
        EventOutcomeKind.StaleEpoch => RpcErrors.StaleEpoch(ResourceNames.ReadStream(stream.InstrumentId, stream.StreamId), stream.Epoch),
        _ => null,
    };

    private void Take(OpenedStream stream, long offset, EventOutcome outcome, Ack ack)
    {
        if (outcome.Kind == EventOutcomeKind.Duplicate)
        {
            ack.Dispositions.Add(new Disposition { Offset = offset, Kind = DispositionKind.Duplicate });
        }
        else if (outcome.Kind == EventOutcomeKind.Quarantined)
        {
            ack.Dispositions.Add(new Disposition { Offset = offset, Kind = DispositionKind.Quarantined, Status = RpcErrors.StatusOf(outcome.Faults) });
            logger.EventQuarantined(offset, stream.StreamId, stream.InstrumentId, outcome.Faults[0].Reason);
        }
        else if (outcome.Kind == EventOutcomeKind.Held)
        {
            ack.Dispositions.Add(new Disposition { Offset = offset, Kind = DispositionKind.Held, Status = RpcErrors.HeldStatus(outcome.Faults[0]) });
            logger.EventHeld(offset, stream.StreamId, stream.InstrumentId, outcome.Faults[0].Reason);
        }
    }

    // Null after the sender half-closed.
    private async Task<StreamPlateReadsRequest?> NextAsync(IAsyncStreamReader<StreamPlateReadsRequest> requests, CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(limits.StreamIdle, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token, expired.Token);
        try
        {
            return await requests.MoveNext(either.Token) ? requests.Current : null;
        }
        catch (OperationCanceledException) when (expired.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.StreamExpired(limits.StreamAge);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.StreamIdle(limits.StreamIdle);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidDataException)
        {
            throw RpcErrors.Malformed();
        }
        catch (RpcException exception) when (exception is { StatusCode: StatusCode.ResourceExhausted, Trailers.Count: 0 })
        {
            // The framework's own, without a reason; another one is an answer of ours.
            throw RpcErrors.MessageTooLarge(limits.ReceiveBytes);
        }
    }

    private Task WriteAsync(IServerStreamWriter<StreamPlateReadsResponse> responses, StreamPlateReadsResponse response, CancellationToken cancellationToken) =>
        responses.WriteWithinAsync(response, limits.Write, time, cancellationToken);
}
