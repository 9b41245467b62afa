using System.Globalization;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds checkpoints that were kept elsewhere against a database.</summary>
internal sealed class CheckpointCheck
{
    private readonly List<(HeldCheckpoint Held, Checkpoint Says)> signed = [];
    private readonly List<Tampering> findings = [];

    /// <summary>Takes those that are rightly signed; each other one is a finding.</summary>
    public CheckpointCheck(IReadOnlyList<HeldCheckpoint> checkpoints, IReadOnlyList<ECDsa> keys)
    {
        Dictionary<ContentHash, ECDsa> byName = keys.DistinctBy(SignedCheckpoint.KeyOf).ToDictionary(SignedCheckpoint.KeyOf);
        foreach (HeldCheckpoint held in checkpoints)
        {
            Checkpoint says = held.Signed.ToCheckpoint();
            if (!byName.TryGetValue(held.Signed.Key, out ECDsa? key))
            {
                Add(TamperingKind.BadSignature, held, says.Sequence, null, $"is signed by the key {held.Signed.Key}, which is none of those that are trusted here");
            }
            else if (!held.Signed.IsSignedBy(key))
            {
                Add(TamperingKind.BadSignature, held, says.Sequence, null, $"is not what the key {held.Signed.Key} signed");
            }
            else
            {
                signed.Add((held, says));
            }
        }

        signed.Sort((one, other) => one.Says.Sequence.CompareTo(other.Says.Sequence));
    }

    /// <summary>Places of the ledger at which checkpoints were made.</summary>
    public IReadOnlySet<long> Places => signed.Select(pair => pair.Says.Sequence).ToHashSet();

    /// <summary>What was found.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>Checkpoints that fit.</summary>
    public IReadOnlyList<Checkpoint> Fitting { get; private set; } = [];

    /// <summary>Checkpoints of a history that a restore replaced.</summary>
    public int ReplacedCount { get; private set; }

    /// <summary>Checkpoints of places that are not there, because the ledger is cut.</summary>
    public int OutsideCount { get; private set; }

    /// <summary>The event up to which a fitting checkpoint vouches; 0 where none does.</summary>
    public long VouchedSequence => Fitting.Count == 0 ? 0 : Fitting[^1].Sequence;

    /// <summary>Holds all against the ledger.</summary>
    /// <param name="scan">The ledger, read.</param>
    /// <param name="isWhole">Whether its chain fits to its end.</param>
    /// <param name="generation">The database's generation.</param>
    /// <param name="cut">What there is of the ledger; null for all.</param>
    public void HoldAgainst(LedgerScan scan, bool isWhole, long generation, LedgerCut? cut)
    {
        List<(long Sequence, long Generation)> restores =
            [.. scan.Index.ByAction[Results.AuditActions.DatabaseRestored].Select(stored => (stored.Sequence, CoveredContent.GenerationOf(stored.Audit) ?? 0))];
        var fitting = new List<Checkpoint>();
        var replaced = new List<(HeldCheckpoint Held, Checkpoint Says, long Restore)>();
        foreach ((HeldCheckpoint held, Checkpoint says) in signed)
        {
            (long Sequence, long Generation) restore = restores.FirstOrDefault(candidate => candidate.Generation > says.Generation);
            if (scan.First is { } first && says.Ledger != first)
            {
                Add(TamperingKind.Forked, held, 1, null, $"vouches for another ledger, whose first event has SHA-256 {says.Ledger}; here it has {first}");
            }
            else if (restore.Sequence > 0 && says.Sequence >= restore.Sequence)
            {
                replaced.Add((held, says, restore.Sequence));
            }
            else if (scan.HashesAt.TryGetValue(says.Sequence, out ContentHash hash))
            {
                Compare(held, says, hash, (generation, cut), fitting);
            }
            else if (cut is not null && (says.Sequence <= cut.SequenceBefore || !IsOwn(says, cut)))
            {
                OutsideCount++;
            }
            else if (isWhole)
            {
                Add(
                    TamperingKind.Truncated, held, scan.EventCount + 1, null,
                    string.Create(CultureInfo.InvariantCulture, $"vouches for {says.Sequence} audit events; there are {scan.EventCount}"),
                    says.Sequence == scan.EventCount + 1 ? says.Hash : null);
            }
        }

        Fitting = fitting;
        JudgeReplaced(replaced, fitting);
    }

    /// <summary>Whether a checkpoint is the one that came with a cut.</summary>
    public static bool IsOwn(Checkpoint says, LedgerCut cut) => cut.Own is { } own && own.ToStatement() == says.ToStatement();

    private void Compare(HeldCheckpoint held, Checkpoint says, ContentHash hash, (long Generation, LedgerCut? Cut) database, List<Checkpoint> fitting)
    {
        long generation = database.Generation;
        if (hash != says.Hash && database.Cut is { SequenceBefore: > 0 } && says.Generation < generation)
        {
            // The restore that replaced its history may be one of the events before those that are there.
            ReplacedCount++;
        }
        else if (hash != says.Hash)
        {
            long vouched = Math.Max(fitting.Count == 0 ? 0 : fitting[^1].Sequence, database.Cut?.SequenceBefore ?? 0);
            Add(
                TamperingKind.Forked, held, vouched + 1, says.Sequence,
                string.Create(CultureInfo.InvariantCulture, $"vouches for SHA-256 {says.Hash} after {says.Sequence} audit events; here it is {hash}"), says.Hash, hash);
        }
        else if (says.Generation > generation)
        {
            Add(
                TamperingKind.Truncated, held, says.Sequence + 1, null,
                string.Create(CultureInfo.InvariantCulture, $"is of generation {says.Generation} of the database; here it is {generation}, of before a restore"));
        }
        else
        {
            fitting.Add(says);
        }
    }

    // A restore is believed when a server vouched for it afterwards: anybody could write the event.
    private void JudgeReplaced(List<(HeldCheckpoint Held, Checkpoint Says, long Restore)> replaced, List<Checkpoint> fitting)
    {
        long vouched = fitting.Count == 0 ? 0 : fitting[^1].Sequence;
        foreach ((HeldCheckpoint held, Checkpoint says, long restore) in replaced)
        {
            if (restore <= vouched)
            {
                ReplacedCount++;
            }
            else
            {
                Add(
                    TamperingKind.Truncated, held, restore, null,
                    string.Create(CultureInfo.InvariantCulture, $"vouches for {says.Sequence} audit events that a restore replaced (event {restore}), and no checkpoint vouches for the restore"));
            }
        }
    }

    private void Add(TamperingKind kind, HeldCheckpoint held, long sequence, long? latest, string text, ContentHash? expected = null, ContentHash? actual = null) =>
        findings.Add(new Tampering(kind, Tampering.Ledger, sequence, $"checkpoint '{Path.GetFileName(held.Place)}' {text}") { LatestSequence = latest, Expected = expected, Actual = actual });
}
