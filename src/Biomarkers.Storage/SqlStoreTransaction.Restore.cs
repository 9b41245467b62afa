using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>What a restore changes.</summary>
internal sealed partial class SqlStoreTransaction
{
    public Task<int> SetGenerationAsync(long generation, CancellationToken cancellationToken) =>
        connection.GetTable<DatabaseIdentityTable>().Where(row => row.Id == 1).Set(row => row.Generation, generation).UpdateAsync(cancellationToken);

    /// <summary>Moves every sequence of keys beyond those that were given: to the known next key, or by a span that none can have crossed.</summary>
    public async Task SkipKeysAsync(IReadOnlyDictionary<string, long> known, long span, CancellationToken cancellationToken)
    {
        ITable<KeySequenceTable> sequences = connection.GetTable<KeySequenceTable>();
        foreach (KeySequenceTable sequence in await sequences.ToListAsync(cancellationToken))
        {
            long next = known.Count == 0 ? sequence.NextKey + span : Math.Max(sequence.NextKey, known.GetValueOrDefault(sequence.Name));
            await sequences.Where(row => row.Name == sequence.Name).Set(row => row.NextKey, next).UpdateAsync(cancellationToken);
        }
    }

    /// <summary>Ends every server that held work when the backup was made.</summary>
    /// <returns>Their number.</returns>
    public async Task<int> EndHoldersAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        int ended = 0;
        foreach (HolderRow holder in await ListHoldersAsync(cancellationToken))
        {
            ended += await EndHolderAsync(holder, time, cancellationToken) ? 1 : 0;
        }

        return ended;
    }

    /// <summary>Appends events to the ledger.</summary>
    /// <returns>The place of the last.</returns>
    public async Task<long> RecordAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
    {
        await AppendLedgerAsync([.. events.Select(audit => new LedgerEntry(audit, null))], cancellationToken);
        return await connection.GetTable<LedgerHeadTable>().Where(row => row.Id == 1).Select(row => row.Sequence).SingleAsync(cancellationToken);
    }
}
