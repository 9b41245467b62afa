using System.Globalization;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Biomarkers.Client.Spool;

/// <summary>Where the content of an event stands.</summary>
/// <param name="Segments">The files.</param>
/// <param name="File">File.</param>
/// <param name="Position">Its record's place in the file, in bytes.</param>
/// <param name="Length">Bytes of the record.</param>
internal sealed record SpoolPlace(SpoolSegments Segments, string File, long Position, int Length);

/// <summary>The files that hold the events of a spool: each record is written once, at the end of the newest file, and files go as a whole, the oldest
/// first. Thread-safe.</summary>
internal sealed class SpoolSegments(string folder, long segmentBytes) : IDisposable
{
    /// <summary>Names of the files.</summary>
    public const string Pattern = "events-*.log";

    private readonly Lock gate = new();
    private readonly List<(string File, long LastSequence)> older = [];
    private SafeFileHandle? newest;
    private string newestFile = string.Empty;
    private long newestLength;
    private long newestLast;
    private int number;

    /// <summary>What the files hold.</summary>
    /// <param name="Events">Events in the order of their numbers, with a hole filled by an event without a place for each number that is missing.</param>
    /// <param name="Damage">What can't be read.</param>
    /// <param name="LastSequence">Greatest number that is or may be used; 0 for none.</param>
    /// <param name="TornBytes">Bytes at the end of the newest file that never became a record.</param>
    internal sealed record Contents(IReadOnlyList<SenderEvent> Events, IReadOnlyList<SpoolDamage> Damage, long LastSequence, long TornBytes);

    /// <summary>Reads all files and changes none. Every content is compared with its hash.</summary>
    public Contents Read()
    {
        var events = new List<SenderEvent>();
        var damage = new List<SpoolDamage>();
        long last = 0;
        long torn = 0;
        string[] files = [.. Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            byte[] bytes = File.ReadAllBytes(file);
            (List<(SpoolRecord Record, SpoolPlace Place, bool IsWhole)> found, List<SpoolDamage> unreadable, torn) = Scan(file, bytes);
            damage.AddRange(unreadable);
            foreach ((SpoolRecord record, SpoolPlace place, bool isWhole) in found)
            {
                for (long missing = events.Count == 0 ? record.Sequence : last + 1; missing < record.Sequence; missing++)
                {
                    events.Add(SenderEvent.Unreadable(missing));
                }

                if (record.Sequence <= last)
                {
                    damage.Add(new SpoolDamage(Path.GetFileName(file), place.Position, record.Sequence, record.PlateBarcode, record.ReadId));
                    continue;
                }

                last = record.Sequence;
                events.Add(new SenderEvent(record, isWhole ? place : null));
                if (!isWhole)
                {
                    damage.Add(new SpoolDamage(Path.GetFileName(file), place.Position, record.Sequence, record.PlateBarcode, record.ReadId));
                }
            }

            if (file == files[^1] && unreadable.Count > 0 && (found.Count == 0 || unreadable[^1].Position > found[^1].Place.Position))
            {
                // Whatever stood at the end had a number, if it was ever accepted.
                last++;
                events.Add(SenderEvent.Unreadable(last));
            }

            lock (gate)
            {
                older.Add((file, last));
                number = int.Parse(Path.GetFileNameWithoutExtension(file)["events-".Length..], CultureInfo.InvariantCulture);
            }
        }

        return new Contents(events, damage, last, torn);
    }

    /// <summary>Cuts off what never became a record at the end of the newest file, and begins a new file: nothing is written behind bytes that are in doubt.</summary>
    /// <param name="contents">What <see cref="Read"/> found.</param>
    /// <param name="lastSequence">Greatest number that was ever used.</param>
    public void Begin(Contents contents, long lastSequence)
    {
        if (contents.TornBytes > 0)
        {
            using SafeFileHandle handle = File.OpenHandle(older[^1].File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.SetLength(handle, RandomAccess.GetLength(handle) - contents.TornBytes);
            RandomAccess.FlushToDisk(handle);
        }

        lock (gate)
        {
            // What an earlier process began and never wrote to.
            foreach ((string file, _) in older.Where(entry => new FileInfo(entry.File).Length == 0))
            {
                File.Delete(file);
            }

            older.RemoveAll(entry => !File.Exists(entry.File));
            newestLast = lastSequence;
            BeginFile();
        }
    }

    /// <summary>Writes a record at the end; it is not on the disk before <see cref="Flush"/>.</summary>
    /// <exception cref="IOException">The disk refused; nothing was added.</exception>
    public SpoolPlace Append(SpoolRecord record, ReadOnlySpan<byte> content)
    {
        byte[] bytes = record.Encode(content);
        lock (gate)
        {
            if (newestLength >= segmentBytes)
            {
                RandomAccess.FlushToDisk(newest!);
                newest!.Dispose();
                older.Add((newestFile, newestLast));
                BeginFile();
            }

            try
            {
                RandomAccess.Write(newest!, bytes, newestLength);
            }
            catch (IOException)
            {
                // A part of it may be there, and what comes next may be shorter.
                RandomAccess.SetLength(newest!, newestLength);
                throw;
            }

            var place = new SpoolPlace(this, newestFile, newestLength, bytes.Length);
            newestLength += bytes.Length;
            newestLast = record.Sequence;
            return place;
        }
    }

    /// <summary>Brings everything that was written to the disk.</summary>
    /// <returns>Greatest number that is certainly there.</returns>
    public long Flush()
    {
        SafeFileHandle handle;
        long last;
        lock (gate)
        {
            // A file that is left is flushed when it is left.
            handle = newest!;
            last = newestLast;
        }

        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            RandomAccess.FlushToDisk(handle);
        }
        catch (ObjectDisposedException)
        {
            // It was left, and flushed, since.
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }

        return last;
    }

    /// <summary>Deletes the files that hold no event from this number on.</summary>
    public void DeleteBelow(long sequence)
    {
        lock (gate)
        {
            while (older.Count > 0 && older[0].LastSequence < sequence)
            {
                File.Delete(older[0].File);
                older.RemoveAt(0);
            }
        }
    }

    /// <summary>Whether there is a file that <see cref="DeleteBelow"/> would delete.</summary>
    public bool HasFileBelow(long sequence)
    {
        lock (gate)
        {
            return older.Count > 0 && older[0].LastSequence < sequence;
        }
    }

    /// <summary>Reads a content back; null where it is not as it was written.</summary>
    public static ByteString? Load(SpoolPlace place)
    {
        byte[] bytes = new byte[place.Length];
        using SafeFileHandle handle = File.OpenHandle(place.File, share: FileShare.ReadWrite | FileShare.Delete);
        int length = RandomAccess.Read(handle, bytes, place.Position);
        (SpoolRecord.Finding finding, SpoolRecord? record, _) = SpoolRecord.Read(bytes.AsSpan(0, length));
        return finding == SpoolRecord.Finding.Whole ? UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(place.Length - record!.ContentLength)) : null;
    }

    public void Dispose()
    {
        lock (gate)
        {
            newest?.Dispose();
        }
    }

    private void BeginFile()
    {
        number++;
        newestFile = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events-{number:D8}.log"));
        newest = DurableFolder.Create(newestFile);
        newestLength = 0;
        DurableFolder.FlushFolderOf(newestFile);
    }

    private (List<(SpoolRecord, SpoolPlace, bool)> Found, List<SpoolDamage> Unreadable, long TornBytes) Scan(string file, byte[] bytes)
    {
        var found = new List<(SpoolRecord, SpoolPlace, bool)>();
        var unreadable = new List<SpoolDamage>();
        int position = 0;
        while (position < bytes.Length)
        {
            (SpoolRecord.Finding finding, SpoolRecord? record, int length) = SpoolRecord.Read(bytes.AsSpan(position));
            if (finding == SpoolRecord.Finding.Torn)
            {
                return (found, unreadable, bytes.Length - position);
            }

            if (finding == SpoolRecord.Finding.Unreadable)
            {
                unreadable.Add(new SpoolDamage(Path.GetFileName(file), position, null, null, null));
                position = SpoolRecord.FindHeader(bytes, position + 1) ?? bytes.Length;
                continue;
            }

            found.Add((record!, new SpoolPlace(this, file, position, length), finding == SpoolRecord.Finding.Whole));
            position += length;
        }

        return (found, unreadable, 0);
    }
}
