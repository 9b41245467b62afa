using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Reads the ledger from its first event, or the first that is there of it, to its head and follows its chain.</summary>
/// <param name="connection">The database.</param>
/// <param name="progress">Is told how far it is.</param>
/// <param name="cut">What there is; null for all.</param>
internal sealed class LedgerScan(DataConnection connection, VerificationProgress progress, LedgerCut? cut = null)
{
    private const int PageSize = 5000;
    private const int RestSize = 200_000;

    private readonly ChainCheck chain = cut is null ? new ChainCheck() : new ChainCheck(cut.SequenceBefore, cut.HashBefore);

    /// <summary>Place of the newest event whose chain fits: the number of those that do, the ones before a cut included.</summary>
    public long EventCount => chain.Sequence;

    /// <summary>Hash of the newest of them.</summary>
    public ContentHash Hash => chain.Hash;

    /// <summary>Hash of the ledger's first event, as the checkpoint that came with a cut has it; null where nothing says it.</summary>
    public ContentHash? First { get; private set; } = cut?.Own?.Ledger;

    /// <summary>Time of the first event that is there.</summary>
    public DateTimeOffset? FirstTime { get; private set; }

    /// <summary>Time of the newest event that fits.</summary>
    public DateTimeOffset? NewestTime { get; private set; }

    /// <summary>Hashes at the places that were wanted, as far as the chain fits.</summary>
    public Dictionary<long, ContentHash> HashesAt { get; } = [];

    /// <summary>What the events vouch for.</summary>
    public LedgerIndex Index { get; } = new() { BeginsLater = cut is { SequenceBefore: > 0 } };

    /// <summary>Reads the ledger.</summary>
    /// <param name="wanted">Places whose hashes are to be kept.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What was done to it; null where nothing was.</returns>
    public async Task<Tampering?> RunAsync(IReadOnlySet<long> wanted, CancellationToken cancellationToken)
    {
        long? after = null;
        while (await PageAsync(after, cancellationToken) is { Count: > 0 } page)
        {
            foreach (StoredAuditEvent stored in page)
            {
                if (!chain.Take(stored))
                {
                    return chain.Explain(stored, await RestAsync(stored.Sequence, cancellationToken));
                }

                Note(stored, wanted);
            }

            progress.Add(page.Count);
            after = page[^1].Sequence;
        }

        LedgerHeadTable? head = await connection.GetTable<LedgerHeadTable>().FirstOrDefaultAsync(row => row.Id == 1, cancellationToken);
        return chain.CheckHead(head?.Sequence ?? 0, head is null ? default : HashOf(head.Hash));
    }

    /// <summary>A stored hash; where a value is none, one that nothing has.</summary>
    public static ContentHash HashOf(byte[]? stored) => stored is { Length: 32 } ? ContentHash.FromBytes(stored) : ContentHash.Of(stored ?? []);

    /// <summary>An event as it is stored. A time that is none gives a hash that no event has.</summary>
    public static StoredAuditEvent EventOf(AuditEventTable row)
    {
        DateTimeOffset time = Instant.IsInstant(row.EventTime) ? Instant.FromMicroseconds(row.EventTime) : DateTimeOffset.MinValue;
        return new StoredAuditEvent(row.Sequence, new AuditEvent(time, row.Actor, row.Action, row.Target, row.Reason, row.Detail), HashOf(row.PreviousHash), HashOf(row.Hash));
    }

    private void Note(StoredAuditEvent stored, IReadOnlySet<long> wanted)
    {
        if (stored.Sequence == 1)
        {
            First = stored.Hash;
        }

        FirstTime ??= stored.Audit.Time;
        NewestTime = stored.Audit.Time;
        if (cut is null || cut.Concerns(stored))
        {
            Index.Add(stored);
        }

        if (wanted.Contains(stored.Sequence))
        {
            HashesAt[stored.Sequence] = stored.Hash;
        }
    }

    private Task<List<StoredAuditEvent>> PageAsync(long? after, CancellationToken cancellationToken) =>
        ReadAsync(connection.GetTable<AuditEventTable>().Where(row => after == null || row.Sequence > after), PageSize, cancellationToken);

    // Once, where the chain breaks: what was done shows by what stands behind.
    private Task<List<StoredAuditEvent>> RestAsync(long from, CancellationToken cancellationToken) =>
        ReadAsync(connection.GetTable<AuditEventTable>().Where(row => row.Sequence >= from), RestSize, cancellationToken);

    private static async Task<List<StoredAuditEvent>> ReadAsync(IQueryable<AuditEventTable> rows, int limit, CancellationToken cancellationToken) =>
        (await rows.OrderBy(row => row.Sequence).Take(limit).ToListAsync(cancellationToken)).ConvertAll(EventOf);
}
