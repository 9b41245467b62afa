using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Tests.Pipeline;

namespace Biomarkers.Tests.Storage;

/// <summary>What somebody can do who may write the database: make the chain of events anew from one on.</summary>
internal static class LedgerRewriting
{
    /// <summary>Gives an event another actor, and it and all after it their hashes. The table allows changes.</summary>
    public static async Task RewriteAsync(TestDatabase database, PipelineHost host, long from)
    {
        Page<StoredAuditEvent> events = await host.Store.Queries.ListAuditEventsAsync(new AuditFilter(), new PageRequest(1000, OldestFirst: true), CancellationToken.None);
        List<string> statements = [];
        ContentHash previous = default;
        foreach (StoredAuditEvent stored in events.Rows)
        {
            AuditEvent audit = stored.Sequence == from ? stored.Audit with { Actor = "mallory" } : stored.Audit;
            ContentHash hash = AuditChain.HashOf(previous, stored.Sequence, audit);
            statements.Add($"UPDATE audit_event SET actor = '{audit.Actor}', previous_hash = {Bytes(database, previous)}, hash = {Bytes(database, hash)} WHERE sequence = {stored.Sequence}");
            previous = hash;
        }

        foreach (string statement in statements.Append($"UPDATE ledger_head SET hash = {Bytes(database, previous)}"))
        {
            await database.ExecuteAsync(statement);
        }
    }

    private static string Bytes(TestDatabase database, ContentHash hash) => database.IsShared ? $"'\\x{hash.Hex}'" : $"x'{hash.Hex}'";
}
