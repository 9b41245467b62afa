using System.Buffers.Binary;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Biomarkers.Faults;

/// <summary>Compares what the watchers saw while everything broke with the whole feed, and the ledger with its own hashes.</summary>
internal static class FeedCheck
{
    private const int RunSaved = 1;

    /// <summary>Reads feed and ledger whole and adds what is wrong.</summary>
    /// <param name="connection">To a database that no server uses.</param>
    /// <param name="feedWatcher">Who followed the tables; null where nobody could.</param>
    /// <param name="runWatcher">Who watched over gRPC.</param>
    /// <param name="figures">Takes the findings.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(
        DbConnection connection, FeedWatcher? feedWatcher, RunWatcher runWatcher, KeptFigures figures, CancellationToken cancellationToken)
    {
        List<FeedRow> feed = await connection.ReadAsync(
            "SELECT sequence, kind, target_key FROM change_feed ORDER BY sequence",
            row => new FeedRow(row.GetInt64(0), Convert.ToInt64(row.GetValue(1)), row.GetInt64(2)),
            cancellationToken);
        long ledgerLength = await CheckLedgerAsync(connection, figures, cancellationToken);
        if (feedWatcher is not null)
        {
            Compare("row of the change feed", feed, feedWatcher.Feed, figures);
            Compare("audit event", Sequence(ledgerLength), feedWatcher.Ledger, figures);
        }

        List<long> saved = await connection.ReadAsync("SELECT run_key FROM analytical_run ORDER BY run_key", row => row.GetInt64(0), cancellationToken);
        IEnumerable<FeedRow> runs = feed.Where(row => row.Kind == RunSaved);
        Compare("saved run in the change feed", saved, [.. runs.Select(row => row.TargetKey).Order()], figures);
        CheckWatch([.. runs.Select(row => string.Create(CultureInfo.InvariantCulture, $"analyticalRuns/{row.TargetKey}"))], runWatcher, figures);
    }

    // Rows that were seen must be those that are there, one by one: what is missing was skipped, what comes late is out of order.
    private static void Compare<T>(string what, IReadOnlyList<T> stored, IReadOnlyList<T> seen, KeptFigures figures)
    {
        int same = stored.Zip(seen).TakeWhile(pair => Equals(pair.First, pair.Second)).Count();
        if (same < stored.Count || same < seen.Count)
        {
            string at(IReadOnlyList<T> rows) => same < rows.Count ? $"{rows[same]}" : "none";
            figures.AddFeed($"{what} {same + 1}: {at(stored)} is stored, {at(seen)} was seen; {stored.Count} stored, {seen.Count} seen");
        }
    }

    // The calls together bring the feed without a hole and in its order, because each goes on from the cursor of the one before; what was there before the first was listed.
    private static void CheckWatch(List<string> feed, RunWatcher watcher, KeptFigures figures)
    {
        var places = feed.Select((name, place) => (name, place)).ToDictionary(row => row.name, row => row.place);
        string[] brought = [.. watcher.Calls.SelectMany(call => call)];
        for (int i = 1; i < brought.Length; i++)
        {
            (int before, int place) = (places.GetValueOrDefault(brought[i - 1], -1), places.GetValueOrDefault(brought[i], -1));
            if (place != before + 1)
            {
                figures.AddFeed($"the watch brought {brought[i]} (place {place} of the feed) after {brought[i - 1]} (place {before})");
            }
        }

        // What was saved after the watcher ended is not missed; whether everything came is asked of the recovery.
        int end = feed.FindLastIndex(watcher.Seen.Contains) + 1;
        foreach (string name in feed.Take(end).Where(name => !watcher.Seen.Contains(name)))
        {
            figures.AddFeed($"{name} was neither watched nor listed");
        }

        foreach (string name in watcher.Seen.Where(name => !places.ContainsKey(name)))
        {
            figures.AddFeed($"{name} was seen and is not stored");
        }

        foreach (string fault in watcher.Faults)
        {
            figures.AddOther(fault);
        }
    }

    /// <summary>Computes the ledger's chain anew: SHA-256 over the hash before, sequence, time and each text after its length, as the ledger describes itself; integers are
    /// big-endian of 8 bytes.</summary>
    /// <returns>Audit events up to the first fault.</returns>
    public static async Task<long> CheckLedgerAsync(DbConnection connection, KeptFigures figures, CancellationToken cancellationToken)
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        long sequence = 0;
        var rows = await connection.ReadAsync(
            "SELECT sequence, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event ORDER BY sequence",
            row => (
                Sequence: row.GetInt64(0),
                Time: row.GetInt64(1),
                Texts: Enumerable.Range(2, 5).Select(i => row.IsDBNull(i) ? null : row.GetString(i)).ToArray(),
                Previous: row.GetFieldValue<byte[]>(7),
                Hash: row.GetFieldValue<byte[]>(8)),
            cancellationToken);
        foreach (var row in rows)
        {
            byte[] expected = HashOf(hash, row.Sequence, row.Time, row.Texts);
            if (row.Sequence != ++sequence || !row.Previous.AsSpan().SequenceEqual(hash) || !row.Hash.AsSpan().SequenceEqual(expected))
            {
                figures.AddFeed($"the ledger breaks at audit event {row.Sequence}; expected {sequence} with hash {Convert.ToHexStringLower(expected)}");
                return rows.Count;
            }

            hash = row.Hash;
        }

        (long Sequence, byte[] Hash) head = (await connection.ReadAsync(
            "SELECT sequence, hash FROM ledger_head", row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), cancellationToken)).Single();
        if (head.Sequence != sequence || !head.Hash.AsSpan().SequenceEqual(hash))
        {
            figures.AddFeed($"the ledger's head is at {head.Sequence}; its last audit event is {sequence}");
        }

        return sequence;
    }

    private static byte[] HashOf(byte[] previous, long sequence, long time, string?[] texts)
    {
        using var bytes = new MemoryStream();
        bytes.Write(previous);
        Write(sequence);
        Write(time);
        foreach (string? text in texts)
        {
            Write(text is null ? -1 : Encoding.UTF8.GetByteCount(text));
            bytes.Write(Encoding.UTF8.GetBytes(text ?? string.Empty));
        }

        return SHA256.HashData(bytes.ToArray());

        void Write(long number)
        {
            Span<byte> buffer = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(buffer, number);
            bytes.Write(buffer);
        }
    }

    private static long[] Sequence(long count) => [.. Enumerable.Range(1, (int)count).Select(i => (long)i)];
}
