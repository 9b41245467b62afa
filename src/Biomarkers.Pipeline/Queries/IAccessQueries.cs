using Biomarkers.Pipeline.Access;

namespace Biomarkers.Pipeline.Queries;

/// <summary>What the access rules and those who manage them ask. Each answer is one snapshot.</summary>
public interface IAccessQueries
{
    /// <summary>Everything that is needed to know a caller.</summary>
    /// <param name="endedSince">Keys that expired or were revoked before this are left out.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    Task<AccessList> GetAccessListAsync(DateTimeOffset endedSince, CancellationToken cancellationToken);

    /// <summary>Keys, newest first.</summary>
    /// <param name="activeAt">Only those that are active at this time; null for all.</param>
    /// <param name="page">Which page.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    Task<Page<AccessKey>> ListKeysAsync(DateTimeOffset? activeAt, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Instruments by id, after the id of a page before; null for the first page.</summary>
    Task<IReadOnlyList<EnrolledInstrument>> ListInstrumentsAsync(string? afterId, int limit, CancellationToken cancellationToken);

    /// <summary>Denials of the audit log, newest first.</summary>
    Task<Page<RecordedDenial>> ListDenialsAsync(PageRequest page, CancellationToken cancellationToken);
}
