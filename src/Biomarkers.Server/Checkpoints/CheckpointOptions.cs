using System.Globalization;

namespace Biomarkers.Server.Checkpoints;

/// <summary>How often a server vouches for the ledger.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Audit events after which the next checkpoint is written at once; 1 to 1,000,000, default 1,000.</summary>
    public int EventInterval { get; init; } = 1000;

    /// <summary>Longest time until a change of the ledger or of a read stream is in a checkpoint; more than 0, default 60 s.</summary>
    public TimeSpan TimeInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two looks at the ledger; more than 0, default 1 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Everything that is wrong with these options; empty when they are right.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (EventInterval is < 1 or > 1_000_000)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"A checkpoint after {EventInterval} audit events is out of range; expected 1 to 1000000."));
        }

        if (TimeInterval <= TimeSpan.Zero || PollInterval <= TimeSpan.Zero)
        {
            faults.Add("A time of the checkpoints is 0 or less; expected more than 0.");
        }

        return faults;
    }
}
