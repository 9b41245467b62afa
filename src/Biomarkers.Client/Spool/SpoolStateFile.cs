using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Biomarkers.Client.Spool;

/// <summary>What the server acknowledged of a spool: one file with a whole state, and the changes since behind it. Not thread-safe.</summary>
/// <remarks>Each entry is its length, its bytes and their check. A file that can't be read is no loss: everything that the spool holds is then sent again,
/// and the server knows what it has.</remarks>
internal sealed class SpoolStateFile(string file) : IDisposable
{
    private const int LengthBytes = 4;
    private const int CheckBytes = 16;
    private const int Format = 1;

    /// <summary>Bytes of changes after which the whole state is written anew.</summary>
    private const long MaximumChangeBytes = 4 * 1024 * 1024;

    private SafeFileHandle? handle;
    private long length;
    private long stateLength;

    private enum Kind : byte
    {
        Opening = 1,
        Opened,
        Acknowledged,
        OutOfReach,
        Fenced,
    }

    /// <summary>Whether it is time to write the whole state anew.</summary>
    public bool IsLong => length - stateLength > MaximumChangeBytes + stateLength;

    /// <summary>Reads the state, as far as it is as it was written.</summary>
    /// <param name="contents">What the files of the events hold.</param>
    /// <returns>The state with its events, the changes since, and the greatest number of an event that was ever used; null where the file can't be read or is not there.</returns>
    public (QueueState State, IReadOnlyList<QueueNote> Notes, long LastSequence)? Read(SpoolSegments.Contents contents)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        List<byte[]> entries = [.. Entries(File.ReadAllBytes(file))];
        if (entries.Count == 0)
        {
            return null;
        }

        (QueueState state, long known) = DecodeState(entries[0], contents.Events.ToDictionary(item => item.Sequence));
        SenderEvent[] later = [.. contents.Events.Where(item => item.Sequence > known)];
        long last = Math.Max(known, contents.LastSequence);
        return (state with { Waiting = [.. state.Waiting, .. later], LastSequence = last }, [.. entries.Skip(1).Select(DecodeNote)], last);
    }

    /// <summary>Puts a whole state in the place of what was there; it is on the disk when this returns.</summary>
    public void Save(QueueState state)
    {
        byte[] entry = Entry(EncodeState(state));
        handle?.Dispose();
        handle = null;
        DurableFolder.Replace(file, entry);
        handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        stateLength = length = entry.Length;
    }

    /// <summary>Adds a change.</summary>
    public void Add(QueueNote note, bool isDurable)
    {
        byte[] entry = Entry(EncodeNote(note));
        RandomAccess.Write(handle!, entry, length);
        length += entry.Length;
        if (isDurable)
        {
            RandomAccess.FlushToDisk(handle!);
        }
    }

    public void Dispose() => handle?.Dispose();

    private static byte[] Entry(byte[] payload)
    {
        byte[] entry = new byte[LengthBytes + payload.Length + CheckBytes];
        BinaryPrimitives.WriteInt32LittleEndian(entry, payload.Length);
        payload.CopyTo(entry, LengthBytes);
        SpoolRecord.Checksum(payload).CopyTo(entry.AsSpan(LengthBytes + payload.Length));
        return entry;
    }

    // Up to the first that is not as it was written: what comes behind it is learned from the server again.
    private static IEnumerable<byte[]> Entries(byte[] bytes)
    {
        int position = 0;
        while (position + LengthBytes + CheckBytes <= bytes.Length)
        {
            int payloadLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position));
            if (payloadLength < 0 || payloadLength > bytes.Length - position - LengthBytes - CheckBytes)
            {
                yield break;
            }

            byte[] payload = bytes[(position + LengthBytes)..(position + LengthBytes + payloadLength)];
            position += LengthBytes + payloadLength + CheckBytes;
            if (!SpoolRecord.Checksum(payload).SequenceEqual(bytes.AsSpan(position - CheckBytes, CheckBytes)))
            {
                yield break;
            }

            yield return payload;
        }
    }

    private static byte[] EncodeState(QueueState state)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Format);
        writer.Write(state.LastSequence);
        Write(writer, state.Head);
        writer.Write(state.Generation);
        writer.Write(state.Doubtful);
        Write(writer, state.Epoch);
        writer.Write(state.OpeningCount);
        Write(writer, state.FencedBy);
        Write(writer, state.WaitingSince is { } since ? SpoolRecord.MicrosecondsOf(since) : null);
        Write(writer, state.LastFault);
        foreach (IReadOnlyList<SenderEvent> events in new[] { state.Kept, state.Waiting })
        {
            writer.Write(events.Count);
            foreach (SenderEvent item in events)
            {
                writer.Write(item.Sequence);
                Write(writer, item.CertainAbove);
                Write(writer, item.AcknowledgedOffset);
                Write(writer, item.AcknowledgedTime is { } acknowledged ? SpoolRecord.MicrosecondsOf(acknowledged) : null);
                writer.Write((byte)(item.Outcome.IsCompletedSuccessfully ? item.Outcome.Result.Kind : SendOutcomeKind.Recovered));
            }
        }

        writer.Write(state.Names.Count);
        foreach ((long certainAbove, ForgottenEvent name) in state.Names)
        {
            writer.Write(certainAbove);
            writer.Write(name.Offset);
            Write(writer, name.PlateBarcode);
            Write(writer, name.ReadId);
        }

        writer.Write(state.Unnamed.Count);
        foreach ((long first, long end, long count) in state.Unnamed)
        {
            writer.Write(first);
            writer.Write(end);
            writer.Write(count);
        }

        writer.Flush();
        return buffer.ToArray();
    }

    private static (QueueState State, long LastSequence) DecodeState(byte[] bytes, Dictionary<long, SenderEvent> found)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        int format = reader.ReadInt32();
        if (format != Format)
        {
            throw new EventSpoolException(EventSpoolFault.NoSpool, $"The spool's state has format {format}; expected {Format}. A newer version of this program wrote it.");
        }

        long lastSequence = reader.ReadInt64();
        var state = new QueueState
        {
            Head = ReadNumber(reader),
            Generation = reader.ReadInt64(),
            Doubtful = reader.ReadInt64(),
            Epoch = ReadNumber(reader),
            OpeningCount = reader.ReadInt32(),
            FencedBy = ReadText(reader),
            WaitingSince = ReadNumber(reader) is { } since ? SpoolRecord.TimeOf(since) : null,
            LastFault = ReadText(reader),
            Kept = ReadEvents(reader, found),
            Waiting = ReadEvents(reader, found),
        };
        return (state with
        {
            Names = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => (reader.ReadInt64(), new ForgottenEvent(reader.ReadInt64(), ReadText(reader), ReadText(reader))))],
            Unnamed = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()))],
        }, lastSequence);
    }

    private static List<SenderEvent> ReadEvents(BinaryReader reader, Dictionary<long, SenderEvent> found)
    {
        int count = reader.ReadInt32();
        var events = new List<SenderEvent>(count);
        for (int i = 0; i < count; i++)
        {
            long sequence = reader.ReadInt64();
            SenderEvent item = found.GetValueOrDefault(sequence) ?? SenderEvent.Unreadable(sequence);
            item.CertainAbove = ReadNumber(reader);
            item.AcknowledgedOffset = ReadNumber(reader);
            item.AcknowledgedTime = ReadNumber(reader) is { } acknowledged ? SpoolRecord.TimeOf(acknowledged) : null;
            var kind = (SendOutcomeKind)reader.ReadByte();
            if (item.AcknowledgedOffset is { } offset)
            {
                item.Settle(new SendOutcome(kind, offset, null));
            }

            events.Add(item);
        }

        return events;
    }

    private static byte[] EncodeNote(QueueNote note)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        switch (note)
        {
            case QueueNote.Opening:
                writer.Write((byte)Kind.Opening);
                break;
            case QueueNote.Opened opened:
                writer.Write((byte)Kind.Opened);
                Write(writer, opened.Epoch);
                break;
            case QueueNote.Acknowledged acknowledged:
                writer.Write((byte)Kind.Acknowledged);
                writer.Write(acknowledged.NextOffset);
                writer.Write(SpoolRecord.MicrosecondsOf(acknowledged.Time));
                writer.Write((byte)acknowledged.Otherwise);
                writer.Write(acknowledged.Told.Count);
                foreach ((long offset, SendOutcomeKind kind) in acknowledged.Told)
                {
                    writer.Write(offset);
                    writer.Write((byte)kind);
                }

                break;
            case QueueNote.OutOfReach away:
                writer.Write((byte)Kind.OutOfReach);
                Write(writer, away.Since is { } since ? SpoolRecord.MicrosecondsOf(since) : null);
                Write(writer, away.Fault);
                break;
            case QueueNote.Fenced fenced:
                writer.Write((byte)Kind.Fenced);
                Write(writer, fenced.Text);
                break;
            default:
                throw new InvalidOperationException($"A note of type {note.GetType().Name} has no form in the file.");
        }

        writer.Flush();
        return buffer.ToArray();
    }

    private static QueueNote DecodeNote(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var kind = (Kind)reader.ReadByte();
        return kind switch
        {
            Kind.Opening => new QueueNote.Opening(),
            Kind.Opened => new QueueNote.Opened(ReadNumber(reader)),
            Kind.Acknowledged => new QueueNote.Acknowledged(
                reader.ReadInt64(),
                SpoolRecord.TimeOf(reader.ReadInt64()),
                (SendOutcomeKind)reader.ReadByte(),
                [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => (reader.ReadInt64(), (SendOutcomeKind)reader.ReadByte()))]),
            Kind.OutOfReach => new QueueNote.OutOfReach(ReadNumber(reader) is { } since ? SpoolRecord.TimeOf(since) : null, ReadText(reader)),
            Kind.Fenced => new QueueNote.Fenced(ReadText(reader) ?? string.Empty),
            _ => throw new EventSpoolException(EventSpoolFault.NoSpool, $"The spool's state has an entry of kind {(byte)kind}, which this version does not know."),
        };
    }

    private static void Write(BinaryWriter writer, long? number)
    {
        writer.Write(number is not null);
        if (number is { } value)
        {
            writer.Write(value);
        }
    }

    private static void Write(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    private static long? ReadNumber(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadInt64() : null;

    private static string? ReadText(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;
}
