namespace Biomarkers.Faults.Disks;

/// <summary>A disk between a program and a loss of power: what was written before the last sync of its file is there, everything since may be there, or not, or in part.</summary>
/// <remarks>The same holds of names: a file that was made or removed since the last sync of the folder may be there or not, whatever was synced of its contents. That is what
/// POSIX promises, and less than most file systems keep.</remarks>
internal sealed class DiskModel
{
    private readonly Dictionary<string, int> liveNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> safeNames = new(StringComparer.Ordinal);
    private readonly List<(string Path, int? Inode)> pendingNames = [];
    private readonly List<Inode> inodes = [];
    private int callCount;

    /// <summary>Takes the next call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isSyncIgnored">Whether a sync does nothing: what a disk does that lies.</param>
    public void Apply(DiskCall call, bool isSyncIgnored)
    {
        callCount++;
        switch (call.Kind)
        {
            case DiskCallKind.Create:
                pendingNames.Add((call.Path, inodes.Count));
                liveNames[call.Path] = inodes.Count;
                inodes.Add(new Inode());
                break;
            case DiskCallKind.Unlink:
                pendingNames.Add((call.Path, null));
                liveNames.Remove(call.Path);
                break;
            case DiskCallKind.Write or DiskCallKind.Truncate:
                LiveInode(call.Path).Pending.Add((callCount - 1, call));
                break;
            case DiskCallKind.Sync when isSyncIgnored:
                break;
            case DiskCallKind.Sync when liveNames.TryGetValue(call.Path, out int inode):
                inodes[inode].Settle(call.Began);
                break;
            case DiskCallKind.Sync:
                // A folder: its names. It has no contents of its own here.
                pendingNames.ForEach(change => Rename(safeNames, change));
                pendingNames.Clear();
                break;
        }
    }

    /// <summary>Files as they might be after a loss of power at this moment.</summary>
    /// <param name="random">Decides what became of everything that was not synced.</param>
    public Dictionary<string, byte[]> Crash(Random random)
    {
        var names = new Dictionary<string, int>(safeNames, StringComparer.Ordinal);
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        // Names are journaled in their order: those up to some place are there.
        foreach ((string Path, int? Inode) change in pendingNames.Take(random.Next(pendingNames.Count + 1)))
        {
            Rename(names, change);
        }
#pragma warning restore CA5394

        return names.ToDictionary(name => name.Key, name => inodes[name.Value].Crash(random), StringComparer.Ordinal);
    }

    // A file that was there before the record has no name to be made.
    private Inode LiveInode(string path) =>
        liveNames.TryGetValue(path, out int inode) ? inodes[inode] : throw new InvalidDataException($"'{path}' was written and never made.");

    private static void Rename(Dictionary<string, int> names, (string Path, int? Inode) change)
    {
        if (change.Inode is { } inode)
        {
            names[change.Path] = inode;
        }
        else
        {
            names.Remove(change.Path);
        }
    }

    private sealed class Inode
    {
        private const int Sector = 512;
        private const int Page = 4096;

        private readonly FileContent safe = new();

        /// <summary>Changes since the last sync, with their places among all calls.</summary>
        public List<(int Place, DiskCall Call)> Pending { get; } = [];

        /// <summary>What was asked before a place among the calls is safe.</summary>
        public void Settle(int before)
        {
            int count = Pending.TakeWhile(change => change.Place < before).Count();
            foreach ((_, DiskCall call) in Pending.Take(count))
            {
                safe.Apply(call, 0, call.Bytes.Length);
            }

            Pending.RemoveRange(0, count);
        }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        // In one crash in four all is lost, in one all is kept; otherwise each change is decided by itself.
        public byte[] Crash(Random random)
        {
            FileContent content = safe.Clone();
            int mood = random.Next(4);
            foreach ((_, DiskCall call) in Pending)
            {
                int fate = mood switch { 0 => 0, 1 => 1, _ => random.Next(3) };
                if (fate == 1)
                {
                    content.Apply(call, 0, call.Bytes.Length);
                }
                else if (fate == 2)
                {
                    Tear(content, call, random);
                }
            }

            return content.ToArray();
        }

        // Pieces of a write that a disk or a page of memory holds together are there or not, each by itself.
        private static void Tear(FileContent content, DiskCall call, Random random)
        {
            int piece = random.Next(2) == 0 ? Sector : Page;
            for (int from = 0; from < call.Bytes.Length;)
            {
                int to = (int)Math.Min(call.Bytes.Length, ((((call.Offset + from) / piece) + 1) * piece) - call.Offset);
                if (random.Next(2) == 0)
                {
                    content.Apply(call, from, to);
                }

                from = to;
            }
        }
#pragma warning restore CA5394
    }

    /// <summary>Bytes of a file that grows.</summary>
    private sealed class FileContent
    {
        private byte[] bytes = [];
        private int length;

        public FileContent Clone() => new() { bytes = ToArray(), length = length };

        public byte[] ToArray() => bytes[..length];

        /// <summary>Makes a change, or the piece of a write between two places in it.</summary>
        public void Apply(DiskCall call, int from, int to)
        {
            bool isTruncation = call.Kind == DiskCallKind.Truncate;
            int end = (int)call.Offset + (isTruncation ? 0 : to);
            if (end > bytes.Length)
            {
                Array.Resize(ref bytes, Math.Max(end, 2 * bytes.Length));
            }

            if (isTruncation && end < length)
            {
                bytes.AsSpan(end, length - end).Clear();
            }

            length = isTruncation ? end : Math.Max(length, end);
            if (!isTruncation)
            {
                call.Bytes.AsSpan(from, to - from).CopyTo(bytes.AsSpan((int)call.Offset + from));
            }
        }
    }
}
