using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Store;

/// <summary>Where everything is kept. One product of database, one implementation.</summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Begins the one write transaction of this server. Its commit is durable when <see cref="IStoreTransaction.CommitAsync"/> returns.</summary>
    Task<IStoreTransaction> BeginAsync(CancellationToken cancellationToken);

    /// <summary>Whether a fault of the store passes by itself, so that the same write may be tried again.</summary>
    bool IsTransient(Exception exception);

    /// <summary>Whether a fault of the store means that nothing may be acknowledged any more: the disk or the file is damaged.</summary>
    bool IsFatal(Exception exception);
}

/// <summary>One write transaction. Used by one task at a time; nothing is kept unless it is committed.</summary>
public interface IStoreTransaction : IStreamRows, IPlateRows, IWorkRows, IAsyncDisposable
{
    /// <summary>Makes everything durable.</summary>
    Task CommitAsync(CancellationToken cancellationToken);
}

/// <summary>Read streams and their events.</summary>
public interface IStreamRows
{
    /// <summary>The stream of an instrument; null when it was never opened.</summary>
    Task<StreamRow?> FindStreamAsync(string instrumentId, string streamId, CancellationToken cancellationToken);

    /// <summary>The stream of a key; null when there is none.</summary>
    Task<StreamRow?> FindStreamAsync(long streamKey, CancellationToken cancellationToken);

    /// <summary>Adds a stream with epoch 1 and next offset 0.</summary>
    Task<StreamRow> InsertStreamAsync(string instrumentId, string streamId, DateTimeOffset openTime, CancellationToken cancellationToken);

    /// <summary>Sets a new epoch where the old one still stands; false when another connection was faster.</summary>
    Task<bool> RaiseEpochAsync(StreamRow stream, long epoch, DateTimeOffset openTime, CancellationToken cancellationToken);

    /// <summary>Appends an event and moves the stream's next offset and chain; false when epoch or offset no longer stand.</summary>
    Task<bool> AppendEventAsync(StreamRow stream, StreamEventRow row, CancellationToken cancellationToken);

    /// <summary>Hash of the event at an offset; null when there is none.</summary>
    Task<Immunoassay.ContentHash?> FindEventHashAsync(long streamKey, long offset, CancellationToken cancellationToken);

    /// <summary>Keeps a refused event with its reasons, once per stream, offset and hash.</summary>
    Task QuarantineAsync(QuarantineRow row, CancellationToken cancellationToken);

    /// <summary>Why an event was refused; null when it was not.</summary>
    Task<IReadOnlyList<Immunoassay.Fault>?> FindQuarantineFaultsAsync(long streamKey, long offset, Immunoassay.ContentHash hash, CancellationToken cancellationToken);

    /// <summary>Number that changes when a backup is restored.</summary>
    Task<long> DatabaseGenerationAsync(CancellationToken cancellationToken);
}

/// <summary>Plates, their layouts and reads, and assays.</summary>
public interface IPlateRows
{
    /// <summary>The plate of a barcode; null when it was never seen.</summary>
    Task<PlateRow?> FindPlateAsync(string barcode, CancellationToken cancellationToken);

    /// <summary>Adds a plate; <see cref="SettlePlateAsync"/> gives it its state.</summary>
    Task<PlateRow> InsertPlateAsync(string barcode, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Sets a plate's state by what there is of it, and marks it as changed: called after every change of its rows.</summary>
    Task SettlePlateAsync(long plateKey, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Adds a version of a layout, the plate's newest from here on.</summary>
    Task<LayoutRow> InsertLayoutAsync(NewLayout layout, CancellationToken cancellationToken);

    /// <summary>A layout; the plate's rows name it by key.</summary>
    Task<LayoutRow> GetLayoutAsync(long layoutKey, CancellationToken cancellationToken);

    /// <summary>Reads of a plate, oldest first.</summary>
    Task<IReadOnlyList<ReadRow>> ListReadsAsync(long plateKey, CancellationToken cancellationToken);

    /// <summary>Adds a complete read.</summary>
    Task<ReadRow> InsertReadAsync(NewRead read, CancellationToken cancellationToken);

    /// <summary>The read that was begun and not completed; null when there is none of that id on the stream.</summary>
    Task<PendingReadRow?> FindPendingReadAsync(long streamKey, string readId, CancellationToken cancellationToken);

    /// <summary>Begins a read that comes in parts.</summary>
    Task InsertPendingReadAsync(PendingReadRow pending, CancellationToken cancellationToken);

    /// <summary>Adds a part: an encoded plate read of some wells.</summary>
    Task InsertPendingPartAsync(long streamKey, string readId, long offset, byte[] content, CancellationToken cancellationToken);

    /// <summary>The parts so far, in the order of their offsets.</summary>
    Task<IReadOnlyList<byte[]>> ListPendingPartsAsync(long streamKey, string readId, CancellationToken cancellationToken);

    /// <summary>Ends a read that came in parts; its bytes stay in the stream's events.</summary>
    Task DeletePendingReadAsync(long streamKey, string readId, CancellationToken cancellationToken);

    /// <summary>A version of an assay; null version means the newest. Null when there is none.</summary>
    Task<AssayRow?> FindAssayAsync(string assayId, int? version, CancellationToken cancellationToken);

    /// <summary>Whether any version of an assay holds a content.</summary>
    Task<bool> HasAssayContentAsync(string assayId, Immunoassay.ContentHash contentHash, CancellationToken cancellationToken);

    /// <summary>Adds a version of an assay.</summary>
    Task<AssayRow> InsertAssayAsync(Immunoassay.Assays.AssayDefinition assay, string actor, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Keeps a rule pack by its name; a pack of that name with another content is a bug and throws.</summary>
    Task KeepRulePackAsync(Immunoassay.QualityControl.RulePack pack, CancellationToken cancellationToken);
}

/// <summary>Work, runs and the ledger.</summary>
public interface IWorkRows
{
    /// <summary>Adds work held by this server, and ends older open work of the same read; where work with that hash of inputs exists, says what came of it.</summary>
    Task<WorkInsertion> InsertWorkAsync(NewWork work, CancellationToken cancellationToken);

    /// <summary>Takes over unfinished work of earlier holders, oldest first. Work whose inputs can't be read is parked with the reason.</summary>
    Task<ClaimedPage> ClaimWorkAsync(string holder, int limit, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Counts an attempt before it begins; its number, or null where another holder has the work or it is done.</summary>
    Task<int?> BeginAttemptAsync(ReadyWork work, string holder, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Ends the attempts at some work, with the reason, and says so at its plate; false where another holder has it or it is done.</summary>
    Task<bool> ParkWorkAsync(long workKey, long generation, string error, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Makes the results of an earlier run the newest again: further versions that point at that run.</summary>
    Task ReinstateRunAsync(long runKey, string? reason, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Saves a run with all its rows and ends its work; null when another holder has the work, or it is done: nothing changed.</summary>
    Task<SavedRun?> SaveRunAsync(ReadyWork work, string holder, Immunoassay.Analysis.AnalyticalRun run, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Appends to the ledger, in order. The ledger's head is locked last: called once, after all other writes of the transaction.</summary>
    Task AppendLedgerAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken);
}
