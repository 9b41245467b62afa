using System.Security.Cryptography;
using Biomarkers.Client;
using Google.Protobuf;

namespace Biomarkers.Cli.Servers;

/// <summary>Finds out what became of an event whose acknowledgement was lost: it is stored, and perhaps in quarantine.</summary>
internal static class Quarantine
{
    private const int MaximumPages = 20;
    private const int PageSize = 500;

    /// <summary>The fault of an event in quarantine; null where it is not there.</summary>
    /// <param name="call">The command.</param>
    /// <param name="instrumentId">Who sent it.</param>
    /// <param name="streamId">Its stream.</param>
    /// <param name="offset">Its place in the stream.</param>
    /// <param name="content">What it says; another content of the same offset is another event.</param>
    /// <remarks>The list is newest first and the event was sent a moment ago, so that the pages that are read hold it; where an instrument has
    /// still more of them, that is told.</remarks>
    public static async Task<RpcFault?> FindAsync(ServerCall call, string instrumentId, string streamId, long offset, V1.StreamEventContent content)
    {
        string stream = $"instruments/{instrumentId}/readStreams/{streamId}";
        string hash = Convert.ToHexStringLower(SHA256.HashData(content.ToByteArray()));
        var request = new V1.ListQuarantinedEventsRequest { Parent = $"instruments/{instrumentId}", PageSize = PageSize };
        for (int page = 0; page < MaximumPages; page++)
        {
            V1.ListQuarantinedEventsResponse listed = await call.Connection.Ingest.ListQuarantinedEventsAsync(request, cancellationToken: call.CancellationToken);
            V1.QuarantinedEvent? found = listed.QuarantinedEvents.FirstOrDefault(item => item.ReadStream == stream && item.Offset == offset && item.ContentSha256 == hash);
            if (found is not null)
            {
                return RpcFault.Of(found.Status);
            }

            if (listed.NextPageToken.Length == 0)
            {
                return null;
            }

            request.PageToken = listed.NextPageToken;
        }

        call.Console.Tell($"{stream}: the newest {MaximumPages * PageSize} events in quarantine do not hold event {offset}.");
        return null;
    }
}
