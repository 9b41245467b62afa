using System.Security.Cryptography;
using System.Text.Json;

namespace Biomarkers.Client.Spool;

/// <summary>The folder of a spool: whose it is, who has it open, and what its files amount to.</summary>
internal sealed class SpoolFolder
{
    private const int Format = 1;
    private const int LookAttempts = 3;
    private const int NewStreamBytes = 8;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private SpoolFolder(string path) => Path = path;

    public string Path { get; }

    public string StateFile => System.IO.Path.Combine(Path, "state.log");

    private string IdentityFile => System.IO.Path.Combine(Path, "spool.json");

    /// <summary>Whose it is.</summary>
    private sealed record Identity(int Format, string InstrumentId, string StreamId);

    /// <summary>What the files amount to.</summary>
    internal sealed record Found(SpoolSegments.Contents Contents, UnacknowledgedEvents Queue, IReadOnlyList<SpoolDamage> Damage, long LastSequence);

    /// <summary>The folder, made where it is not there, for its owner alone.</summary>
    public static SpoolFolder Make(string folder)
    {
        string path = System.IO.Path.GetFullPath(folder);
        if (!Directory.Exists(path))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            DurableFolder.FlushFolderOf(path);
        }

        return new SpoolFolder(path);
    }

    /// <summary>Takes the spool for this process; the system gives it back when the process ends in any way.</summary>
    /// <exception cref="EventSpoolException">Another process has it.</exception>
    public FileStream Lock()
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new EventSpoolException(
                EventSpoolFault.InUse, $"The spool '{Path}' can't be locked: another process has it open, or the disk refuses. Expected one process at a time. {exception.Message}", exception);
        }
    }

    /// <summary>Whose spool it is: as written when it was made, else as the options say.</summary>
    /// <exception cref="EventSpoolException">The options name another instrument or stream, or no instrument for a new spool.</exception>
    public (string InstrumentId, string StreamId) Identify(EventSpoolOptions options)
    {
        if (!File.Exists(IdentityFile))
        {
            if (options.InstrumentId is null)
            {
                throw new EventSpoolException(EventSpoolFault.NoSpool, $"'{Path}' holds no spool; name the instrument to make one.");
            }

            if (Directory.EnumerateFiles(Path, SpoolSegments.Pattern).Any() && options.StreamId is null)
            {
                throw new EventSpoolException(
                    EventSpoolFault.NoSpool, $"'{Path}' holds events and no 'spool.json' that says whose they are; name the instrument and the stream to go on with them.");
            }

            // Nobody had this name before, and nobody needs to be asked.
            string stream = options.StreamId ?? $"spool-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NewStreamBytes))}";
            DurableFolder.Replace(IdentityFile, JsonSerializer.SerializeToUtf8Bytes(new Identity(Format, options.InstrumentId, stream), Json));
            return (options.InstrumentId, stream);
        }

        Identity identity = ReadIdentity();
        Compare("instrument", identity.InstrumentId, options.InstrumentId);
        Compare("stream", identity.StreamId, options.StreamId);
        return (identity.InstrumentId, identity.StreamId);
    }

    /// <summary>Looks and changes nothing.</summary>
    public static SpoolStatus Look(string folder, TimeProvider time)
    {
        var place = new SpoolFolder(System.IO.Path.GetFullPath(folder));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (!File.Exists(place.IdentityFile))
                {
                    throw new EventSpoolException(EventSpoolFault.NoSpool, $"'{place.Path}' holds no spool.");
                }

                Identity identity = place.ReadIdentity();
                using var segments = new SpoolSegments(place.Path, segmentBytes: 0);
                using var state = new SpoolStateFile(place.StateFile);
                Found found = Read(identity.InstrumentId, identity.StreamId, segments, state, time);
                return StatusOf(identity.InstrumentId, identity.StreamId, found.Queue, found.Damage);
            }
            catch (FileNotFoundException) when (attempt < LookAttempts)
            {
                // The process that uses it deleted a file between the list and the look.
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new EventSpoolException(EventSpoolFault.DiskFailed, $"Unable to read the spool '{place.Path}': {exception.Message}", exception);
            }
        }
    }

    /// <summary>Reads everything and changes nothing.</summary>
    public static Found Read(string instrument, string stream, SpoolSegments segments, SpoolStateFile stateFile, TimeProvider time)
    {
        SpoolSegments.Contents contents = segments.Read();
        (QueueState State, IReadOnlyList<QueueNote> Notes, long LastSequence)? written = stateFile.Read(contents);
        QueueState state = written?.State ?? new QueueState { Waiting = contents.Events, LastSequence = contents.LastSequence };
        // The spool's own limits follow when it is open.
        var limits = new PlateReadSenderOptions { InstrumentId = instrument, StreamId = stream, MaximumKeptEvents = int.MaxValue, MaximumKeptBytes = long.MaxValue };
        var queue = new UnacknowledgedEvents(limits, time, state);
        foreach (QueueNote note in written?.Notes ?? [])
        {
            if (!queue.Replay(note))
            {
                // What is written behind a change that does not fit says nothing; the server says it again.
                break;
            }
        }

        return new Found(contents, queue, DamageOf(contents, queue), Math.Max(contents.LastSequence, written?.LastSequence ?? 0));
    }

    /// <summary>What a queue holds, for people.</summary>
    public static SpoolStatus StatusOf(string instrument, string stream, UnacknowledgedEvents queue, IReadOnlyList<SpoolDamage> damage)
    {
        QueueState state = queue.Export();
        SenderEvent[] waiting = [.. state.Waiting.Where(item => item.IsReadable)];
        HashSet<long> known = [.. damage.Select(item => item.Sequence).OfType<long>()];
        IEnumerable<SpoolDamage> since = state.LeftOut
            .Where(item => !known.Contains(item.Sequence))
            .Select(item => new SpoolDamage(item.File ?? "events", item.Position, item.Sequence, item.PlateBarcode, item.ReadId));
        return new SpoolStatus(
            instrument,
            stream,
            waiting.Length,
            waiting.Sum(item => (long)item.StoredLength),
            waiting.Select(item => item.AcceptTime).Min(),
            state.Kept.Count,
            state.Kept.Sum(item => (long)item.StoredLength),
            state.WaitingSince,
            state.LastFault,
            state.FencedBy,
            [.. damage, .. since]);
    }

    // Of what is still needed: an event that has left the spool, or was told and left out, is no news.
    private static List<SpoolDamage> DamageOf(SpoolSegments.Contents contents, UnacknowledgedEvents queue)
    {
        QueueState state = queue.Export();
        SenderEvent[] unreadable = [.. state.Kept.Concat(state.Waiting).Where(item => !item.IsReadable)];
        HashSet<long> needed = [.. unreadable.Select(item => item.Sequence)];
        HashSet<long> told = [.. contents.Damage.Select(item => item.Sequence).OfType<long>()];
        return
        [
            .. contents.Damage.Where(item => item.Sequence is not { } sequence || needed.Contains(sequence)),
            .. unreadable.Where(item => !told.Contains(item.Sequence)).Select(item => new SpoolDamage("events", 0, item.Sequence, item.PlateBarcode, item.ReadId)),
        ];
    }

    private Identity ReadIdentity()
    {
        try
        {
            if (JsonSerializer.Deserialize<Identity>(File.ReadAllBytes(IdentityFile), Json) is { Format: Format, InstrumentId.Length: > 0, StreamId.Length: > 0 } identity)
            {
                return identity;
            }
        }
        catch (JsonException exception)
        {
            throw new EventSpoolException(EventSpoolFault.NoSpool, $"'{IdentityFile}' is not that of a spool: {exception.Message}", exception);
        }

        throw new EventSpoolException(EventSpoolFault.NoSpool, $"'{IdentityFile}' is not that of a spool of this version; expected format {Format} with an instrument and a stream.");
    }

    private void Compare(string what, string written, string? asked)
    {
        if (asked is not null && asked != written)
        {
            throw new EventSpoolException(EventSpoolFault.OtherStream, $"The spool '{Path}' is that of {what} '{written}'; expected '{asked}'. Name another folder.");
        }
    }
}
