namespace Biomarkers.Client.Spool;

/// <summary>All that a queue of events needs to go on in another process, beside what comes after it as <see cref="QueueNote"/>s.</summary>
internal sealed record QueueState
{
    /// <summary>Offset of the first waiting event; null before the first opening.</summary>
    public long? Head { get; init; }

    /// <summary>Generation of the database of the latest opening.</summary>
    public long Generation { get; init; }

    /// <summary>A next offset up to here may be that of an earlier generation.</summary>
    public long Doubtful { get; init; } = -1;

    /// <summary>Number of the latest opening under <see cref="Generation"/>; null when it is not known.</summary>
    public long? Epoch { get; init; }

    /// <summary>Openings that were tried since, and may have been counted by the server.</summary>
    public int OpeningCount { get; init; }

    /// <summary>What was said when another sender had opened the stream; null when none has.</summary>
    public string? FencedBy { get; init; }

    /// <summary>Since when the server is out of reach; null when it is not.</summary>
    public DateTimeOffset? WaitingSince { get; init; }

    /// <summary>Why; null when it is not.</summary>
    public string? LastFault { get; init; }

    /// <summary>Acknowledged events, oldest first.</summary>
    public IReadOnlyList<SenderEvent> Kept { get; init; } = [];

    /// <summary>Events without an acknowledgement by the newest database, in the order of their offsets.</summary>
    public IReadOnlyList<SenderEvent> Waiting { get; init; } = [];

    /// <summary>Greatest number of an event that was ever in the queue; 0 for none.</summary>
    public long LastSequence { get; init; }

    /// <summary>Events that could not be read any more when their turn came. They are told and not written down.</summary>
    public IReadOnlyList<SenderEvent> LeftOut { get; init; } = [];

    /// <summary>Names of acknowledged events that are not kept any more.</summary>
    public IReadOnlyList<(long CertainAbove, ForgottenEvent Name)> Names { get; init; } = [];

    /// <summary>Acknowledged events of which nothing but the number is left.</summary>
    public IReadOnlyList<(long First, long End, long Count)> Unnamed { get; init; } = [];
}

/// <summary>One change of a queue.</summary>
internal abstract record QueueNote
{
    private QueueNote()
    {
    }

    /// <summary>The stream is about to be opened.</summary>
    internal sealed record Opening : QueueNote;

    /// <summary>The stream is open, and nobody else had it open in between.</summary>
    /// <param name="Epoch">Number of the opening; null where the server names none.</param>
    internal sealed record Opened(long? Epoch) : QueueNote;

    /// <summary>Everything below an offset is durable.</summary>
    /// <param name="NextOffset">The offset.</param>
    /// <param name="Time">When it was learned.</param>
    /// <param name="Otherwise">What became of those that are not told.</param>
    /// <param name="Told">What became of the others, by offset.</param>
    internal sealed record Acknowledged(long NextOffset, DateTimeOffset Time, SendOutcomeKind Otherwise, IReadOnlyList<(long Offset, SendOutcomeKind Kind)> Told) : QueueNote;

    /// <summary>The server is out of reach, or is not any more.</summary>
    /// <param name="Since">Since when; null when it is not.</param>
    /// <param name="Fault">Why; null when it is not.</param>
    internal sealed record OutOfReach(DateTimeOffset? Since, string? Fault) : QueueNote;

    /// <summary>Another sender opened the stream.</summary>
    /// <param name="Text">What the server said.</param>
    internal sealed record Fenced(string Text) : QueueNote;
}

/// <summary>Where a queue writes down what it must not forget. It is called in the order of the changes.</summary>
internal interface IQueueJournal
{
    /// <summary>Writes down a change that may be lost with the power: the server then says it again.</summary>
    void Note(QueueNote note);

    /// <summary>Writes down a change that must not be lost; it is on the disk when this returns.</summary>
    void NoteDurably(QueueNote note);

    /// <summary>Acknowledged events were let go.</summary>
    void Shrunk();

    /// <summary>Writes down everything; it is on the disk when this returns.</summary>
    void Save(QueueState state);
}
