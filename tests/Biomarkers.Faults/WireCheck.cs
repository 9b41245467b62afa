using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.V1;

namespace Biomarkers.Faults;

/// <summary>Compares what the running server says over gRPC with what the senders know.</summary>
internal static class WireCheck
{
    private const int PageSize = 1000;

    /// <summary>Asks for streams, plates, runs and results, and adds what is wrong.</summary>
    public static async Task RunAsync(BiomarkersConnection connection, IReadOnlyList<ILoadSender> senders, KeptFigures figures, CancellationToken cancellationToken)
    {
        foreach (ILoadSender sender in senders)
        {
            ReadStream stream = await connection.Ingest.GetReadStreamAsync(
                new GetReadStreamRequest { Name = $"instruments/{sender.InstrumentId}/readStreams/{LoadSender.StreamId}" }, cancellationToken: cancellationToken);
            byte[] chain = new byte[SHA256.HashSizeInBytes];
            foreach (SentEvent sent in sender.Events)
            {
                chain = SHA256.HashData([.. chain, .. sent.Sha256]);
            }

            if (stream.NextOffset != sender.Events.Count || stream.ChainSha256 != Convert.ToHexStringLower(chain))
            {
                figures.AddOther($"stream of {sender.InstrumentId}: {stream.NextOffset} events with chain {stream.ChainSha256}; sent {sender.Events.Count} with {Convert.ToHexStringLower(chain)}");
            }
        }

        HashSet<string> plates = [.. senders.SelectMany(sender => sender.Events).Where(sent => sent.IsAcknowledged && sent.PlateBarcode is not null).Select(sent => $"plates/{sent.PlateBarcode}")];
        await CheckPlatesAsync(connection, plates, figures, cancellationToken);
        await CheckRunsAsync(connection, plates, figures, cancellationToken);
    }

    private static async Task CheckPlatesAsync(BiomarkersConnection connection, HashSet<string> plates, KeptFigures figures, CancellationToken cancellationToken)
    {
        var missing = new HashSet<string>(plates);
        var request = new ListPlatesRequest { PageSize = PageSize };
        do
        {
            ListPlatesResponse page = await connection.Plates.ListPlatesAsync(request, cancellationToken: cancellationToken);
            foreach (Plate plate in page.Plates)
            {
                missing.Remove(plate.Name);
                if (plate.State != PlateState.Analyzed || plate.Reads.Count != 1)
                {
                    figures.AddOther($"{plate.Name} is {plate.State} with {plate.Reads.Count} reads");
                }
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        foreach (string plate in missing)
        {
            figures.AddLost($"{plate} is not listed");
        }
    }

    private static async Task CheckRunsAsync(BiomarkersConnection connection, HashSet<string> plates, KeptFigures figures, CancellationToken cancellationToken)
    {
        var runs = new Dictionary<string, int>();
        long resultCount = 0;
        var request = new ListAnalyticalRunsRequest { PageSize = PageSize };
        do
        {
            ListAnalyticalRunsResponse page = await connection.AnalyticalRuns.ListAnalyticalRunsAsync(request, cancellationToken: cancellationToken);
            foreach (AnalyticalRun run in page.AnalyticalRuns)
            {
                runs[run.Plate] = runs.GetValueOrDefault(run.Plate) + 1;
                resultCount += run.ResultCount;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        foreach (string plate in plates.Where(plate => !runs.ContainsKey(plate)))
        {
            figures.AddRunMissing($"{plate} has no run on the wire");
        }

        foreach ((string plate, int count) in runs.Where(pair => pair.Value > 1))
        {
            figures.AddRunDouble($"{plate} has {count} runs on the wire");
        }

        long listed = await CountResultsAsync(connection, cancellationToken);
        if (listed != resultCount)
        {
            figures.AddResultsMissing($"{listed} results are listed; the runs count {resultCount}");
        }
    }

    private static async Task<long> CountResultsAsync(BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        long count = 0;
        var request = new ListResultsRequest { PageSize = PageSize };
        do
        {
            ListResultsResponse page = await connection.AnalyticalRuns.ListResultsAsync(request, cancellationToken: cancellationToken);
            count += page.Results.Count;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        return count;
    }
}
