namespace Biomarkers.Client.Spool;

/// <summary>Whose events a spool keeps, and how many of them.</summary>
public sealed record EventSpoolOptions
{
    /// <summary>Instrument, a name such as <c>reader-1</c>; null for that of a spool that exists.</summary>
    public string? InstrumentId { get; init; }

    /// <summary>Stream; null for that of a spool that exists, and for a new spool a name that nobody had before. A spool that was lost is replaced by a
    /// new one with a new stream: the old stream's offsets are gone with it.</summary>
    public string? StreamId { get; init; }

    /// <summary>Most bytes of all events, 1 MiB to 1 TiB; default 1 GiB. Acknowledged events leave for new ones, the oldest first; when nothing but
    /// events without an acknowledgement is left, the spool is full. The disk holds up to a sixteenth more.</summary>
    public long MaximumBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Most events, 1 to 1,000,000; default 100,000. As <see cref="MaximumBytes"/>.</summary>
    public int MaximumEvents { get; init; } = 100_000;

    /// <summary>How long an acknowledged event is kept at most for a server that comes back with a restored database, more than 0; default seven days.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Bytes after which a new file is begun.</summary>
    internal long SegmentBytes => Math.Clamp(MaximumBytes / 16, 64 * 1024, 16 * 1024 * 1024);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumBytes, 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumBytes, 1024L * 1024 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumEvents, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumEvents, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(KeepFor, TimeSpan.Zero);
    }
}

/// <summary>Why a spool can't be used.</summary>
public enum EventSpoolFault
{
    /// <summary>Another process, or another part of this one, has it open.</summary>
    InUse,

    /// <summary>The folder holds no spool, or is that of another program.</summary>
    NoSpool,

    /// <summary>It belongs to another instrument or another stream.</summary>
    OtherStream,

    /// <summary>Its limit is reached by events that the server has not acknowledged: read no further plate until some are.</summary>
    Full,

    /// <summary>The disk refused: nothing more is accepted, and what was accepted before is kept.</summary>
    DiskFailed,
}

/// <summary>A spool can't be used; what it accepted before is kept.</summary>
public sealed class EventSpoolException : Exception
{
    /// <summary>Makes an exception without a message.</summary>
    public EventSpoolException()
    {
    }

    /// <summary>Makes an exception.</summary>
    public EventSpoolException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    public EventSpoolException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception with its reason.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">One sentence for a person.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public EventSpoolException(EventSpoolFault reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public EventSpoolFault Reason { get; } = EventSpoolFault.DiskFailed;
}

/// <summary>An event that is on this machine's disk.</summary>
/// <param name="Sequence">Its number in the spool, 1 and up, never used again.</param>
/// <param name="Outcome">What became of it at the server; it ends when a sender of the spool was told.</param>
public sealed record SpooledEvent(long Sequence, Task<SendOutcome> Outcome);

/// <summary>What became of an event of a spool, told also of those that an earlier process accepted.</summary>
/// <param name="Sequence">Its number in the spool.</param>
/// <param name="PlateBarcode">Plate that it names; null for a part of a reading, and where it can't be read.</param>
/// <param name="ReadId">Reading that it is of; null where it names none.</param>
/// <param name="Outcome">What became of it.</param>
public sealed record SettledEvent(long Sequence, string? PlateBarcode, string? ReadId, SendOutcome Outcome);

/// <summary>Bytes of a spool that are not those that were written. The events around them are sent; these can't be.</summary>
/// <param name="File">File of the spool.</param>
/// <param name="Position">Where in it, in bytes.</param>
/// <param name="Sequence">Number of the event; null where that can't be read.</param>
/// <param name="PlateBarcode">Plate of the event; null where it names none or can't be read.</param>
/// <param name="ReadId">Reading of the event; null likewise.</param>
public sealed record SpoolDamage(string File, long Position, long? Sequence, string? PlateBarcode, string? ReadId)
{
    /// <summary>One sentence for a person.</summary>
    public override string ToString()
    {
        string name = Sequence is { } sequence ? FormattableString.Invariant($"event {sequence}") : "one or more events, or the rest of one that was never accepted,";
        string plate = PlateBarcode is null ? "" : $", plate {PlateBarcode}";
        string read = ReadId is null ? "" : $", read {ReadId}";
        return FormattableString.Invariant($"{File}: {name}{plate}{read} can't be read at byte {Position}: the disk changed it. Send the plate again from its file.");
    }
}

/// <summary>What is in a spool.</summary>
/// <param name="InstrumentId">Whose events.</param>
/// <param name="StreamId">Stream that they are sent over.</param>
/// <param name="WaitingCount">Events that are not acknowledged, or that a restored database is sent again.</param>
/// <param name="WaitingBytes">Their bytes on the disk.</param>
/// <param name="OldestWaiting">When the oldest of them was accepted; null when none waits.</param>
/// <param name="KeptCount">Acknowledged events that could be sent again.</param>
/// <param name="KeptBytes">Their bytes on the disk.</param>
/// <param name="WaitingSince">Since when the server is out of reach; null when the last attempt succeeded or none was made.</param>
/// <param name="LastFault">Why the last attempt failed; null likewise.</param>
/// <param name="FencedBy">What the server said when another sender had opened the stream; null when none has. Such a spool is not sent until told
/// <see cref="PlateReadSenderOptions.TakeOver"/>.</param>
/// <param name="Damage">What can't be read; empty in a sound spool.</param>
public sealed record SpoolStatus(
    string InstrumentId,
    string StreamId,
    int WaitingCount,
    long WaitingBytes,
    DateTimeOffset? OldestWaiting,
    int KeptCount,
    long KeptBytes,
    DateTimeOffset? WaitingSince,
    string? LastFault,
    string? FencedBy,
    IReadOnlyList<SpoolDamage> Damage);
