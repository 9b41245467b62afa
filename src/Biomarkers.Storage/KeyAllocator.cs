using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Gives monotone integer keys, in blocks that are reserved inside the write transaction. Keys rise and may have gaps, for example
/// after a restart.</summary>
internal sealed class KeyAllocator
{
    private const long BlockSize = 256;

    private readonly Dictionary<string, (long Next, long End)> blocks = [];
    private bool reservedSinceCommit;

    /// <summary>The first of <paramref name="count"/> consecutive keys.</summary>
    public async Task<long> TakeAsync(DataConnection connection, string sequence, int count, CancellationToken cancellationToken)
    {
        (long next, long end) = blocks.GetValueOrDefault(sequence);
        if (end - next < count)
        {
            long size = Math.Max(BlockSize, count);
            next = await ReserveAsync(connection, sequence, size, cancellationToken);
            end = next + size;
            reservedSinceCommit = true;
        }

        blocks[sequence] = (next + count, end);
        return next;
    }

    /// <summary>The reserved blocks are durable.</summary>
    public void Committed() => reservedSinceCommit = false;

    /// <summary>Blocks that were reserved in a transaction that was rolled back are not ours; they are asked for anew.</summary>
    public void RolledBack()
    {
        if (reservedSinceCommit)
        {
            blocks.Clear();
            reservedSinceCommit = false;
        }
    }

    private static async Task<long> ReserveAsync(DataConnection connection, string sequence, long size, CancellationToken cancellationToken)
    {
        ITable<KeySequenceTable> table = connection.GetTable<KeySequenceTable>();
        int updated = await table.Where(row => row.Name == sequence).Set(row => row.NextKey, row => row.NextKey + size).UpdateAsync(cancellationToken);
        if (updated == 0)
        {
            await connection.InsertAsync(new KeySequenceTable { Name = sequence, NextKey = 1 + size }, token: cancellationToken);
            return 1;
        }

        return await table.Where(row => row.Name == sequence).Select(row => row.NextKey).SingleAsync(cancellationToken) - size;
    }
}
