using System.Security.Cryptography.X509Certificates;
using Biomarkers.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Biomarkers.Faults.Cases;

/// <summary>Bytes in place of messages, which no generated client sends.</summary>
internal static class RawMessages
{
    private static readonly Marshaller<byte[]> AsTheyAre = Marshallers.Create(bytes => bytes, bytes => bytes);

    private static readonly Method<byte[], byte[]> StreamPlateReads =
        new(MethodType.DuplexStreaming, PlateReadIngestService.Descriptor.FullName, nameof(StreamPlateReads), AsTheyAre, AsTheyAre);

    /// <summary>Sends bytes as the first message of a read stream.</summary>
    /// <returns>How the call ended; null where it ended well.</returns>
    public static async Task<RpcException?> SendAsync(CaseServer server, byte[] message)
    {
        using var handler = new SocketsHttpHandler();
        if (server.AuthorityFile is { } authority)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        string key = (await File.ReadAllTextAsync(server.KeyFile)).Trim();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler });
        var options = new CallOptions(new Metadata { { "authorization", $"Bearer {key}" } }, CaseServer.Deadline);
        using AsyncDuplexStreamingCall<byte[], byte[]> call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(StreamPlateReads, null, options);
        try
        {
            await call.RequestStream.WriteAsync(message);
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // Whatever is answered, the end says what became of the message.
            }

            return null;
        }
        catch (RpcException exception)
        {
            return exception;
        }
    }
}
