using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Reads every read stream from its first event, or the first that is there of it, and follows its chain, which covers what was sent.</summary>
/// <param name="connection">The database.</param>
/// <param name="progress">Is told how far it is.</param>
/// <param name="cut">What there is; null for all.</param>
internal sealed class StreamScan(DataConnection connection, VerificationProgress progress, LedgerCut? cut = null)
{
    private const int PageSize = 200;

    private readonly List<Tampering> findings = [];
    private readonly Dictionary<(long Stream, long NextOffset), ContentHash> chains = [];
    private readonly Dictionary<long, (string Name, long NextOffset)> streams = [];

    /// <summary>Streams that are there.</summary>
    public int StreamCount => streams.Count;

    /// <summary>Their events that fit.</summary>
    public long EventCount { get; private set; }

    /// <summary>Those of them whose bytes are there.</summary>
    public long OriginalCount { get; private set; }

    /// <summary>What was found; at most one for a stream, and one for each that a checkpoint knows otherwise.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>The name of a stream, for checkpoints and findings.</summary>
    public static string NameOf(string instrumentId, string streamId) => $"instruments/{instrumentId}/readStreams/{streamId}";

    /// <summary>Reads all streams, and holds checkpoints against them.</summary>
    /// <param name="checkpoints">Checkpoints that fit the ledger.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RunAsync(IReadOnlyList<Checkpoint> checkpoints, CancellationToken cancellationToken)
    {
        Dictionary<(long, long), (ContentHash Chain, string Name, long Sequence, bool IsOwn)> heads = HeadsOf(checkpoints);
        ILookup<long, long> wanted = heads.Keys.ToLookup(head => head.Item1, head => head.Item2);
        foreach (ReadStreamTable stream in await connection.GetTable<ReadStreamTable>().OrderBy(row => row.StreamKey).ToListAsync(cancellationToken))
        {
            streams[stream.StreamKey] = (NameOf(stream.InstrumentId, stream.StreamId), stream.NextOffset);
            await FollowAsync(stream, wanted[stream.StreamKey].ToHashSet(), cancellationToken);
        }

        foreach (((long key, long next), (ContentHash chain, string name, long sequence, bool isOwn)) in heads)
        {
            if (cut is null || IsThere(key, next, isOwn))
            {
                Compare(key, next, chain, name, sequence);
            }
        }

        foreach (long key in cut?.Streams.Keys.Where(key => !streams.ContainsKey(key)) ?? [])
        {
            Add(TamperingKind.Deleted, string.Create(CultureInfo.InvariantCulture, $"read stream {key}"), 0, "is not there");
        }

        ITable<ReadStreamTable> known = connection.GetTable<ReadStreamTable>();
        IQueryable<long> orphans = connection.GetTable<StreamEventTable>().Select(row => row.StreamKey).Distinct().Where(key => !known.Any(row => row.StreamKey == key));
        foreach (long key in await orphans.ToListAsync(cancellationToken))
        {
            Add(TamperingKind.Inserted, string.Create(CultureInfo.InvariantCulture, $"read stream {key}"), 0, "has events, and is not there itself");
        }
    }

    private Dictionary<(long, long), (ContentHash, string, long, bool)> HeadsOf(IReadOnlyList<Checkpoint> checkpoints)
    {
        var heads = new Dictionary<(long, long), (ContentHash, string, long, bool)>();
        foreach (Checkpoint checkpoint in checkpoints)
        {
            bool isOwn = cut is not null && CheckpointCheck.IsOwn(checkpoint, cut);
            foreach (StreamHead head in checkpoint.Streams)
            {
                (long, long) place = (head.StreamKey, head.NextOffset);
                if (isOwn || !heads.ContainsKey(place))
                {
                    heads[place] = (head.Chain, head.Name, checkpoint.Sequence, isOwn);
                }
            }
        }

        return heads;
    }

    private async Task FollowAsync(ReadStreamTable stream, HashSet<long> wanted, CancellationToken cancellationToken)
    {
        string name = streams[stream.StreamKey].Name;
        StreamCut? part = cut?.Streams.GetValueOrDefault(stream.StreamKey);
        if (cut is not null && part is null)
        {
            Add(TamperingKind.Inserted, name, 0, "is there, and nothing here came by it");
            return;
        }

        long next = part?.Offset ?? 0;
        ContentHash chain = part?.Chain ?? default;
        chains[(stream.StreamKey, next)] = chain;
        long? after = null;
        while (true)
        {
            List<StreamEventTable> page = await connection.GetTable<StreamEventTable>()
                .Where(row => row.StreamKey == stream.StreamKey && (after == null || row.EventOffset > after))
                .OrderBy(row => row.EventOffset)
                .Take(PageSize)
                .ToListAsync(cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            foreach (StreamEventTable row in page)
            {
                bool isWithheld = part is not null && row.Content.Length == 0;
                ContentHash content = isWithheld ? LedgerScan.HashOf(row.ContentHash) : ContentHash.Of(row.Content);
                ContentHash expected = ContentHash.OfAll(chain, content);
                if (Explain(row, next, content, expected, isMissing: isWithheld && part!.Originals.Contains(row.EventOffset)) is { } finding)
                {
                    Add(finding.Kind, name, next, finding.Text, expected, LedgerScan.HashOf(row.ChainHash));
                    return;
                }

                chain = expected;
                next++;
                EventCount++;
                OriginalCount += isWithheld ? 0 : 1;
                if (wanted.Contains(next))
                {
                    chains[(stream.StreamKey, next)] = chain;
                }
            }

            progress.Add(page.Count);
            after = page[^1].EventOffset;
        }

        CheckHead(stream, name, next, chain);
        if (part is not null && part.Originals.Any(original => original >= next))
        {
            Add(TamperingKind.Truncated, name, next, string.Create(CultureInfo.InvariantCulture, $"ends with event {next - 1}; event {part.Originals.Max()} is named"));
        }
    }

    private static (TamperingKind Kind, string Text)? Explain(StreamEventTable row, long next, ContentHash content, ContentHash expected, bool isMissing) =>
        row.EventOffset > next
            ? (TamperingKind.Deleted, string.Create(CultureInfo.InvariantCulture, $"events {next} to {row.EventOffset - 1} are not there"))
            : row.EventOffset < next
                ? (TamperingKind.Inserted, string.Create(CultureInfo.InvariantCulture, $"an event stands at offset {row.EventOffset}, before the first"))
                : LedgerScan.HashOf(row.ContentHash) != content
                    ? (TamperingKind.Changed, string.Create(CultureInfo.InvariantCulture, $"event {next} has SHA-256 {content}, it says {LedgerScan.HashOf(row.ContentHash)}"))
                    : LedgerScan.HashOf(row.ChainHash) != expected
                        ? (TamperingKind.Changed, string.Create(CultureInfo.InvariantCulture, $"event {next} does not follow the one before it"))
                        : isMissing
                            ? (TamperingKind.Deleted, string.Create(CultureInfo.InvariantCulture, $"event {next} lacks its bytes"))
                            : null;

    // Of a cut stream, what lies before it can't be compared, nor what lies behind its head, unless the checkpoint came with it.
    private bool IsThere(long key, long next, bool isOwn) =>
        cut!.Streams.TryGetValue(key, out StreamCut? part) && next >= part.Offset
        && (isOwn || (streams.TryGetValue(key, out (string Name, long NextOffset) stream) && next <= stream.NextOffset));

    private void CheckHead(ReadStreamTable stream, string name, long next, ContentHash chain)
    {
        if (stream.NextOffset != next)
        {
            Add(
                stream.NextOffset > next ? TamperingKind.Truncated : TamperingKind.Inserted, name, Math.Min(next, Math.Max(stream.NextOffset, 0)),
                string.Create(CultureInfo.InvariantCulture, $"goes on at offset {stream.NextOffset} and holds {next} events"));
        }
        else if (LedgerScan.HashOf(stream.ChainHash) != chain)
        {
            Add(TamperingKind.Changed, name, Math.Max(next - 1, 0), "ends with another hash than its events", chain, LedgerScan.HashOf(stream.ChainHash));
        }
    }

    private void Compare(long key, long next, ContentHash chain, string name, long sequence)
    {
        if (!streams.TryGetValue(key, out (string Name, long NextOffset) stream))
        {
            Add(TamperingKind.Deleted, name, 0, string.Create(CultureInfo.InvariantCulture, $"is not there; the checkpoint at event {sequence} knows it"));
        }
        else if (stream.Name != name)
        {
            Add(TamperingKind.Changed, name, 0, string.Create(CultureInfo.InvariantCulture, $"is here as '{stream.Name}'; the checkpoint at event {sequence} has it under that name"));
        }
        else if (chains.TryGetValue((key, next), out ContentHash found))
        {
            if (found != chain)
            {
                Add(
                    TamperingKind.Forked, name, Math.Max(next - 1, 0),
                    string.Create(CultureInfo.InvariantCulture, $"was rewritten before offset {next}: it is not what the checkpoint at event {sequence} vouches for"), chain, found);
            }
        }
        else if (!findings.Any(finding => finding.Target == name))
        {
            Add(
                TamperingKind.Truncated, name, stream.NextOffset,
                string.Create(CultureInfo.InvariantCulture, $"holds {stream.NextOffset} events; the checkpoint at event {sequence} vouches for {next}"));
        }
    }

    private void Add(TamperingKind kind, string target, long offset, string text, ContentHash? expected = null, ContentHash? actual = null) =>
        findings.Add(new Tampering(kind, target, null, $"{target} {text}") { Offset = offset, Expected = expected, Actual = actual });
}
