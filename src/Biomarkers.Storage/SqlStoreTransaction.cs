using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>One write transaction: commit, the ledger, and keys. Streams, plates and work are in the files beside this one.</summary>
internal sealed partial class SqlStoreTransaction(SqlWriteTransaction write, KeyAllocator keys) : IStoreTransaction
{
    private readonly DataConnection connection = write.Connection;
    private bool committed;

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await write.Transaction.CommitAsync(cancellationToken);
        committed = true;
        keys.Committed();
    }

    public async Task AppendLedgerAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        ITable<LedgerHeadTable> heads = connection.GetTable<LedgerHeadTable>();
        // The update takes the row's lock before the head is read, so that a cursor never passes a change that commits later.
        await heads.Where(row => row.Id == 1).Set(row => row.Sequence, row => row.Sequence + entries.Count).UpdateAsync(cancellationToken);
        LedgerHeadTable head = await heads.SingleAsync(row => row.Id == 1, cancellationToken);
        long sequence = head.Sequence - entries.Count;
        ContentHash previous = ContentHash.FromBytes(head.Hash);
        var audit = new List<AuditEventTable>(entries.Count);
        var feed = new List<ChangeFeedTable>();
        foreach (LedgerEntry entry in entries)
        {
            ContentHash hash = AuditChain.HashOf(previous, ++sequence, entry.Audit);
            audit.Add(RowMapping.ToRow(sequence, entry.Audit, previous, hash));
            if (entry.Change is { } change)
            {
                feed.Add(new ChangeFeedTable { Sequence = sequence, Kind = (int)change.Kind, TargetKey = change.TargetKey });
            }

            previous = hash;
        }

        await InsertAllAsync(audit, cancellationToken);
        await InsertAllAsync(feed, cancellationToken);
        byte[] last = previous.ToBytes();
        await heads.Where(row => row.Id == 1).Set(row => row.Hash, last).UpdateAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await write.DisposeAsync();
        }
        finally
        {
            if (!committed)
            {
                keys.RolledBack();
            }
        }
    }

    private async Task<long> NextKeyAsync(string sequence, CancellationToken cancellationToken) =>
        await keys.TakeAsync(connection, sequence, 1, cancellationToken);

    private async Task InsertAllAsync<T>(IReadOnlyCollection<T> rows, CancellationToken cancellationToken)
        where T : class
    {
        if (rows.Count > 0)
        {
            await connection.BulkCopyAsync(new BulkCopyOptions { BulkCopyType = BulkCopyType.MultipleRows, UseParameters = true }, rows, cancellationToken);
        }
    }
}
