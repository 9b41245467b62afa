using Biomarkers.Faults.Disks;

namespace Biomarkers.Faults.Power;

/// <summary>A disk as a loss of power may leave it.</summary>
/// <param name="Number">Its number in the pattern; with the seed it names the fates of everything that was not synced.</param>
/// <param name="Place">Calls that had returned.</param>
/// <param name="Files">By name, without folders.</param>
/// <param name="Acknowledged">What had been acknowledged.</param>
internal sealed record CrashState(int Number, int Place, IReadOnlyDictionary<string, byte[]> Files, IReadOnlyList<TimedEvent> Acknowledged)
{
    // After a checkpoint the log is written from its beginning, over pages that are in the database by then: so many calls are some commits.
    private const int CallsAfterCheckpoint = 1500;

    /// <summary>Cuts the power at many places of a record.</summary>
    /// <param name="record">What was done to the disk.</param>
    /// <param name="pattern">Where to cut.</param>
    /// <param name="count">How often.</param>
    /// <param name="seed">Seed of places and fates.</param>
    /// <param name="isSafe">False for the control: the log is synced only where a checkpoint needs it, which is what <c>synchronous=NORMAL</c> does.</param>
    public static IEnumerable<CrashState> Of(DiskRecord record, PowerPattern pattern, int count, int seed, bool isSafe)
    {
        int[] places = [.. Places(record, pattern, count, new Random(seed)).Order()];
        var disk = new DiskModel();
        int done = 0;
        for (int number = 0; number < places.Length; number++)
        {
            for (; done < places[number]; done++)
            {
                disk.Apply(record.Calls[done], !isSafe && IsSpared(record.Calls, done));
            }

            // What was acknowledged when the next call began needed none of the calls from there on.
            long time = done < record.Calls.Count ? record.Calls[done].Time : long.MaxValue;
            Dictionary<string, byte[]> files = disk.Crash(new Random(unchecked((seed * 100_003) + number)));
            yield return new CrashState(
                number,
                done,
                files.ToDictionary(file => Path.GetFileName(file.Key), file => file.Value),
                [.. record.Events.Where(sent => sent.AcknowledgeTime < time)]);
        }
    }

    /// <summary>Puts the files into a folder.</summary>
    public void WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] content) in Files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        // What the index of the log holds after a crash is anybody's guess.
        byte[] index = new byte[Number % 2 == 0 ? 0 : 32768];
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        new Random(Number).NextBytes(index);
#pragma warning restore CA5394
        File.WriteAllBytes(Path.Combine(folder, "biomarkers.db-shm"), index);
    }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    // Half of them right after an acknowledgement, before the disk is asked for anything further; in the checkpoints' pattern all of them there.
    private static IEnumerable<int> Places(DiskRecord record, PowerPattern pattern, int count, Random random)
    {
        int[] afterAcks = [.. record.Events.Select(sent => record.Calls.TakeWhile(call => call.Time <= sent.AcknowledgeTime).Count()).Distinct()];
        for (int i = 0; i < count; i++)
        {
            if (pattern.IsAroundCheckpoints)
            {
                (int from, int to) = record.Checkpoints[random.Next(record.Checkpoints.Count)];
                yield return random.Next(from, Math.Min(record.Calls.Count, to + CallsAfterCheckpoint) + 1);
            }
            else
            {
                yield return i % 2 == 0 ? random.Next(1, record.Calls.Count + 1) : afterAcks[random.Next(afterAcks.Length)];
            }
        }
    }
#pragma warning restore CA5394

    private static bool IsSpared(IReadOnlyList<DiskCall> calls, int place)
    {
        if (calls[place].Kind != DiskCallKind.Sync || !DiskRecord.IsLog(calls[place]))
        {
            return false;
        }

        DiskCall? next = calls.Skip(place + 1).FirstOrDefault(call => call.Kind is DiskCallKind.Write or DiskCallKind.Truncate);
        // Before a checkpoint, and of a new log's head, as SQLite itself does it.
        bool isHead = place > 0 && calls[place - 1] is { Kind: DiskCallKind.Write, Offset: 0 } before && DiskRecord.IsLog(before);
        return next is not null && DiskRecord.IsLog(next) && !isHead;
    }
}
