namespace Biomarkers.Faults.Power;

/// <summary>How plates come while the disk is recorded, and where the power is cut.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="Burst">Events that each hands over at once; then it waits until all of them are acknowledged.</param>
/// <param name="Rounds">Bursts of each.</param>
/// <param name="IsAroundCheckpoints">Whether the power is cut where the log is moved into the database and begun anew; elsewhere it is cut anywhere.</param>
internal sealed record PowerPattern(string Name, int Senders, int Burst, int Rounds, bool IsAroundCheckpoints)
{
    /// <summary>Every pattern.</summary>
    public static IReadOnlyList<PowerPattern> All { get; } =
    [
        new("one plate per commit", Senders: 1, Burst: 1, Rounds: 40, IsAroundCheckpoints: false),
        new("group commit", Senders: 4, Burst: 8, Rounds: 4, IsAroundCheckpoints: false),
        new("checkpoints", Senders: 4, Burst: 8, Rounds: 8, IsAroundCheckpoints: true),
    ];
}

/// <summary>An event as its sender knows it.</summary>
/// <param name="Instrument">Its instrument.</param>
/// <param name="Offset">Its place on the stream.</param>
/// <param name="Sha256">Hash of the bytes that were sent.</param>
/// <param name="AcknowledgeTime">When its acknowledgement was here, in microseconds since 1970.</param>
internal sealed record TimedEvent(string Instrument, long Offset, byte[] Sha256, long AcknowledgeTime);
