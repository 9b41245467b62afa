using Biomarkers.Client.Spool;

namespace Biomarkers.Client;

/// <summary>How a sender sends.</summary>
public sealed record PlateReadSenderOptions
{
    /// <summary>Instrument, a name such as <c>reader-1</c>.</summary>
    public required string InstrumentId { get; init; }

    /// <summary>Stream, a name that the adapter keeps for its life. One sender at a time: a second one shuts out the first.</summary>
    public required string StreamId { get; init; }

    /// <summary>Name and version of the adapter, for the server's log; may be empty.</summary>
    public string ClientVersion { get; init; } = string.Empty;

    /// <summary>Where events are kept on disk, for this instrument and stream; null to keep them in memory. Its limits then hold in place of
    /// <see cref="MaximumUnacknowledged"/>, <see cref="MaximumKeptEvents"/>, <see cref="MaximumKeptBytes"/> and <see cref="KeepFor"/>.</summary>
    public EventSpool? Spool { get; init; }

    /// <summary>Whether to go on although another sender opened the stream since this one, or this spool, had it; default false: it stops as
    /// <see cref="SenderStopReason.Fenced"/>. Everything without an acknowledgement is then sent again behind the other's events. It shuts out the other.</summary>
    public bool TakeOver { get; init; }

    /// <summary>Most events that are kept until they are acknowledged, 1 to 10,000; default 64. A further send waits for room.</summary>
    public int MaximumUnacknowledged { get; init; } = 64;

    /// <summary>Most acknowledged events that are kept in case the server comes back with an older database, 0 (none) to 1,000,000; default 10,000.</summary>
    public int MaximumKeptEvents { get; init; } = 10_000;

    /// <summary>Most bytes of acknowledged events that are kept, 0 or more; default 64 MiB. They are kept in memory, and end with the sender.</summary>
    public long MaximumKeptBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long an acknowledged event is kept at most, more than 0; default seven days.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Longest wait before the second attempt to connect, more than 0; default 0.2 s. It doubles with every further attempt.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two attempts, at least <see cref="InitialBackoff"/>; default 30 s.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Seed of the jitter that keeps many senders from coming back at once; default the process id.</summary>
    public int JitterSeed { get; init; } = Environment.ProcessId;

    /// <summary>How long to keep trying without an acknowledgement before the sender stops; null, the default, for ever.</summary>
    public TimeSpan? GiveUpAfter { get; init; }

    /// <summary>How long the server may take to answer the opening; default 30 s.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause after which an idle stream says that it is alive; default 20 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Is told what became of each event, also of those that an earlier process put into the spool; null for nobody. It must return at once.</summary>
    public IProgress<SettledEvent>? Outcomes { get; init; }

    /// <summary>Is told every change of what the sender does; null for nobody. It must return at once.</summary>
    public IProgress<SenderState>? Progress { get; init; }

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(InstrumentId);
        ArgumentException.ThrowIfNullOrEmpty(StreamId);
        if (Spool is { } spool && (spool.InstrumentId != InstrumentId || spool.StreamId != StreamId))
        {
            throw new ArgumentException($"The spool '{spool.Folder}' is that of instrument '{spool.InstrumentId}', stream '{spool.StreamId}'; expected '{InstrumentId}', '{StreamId}'.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumUnacknowledged, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumUnacknowledged, 10_000);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumKeptEvents);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumKeptEvents, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumKeptBytes);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(KeepFor, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(InitialBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumBackoff, InitialBackoff);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(OpenTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HeartbeatInterval, TimeSpan.Zero);
    }
}
