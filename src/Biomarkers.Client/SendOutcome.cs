namespace Biomarkers.Client;

/// <summary>What became of an event that is durable.</summary>
public enum SendOutcomeKind
{
    /// <summary>Stored, and its content is used.</summary>
    Stored,

    /// <summary>The server had it already: the event byte for byte, or its plate read, which was sent under another offset before. Nothing changed.</summary>
    Duplicate,

    /// <summary>Stored as bytes, and its content can't be used: <see cref="SendOutcome.Fault"/> says why.</summary>
    Quarantined,

    /// <summary>Stored; whether its content can be used was told in an acknowledgement that was lost with its connection. Quarantined events
    /// can be listed.</summary>
    Recovered,

    /// <summary>Stored, and not used until a person decides: <see cref="SendOutcome.Fault"/> says why.</summary>
    Held,
}

/// <summary>What became of an event. It is on the server's disk in every case.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Offset">Its place in the stream.</param>
/// <param name="Fault">Why it is quarantined or held, with every fault of its content; null otherwise.</param>
public sealed record SendOutcome(SendOutcomeKind Kind, long Offset, RpcFault? Fault);

/// <summary>Why a sender stopped for good.</summary>
public enum SenderStopReason
{
    /// <summary>Another sender opened the stream; only one may send. <see cref="PlateReadSenderOptions.TakeOver"/> lets this one go on.</summary>
    Fenced,

    /// <summary>The server refuses: no right, a broken request, an offset with other content.</summary>
    Refused,

    /// <summary>The server no longer has events that it acknowledged and says that its database is the same: it was replaced by an older one without
    /// <c>biomarkers-server restore</c>. After a restore a sender goes on, see <see cref="DatabaseRestoration"/>.</summary>
    EventsForgotten,

    /// <summary>The server stayed out of reach for longer than <see cref="PlateReadSenderOptions.GiveUpAfter"/>.</summary>
    OutOfReach,

    /// <summary>The sender was disposed of before everything was acknowledged.</summary>
    Disposed,

    /// <summary>The disk of the spool refused. What the spool accepted is kept.</summary>
    SpoolFailed,
}

/// <summary>A sender stopped for good; what was not acknowledged may or may not be stored, and is safe to send again.</summary>
public sealed class PlateReadSenderException : Exception
{
    /// <summary>Makes an exception without a message.</summary>
    public PlateReadSenderException()
    {
    }

    /// <summary>Makes an exception.</summary>
    public PlateReadSenderException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    public PlateReadSenderException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception with its reason.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">One sentence for a person.</param>
    /// <param name="fault">What the server said; null when it said nothing.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public PlateReadSenderException(SenderStopReason reason, string message, RpcFault? fault, Exception? innerException)
        : base(message, innerException)
    {
        Reason = reason;
        Fault = fault;
    }

    /// <summary>Why the sender stopped.</summary>
    public SenderStopReason Reason { get; } = SenderStopReason.Refused;

    /// <summary>What the server said; null when it said nothing.</summary>
    public RpcFault? Fault { get; }
}

/// <summary>What a sender does.</summary>
public enum SenderActivity
{
    /// <summary>Opens its stream.</summary>
    Connecting,

    /// <summary>The stream is open.</summary>
    Open,

    /// <summary>The server came back with a restored database. Told when the stream opens, when an event that was sent again is refused, and when
    /// everything that was sent again is acknowledged.</summary>
    Restored,

    /// <summary>Waits before it connects again.</summary>
    WaitingToReconnect,

    /// <summary>Everything is acknowledged and the stream is closed.</summary>
    Completed,

    /// <summary>It stopped for good.</summary>
    Stopped,
}

/// <summary>A change of what a sender does.</summary>
/// <param name="Activity">What it does now.</param>
/// <param name="UnacknowledgedCount">Events that are not acknowledged, or that wait for a restored database to acknowledge them again.</param>
/// <param name="Attempt">Attempts since something was last acknowledged; 0 while all is well.</param>
/// <param name="RetryDelay">How long it waits; null unless it waits.</param>
/// <param name="Text">Why it waits or stopped, or what a restored database lacks; null otherwise.</param>
/// <param name="Restoration">What a restored database lacks; null unless that is told.</param>
/// <param name="Spool">What the spool holds; null without one.</param>
public sealed record SenderState(
    SenderActivity Activity, int UnacknowledgedCount, int Attempt, TimeSpan? RetryDelay, string? Text, DatabaseRestoration? Restoration = null, Spool.SpoolStatus? Spool = null);
