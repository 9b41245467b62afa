using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Gives integer keys that rise, in blocks. Keys may have gaps, for example after a restart.</summary>
/// <remarks>With one server the blocks are reserved inside the write transaction and last beyond it. Servers that share a database reserve outside
/// of it, so that none waits for another's commit, and keep no block beyond the transaction: the keys of an idle server would be older than those of
/// what was stored before.</remarks>
internal sealed class KeyAllocator(SqlDatabase database)
{
    private const long LastingBlockSize = 256;
    private const long FirstBlockSize = 4;

    private readonly Dictionary<string, (long Next, long End, long Size)> blocks = [];
    private bool reservedSinceCommit;

    /// <summary>The first of <paramref name="count"/> consecutive keys.</summary>
    public async Task<long> TakeAsync(DataConnection connection, string sequence, int count, CancellationToken cancellationToken)
    {
        (long next, long end, long size) = blocks.GetValueOrDefault(sequence);
        if (end - next < count)
        {
            // Doubled within a transaction: a group of many plates asks a few times.
            size = Math.Max(count, database.IsShared ? Math.Max(FirstBlockSize, 2 * size) : LastingBlockSize);
            next = await database.ReserveKeysAsync(connection, sequence, size, cancellationToken);
            end = next + size;
            reservedSinceCommit = true;
        }

        blocks[sequence] = (next + count, end, size);
        return next;
    }

    /// <summary>Takes the next keys of a sequence from a block that is reserved after this: called where a lock was taken, so that keys under that lock
    /// rise in the order in which servers held it.</summary>
    public void Renew(string sequence)
    {
        if (database.IsShared)
        {
            blocks.Remove(sequence);
        }
    }

    /// <summary>The transaction has ended; blocks that it reserved are durable where it was committed, and are asked for anew where it was not.</summary>
    public void Ended(bool committed)
    {
        if (database.IsShared || (reservedSinceCommit && !committed))
        {
            blocks.Clear();
        }

        reservedSinceCommit = false;
    }
}
