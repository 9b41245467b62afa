using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Storage.Verification;

/// <summary>What a verification is to look at beside the database.</summary>
public sealed record VerificationRequest
{
    /// <summary>Checkpoints that were kept elsewhere; none by default.</summary>
    public IReadOnlyList<HeldCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>Keys whose signatures count; none by default.</summary>
    public IReadOnlyList<ECDsa> PublicKeys { get; init; } = [];

    /// <summary>Whether every run is computed again from its inputs. Default false.</summary>
    public bool Recomputes { get; init; }

    /// <summary>Most findings that are listed beside the first of each kind of content; 1 or more. Default 100.</summary>
    public int FindingLimit { get; init; } = 100;

    /// <summary>Is told the number of rows that were looked at so far; must return at once. Null by default.</summary>
    public IProgress<long>? Progress { get; init; }
}

/// <summary>Counts the rows that were looked at.</summary>
internal sealed class VerificationProgress(IProgress<long>? progress)
{
    private long count;

    /// <summary>Counts some more.</summary>
    public void Add(int rows)
    {
        count += rows;
        progress?.Report(count);
    }
}

/// <summary>What was verified, and what was found.</summary>
public sealed record VerificationReport
{
    /// <summary>Place of the newest audit event whose chain fits: the number of those that do, <see cref="PrecedingEventCount"/> included.</summary>
    public required long EventCount { get; init; }

    /// <summary>Audit events before the first that was there to be verified; 0 for a database.</summary>
    public long PrecedingEventCount { get; init; }

    /// <summary>Hash of the newest of them; null where there is none.</summary>
    public required ContentHash? NewestHash { get; init; }

    /// <summary>Time of the first of them.</summary>
    public required DateTimeOffset? FirstTime { get; init; }

    /// <summary>Time of the newest of them.</summary>
    public required DateTimeOffset? NewestTime { get; init; }

    /// <summary>The database's generation.</summary>
    public required long Generation { get; init; }

    /// <summary>Checkpoints that were held against the database and fit.</summary>
    public required int CheckpointCount { get; init; }

    /// <summary>The event up to which a fitting checkpoint vouches; 0 where none does. What came after it is proven by the chain alone, which whoever holds the
    /// database can make anew.</summary>
    public required long CheckpointedSequence { get; init; }

    /// <summary>Checkpoints of a history that a restored backup replaced; see <see cref="Restores"/>.</summary>
    public required int ReplacedCheckpointCount { get; init; }

    /// <summary>Checkpoints of events that were not there to be verified; 0 for a database.</summary>
    public int OutsideCheckpointCount { get; init; }

    /// <summary>Audit events of restored backups. What came between the backup and the restore is not in this database.</summary>
    public required IReadOnlyList<long> Restores { get; init; }

    /// <summary>Read streams.</summary>
    public required int StreamCount { get; init; }

    /// <summary>Their events.</summary>
    public required long StreamEventCount { get; init; }

    /// <summary>Those of them whose bytes were there; all of a database.</summary>
    public required long OriginalEventCount { get; init; }

    /// <summary>Runs.</summary>
    public required int RunCount { get; init; }

    /// <summary>Runs whose rows and read the chain vouches for; the others are of a time before it did, and are held against their own seals only.</summary>
    public required int CoveredRunCount { get; init; }

    /// <summary>Layouts, assays and decisions that the chain vouches for.</summary>
    public required int CoveredContentCount { get; init; }

    /// <summary>Layouts, assays and decisions of a time before it did.</summary>
    public required int UncoveredContentCount { get; init; }

    /// <summary>Runs that were computed again and came out the same, bit for bit.</summary>
    public required int RecomputedRunCount { get; init; }

    /// <summary>Runs that another version of the engine computed, which this program has not.</summary>
    public required int OtherEngineRunCount { get; init; }

    /// <summary>What is not as it was: of the ledger itself first, then of what it vouches for, each with the first event first; empty where everything is.</summary>
    public required IReadOnlyList<Tampering> Findings { get; init; }

    /// <summary>Whether everything is as it was, as far as can be seen.</summary>
    public bool IsIntact => Findings.Count == 0;

    /// <summary>Newest events that no checkpoint vouches for.</summary>
    public long UncheckpointedEventCount => EventCount - Math.Min(CheckpointedSequence, EventCount);
}

/// <summary>Nothing can be verified: something that is needed is missing or can't be read. The message is one sentence for whoever asked.</summary>
public sealed class VerificationException : Exception
{
    /// <summary>Makes the exception.</summary>
    public VerificationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public VerificationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public VerificationException()
    {
    }
}
