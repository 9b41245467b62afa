using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>One write transaction: its end, and keys. Streams, plates, work and runs are in the files beside this one.</summary>
internal sealed partial class SqlStoreTransaction(SqlDatabase database, SqlWriteTransaction write, KeyAllocator keys) : IStoreTransaction
{
    // The row of key_sequence whose number is the place in the order of changes.
    private const string PlateChange = "plate_change";

    private readonly DataConnection connection = write.Connection;
    private readonly HashSet<long> changedPlates = [];
    private bool committed;

    public async Task SealAsync(HolderBeat beat, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        entries = WithSeals(entries);
        await BeatAsync(beat, cancellationToken);
        await ContinueSeriesAsync(cancellationToken);
        await PlaceChangedPlatesAsync(cancellationToken);
        if (entries.Count > 0)
        {
            await AppendLedgerAsync(entries, cancellationToken);
        }

        if (entries.Count > 0 || changedPlates.Count > 0)
        {
            await database.NotifyAsync(connection, cancellationToken);
        }
    }

    public async Task CommitAsync()
    {
        // Not to be cancelled: its outcome would be unknown.
        await write.Transaction.CommitAsync(CancellationToken.None);
        committed = true;
    }

    public async Task<DateTimeOffset?> FindNewestAuditTimeAsync(CancellationToken cancellationToken)
    {
        AuditEventTable? newest = await connection.GetTable<AuditEventTable>().OrderByDescending(row => row.Sequence).FirstOrDefaultAsync(cancellationToken);
        return newest is null ? null : Instant.FromMicroseconds(newest.EventTime);
    }

    private async Task BeatAsync(HolderBeat beat, CancellationToken cancellationToken)
    {
        ITable<WorkHolderTable> holders = connection.GetTable<WorkHolderTable>();
        long? endTime = Instant.ToMicroseconds(beat.EndTime);
        // A server that others took for dead lives again with its next commit; the work that they took over stays theirs.
        int known = await holders.Where(row => row.Holder == beat.Holder)
            .Set(row => row.Beat, beat.Beat)
            .Set(row => row.EndTime, endTime)
            .UpdateAsync(cancellationToken);
        if (known == 0)
        {
            var row = new WorkHolderTable
            {
                Holder = beat.Holder,
                HostName = beat.HostName,
                StartTime = Instant.ToMicroseconds(beat.StartTime),
                Beat = beat.Beat,
                EndTime = endTime,
            };
            await connection.InsertAsync(row, token: cancellationToken);
        }
    }

    // Under the lock of the sequence's row, which lasts until the commit: a watcher's cursor never passes a change that commits later. The
    // plates of one transaction share one place.
    private async Task PlaceChangedPlatesAsync(CancellationToken cancellationToken)
    {
        if (changedPlates.Count == 0)
        {
            return;
        }

        ITable<KeySequenceTable> sequences = connection.GetTable<KeySequenceTable>();
        await sequences.Where(row => row.Name == PlateChange).Set(row => row.NextKey, row => row.NextKey + 1).UpdateAsync(cancellationToken);
        long change = await sequences.Where(row => row.Name == PlateChange).Select(row => row.NextKey).SingleAsync(cancellationToken) - 1;
        long[] plateKeys = [.. changedPlates];
        await Plates.Where(row => plateKeys.Contains(row.PlateKey)).Set(row => row.ChangeKey, change).UpdateAsync(cancellationToken);
    }

    private async Task AppendLedgerAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
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
            keys.Ended(committed);
        }
    }

    private async Task<long> NextKeyAsync(string sequence, CancellationToken cancellationToken) =>
        await keys.TakeAsync(connection, sequence, 1, cancellationToken);

    private async Task InsertAllAsync<T>(IReadOnlyCollection<T> rows, CancellationToken cancellationToken)
        where T : class
    {
        if (rows.Count > 0)
        {
            await connection.BulkCopyAsync(database.BulkCopy, rows, cancellationToken);
        }
    }
}
