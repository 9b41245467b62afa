using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds layouts, assays and what persons decided against the audit events that made them.</summary>
internal sealed class ContentCheck(DataConnection connection, LedgerIndex index) : EventCheck(index)
{
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckLayoutsAsync(cancellationToken);
        await CheckAssaysAsync(cancellationToken);
        await CheckHoldsAsync(cancellationToken);
        await CheckQuarantineAsync(cancellationToken);
    }

    private async Task CheckLayoutsAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from layout in connection.GetTable<PlateLayoutTable>()
            from plate in connection.GetTable<PlateTable>().LeftJoin(row => row.PlateKey == layout.PlateKey)
            from assay in connection.GetTable<AssayTable>().LeftJoin(row => row.AssayKey == layout.AssayKey)
            orderby layout.LayoutKey
            select new { Barcode = (string?)plate.Barcode, AssayId = (string?)assay.AssayId, AssayVersion = (int?)assay.Version, Row = layout }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.LayoutSubmitted, audit => $"{audit.Target} layout {CoveredContent.LayoutVersionOf(audit)}");
        foreach (var row in rows)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"plates/{row.Barcode} layout {row.Row.Version}");
            if (!events.Remove(name, out StoredAuditEvent? stored))
            {
                Add(TamperingKind.Inserted, name, null, "is there, and no audit event submitted it");
                continue;
            }

            ContentHash found = ContentHash.Of(Encoding.UTF8.GetBytes(row.Row.Definition));
            Compare(name, stored, found, CoveredContent.ContentOf(stored.Audit), isOtherwiseSame: LedgerScan.HashOf(row.Row.ContentHash) == found
                && IsOf(stored.Audit, row.Row.Actor, row.Row.Reason, row.Row.SubmitTime)
                && IsOfAssay(row.Row.Definition, row.AssayId, row.AssayVersion));
        }

        Missing(events);
    }

    private static bool IsOfAssay(string definition, string? assayId, int? version)
    {
        try
        {
            var layout = PlateLayout.FromCanonicalJson(Encoding.UTF8.GetBytes(definition));
            return (layout.AssayId, layout.AssayVersion) == (assayId, version);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            // What is no layout is of no assay.
            return false;
        }
    }

    private async Task CheckAssaysAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.AssayCreated, audit => audit.Target);
        foreach (AssayTable row in await connection.GetTable<AssayTable>().OrderBy(row => row.AssayKey).ToListAsync(cancellationToken))
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"assays/{row.AssayId}@{row.Version}");
            if (!events.Remove(name, out StoredAuditEvent? stored))
            {
                // What the runs that rest on it say of its content is held against it with them.
                Unmade(name, "is there, and no audit event created it");
                continue;
            }

            ContentHash found = ContentHash.Of(Encoding.UTF8.GetBytes(row.Definition));
            ContentHash content = LedgerScan.HashOf(row.ContentHash);
            bool isSame = IsOf(stored.Audit, row.Actor, stored.Audit.Reason, row.CreateTime);
            if (stored.Audit.Detail == $"SHA-256 {content}")
            {
                // Of a time when events named the content without its version, and not the very bytes.
                Compare(name, stored, found, null, isSame);
            }
            else
            {
                Compare(name, stored, found, CoveredContent.ContentOf(stored.Audit), isSame && stored.Audit.Detail!.StartsWith($"content SHA-256 {content};", StringComparison.Ordinal));
            }
        }

        Missing(events);
    }

    private async Task CheckHoldsAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from resolution in connection.GetTable<HeldReadResolutionTable>()
            join held in connection.GetTable<HeldReadTable>() on resolution.HeldKey equals held.HeldKey
            orderby held.HeldKey
            select new { held.Content, held.ContentHash, held.HoldReason, Row = resolution }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.HeldPlateResolved, audit => audit.Target);
        foreach (var row in rows)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"heldPlates/{row.Row.HeldKey}");
            if (!events.Remove(name, out StoredAuditEvent? stored))
            {
                Add(TamperingKind.Inserted, name, null, "is decided, and no audit event says so");
                continue;
            }

            ContentHash found = ContentHash.Of(row.Content);
            string what = row.Row.PlateBarcode is { } barcode ? $"{row.HoldReason}: used as plates/{barcode}/reads/" : $"{row.HoldReason}: not used";
            Compare(name, stored, found, CoveredContent.ContentOf(stored.Audit), isOtherwiseSame: LedgerScan.HashOf(row.ContentHash) == found
                && IsOf(stored.Audit, row.Row.Actor, row.Row.Reason, row.Row.ResolveTime)
                && stored.Audit.Detail!.StartsWith(what, StringComparison.Ordinal)
                && row.Row.Kind == (row.Row.PlateBarcode is null ? 3 : 1));
        }

        Missing(events);
    }

    private async Task CheckQuarantineAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from resolution in connection.GetTable<QuarantineResolutionTable>()
            join refused in connection.GetTable<QuarantinedEventTable>() on resolution.QuarantineKey equals refused.QuarantineKey
            orderby refused.QuarantineKey
            select new { refused.Content, refused.ContentHash, Row = resolution }).ToListAsync(cancellationToken);
        Dictionary<string, StoredAuditEvent> events = ByName(AuditActions.QuarantinedEventReplayed, audit => audit.Target);
        foreach ((string name, StoredAuditEvent stored) in ByName(AuditActions.QuarantinedEventDismissed, audit => audit.Target))
        {
            events.TryAdd(name, stored);
        }

        foreach (var row in rows)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"quarantinedEvents/{row.Row.QuarantineKey}");
            if (!events.Remove(name, out StoredAuditEvent? stored))
            {
                Add(TamperingKind.Inserted, name, null, "is decided, and no audit event says so");
                continue;
            }

            // Where the journal holds the bytes, its stream covers them.
            ContentHash content = LedgerScan.HashOf(row.ContentHash);
            ContentHash found = row.Content is null ? content : ContentHash.Of(row.Content);
            bool isDismissed = stored.Audit.Action == AuditActions.QuarantinedEventDismissed;
            Compare(name, stored, found, CoveredContent.ContentOf(stored.Audit), isOtherwiseSame: content == found
                && IsOf(stored.Audit, row.Row.Actor, row.Row.Reason, row.Row.ResolveTime) && isDismissed == (row.Row.Kind == 3));
        }

        Missing(events);
    }
}
