using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Server.Hosting;

/// <summary>Every log message of the server. No message carries a result value or a key.</summary>
internal static partial class Logs
{
    [LoggerMessage(1, LogLevel.Information, "Serving gRPC at {GrpcAddress} and JSON at {WebAddress}; {Engine} database {Database}, key in {KeyFile}")]
    public static partial void Serving(this ILogger logger, string grpcAddress, string webAddress, string engine, string database, string keyFile);

    [LoggerMessage(2, LogLevel.Information, "Took up {Count} plates that an earlier process left unfinished")]
    public static partial void WorkTakenUp(this ILogger logger, int count);

    [LoggerMessage(3, LogLevel.Information, "Run {RunKey} of plate {PlateBarcode} by {AssayName} is saved: {Verdict}, {ResultCount} results, {FlagCount} flags")]
    public static partial void RunSaved(this ILogger logger, long runKey, string plateBarcode, string assayName, RunVerdict verdict, int resultCount, int flagCount);

    [LoggerMessage(4, LogLevel.Error, "The analysis of plate {PlateBarcode} failed; the plate is parked")]
    public static partial void AnalysisFailed(this ILogger logger, Exception exception, string plateBarcode);

    [LoggerMessage(5, LogLevel.Critical, "The store failed; nothing is acknowledged any more, the server ends")]
    public static partial void StoreFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6, LogLevel.Information, "Stream {StreamId} of instrument {InstrumentId} is open: epoch {Epoch}, next offset {NextOffset}, client {ClientVersion}")]
    public static partial void StreamOpened(this ILogger logger, string instrumentId, string streamId, long epoch, long nextOffset, string clientVersion);

    [LoggerMessage(7, LogLevel.Warning, "Event {Offset} of stream {StreamId} of instrument {InstrumentId} is quarantined: {Reason}")]
    public static partial void EventQuarantined(this ILogger logger, long offset, string streamId, string instrumentId, string reason);

    [LoggerMessage(30, LogLevel.Warning, "Event {Offset} of stream {StreamId} of instrument {InstrumentId} is held until a person decides: {Reason}")]
    public static partial void EventHeld(this ILogger logger, long offset, string streamId, string instrumentId, string reason);

    [LoggerMessage(8, LogLevel.Error, "A call of {Method} failed by a fault of the server; correlation id {CorrelationId}")]
    public static partial void CallFailed(this ILogger logger, Exception exception, string method, string correlationId);

    [LoggerMessage(10, LogLevel.Warning, "A call of {Method} was refused: the store takes no writes")]
    public static partial void CallRefused(this ILogger logger, Exception exception, string method);

    [LoggerMessage(15, LogLevel.Critical, "{Target} is damaged in the store and no longer served: {Finding} Found by a call of {Method}")]
    public static partial void StoredDataDamaged(this ILogger logger, string target, string finding, string method);

    [LoggerMessage(16, LogLevel.Warning, "That {Target} is damaged could not be written to the audit log; the next call that finds it tries again")]
    public static partial void DamageNotRecorded(this ILogger logger, Exception exception, string target);

    [LoggerMessage(17, LogLevel.Warning, "The disk of {DataDirectory} runs full: {FreeMib} MiB are free, {MinimumMib} are needed; new plate reads are refused, all else goes on")]
    public static partial void DiskRunsFull(this ILogger logger, long freeMib, long minimumMib, string dataDirectory);

    [LoggerMessage(18, LogLevel.Information, "The disk of {DataDirectory} has room again, {FreeMib} MiB; plate reads are taken")]
    public static partial void DiskHasRoom(this ILogger logger, long freeMib, string dataDirectory);

    [LoggerMessage(9, LogLevel.Critical, "The pipeline ended by a fault; the server ends")]
    public static partial void PipelineFailed(this ILogger logger, Exception exception);

    [LoggerMessage(19, LogLevel.Critical, "A task of the server ended by a fault; the server ends")]
    public static partial void ServiceFailed(this ILogger logger, Exception exception);

    [LoggerMessage(20, LogLevel.Information, "Ended; every call was answered or cut, and what was acknowledged is stored")]
    public static partial void Ended(this ILogger logger);

    [LoggerMessage(21, LogLevel.Information, "Asked to end: calls are answered or cut now")]
    public static partial void Ends(this ILogger logger);

    [LoggerMessage(22, LogLevel.Warning, "The database {DatabaseFile} is new and empty although the key {KeyFile} was there: where a database was lost, stop the server and put it back or restore a backup")]
    public static partial void EmptyDatabaseBesideKey(this ILogger logger, string databaseFile, string keyFile);

    [LoggerMessage(11, LogLevel.Information, "Asked to end: not ready any more, and serving for {DrainSeconds} s more; a second signal ends this wait")]
    public static partial void DrainBegins(this ILogger logger, double drainSeconds);

    [LoggerMessage(12, LogLevel.Warning, "{CallCount} refused calls could not be written to the audit log; they are kept for the next attempt")]
    public static partial void DenialsNotRecorded(this ILogger logger, Exception exception, long callCount);

    [LoggerMessage(13, LogLevel.Warning, "A call of {Method} by {Identity} is cut: {Why}")]
    public static partial void CallCut(this ILogger logger, string method, string identity, string why);

    [LoggerMessage(23, LogLevel.Information, "Checkpoints of the audit log are written to {Folder}; their public key is {KeyFile}: keep both elsewhere too")]
    public static partial void CheckpointsAreWritten(this ILogger logger, string folder, string keyFile);

    [LoggerMessage(24, LogLevel.Error, "No checkpoint of the audit log can be written to {Folder}; it is tried again, and all else goes on")]
    public static partial void CheckpointNotWritten(this ILogger logger, Exception exception, string folder);

    [LoggerMessage(14, LogLevel.Warning, "The keys of the issuer {Authority} can't be had; calls with tokens are answered UNAVAILABLE")]
    public static partial void IssuerUnavailable(this ILogger logger, Exception exception, string authority);
}
