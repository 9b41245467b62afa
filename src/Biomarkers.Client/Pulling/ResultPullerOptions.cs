using Biomarkers.V1;

namespace Biomarkers.Client.Pulling;

/// <summary>How a puller pulls.</summary>
public sealed record ResultPullerOptions
{
    /// <summary>Most versions of one pull, as the contract has it.</summary>
    public const int MostVersions = 1000;

    /// <summary>Longest wait of one pull, as the contract has it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>Subscription: <c>lims-1</c> or <c>subscriptions/lims-1</c>. Several pullers may share one; each version goes to one of them at a time.</summary>
    public required string Subscription { get; init; }

    /// <summary>What was taken and not acknowledged yet, on this machine's disk, for this subscription; null to know it in memory alone: a version that a killed process
    /// had taken is then handed over again.</summary>
    public TakenVersions? Taken { get; init; }

    /// <summary>Most versions of one pull, 1 to 1000; default 100. They are handed over one after the other, and their leases are kept meanwhile.</summary>
    public int MaximumVersions { get; init; } = 100;

    /// <summary>How long a pull waits for the first version, 0 to 20 s in whole seconds; default 20 s.</summary>
    public TimeSpan Wait { get; init; } = LongestWait;

    /// <summary>How long versions that were handed over wait for others to be acknowledged with them, 0 to 10 s; default 1 s. The last of a pull never wait.</summary>
    public TimeSpan AcknowledgeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait before the second attempt of a call that failed, more than 0; default 0.2 s. It doubles with every further attempt.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two attempts, at least <see cref="InitialBackoff"/>; default 30 s.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Seed of the jitter that keeps many pullers from coming back at once; default the process id.</summary>
    public int JitterSeed { get; init; } = Environment.ProcessId;

    /// <summary>How long to keep trying a call that fails before the puller stops; null, the default, for ever.</summary>
    public TimeSpan? GiveUpAfter { get; init; }

    /// <summary>How long a puller that ends may take to acknowledge what was handed over and to let go of the rest, 0 to 1 min; default 5 s. What it does not get done
    /// comes again.</summary>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Is given each new checkpoint of the audit log before the versions of its answer are handed over; null for nobody. Whoever keeps them can prove later what
    /// was there.</summary>
    public Func<Checkpoint, CancellationToken, Task>? Checkpoints { get; init; }

    /// <summary>Is told what a person may want to know; null for nobody. It must return at once, and may be called by two threads at a time.</summary>
    public IProgress<PullNotice>? Notices { get; init; }

    /// <summary>Resource name of the subscription.</summary>
    internal string SubscriptionName => NameOf(Subscription);

    internal static string NameOf(string subscription) => subscription.StartsWith("subscriptions/", StringComparison.Ordinal) ? subscription : $"subscriptions/{subscription}";

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(Subscription);
        if (Taken is { } taken && taken.Subscription != SubscriptionName)
        {
            throw new ArgumentException($"What was taken is of {taken.Subscription}; expected {SubscriptionName}.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumVersions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumVersions, MostVersions);
        ArgumentOutOfRangeException.ThrowIfLessThan(Wait, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Wait, LongestWait);
        ArgumentOutOfRangeException.ThrowIfNotEqual(Wait.Ticks % TimeSpan.TicksPerSecond, 0, nameof(Wait));
        ArgumentOutOfRangeException.ThrowIfLessThan(AcknowledgeInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AcknowledgeInterval, TimeSpan.FromSeconds(10));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(InitialBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumBackoff, InitialBackoff);
        ArgumentOutOfRangeException.ThrowIfLessThan(EndTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EndTimeout, TimeSpan.FromMinutes(1));
    }
}
