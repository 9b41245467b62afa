using System.Globalization;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Storage.Verification;

/// <summary>What audit events say of a run.</summary>
internal sealed class RunRecord
{
    /// <summary>Place of the event of its saving; 0 where none is known.</summary>
    public long SavedBy { get; set; }

    /// <summary>Place of the newest event that names a seal, and what it names; null where none does.</summary>
    public (long Sequence, RunCoverage Coverage)? Newest { get; set; }

    /// <summary>The place of the event of each seal, by its ordinal.</summary>
    public Dictionary<int, (long Sequence, RunCoverage Coverage)> Seals { get; } = [];
}

/// <summary>What the events of a ledger vouch for beside themselves, gathered while its chain is followed.</summary>
internal sealed class LedgerIndex
{
    private const string Runs = "analyticalRuns/";

    /// <summary>Whether events before these are missing, because they were not asked for: what they made may be there without its event.</summary>
    public bool BeginsLater { get; init; }

    /// <summary>By key of the run.</summary>
    public Dictionary<long, RunRecord> RunsByKey { get; } = [];

    /// <summary>Events of layouts, assays and decisions, by their action.</summary>
    public Dictionary<string, List<StoredAuditEvent>> ByAction { get; } = new(StringComparer.Ordinal)
    {
        [AuditActions.LayoutSubmitted] = [],
        [AuditActions.AssayCreated] = [],
        [AuditActions.HeldPlateResolved] = [],
        [AuditActions.QuarantinedEventReplayed] = [],
        [AuditActions.QuarantinedEventDismissed] = [],
        [AuditActions.DatabaseRestored] = [],
        [AuditActions.ResultHeld] = [],
        [AuditActions.ResultHoldLifted] = [],
        [AuditActions.ResultSigned] = [],
        [AuditActions.RepeatLinked] = [],
        [AuditActions.RepeatUnlinked] = [],
    };

    /// <summary>What the change feed names, and of which kind, at the places of these events.</summary>
    public Dictionary<long, (FeedKind Kind, string Name)> Feed { get; } = [];

    /// <summary>Takes an event in.</summary>
    public void Add(StoredAuditEvent stored)
    {
        AuditEvent audit = stored.Audit;
        if (KindOf(audit.Action) is { } kind)
        {
            Feed[stored.Sequence] = (kind, kind is FeedKind.HoldPlaced or FeedKind.HoldLifted ? audit.Detail ?? string.Empty : audit.Target);
        }

        if (ByAction.TryGetValue(audit.Action, out List<StoredAuditEvent>? events))
        {
            events.Add(stored);
        }
        // Whatever its action: a run may be sealed anew for a reason that this program does not know.
        else if (audit.Target.StartsWith(Runs, StringComparison.Ordinal)
            && long.TryParse(audit.Target.AsSpan(Runs.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long runKey))
        {
            AddRun(stored, runKey);
        }
    }

    private static FeedKind? KindOf(string action) => action switch
    {
        AuditActions.RunSaved => FeedKind.RunSaved,
        AuditActions.ResultReleased or AuditActions.ResultCorrected or AuditActions.ResultWithdrawn => FeedKind.ResultVersionLeft,
        AuditActions.ResultHeld => FeedKind.HoldPlaced,
        AuditActions.ResultHoldLifted => FeedKind.HoldLifted,
        _ => null,
    };

    private void AddRun(StoredAuditEvent stored, long runKey)
    {
        bool isSaved = stored.Audit.Action == AuditActions.RunSaved;
        RunCoverage? coverage = CoveredContent.RunOf(stored.Audit);
        if (!isSaved && coverage is null)
        {
            return;
        }

        if (!RunsByKey.TryGetValue(runKey, out RunRecord? record))
        {
            RunsByKey[runKey] = record = new RunRecord();
        }

        record.SavedBy = isSaved ? stored.Sequence : record.SavedBy;
        if (coverage is not null)
        {
            record.Newest = (stored.Sequence, coverage);
            record.Seals[coverage.Ordinal] = (stored.Sequence, coverage);
        }
    }
}
