using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Ledger;

/// <summary>What was done to what is stored.</summary>
public enum TamperingKind
{
    /// <summary>It is there and is another one.</summary>
    Changed,

    /// <summary>It is gone, and what followed it is there.</summary>
    Deleted,

    /// <summary>It is there, and nothing vouches for it.</summary>
    Inserted,

    /// <summary>It is there in another place.</summary>
    Reordered,

    /// <summary>It is gone with all that followed it.</summary>
    Truncated,

    /// <summary>A checkpoint is not signed by a key that is trusted.</summary>
    BadSignature,

    /// <summary>Whole in itself, and not the history that a checkpoint vouches for.</summary>
    Forked,
}

/// <summary>One thing that is not as it was.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Target">What it was done to: a resource name, or <c>ledger</c>.</param>
/// <param name="Sequence">The first audit event that is wrong, or that vouches for what is; null where no event does.</param>
/// <param name="Text">What was found and what was expected, one sentence.</param>
public sealed record Tampering(TamperingKind Kind, string Target, long? Sequence, string Text)
{
    /// <summary>The target of what was done to the audit log itself.</summary>
    public const string Ledger = "ledger";

    /// <summary>The last event that may be the first wrong one, where a checkpoint alone tells; null where <see cref="Sequence"/> is exact.</summary>
    public long? LatestSequence { get; init; }

    /// <summary>Whether the ledger's head tells, behind its newest event. Default false.</summary>
    public bool IsAtHead { get; init; }

    /// <summary>The first wrong event of a read stream; null where it is none.</summary>
    public long? Offset { get; init; }

    /// <summary>The hash that was expected; null where nothing says it.</summary>
    public ContentHash? Expected { get; init; }

    /// <summary>The hash that was found; null where nothing is there.</summary>
    public ContentHash? Actual { get; init; }
}
