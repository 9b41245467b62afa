namespace Biomarkers.Pipeline;

/// <summary>Every limit of the pipeline in one place; checked at the start.</summary>
public sealed record PipelineLimits
{
    /// <summary>Analysis workers; 1 to 64, default the number of processors.</summary>
    public int AnalysisWorkerCount { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 64);

    /// <summary>Plates that wait for a worker in memory before a stream stops being read; 1 to 10,000, default 256.</summary>
    public int WorkQueueLength { get; init; } = 256;

    /// <summary>Writes that wait for the store writer; 1 to 10,000, default 256.</summary>
    public int WriteQueueLength { get; init; } = 256;

    /// <summary>Most writes of one transaction; 1 to 1,000, default 32.</summary>
    public int WritesPerTransaction { get; init; } = 32;

    /// <summary>Runs of one worker that are on their way to the disk; 1 to 1,000, default 16.</summary>
    public int SavesInFlight { get; init; } = 16;

    /// <summary>Attempts at one plate before it is parked and shown; 1 to 100, default 5.</summary>
    public int AnalysisAttempts { get; init; } = 5;

    /// <summary>Attempts at one write while other servers are faster; 1 to 100, default 10.</summary>
    public int ConflictAttempts { get; init; } = 10;

    /// <summary>Signs of life that a server may leave out, as another one sees it, before that one takes over its work; 2 to 100, default 10.</summary>
    public int MissedBeats { get; init; } = 10;

    /// <summary>Unfinished plates that are taken over at a time; 1 to 10,000, default 32: what is beyond them another server may take.</summary>
    public int RecoveryPageSize { get; init; } = 32;

    /// <summary>Parts of one plate that are kept before it must be completed; 1 to 100,000, default 1,536 (a well at a time of the largest plate).</summary>
    public int PartsPerRead { get; init; } = 1536;

    /// <summary>How long after its last reading a plate with results may be read again; later, a read of its barcode is held. More than 0, default 7 days: as
    /// long as senders keep what they could not send.</summary>
    public TimeSpan RereadWindow { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Reads of one plate that are used without a question; 1 to 10,000, default 100. A further one is held.</summary>
    public int ReadsPerPlate { get; init; } = 100;

    /// <summary>Bytes of the parts of one reading, as they are stored; 1 MiB to 1 GiB, default 16 MiB.</summary>
    public int PartBytesPerRead { get; init; } = 16 * 1024 * 1024;

    /// <summary>Most time between the measurement and the reference of one plate, by the instruments' clocks, where they are read apart; more than 0, default
    /// 30 minutes.</summary>
    public TimeSpan WavelengthWindow { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Difference of a sender's clock from the server's from which on it is an audit event; more than 0, default 60 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Difference between the server's own clock and the time that went by from which on it is an audit event; more than 0, default 5 s: NTP corrects less
    /// than that by slowing the clock.</summary>
    public TimeSpan ClockJump { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two looks at the server's clock where nothing is written; every transaction looks, too. More than 0, default 10 s.</summary>
    public TimeSpan ClockInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before a write is tried again whose fault passes by itself, such as a full disk; more than 0, default 1 s.</summary>
    public TimeSpan TransientRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two signs of life of a server that shares its store; more than 0, default 1 s.</summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Wait before more is taken over while there may be more; more than 0, default 0.05 s.</summary>
    public TimeSpan TakeOverPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Wait before work is taken up again that was given up for older work of its plate; more than 0, default 0.2 s.</summary>
    public TimeSpan OlderWorkDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Everything that is wrong with these limits; empty when they are right.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        Check(nameof(AnalysisWorkerCount), AnalysisWorkerCount, 1, 64, faults);
        Check(nameof(WorkQueueLength), WorkQueueLength, 1, 10_000, faults);
        Check(nameof(WriteQueueLength), WriteQueueLength, 1, 10_000, faults);
        Check(nameof(WritesPerTransaction), WritesPerTransaction, 1, 1_000, faults);
        Check(nameof(SavesInFlight), SavesInFlight, 1, 1_000, faults);
        Check(nameof(AnalysisAttempts), AnalysisAttempts, 1, 100, faults);
        Check(nameof(RecoveryPageSize), RecoveryPageSize, 1, 10_000, faults);
        Check(nameof(PartsPerRead), PartsPerRead, 1, 100_000, faults);
        Check(nameof(ReadsPerPlate), ReadsPerPlate, 1, 10_000, faults);
        Check(nameof(PartBytesPerRead), PartBytesPerRead, 1024 * 1024, 1024 * 1024 * 1024, faults);
        Check(nameof(ConflictAttempts), ConflictAttempts, 1, 100, faults);
        Check(nameof(MissedBeats), MissedBeats, 2, 100, faults);
        Check(nameof(RereadWindow), RereadWindow, faults);
        Check(nameof(WavelengthWindow), WavelengthWindow, faults);
        Check(nameof(ClockSkew), ClockSkew, faults);
        Check(nameof(ClockJump), ClockJump, faults);
        Check(nameof(ClockInterval), ClockInterval, faults);
        Check(nameof(TransientRetryDelay), TransientRetryDelay, faults);
        Check(nameof(BeatInterval), BeatInterval, faults);
        Check(nameof(TakeOverPause), TakeOverPause, faults);
        Check(nameof(OlderWorkDelay), OlderWorkDelay, faults);
        return faults;
    }

    private static void Check(string name, TimeSpan value, List<string> faults)
    {
        if (value <= TimeSpan.Zero)
        {
            faults.Add($"{name} is {value}; expected more than 0.");
        }
    }

    private static void Check(string name, int value, int minimum, int maximum, List<string> faults)
    {
        if (value < minimum || value > maximum)
        {
            faults.Add($"{name} is {value}; expected {minimum} to {maximum}.");
        }
    }
}
