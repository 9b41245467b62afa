using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Storage.Verification;

/// <summary>A part of a ledger and of read streams that stands for itself: what is known of the rest, and which events say something of the rows that are there.</summary>
internal sealed record LedgerCut
{
    /// <summary>Audit events before the first that is there, 0 or more.</summary>
    public required long SequenceBefore { get; init; }

    /// <summary>Hash of the last of them; <c>default</c> where there is none.</summary>
    public required ContentHash HashBefore { get; init; }

    /// <summary>Read streams that are there, by key.</summary>
    public required IReadOnlyDictionary<long, StreamCut> Streams { get; init; }

    /// <summary>Whether an event vouches for rows of this part; the others are followed and not looked for. Asked once of each that fits, in their order.</summary>
    public required Func<StoredAuditEvent, bool> Concerns { get; init; }

    /// <summary>The checkpoint that came with the part, which must reach as far as that says; null where none did. Others may be of before or after it.</summary>
    public Checkpoint? Own { get; init; }
}

/// <summary>The part of a read stream that is there: its events from one on, up to its head. An event without its bytes is followed by its hash.</summary>
/// <param name="Offset">The first event that is there.</param>
/// <param name="Chain">Hash over all events before it.</param>
/// <param name="Originals">Events that are there with their bytes.</param>
internal sealed record StreamCut(long Offset, ContentHash Chain, IReadOnlySet<long> Originals);
