using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Client;

/// <summary>One event of a sender: its bytes, where it stood, and what became of it.</summary>
internal sealed class SenderEvent
{
    private readonly TaskCompletionSource<SendOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ByteString? held;
    private readonly SpoolPlace? place;

    /// <summary>An event that is held in memory.</summary>
    public SenderEvent(StreamEventContent content)
    {
        byte[] bytes = content.ToByteArray();
        held = UnsafeByteOperations.UnsafeWrap(bytes);
        StoredLength = bytes.Length;
        Sha256 = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(bytes));
        (PlateBarcode, ReadId) = NamesOf(content);
    }

    /// <summary>An event that is held in a file of a spool.</summary>
    /// <param name="record">What the file says of it.</param>
    /// <param name="place">Where; null where the content can't be read any more.</param>
    public SenderEvent(SpoolRecord record, SpoolPlace? place)
    {
        this.place = place;
        StoredLength = place?.Length ?? record.ContentLength;
        Sha256 = UnsafeByteOperations.UnsafeWrap(record.Sha256);
        (PlateBarcode, ReadId, Sequence, AcceptTime) = (record.PlateBarcode, record.ReadId, record.Sequence, record.AcceptTime);
        IsReadable = place is not null;
    }

    private SenderEvent(long sequence)
    {
        Sha256 = ByteString.Empty;
        Sequence = sequence;
        IsReadable = false;
    }

    /// <summary>An event of which nothing but the number is left.</summary>
    public static SenderEvent Unreadable(long sequence) => new(sequence);

    /// <summary>File of the spool; null without one.</summary>
    public string? File => place is null ? null : Path.GetFileName(place.File);

    /// <summary>Its place in the file, in bytes.</summary>
    public long Position => place?.Position ?? 0;

    /// <summary>Number in the spool, 1 and up; 0 without a spool.</summary>
    public long Sequence { get; }

    /// <summary>When the spool accepted it; null without a spool, and where it can't be read.</summary>
    public DateTimeOffset? AcceptTime { get; }

    /// <summary>Bytes that it takes where it is held.</summary>
    public int StoredLength { get; }

    public ByteString Sha256 { get; }

    /// <summary>Whether the content is there; an event without can't be sent any more.</summary>
    public bool IsReadable { get; private set; } = true;

    /// <summary>The content, which is the same bytes each time; false where it can't be read any more.</summary>
    public bool TryLoad([NotNullWhen(true)] out ByteString? content)
    {
        content = held ?? (place is null ? null : SpoolSegments.Load(place));
        IsReadable = content is not null;
        return IsReadable;
    }

    public static (string? PlateBarcode, string? ReadId) NamesOf(StreamEventContent content) => content.ContentCase switch
    {
        StreamEventContent.ContentOneofCase.PlateRead => (content.PlateRead.PlateBarcode, content.PlateRead.ReadId),
        StreamEventContent.ContentOneofCase.PlateStarted => (content.PlateStarted.PlateBarcode, content.PlateStarted.ReadId),
        StreamEventContent.ContentOneofCase.WellsRead => (null, content.WellsRead.ReadId),
        StreamEventContent.ContentOneofCase.PlateCompleted => (null, content.PlateCompleted.ReadId),
        _ => (null, null),
    };

    /// <summary>Plate that the event names; null where it names none.</summary>
    public string? PlateBarcode { get; }

    /// <summary>Reading that the event is of; null where it names none.</summary>
    public string? ReadId { get; }

    /// <summary>Where it was last acknowledged; null before its first acknowledgement.</summary>
    public long? AcknowledgedOffset { get; set; }

    /// <summary>A restored database whose next offset is greater has this event, whichever generation it was backed up from; null before the first acknowledgement.</summary>
    public long? CertainAbove { get; set; }

    /// <summary>When it was last acknowledged, by <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long AcknowledgedTimestamp { get; set; }

    /// <summary>When it was last acknowledged, by the clock on the wall, which goes on over restarts; null before.</summary>
    public DateTimeOffset? AcknowledgedTime { get; set; }

    /// <summary>Whether it was acknowledged once and waits for a restored database to acknowledge it again.</summary>
    public bool IsResent { get; set; }

    public Task<SendOutcome> Outcome => outcome.Task;

    /// <summary>Its place and its names, for a report.</summary>
    public ForgottenEvent Name => new(AcknowledgedOffset ?? -1, PlateBarcode, ReadId);

    public void Settle(SendOutcome settled) => outcome.TrySetResult(settled);

    public void Fail(Exception exception)
    {
        outcome.TrySetException(exception);
        // The caller may have stopped waiting; the sender's own task carries the fault too.
        _ = outcome.Task.Exception;
    }
}
