using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Ledger;

/// <summary>An audit event as it is stored.</summary>
/// <param name="Sequence">Its place.</param>
/// <param name="Audit">The event.</param>
/// <param name="Previous">The hash before it, as stored.</param>
/// <param name="Hash">Its hash, as stored.</param>
public sealed record StoredAuditEvent(long Sequence, AuditEvent Audit, ContentHash Previous, ContentHash Hash)
{
    /// <summary>Whether the event was made for a place, behind the event that it says.</summary>
    public bool IsOf(long sequence) => AuditChain.HashOf(Previous, sequence, Audit) == Hash;

    /// <summary>Whether the event is the one that follows an event.</summary>
    public bool Follows(long sequence, ContentHash hash) => Previous == hash && IsOf(sequence + 1);
}

/// <summary>Follows the ledger's chain from its first event, or from a later one, in the order of the sequence, and stops at the first that does not fit.</summary>
/// <param name="sequence">Place after which the chain is followed; 0 for the whole of it.</param>
/// <param name="hash">Hash of the event at that place; <c>default</c> for the whole chain.</param>
public sealed class ChainCheck(long sequence = 0, ContentHash hash = default)
{
    private readonly long start = sequence;
    private ContentHash hashBefore;

    /// <summary>Place of the newest event that fits; where the chain is followed from its first event, the number of those that do.</summary>
    public long Sequence { get; private set; } = sequence;

    /// <summary>Hash of that event; <c>default</c> before the first.</summary>
    public ContentHash Hash { get; private set; } = hash;

    /// <summary>Takes the next event in; false where it does not fit, and nothing changes then.</summary>
    public bool Take(StoredAuditEvent next)
    {
        if (next.Sequence != Sequence + 1 || !next.Follows(Sequence, Hash))
        {
            return false;
        }

        Sequence = next.Sequence;
        hashBefore = Hash;
        Hash = next.Hash;
        return true;
    }

    /// <summary>What was done at the place where <see cref="Take"/> said no.</summary>
    /// <remarks>Events that were rewritten with their hashes fit each other: the first that was not rewritten tells that one before it was. Which one,
    /// a checkpoint must say.</remarks>
    /// <param name="found">The event that does not fit.</param>
    /// <param name="rest">That event and all behind it, in order.</param>
    public Tampering Explain(StoredAuditEvent found, IEnumerable<StoredAuditEvent> rest)
    {
        long expected = Sequence + 1;
        StoredAuditEvent? proper = null;
        StoredAuditEvent? next = null;
        bool isOfAnotherPlace = false;
        foreach (StoredAuditEvent row in rest)
        {
            proper ??= row.Follows(Sequence, Hash) ? row : null;
            next ??= row.Sequence > found.Sequence ? row : null;
            isOfAnotherPlace |= row.Sequence != expected && found.IsOf(row.Sequence);
        }

        return found.Sequence != expected
            ? ExplainGap(found, proper)
            : proper is not null && proper != found
                ? ExplainDisplaced(found, proper, isOfAnotherPlace)
                : ExplainMisfit(found, next, isOfAnotherPlace);
    }

    private Tampering ExplainGap(StoredAuditEvent found, StoredAuditEvent? proper)
    {
        long expected = Sequence + 1;
        return proper is not null
            ? Say(TamperingKind.Reordered, expected, $"audit event {expected} stands at place {proper.Sequence}", proper.Hash, null)
            : found.Sequence < expected
                ? Say(TamperingKind.Inserted, found.Sequence, $"an audit event stands at place {found.Sequence}, before the first", null, found.Hash)
                : Say(TamperingKind.Deleted, expected, $"audit events {expected} to {found.Sequence - 1} are not there", found.Sequence == expected + 1 ? found.Previous : null, null);
    }

    private Tampering ExplainDisplaced(StoredAuditEvent found, StoredAuditEvent proper, bool isOfAnotherPlace)
    {
        long expected = Sequence + 1;
        return isOfAnotherPlace
            ? Say(TamperingKind.Reordered, expected, $"audit event {expected} stands at place {proper.Sequence}, and another one in its place", proper.Hash, found.Hash)
            : Say(TamperingKind.Inserted, expected, $"audit event {expected} stands at place {proper.Sequence}; what stands in its place is no event of this ledger", proper.Hash, found.Hash);
    }

    private Tampering ExplainMisfit(StoredAuditEvent found, StoredAuditEvent? next, bool isOfAnotherPlace)
    {
        long expected = Sequence + 1;
        if (found.Previous != Hash)
        {
            if (Sequence > start && found.Follows(Sequence - 1, hashBefore))
            {
                return Say(TamperingKind.Inserted, Sequence, $"audit event {Sequence} stands at place {expected}; what stands in its place is no event of this ledger", found.Hash, Hash);
            }

            if (Sequence > start && found.IsOf(expected) && (next is null || next.Previous == found.Hash))
            {
                string text = $"audit events up to {Sequence} were rewritten: event {expected} follows SHA-256 {found.Previous}, event {Sequence} has {Hash}";
                return Say(TamperingKind.Changed, start + 1, text, found.Previous, Hash) with { LatestSequence = Sequence };
            }

            // A row that was made for a later place, while the row for this place is nowhere: those behind the missing one were moved up.
            if (isOfAnotherPlace || found.IsOf(expected + 1))
            {
                return Say(TamperingKind.Deleted, expected, $"audit event {expected} is not there; a later one stands in its place", found.Previous, found.Hash);
            }
        }

        ContentHash computed = AuditChain.HashOf(Hash, expected, found.Audit);
        return Say(TamperingKind.Changed, expected, $"audit event {expected} is not what it was: its content has SHA-256 {computed}, it says {found.Hash}", computed, found.Hash);
    }

    /// <summary>What was done to the end of the ledger; null where it is as its head says. Of another hash it can't tell whether the head was changed or events up to it were
    /// rewritten.</summary>
    /// <param name="sequence">Number of events by the head.</param>
    /// <param name="hash">Hash of the newest by the head.</param>
    public Tampering? CheckHead(long sequence, ContentHash hash) =>
        sequence > Sequence
            ? Say(TamperingKind.Truncated, Sequence + 1, $"the ledger ends with event {Sequence}; its head says {sequence}", sequence == Sequence + 1 ? hash : null, null)
            : sequence < Sequence
                ? Say(TamperingKind.Inserted, sequence + 1, $"the ledger's head says {sequence} events; there are {Sequence}", null, null)
                : hash != Hash
                    ? Say(TamperingKind.Changed, Math.Min(sequence, start + 1), $"the ledger's head says SHA-256 {hash}; its newest event has {Hash}", hash, Hash) with { LatestSequence = sequence, IsAtHead = true }
                    : null;

    private static Tampering Say(TamperingKind kind, long sequence, string text, ContentHash? expected, ContentHash? actual) =>
        new(kind, Tampering.Ledger, sequence, text) { Expected = expected, Actual = actual };
}
