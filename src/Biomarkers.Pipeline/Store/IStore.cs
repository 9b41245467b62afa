using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Store;

/// <summary>Where everything is kept. One product of database, one implementation.</summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Whether other servers may use this store at the same time.</summary>
    bool IsShared { get; }

    /// <summary>Begins the one write transaction of this server. Its commit is durable when <see cref="IStoreTransaction.CommitAsync"/> returns.</summary>
    Task<IStoreTransaction> BeginAsync(CancellationToken cancellationToken);

    /// <summary>The newest durable beat of a server; null when it never committed. Waits for a commit of that server that is under way: so a commit whose
    /// answer was lost was made if its beat is there.</summary>
    Task<long?> FindBeatAsync(string holder, CancellationToken cancellationToken);

    /// <summary>Waits until cancelled, and tells when another server may have committed a change.</summary>
    /// <param name="holder">This server: the others see that it is connected, as long as it listens.</param>
    /// <param name="changed">Called after each; must return at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Exception">A transient fault: some changes may have gone untold. Listen again.</exception>
    Task ListenAsync(string holder, Action changed, CancellationToken cancellationToken);

    /// <summary>Whether another server was faster: the same write, tried again at once in a transaction of its own, sees what that one left.</summary>
    bool IsConflict(Exception exception);

    /// <summary>Whether the store is out of reach.</summary>
    bool IsUnavailable(Exception exception);

    /// <summary>Whether a fault of the store passes by itself, so that the same write may be tried again; conflicts and a store out of reach are such.</summary>
    bool IsTransient(Exception exception);

    /// <summary>Whether there is no room for what was to be written; a transient fault that somebody must help.</summary>
    bool IsFull(Exception exception);

    /// <summary>Whether a fault of the store means that nothing may be acknowledged any more: the disk or the file is damaged.</summary>
    bool IsFatal(Exception exception);
}

/// <summary>Another server changed what a write had looked at: tried again, it sees the change.</summary>
public sealed class StoreConflictException : Exception
{
    /// <summary>Makes the exception.</summary>
    public StoreConflictException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public StoreConflictException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public StoreConflictException()
    {
    }
}

/// <summary>One write transaction. Used by one task at a time; nothing is kept unless it is committed.</summary>
public interface IStoreTransaction : IStreamRows, IPlateRows, IHoldRows, IWorkRows, IReviewRows, IDeliveryRows, IAccessRows, IAsyncDisposable
{
    /// <summary>Ends the writing: this server's beat, the series of controls, the places of changed plates in the order of changes, and the ledger, in this
    /// order. What all servers write to is locked here, the ledger's head last: called once, after all other writes of the transaction.</summary>
    Task SealAsync(HolderBeat beat, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken);

    /// <summary>Makes everything durable. After a fault of this method the outcome is unknown until <see cref="IStore.FindBeatAsync"/> tells it.</summary>
    Task CommitAsync();
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

    /// <summary>Keeps a stream from other servers until the transaction ends.</summary>
    Task LockStreamAsync(long streamKey, CancellationToken cancellationToken);

    /// <summary>Keeps how far the sender's clock is off: the server's less the sender's; null where it did not say.</summary>
    Task SetClockOffsetAsync(long streamKey, TimeSpan? offset, CancellationToken cancellationToken);

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
    /// <summary>The plate of a barcode, kept from other servers until the transaction ends; null when it was never seen.</summary>
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

    /// <summary>Adds the read that two others are together.</summary>
    /// <param name="read">The joined read; its read id is replaced by a name that no sender can use.</param>
    /// <param name="measurementKey">Its measurement.</param>
    /// <param name="referenceKey">Its reference.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<ReadRow> InsertJoinedReadAsync(NewRead read, long measurementKey, long referenceKey, CancellationToken cancellationToken);

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
    /// <summary>Adds work held by this server, and ends other open work of the same read. Where work with that hash of inputs exists it says what came of it, or
    /// opens it again where it was ended by other work.</summary>
    Task<WorkInsertion> InsertWorkAsync(NewWork work, CancellationToken cancellationToken);

    /// <summary>Time of the newest audit event, by its place in the ledger; null when there is none.</summary>
    Task<DateTimeOffset?> FindNewestAuditTimeAsync(CancellationToken cancellationToken);

    /// <summary>Servers that have not ended, as their beats say.</summary>
    Task<IReadOnlyList<HolderRow>> ListHoldersAsync(CancellationToken cancellationToken);

    /// <summary>Takes a server for ended, where its beat is still the one that was seen; false where it moved.</summary>
    Task<bool> EndHolderAsync(HolderRow holder, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Takes over open work of servers that have ended, oldest first; what another server takes at the same time is passed over. The second
    /// attempt at each is counted with this; a further one by <see cref="BeginAttemptAsync"/>.</summary>
    Task<IReadOnlyList<HeldWork>> ClaimWorkAsync(string holder, int limit, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Counts an attempt before it begins; its number, or null where another holder has the work or it is done.</summary>
    Task<int?> BeginAttemptAsync(ReadyWork work, string holder, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Ends the attempts at some work, with the reason, and says so at its plate; false where another holder has it or it is done.</summary>
    Task<bool> ParkWorkAsync(long workKey, long generation, string error, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Makes the results of an earlier run the newest again: further versions that point at that run.</summary>
    /// <returns>What the audit event of it vouches for.</returns>
    Task<Results.Ledger.RunCoverage> ReinstateRunAsync(long runKey, string? reason, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Saves a run with all its rows and ends its work. Nothing changes where another server has the work or it is done. Where older work of the same
    /// plate is open the work is released instead: the newest run of a plate is that of its newest work.</summary>
    Task<RunSaving> SaveRunAsync(ReadyWork work, string holder, Immunoassay.Analysis.AnalyticalRun run, DateTimeOffset time, CancellationToken cancellationToken);
}
