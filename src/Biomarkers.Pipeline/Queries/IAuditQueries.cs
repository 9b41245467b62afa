using Biomarkers.Results.Ledger;

namespace Biomarkers.Pipeline.Queries;

/// <summary>What auditors ask. Each answer is one snapshot.</summary>
public interface IAuditQueries
{
    /// <summary>Audit events, by their sequence.</summary>
    Task<Page<StoredAuditEvent>> ListAuditEventsAsync(AuditFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Where the ledger and the read streams end.</summary>
    /// <param name="time">Time of the statement; cut to microseconds.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The statement; null while the ledger is empty.</returns>
    Task<Checkpoint?> MakeCheckpointAsync(DateTimeOffset time, CancellationToken cancellationToken);
}

/// <summary>Which audit events. Every condition that is set must hold; all are null by default.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Action">What.</param>
/// <param name="Target">Of what.</param>
/// <param name="StartTime">At this time or later.</param>
/// <param name="EndTime">Before this time.</param>
public sealed record AuditFilter(string? Actor = null, string? Action = null, string? Target = null, DateTimeOffset? StartTime = null, DateTimeOffset? EndTime = null);
