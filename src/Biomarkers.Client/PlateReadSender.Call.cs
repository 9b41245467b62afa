using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Client;

/// <summary>One call of a sender.</summary>
public sealed partial class PlateReadSender
{
    /// <summary>How long the status of a call may take to arrive after a write on it failed.</summary>
    private static readonly TimeSpan StatusGrace = TimeSpan.FromSeconds(5);

    /// <summary>One call, from opening to its end.</summary>
    /// <returns>True when everything is acknowledged and the stream is closed; false when it broke and is worth another attempt.</returns>
    private async Task<bool> RunCallAsync()
    {
        Report(SenderActivity.Connecting);
        retry.CallBegins();
        events.BeginOpening();
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

        (Settlement settled, DatabaseRestoration? restored) = events.Resume(opened.NextOffset, opened.DatabaseGeneration, opened.Epoch, takesOver);
        takesOver = false;
        events.SetFault(null);
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
                if (events.TryTakeNext(out long offset, out SenderEvent? next, out ByteString? content))
                {
                    var message = new StreamEvent { Offset = offset, Sha256 = next.Sha256, Content = content, SendTime = time.GetUtcNow().ToTimestamp() };
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

    // A write on a call that has ended or whose connection broke fails with any of these.
    private static bool IsEndOfCall(Exception exception) =>
        exception is RpcException or InvalidOperationException or OperationCanceledException or IOException or HttpRequestException;
}
