using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Biomarkers.Immunoassay;

namespace Biomarkers.Results;

/// <summary>One change of state: who, when, what, why.</summary>
/// <param name="Time">When the server decided it.</param>
/// <param name="Actor">Who: an identity of the access rules, such as <c>instruments/reader-1</c>, or <c>server</c>.</param>
/// <param name="Action">What, UPPER_SNAKE_CASE, such as <c>LAYOUT_SUBMITTED</c>; see <see cref="AuditActions"/>.</param>
/// <param name="Target">Resource name of what was changed.</param>
/// <param name="Reason">Why; null where the action explains itself.</param>
/// <param name="Detail">What it was and what it is, as a short text or JSON, and at its end the hashes of what it vouches for (<see cref="Ledger.CoveredContent"/>); null when the
/// target says it all.</param>
public sealed record AuditEvent(DateTimeOffset Time, string Actor, string Action, string Target, string? Reason, string? Detail);

/// <summary>The actions that are recorded.</summary>
public static class AuditActions
{
    /// <summary>A read stream was opened; its epoch rose and an older connection is fenced.</summary>
    public const string StreamOpened = "STREAM_OPENED";

    /// <summary>A layout was given to a plate.</summary>
    public const string LayoutSubmitted = "LAYOUT_SUBMITTED";

    /// <summary>A run was saved with its results.</summary>
    public const string RunSaved = "RUN_SAVED";

    /// <summary>The results of an earlier run are the newest again, because the layout that they rest on is.</summary>
    public const string RunReinstated = "RUN_REINSTATED";

    /// <summary>A run was sealed anew, because further versions of its results were added by the events beside this one.</summary>
    public const string RunSealed = "RUN_SEALED";

    /// <summary>A sender's clock differs from the server's by more than the limit.</summary>
    public const string ClockSkewed = "CLOCK_SKEWED";

    /// <summary>The clock of a server differs from the time that went by, or at its start from the newest audit event, by more than the limit. The detail says from
    /// which to which time it went; this event and those after it have the new one.</summary>
    public const string ClockJump = "CLOCK_JUMP";

    /// <summary>A person decided what becomes of a read that was held.</summary>
    public const string HeldPlateResolved = "HELD_PLATE_RESOLVED";

    /// <summary>A person had a refused event used, as it was sent or repaired.</summary>
    public const string QuarantinedEventReplayed = "QUARANTINED_EVENT_REPLAYED";

    /// <summary>A person decided that a refused event is never used.</summary>
    public const string QuarantinedEventDismissed = "QUARANTINED_EVENT_DISMISSED";

    /// <summary>A measurement and a reference that came apart were joined to one read.</summary>
    public const string ReadsJoined = "READS_JOINED";

    /// <summary>A person had a reading in parts used, or given up, without waiting for its rest.</summary>
    public const string PendingReadClosed = "PENDING_READ_CLOSED";

    /// <summary>A plate read came without a stream.</summary>
    public const string ReadSubmitted = "READ_SUBMITTED";

    /// <summary>A plate could not be analysed after all attempts.</summary>
    public const string WorkParked = "WORK_PARKED";

    /// <summary>A server stood still; another one took over what it held.</summary>
    public const string HolderEnded = "HOLDER_ENDED";

    /// <summary>A version of an assay was created.</summary>
    public const string AssayCreated = "ASSAY_CREATED";

    /// <summary>A backup took the place of the database; what came after the backup is in the database that was put aside, and in what clients send again.</summary>
    public const string DatabaseRestored = "DATABASE_RESTORED";

    /// <summary>What is stored of the target is not what was stored; it is no longer served. The detail says what was found.</summary>
    public const string StoredDataDamaged = "STORED_DATA_DAMAGED";

    /// <summary>An instrument may send from here on, or has another display name.</summary>
    public const string InstrumentEnrolled = "INSTRUMENT_ENROLLED";

    /// <summary>An instrument may no longer send.</summary>
    public const string InstrumentRetired = "INSTRUMENT_RETIRED";

    /// <summary>A certificate of an instrument is refused for ever.</summary>
    public const string CertificateRevoked = "CERTIFICATE_REVOKED";

    /// <summary>A key was made.</summary>
    public const string KeyCreated = "KEY_CREATED";

    /// <summary>A key was made that takes over from another one.</summary>
    public const string KeyRotated = "KEY_ROTATED";

    /// <summary>A key was revoked.</summary>
    public const string KeyRevoked = "KEY_REVOKED";

    /// <summary>A version of a result left the laboratory for the first time; the detail has the hash of the version.</summary>
    public const string ResultReleased = "RESULT_RELEASED";

    /// <summary>A version of a result was computed whose assay asks for automatic release, and waits for a reviewer; the detail says what stands against it.</summary>
    public const string ReleaseWithheld = "RELEASE_WITHHELD";

    /// <summary>A version of a result took the place of the one that had left.</summary>
    public const string ResultCorrected = "RESULT_CORRECTED";

    /// <summary>The version of a result that had left was taken back.</summary>
    public const string ResultWithdrawn = "RESULT_WITHDRAWN";

    /// <summary>A hold was placed on a result.</summary>
    public const string ResultHeld = "RESULT_HELD";

    /// <summary>A hold of a result was lifted.</summary>
    public const string ResultHoldLifted = "RESULT_HOLD_LIFTED";

    /// <summary>A result was linked as the repeat of one on another plate.</summary>
    public const string RepeatLinked = "REPEAT_LINKED";

    /// <summary>A link of a repeat was removed.</summary>
    public const string RepeatUnlinked = "REPEAT_UNLINKED";

    /// <summary>A version of a result was signed.</summary>
    public const string ResultSigned = "RESULT_SIGNED";

    /// <summary>The PIN of a key was set; nobody can read it.</summary>
    public const string SigningPinSet = "SIGNING_PIN_SET";

    /// <summary>A subscription to released results was made.</summary>
    public const string SubscriptionCreated = "SUBSCRIPTION_CREATED";

    /// <summary>A subscription was deleted.</summary>
    public const string SubscriptionDeleted = "SUBSCRIPTION_DELETED";

    /// <summary>A subscription was set back; what was acknowledged after that place comes again.</summary>
    public const string SubscriptionSought = "SUBSCRIPTION_SOUGHT";

    /// <summary>A released version was delivered too often without an acknowledgement.</summary>
    public const string DeliveryParked = "DELIVERY_PARKED";

    /// <summary>Calls of one identity to one method were refused; the detail counts them.</summary>
    public const string AccessDenied = "ACCESS_DENIED";
}

/// <summary>The hash chain over all audit events: each hash covers the one before it, so that no event can be changed, dropped or
/// moved without every later hash telling.</summary>
public static class AuditChain
{
    /// <summary>Hash of an event at its place: SHA-256 over the previous hash, the sequence, the time and every text with its length.</summary>
    /// <param name="previous">Hash of the event before it; <c>default</c> for the first.</param>
    /// <param name="sequence">Its place, 1 for the first.</param>
    /// <param name="audit">The event.</param>
    public static ContentHash HashOf(ContentHash previous, long sequence, AuditEvent audit)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        bytes.Write(previous.ToBytes());
        WriteNumber(bytes, sequence);
        WriteNumber(bytes, Instant.ToMicroseconds(audit.Time));
        WriteText(bytes, audit.Actor);
        WriteText(bytes, audit.Action);
        WriteText(bytes, audit.Target);
        WriteText(bytes, audit.Reason);
        WriteText(bytes, audit.Detail);
        return ContentHash.Of(bytes.WrittenSpan);
    }

    // An absent text is told apart from an empty one.
    private static void WriteText(ArrayBufferWriter<byte> bytes, string? text)
    {
        WriteNumber(bytes, text is null ? -1 : Encoding.UTF8.GetByteCount(text));
        if (text is not null)
        {
            Encoding.UTF8.GetBytes(text, bytes);
        }
    }

    private static void WriteNumber(ArrayBufferWriter<byte> bytes, long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(sizeof(long)), number);
        bytes.Advance(sizeof(long));
    }
}
