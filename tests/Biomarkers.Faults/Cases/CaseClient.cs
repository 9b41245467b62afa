using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Faults.Cases;

/// <summary>One event that was sent and not answered yet.</summary>
/// <param name="Step">The step that sent it.</param>
/// <param name="Offset">Its place.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record UnansweredEvent(CaseStep Step, long Offset, byte[] Content);

/// <summary>One sender of a case: a connection, a stream that is opened again and again, and what it knows of its events.</summary>
internal sealed class CaseClient(string instrument, string streamId) : IAsyncDisposable
{
    private BiomarkersConnection? connection;
    private HalfwayRelay? relay;
    private AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse>? call;

    /// <summary>By what the sender is known from its next opening on; null for the owner's key.</summary>
    public CaseCredential? Credential { get; set; }

    /// <summary>Whether a call is open, as far as the sender knows.</summary>
    public bool IsOpen => call is not null;

    /// <summary>Name of the stream.</summary>
    public string Stream => $"{instrument}/readStreams/{streamId}";

    /// <summary>Everything below this was acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>The event that has no answer; null where all have one.</summary>
    public UnansweredEvent? Unanswered { get; private set; }

    /// <summary>Opens the stream on a new connection.</summary>
    /// <param name="server">The server.</param>
    /// <param name="clock">How far the sender's clock is off; null where it does not say its time.</param>
    /// <param name="compressed">Whether it compresses what it sends.</param>
    /// <param name="relayed">Whether the connection can be broken within a message.</param>
    /// <returns>Offset of the next event.</returns>
    /// <exception cref="RpcException">The server refuses.</exception>
    public async Task<long> OpenAsync(CaseServer server, TimeSpan? clock, bool compressed, bool relayed)
    {
        await CutAsync();
        relay = relayed ? new HalfwayRelay(server.Address) : null;
        connection = server.Connect(relay is null ? null : new UriBuilder(server.Address) { Port = relay.Address.Port }.Uri, Credential);
        Metadata headers = compressed ? new Metadata { { "grpc-internal-encoding-request", "gzip" } } : [];
        call = connection.Ingest.StreamPlateReads(headers, CaseServer.StreamDeadline);
        var open = new OpenReadStream { Instrument = instrument, StreamId = streamId, ClientVersion = "cases/1" };
        if (clock is { } offset)
        {
            open.SendTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + offset);
        }

        await WriteAsync(new StreamPlateReadsRequest { Open = open });
        return (await NextAsync()).Opened.NextOffset;
    }

    /// <summary>Sends an event; the answer is read later.</summary>
    public Task SendAsync(CaseStep step, byte[] content)
    {
        Unanswered = new UnansweredEvent(step, step.Offset, content);
        return SendAsync(step.Offset, content, step.Option("hash") == "wrong" ? SHA256.HashData([1]) : SHA256.HashData(content));
    }

    /// <summary>Sends the event without an answer again.</summary>
    public Task SendAgainAsync() => SendAsync(Unanswered!.Offset, Unanswered.Content, SHA256.HashData(Unanswered.Content));

    /// <summary>Waits for the answer to the event that has none.</summary>
    /// <returns>The disposition; null for an event that is stored and used.</returns>
    /// <exception cref="RpcException">The call ended in its place.</exception>
    public async Task<Disposition?> AnswerAsync()
    {
        Ack ack = (await NextAsync()).Ack;
        if (ack.NextOffset <= Unanswered!.Offset || ack.NextOffset < Acknowledged)
        {
            throw new CaseFailureException($"The answer to offset {Unanswered.Offset} says next_offset {ack.NextOffset}, after {Acknowledged} was said before.");
        }

        Acknowledged = ack.NextOffset;
        Unanswered = null;
        return ack.Dispositions.SingleOrDefault();
    }

    /// <summary>Reads on until the call ends.</summary>
    /// <returns>Why; null where it ended well.</returns>
    public async Task<RpcException?> EndAsync()
    {
        try
        {
            while (await call!.ResponseStream.MoveNext(CancellationToken.None))
            {
                Acknowledged = Math.Max(Acknowledged, call.ResponseStream.Current.Ack?.NextOffset ?? 0);
            }

            return null;
        }
        catch (RpcException exception)
        {
            return exception;
        }
        finally
        {
            Unanswered = null;
            await CutAsync();
        }
    }

    /// <summary>Says that nothing more comes.</summary>
    public Task HalfCloseAsync() => call!.RequestStream.CompleteAsync();

    /// <summary>Has the connection break within the next message.</summary>
    public void CutWithinNextMessage() => relay!.CutAfter(bytes: 1000);

    /// <summary>Breaks the connection, without a word to the server.</summary>
    public async Task CutAsync()
    {
        call?.Dispose();
        call = null;
        connection?.Dispose();
        connection = null;
        if (relay is not null)
        {
            await relay.DisposeAsync();
            relay = null;
        }
    }

    /// <summary>Forgets the event without an answer: its sender is gone.</summary>
    public void Forget() => Unanswered = null;

    /// <summary>Writes one message.</summary>
    /// <remarks>A call that has ended fails the write too, and only its status says why: <see cref="NextAsync"/> and <see cref="EndAsync"/> tell it.</remarks>
    public async Task WriteAsync(StreamPlateReadsRequest request)
    {
        try
        {
            await call!.RequestStream.WriteAsync(request);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
        {
            // The reason is in the answer.
        }
    }

    public async ValueTask DisposeAsync() => await CutAsync();

    private Task SendAsync(long offset, byte[] content, byte[] hash) => WriteAsync(new StreamPlateReadsRequest
    {
        Event = new StreamEvent { Offset = offset, Content = ByteString.CopyFrom(content), Sha256 = ByteString.CopyFrom(hash) },
    });

    private async Task<StreamPlateReadsResponse> NextAsync() => await call!.ResponseStream.MoveNext(CancellationToken.None)
        ? call.ResponseStream.Current
        : throw new CaseFailureException("The call ended well where an answer was due.");
}
