using System.Security.Cryptography;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Client;

/// <summary>One event of a sender: its bytes, where it stood, and what became of it.</summary>
internal sealed class SenderEvent
{
    private readonly TaskCompletionSource<SendOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SenderEvent(StreamEventContent content)
    {
        byte[] bytes = content.ToByteArray();
        Content = UnsafeByteOperations.UnsafeWrap(bytes);
        Sha256 = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(bytes));
        (PlateBarcode, ReadId) = content.ContentCase switch
        {
            StreamEventContent.ContentOneofCase.PlateRead => (content.PlateRead.PlateBarcode, content.PlateRead.ReadId),
            StreamEventContent.ContentOneofCase.PlateStarted => (content.PlateStarted.PlateBarcode, content.PlateStarted.ReadId),
            StreamEventContent.ContentOneofCase.WellsRead => (null, content.WellsRead.ReadId),
            StreamEventContent.ContentOneofCase.PlateCompleted => (null, content.PlateCompleted.ReadId),
            _ => (null, null),
        };
    }

    public ByteString Content { get; }

    public ByteString Sha256 { get; }

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

    /// <summary>Whether it was acknowledged once and waits for a restored database to acknowledge it again.</summary>
    public bool IsResent { get; set; }

    public Task<SendOutcome> Outcome => outcome.Task;

    /// <summary>Its place and its names, for a report.</summary>
    public ForgottenEvent Name => new(AcknowledgedOffset!.Value, PlateBarcode, ReadId);

    public void Settle(SendOutcome settled) => outcome.TrySetResult(settled);

    public void Fail(Exception exception)
    {
        outcome.TrySetException(exception);
        // The caller may have stopped waiting; the sender's own task carries the fault too.
        _ = outcome.Task.Exception;
    }
}
