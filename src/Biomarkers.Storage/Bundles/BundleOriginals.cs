using Biomarkers.Immunoassay;
using Biomarkers.Storage.Tables;
using Biomarkers.Storage.Verification;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Bundles;

/// <summary>What an event of a read stream says of itself.</summary>
/// <param name="ReadId">The read that it is a part of.</param>
/// <param name="IsFirst">Whether the read begins with it; so does a whole plate.</param>
public sealed record SentPart(string ReadId, bool IsFirst);

/// <summary>Finds the events that brought the reads of a plate.</summary>
internal static class BundleOriginals
{
    /// <summary>Most events of one read: one for each well of the largest plate, its begin and its end.</summary>
    private const int MaximumParts = 1538;

    private const int PageSize = 64;

    /// <summary>The parts of read streams that hold them.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="plateKey">The plate.</param>
    /// <param name="parse">What the bytes of an event say of themselves; null where they say nothing.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<List<BundleStream>> FindAsync(DataConnection connection, long plateKey, Func<byte[], SentPart?> parse, CancellationToken cancellationToken)
    {
        long[] used = await BundleRows.ReadsOf(connection, plateKey).Select(row => row.ReadKey).ToArrayAsync(cancellationToken);
        // A read that was put together of two wavelengths was sent as two.
        var halves = await connection.GetTable<JoinedReadTable>().Where(row => used.Contains(row.ReadKey)).ToListAsync(cancellationToken);
        long[] sent = [.. used.Except(halves.Select(row => row.ReadKey)), .. halves.Select(row => row.MeasurementKey), .. halves.Select(row => row.ReferenceKey)];
        var reads = await connection.GetTable<PlateReadTable>()
            .Where(row => sent.Contains(row.ReadKey))
            .Select(row => new { row.ReadId, row.StreamKey, row.EventOffset })
            .ToListAsync(cancellationToken);
        var streams = new List<BundleStream>();
        foreach (var ofStream in reads.GroupBy(row => row.StreamKey).OrderBy(group => group.Key))
        {
            var originals = new SortedSet<long>();
            foreach (var read in ofStream)
            {
                originals.UnionWith(await PartsOfAsync(connection, read.StreamKey, read.EventOffset, read.ReadId, parse, cancellationToken));
            }

            ReadStreamTable stream = await connection.GetTable<ReadStreamTable>().SingleAsync(row => row.StreamKey == ofStream.Key, cancellationToken);
            long first = originals.Min;
            byte[]? before = await connection.GetTable<StreamEventTable>()
                .Where(row => row.StreamKey == ofStream.Key && row.EventOffset == first - 1).Select(row => row.ChainHash).FirstOrDefaultAsync(cancellationToken);
            ContentHash chain = before is null ? default : LedgerScan.HashOf(before);
            streams.Add(new BundleStream(ofStream.Key, StreamScan.NameOf(stream.InstrumentId, stream.StreamId), first, chain.Hex, [.. originals]));
        }

        return streams;
    }

    // Back from the event that completed the read to the one that began it; a whole plate is both.
    private static async Task<List<long>> PartsOfAsync(
        DataConnection connection, long streamKey, long last, string readId, Func<byte[], SentPart?> parse, CancellationToken cancellationToken)
    {
        List<long> parts = [last];
        for (long from = last; from > last - MaximumParts; from -= PageSize)
        {
            long until = from;
            List<StreamEventTable> page = await connection.GetTable<StreamEventTable>()
                .Where(row => row.StreamKey == streamKey && row.EventOffset <= until && row.EventOffset > until - PageSize)
                .OrderByDescending(row => row.EventOffset)
                .ToListAsync(cancellationToken);
            foreach (StreamEventTable row in page)
            {
                SentPart? part = parse(row.Content);
                if (row.EventOffset == last && (part is null || part.ReadId != readId))
                {
                    return parts;
                }

                if (part?.ReadId == readId)
                {
                    parts.Add(row.EventOffset);
                    if (part.IsFirst)
                    {
                        return parts;
                    }
                }
            }

            if (page.Count == 0)
            {
                break;
            }
        }

        return parts;
    }
}
