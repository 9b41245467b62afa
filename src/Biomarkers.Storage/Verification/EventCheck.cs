using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds rows against the audit events that made them: each row has its event, and each event its row.</summary>
internal abstract class EventCheck(LedgerIndex index)
{
    private readonly List<Tampering> findings = [];

    /// <summary>Rows whose content an event vouches for.</summary>
    public int CoveredCount { get; private set; }

    /// <summary>Rows of a time before events did.</summary>
    public int UncoveredCount { get; private set; }

    /// <summary>What was found.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>Checks all of them.</summary>
    public abstract Task RunAsync(CancellationToken cancellationToken);

    protected static bool IsOf(AuditEvent audit, string actor, string? reason, long time) =>
        (audit.Actor, audit.Reason, Instant.ToMicroseconds(audit.Time)) == (actor, reason, time);

    protected Dictionary<string, StoredAuditEvent> ByName(string action, Func<AuditEvent, string> name)
    {
        var byName = new Dictionary<string, StoredAuditEvent>(StringComparer.Ordinal);
        foreach (StoredAuditEvent stored in index.ByAction[action])
        {
            byName.TryAdd(name(stored.Audit), stored);
        }

        return byName;
    }

    protected void Compare(string name, StoredAuditEvent stored, ContentHash found, ContentHash? expected, bool isOtherwiseSame)
    {
        if ((expected is { } hash && hash != found) || !isOtherwiseSame)
        {
            Add(TamperingKind.Changed, name, stored.Sequence, DiffersFrom(stored), expected, found);
        }

        CoveredCount += expected is null ? 0 : 1;
        UncoveredCount += expected is null ? 1 : 0;
    }

    protected void Compare(string name, StoredAuditEvent stored, bool isSame)
    {
        CoveredCount++;
        if (!isSame)
        {
            Add(TamperingKind.Changed, name, stored.Sequence, DiffersFrom(stored));
        }
    }

    private static string DiffersFrom(StoredAuditEvent stored) => string.Create(CultureInfo.InvariantCulture, $"is not what audit event {stored.Sequence} says");

    /// <summary>A row without its event: added by nobody, unless its event may be one of those before the first that is there.</summary>
    protected void Unmade(string name, string text)
    {
        if (index.BeginsLater)
        {
            UncoveredCount++;
        }
        else
        {
            Add(TamperingKind.Inserted, name, null, text);
        }
    }

    protected void Missing(Dictionary<string, StoredAuditEvent> events)
    {
        foreach ((string name, StoredAuditEvent stored) in events)
        {
            Add(TamperingKind.Deleted, name, stored.Sequence, string.Create(CultureInfo.InvariantCulture, $"is not there; audit event {stored.Sequence} says that it is"), CoveredContent.ContentOf(stored.Audit));
        }
    }

    protected void Add(TamperingKind kind, string name, long? sequence, string text, ContentHash? expected = null, ContentHash? actual = null) =>
        findings.Add(new Tampering(kind, name, sequence, $"{name} {text}") { Expected = expected, Actual = actual });
}
