using System.Globalization;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds holds, signatures and links of repeats against the audit events that made them; the versions that reviewers added are rows of their runs, whose
/// seals cover them.</summary>
internal sealed class ReviewCheck(DataConnection connection, LedgerIndex index) : EventCheck(index)
{
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckHoldsAsync(cancellationToken);
        await CheckLiftsAsync(cancellationToken);
        await CheckSignaturesAsync(cancellationToken);
        await CheckLinksAsync(cancellationToken);
        await CheckUnlinksAsync(cancellationToken);
    }

    private async Task CheckHoldsAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.ResultHeld, audit => audit.Detail ?? string.Empty);
        foreach (ResultHoldTable row in await connection.GetTable<ResultHoldTable>().OrderBy(row => row.HoldKey).ToListAsync(cancellationToken))
        {
            CheckHold(events, row.HoldKey, row.ResultKey, audit => IsOf(audit, row.Actor, row.Reason, row.PlaceTime), "is there, and no audit event placed it");
        }

        Missing(events);
    }

    private async Task CheckLiftsAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from lift in connection.GetTable<ResultHoldLiftTable>()
            from hold in connection.GetTable<ResultHoldTable>().LeftJoin(row => row.HoldKey == lift.HoldKey)
            orderby lift.HoldKey
            select new { ResultKey = (long?)hold.ResultKey, Row = lift }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.ResultHoldLifted, audit => audit.Detail ?? string.Empty);
        foreach (var row in rows)
        {
            CheckHold(events, row.Row.HoldKey, row.ResultKey, audit => IsOf(audit, row.Row.Actor, row.Row.Reason, row.Row.LiftTime), "is lifted, and no audit event says so");
        }

        Missing(events);
    }

    // Its event says all that its row does.
    private void CheckHold(Dictionary<string, StoredAuditEvent> events, long holdKey, long? resultKey, Func<AuditEvent, bool> isSame, string unknown)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"resultHolds/{holdKey}");
        if (events.Remove(name, out StoredAuditEvent? stored))
        {
            Compare(name, stored, isSame(stored.Audit) && stored.Audit.Target == string.Create(CultureInfo.InvariantCulture, $"results/{resultKey}"));
        }
        else
        {
            Add(TamperingKind.Inserted, name, null, unknown);
        }
    }

    private async Task CheckSignaturesAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from signature in connection.GetTable<ResultSignatureTable>()
            from version in connection.GetTable<ResultVersionTable>().LeftJoin(row => row.VersionKey == signature.VersionKey)
            orderby signature.SignatureKey
            select new { ResultKey = (long?)version.ResultKey, Version = (int?)version.Version, Row = signature }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.ResultSigned, audit => CoveredContent.SignatureNameOf(audit) ?? audit.Target);
        foreach (var row in rows)
        {
            string name = CoveredContent.NameOfSignature(row.Row.SignatureKey);
            if (!events.Remove(name, out StoredAuditEvent? stored))
            {
                Add(TamperingKind.Inserted, name, null, "is there, and no audit event made it");
                continue;
            }

            Compare(name, stored, row.Row.VersionHash is { Length: 32 }
                && IsOf(stored.Audit, row.Row.Actor, null, row.Row.SignTime)
                && stored.Audit.Target == string.Create(CultureInfo.InvariantCulture, $"results/{row.ResultKey}@{row.Version}")
                && stored.Audit.Detail == CoveredContent.Describe(row.Row.SignatureKey, ReviewMapping.ToSignature(row.Row)));
        }

        Missing(events);
    }

    private async Task CheckLinksAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.RepeatLinked, audit => CoveredContent.RepeatLinkNameOf(audit) ?? audit.Target);
        foreach (RepeatLinkTable row in await connection.GetTable<RepeatLinkTable>().OrderBy(row => row.LinkKey).ToListAsync(cancellationToken))
        {
            CheckLink(events, row.LinkKey, row, audit => IsOf(audit, row.Actor, row.Reason, row.LinkTime), "is there, and no audit event made it");
        }

        Missing(events);
    }

    private async Task CheckUnlinksAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from unlink in connection.GetTable<RepeatUnlinkTable>()
            from link in connection.GetTable<RepeatLinkTable>().LeftJoin(row => row.LinkKey == unlink.LinkKey)
            orderby unlink.LinkKey
            select new { Link = (RepeatLinkTable?)link, Row = unlink }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.RepeatUnlinked, audit => CoveredContent.RepeatLinkNameOf(audit) ?? audit.Target);
        foreach (var row in rows)
        {
            CheckLink(events, row.Row.LinkKey, row.Link, audit => IsOf(audit, row.Row.Actor, row.Row.Reason, row.Row.UnlinkTime), "is removed, and no audit event says so");
        }

        Missing(events);
    }

    // Target and detail of its event name both results.
    private void CheckLink(Dictionary<string, StoredAuditEvent> events, long linkKey, RepeatLinkTable? link, Func<AuditEvent, bool> isSame, string unknown)
    {
        string name = CoveredContent.NameOfRepeatLink(linkKey);
        if (events.Remove(name, out StoredAuditEvent? stored))
        {
            Compare(name, stored, isSame(stored.Audit)
                && stored.Audit.Target == string.Create(CultureInfo.InvariantCulture, $"results/{link?.RepeatKey}")
                && stored.Audit.Detail == string.Create(CultureInfo.InvariantCulture, $"{name}: repeat of results/{link?.OriginalKey}"));
        }
        else
        {
            Add(TamperingKind.Inserted, name, null, unknown);
        }
    }
}
