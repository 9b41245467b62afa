namespace Biomarkers.Pipeline.Queries;

/// <summary>What reviewers ask. Each answer is one snapshot, and of sealed runs alone.</summary>
public interface IReviewQueries
{
    /// <summary>Every version of a result, oldest first; null when there is no such result.</summary>
    Task<IReadOnlyList<StoredResult>?> ListVersionsAsync(long resultKey, CancellationToken cancellationToken);

    /// <summary>Versions by their keys, in the order given; each is there.</summary>
    Task<IReadOnlyList<StoredResult>> GetVersionsAsync(IReadOnlyList<long> versionKeys, CancellationToken cancellationToken);

    /// <summary>Results of a plate for which a computed version waits, and those that left and that its newest run has no more, by key: what a reviewer has to decide.</summary>
    Task<Page<AffectedResult>> ListAffectedResultsAsync(string plateBarcode, PageRequest page, CancellationToken cancellationToken);
}

/// <summary>A result before and after.</summary>
/// <param name="Before">The version that counts outside of the laboratory; null where none left.</param>
/// <param name="After">The computed version that waits; null where the newest run of the plate has no such result any more.</param>
public sealed record AffectedResult(StoredResult? Before, StoredResult? After)
{
    /// <summary>What stood against the automatic release of the version that waits when it was computed; null where its assay does not ask for one.</summary>
    public string? Withheld { get; init; }
}
