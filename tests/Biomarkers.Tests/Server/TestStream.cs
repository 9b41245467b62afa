using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>One read stream, message by message, for what the sender of the client never does.</summary>
internal sealed class TestStream : IDisposable
{
    private readonly AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse> call;

    private TestStream(AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse> call) => this.call = call;

    /// <summary>Answer to the opening.</summary>
    public ReadStreamOpened Opened { get; private set; } = new();

    /// <summary>A call on which nothing was said yet.</summary>
    public static TestStream Begin(BiomarkersConnection connection) => new(connection.Ingest.StreamPlateReads(deadline: TestServer.Deadline));

    public static async Task<TestStream> OpenAsync(BiomarkersConnection connection, string stream = "s1", string instrument = "instruments/reader-1")
    {
        TestStream begun = Begin(connection);
        try
        {
            await begun.SendAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = instrument, StreamId = stream, ClientVersion = "test/1" } });
        }
        catch (RpcException)
        {
            // Refused before it was read: the answer says why, and the write that failed says CANCELLED where it was faster than the answer.
            await begun.NextAsync();
            throw;
        }

        begun.Opened = (await begun.NextAsync())!.Opened;
        return begun;
    }

    public Task SendAsync(StreamPlateReadsRequest request) => call.RequestStream.WriteAsync(request);

    public Task SendAsync(long offset, StreamEventContent content) => SendAsync(offset, content.ToByteArray());

    public Task SendAsync(long offset, byte[] content, byte[]? sha256 = null) => SendAsync(new StreamPlateReadsRequest
    {
        Event = new StreamEvent { Offset = offset, Content = ByteString.CopyFrom(content), Sha256 = ByteString.CopyFrom(sha256 ?? SHA256.HashData(content)) },
    });

    public Task HalfCloseAsync() => call.RequestStream.CompleteAsync();

    /// <summary>The next answer; null after the call ended with OK.</summary>
    public async Task<StreamPlateReadsResponse?> NextAsync() => await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current : null;

    public async Task<Ack> AckAsync()
    {
        StreamPlateReadsResponse? response = await NextAsync();
        Assert.Equal(StreamPlateReadsResponse.ResponseOneofCase.Ack, response?.ResponseCase);
        return response!.Ack;
    }

    /// <summary>Acknowledgements until an offset is covered, as one.</summary>
    public async Task<Ack> AckedToAsync(long nextOffset)
    {
        var all = new Ack();
        while (all.NextOffset < nextOffset)
        {
            all.MergeFrom(await AckAsync());
        }

        return all;
    }

    /// <summary>Reads on until the call ends with an error.</summary>
    public async Task<RpcFault> FaultAsync()
    {
        RpcException exception = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await NextAsync() is not null)
            {
            }
        });
        return RpcFault.Of(exception);
    }

    public void Dispose() => call.Dispose();
}
