using Biomarkers.Immunoassay.Assays;

namespace Biomarkers.Pipeline.Queries;

/// <summary>What analysts and instruments ask. Each answer is one snapshot; pages are keyset pages, so that nothing is skipped or repeated
/// while new rows arrive.</summary>
public interface IQueries
{
    /// <summary>A plate; null when it was never seen.</summary>
    Task<PlateSummary?> GetPlateAsync(string barcode, CancellationToken cancellationToken);

    /// <summary>Plates, newest first.</summary>
    Task<Page<PlateSummary>> ListPlatesAsync(PlateFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Plates that changed after a cursor, in the order of their changes; a plate that changed often is there once. Plates that changed in one
    /// transaction share their place, and all of them are there: a few more than the limit.</summary>
    Task<IReadOnlyList<PlateSummary>> ListPlateChangesAsync(long afterChange, int limit, CancellationToken cancellationToken);

    /// <summary>Cursor of the newest change of a plate; 0 when there is none.</summary>
    Task<long> NewestPlateChangeAsync(CancellationToken cancellationToken);

    /// <summary>A run with everything that explains it; null when there is none.</summary>
    Task<StoredRun?> GetRunAsync(long runKey, CancellationToken cancellationToken);

    /// <summary>Runs without their curves, controls, results and flags.</summary>
    Task<Page<RunSummary>> ListRunsAsync(RunFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Runs that were saved after a place of the ledger, in its order.</summary>
    Task<IReadOnlyList<RunSummary>> ListRunChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken);

    /// <summary>Number that changes when a backup is restored.</summary>
    Task<long> DatabaseGenerationAsync(CancellationToken cancellationToken);

    /// <summary>Newest place of the ledger; 0 when it is empty.</summary>
    Task<long> NewestSequenceAsync(CancellationToken cancellationToken);

    /// <summary>The newest version of a result, or the one of a number; null when there is none.</summary>
    Task<StoredResult?> GetResultAsync(long resultKey, int? version, CancellationToken cancellationToken);

    /// <summary>Results: those of one run, or those of the newest run of each plate.</summary>
    Task<Page<StoredResult>> ListResultsAsync(ResultFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>A read stream; null when it was never opened.</summary>
    Task<StreamSummary?> GetStreamAsync(string instrumentId, string streamId, CancellationToken cancellationToken);

    /// <summary>Refused events, newest first.</summary>
    Task<Page<QuarantinedEvent>> ListQuarantinedEventsAsync(WaitingFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>A refused event with its bytes; null when there is none.</summary>
    Task<(QuarantinedEvent Event, byte[] Content)?> GetQuarantinedEventAsync(long quarantineKey, CancellationToken cancellationToken);

    /// <summary>Held reads, newest first.</summary>
    Task<Page<HeldPlateSummary>> ListHeldPlatesAsync(WaitingFilter filter, PageRequest page, CancellationToken cancellationToken);

    /// <summary>A held read; null when there is none.</summary>
    Task<HeldPlateSummary?> GetHeldPlateAsync(long heldKey, CancellationToken cancellationToken);

    /// <summary>An assay; null version means the newest. Null when there is none.</summary>
    Task<AssayDefinition?> GetAssayAsync(string assayId, int? version, CancellationToken cancellationToken);

    /// <summary>The newest version of each assay, by id, after the id of a page before; null for the first page.</summary>
    Task<IReadOnlyList<AssayDefinition>> ListAssaysAsync(string? afterId, int limit, CancellationToken cancellationToken);
}

/// <summary>Which page.</summary>
/// <param name="Size">Most rows, 1 to 1,000.</param>
/// <param name="After">Key of the last row of the page before; null for the first page.</param>
/// <param name="OldestFirst">Order by key, rising; falling by default.</param>
public sealed record PageRequest(int Size, long? After = null, bool OldestFirst = false);

/// <summary>One page.</summary>
/// <typeparam name="T">Row.</typeparam>
/// <param name="Rows">The rows.</param>
/// <param name="Next">Key to continue after; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Rows, long? Next);
