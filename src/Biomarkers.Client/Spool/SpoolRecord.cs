using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Biomarkers.Client.Spool;

/// <summary>What stands before the content of an event in a file of the spool.</summary>
/// <param name="Sequence">Number of the event, 1 and up.</param>
/// <param name="AcceptTime">When it was accepted.</param>
/// <param name="PlateBarcode">Plate that it names; null where it names none.</param>
/// <param name="ReadId">Reading that it is of; null where it names none.</param>
/// <param name="ContentLength">Bytes of its content.</param>
/// <param name="Sha256">Hash of its content, as it is sent along.</param>
internal sealed record SpoolRecord(long Sequence, DateTimeOffset AcceptTime, string? PlateBarcode, string? ReadId, int ContentLength, byte[] Sha256)
{
    /// <summary>Bytes of the header, before the names and the content.</summary>
    /// <remarks>Little-endian: 0 mark, 4 content length, 8 sequence, 16 accept time in microseconds of the Unix epoch, 24 and 26 lengths of the
    /// names (65535 for none), 28 check of the names, 32 SHA-256 of the content, 64 check of bytes 0 to 63. The header has its own check, so that damage
    /// to a content or a name leaves the next record to be found.</remarks>
    public const int HeaderLength = 80;

    private const int CheckedLength = 64;
    private const int MaximumNameBytes = 300;
    private const ushort NoName = ushort.MaxValue;

    private static readonly byte[] Mark = "BME1"u8.ToArray();

    /// <summary>What a place in a file turns out to be.</summary>
    public enum Finding
    {
        /// <summary>A record as it was written.</summary>
        Whole,

        /// <summary>A header as it was written, whose content is another one than was written.</summary>
        ContentDamaged,

        /// <summary>The beginning of a record that ends before its end: it was never accepted.</summary>
        Torn,

        /// <summary>No record.</summary>
        Unreadable,
    }

    /// <summary>Bytes of the whole record.</summary>
    public static int LengthOf(ReadOnlySpan<byte> header) =>
        HeaderLength + NameLength(header[24..]) + NameLength(header[26..]) + BinaryPrimitives.ReadInt32LittleEndian(header[4..]);

    /// <summary>The record as bytes, its content included.</summary>
    public byte[] Encode(ReadOnlySpan<byte> content)
    {
        byte[] plate = NameBytes(PlateBarcode);
        byte[] read = NameBytes(ReadId);
        byte[] bytes = new byte[HeaderLength + plate.Length + read.Length + content.Length];
        Span<byte> span = bytes;
        Mark.CopyTo(span);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], content.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(span[16..], MicrosecondsOf(AcceptTime));
        BinaryPrimitives.WriteUInt16LittleEndian(span[24..], PlateBarcode is null ? NoName : (ushort)plate.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(span[26..], ReadId is null ? NoName : (ushort)read.Length);
        plate.CopyTo(span[HeaderLength..]);
        read.CopyTo(span[(HeaderLength + plate.Length)..]);
        Checksum(span.Slice(HeaderLength, plate.Length + read.Length))[..4].CopyTo(span[28..]);
        Sha256.CopyTo(span[32..]);
        Checksum(span[..CheckedLength]).CopyTo(span[CheckedLength..]);
        content.CopyTo(span[(HeaderLength + plate.Length + read.Length)..]);
        return bytes;
    }

    /// <summary>Reads what stands at the beginning of these bytes, which go on to the end of the file.</summary>
    /// <returns>What it is; with its record and the record's whole length where the header is as it was written.</returns>
    public static (Finding Finding, SpoolRecord? Record, int Length) Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
        {
            return (Finding.Torn, null, 0);
        }

        if (!IsHeader(bytes))
        {
            return (Finding.Unreadable, null, 0);
        }

        int length = LengthOf(bytes);
        if (length > bytes.Length)
        {
            return (Finding.Torn, null, 0);
        }

        int plateLength = NameLength(bytes[24..]);
        int readLength = NameLength(bytes[26..]);
        ReadOnlySpan<byte> names = bytes.Slice(HeaderLength, plateLength + readLength);
        bool areNamesWhole = Checksum(names)[..4].SequenceEqual(bytes.Slice(28, 4));
        ReadOnlySpan<byte> content = bytes[(HeaderLength + names.Length)..length];
        var record = new SpoolRecord(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            TimeOf(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])),
            areNamesWhole ? NameOf(bytes[24..], names[..plateLength]) : null,
            areNamesWhole ? NameOf(bytes[26..], names[plateLength..]) : null,
            content.Length,
            bytes.Slice(32, SHA256.HashSizeInBytes).ToArray());
        bool isWhole = SHA256.HashData(content).AsSpan().SequenceEqual(record.Sha256);
        return (isWhole ? Finding.Whole : Finding.ContentDamaged, record, length);
    }

    /// <summary>Where the next header stands, from a place on; null when none does.</summary>
    public static int? FindHeader(ReadOnlySpan<byte> bytes, int from)
    {
        while (from < bytes.Length && bytes[from..].IndexOf(Mark) is >= 0 and var distance)
        {
            from += distance;
            if (bytes.Length - from >= HeaderLength && IsHeader(bytes[from..]))
            {
                return from;
            }

            from++;
        }

        return null;
    }

    /// <summary>16 bytes that change with any of these.</summary>
    public static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes).AsSpan(0, 16);

    public static long MicrosecondsOf(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset TimeOf(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private static bool IsHeader(ReadOnlySpan<byte> bytes) =>
        bytes[..4].SequenceEqual(Mark) && Checksum(bytes[..CheckedLength]).SequenceEqual(bytes[CheckedLength..HeaderLength]);

    private static int NameLength(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes) is var length && length == NoName ? 0 : length;

    private static string? NameOf(ReadOnlySpan<byte> length, ReadOnlySpan<byte> name) =>
        BinaryPrimitives.ReadUInt16LittleEndian(length) == NoName ? null : Encoding.UTF8.GetString(name);

    // The names are for people; the content has them whole.
    private static byte[] NameBytes(string? name)
    {
        byte[] bytes = name is null ? [] : Encoding.UTF8.GetBytes(name);
        return bytes.Length <= MaximumNameBytes ? bytes : bytes[..MaximumNameBytes];
    }
}
