using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Review;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Biomarkers.Server.Wire;

/// <summary>The only place that makes errors of calls: each is a google.rpc.Status with an ErrorInfo of domain <c>biomarkers</c>.</summary>
/// <remarks>No message holds a stack, a path, SQL or a key. Every field fault of bad content is a violation of one BadRequest.</remarks>
public static class RpcErrors
{
    // Short, so that senders go on soon after there is room.
    private static readonly TimeSpan StoreFullDelay = TimeSpan.FromSeconds(2);

    /// <summary>Domain of all reasons.</summary>
    public const string Domain = "biomarkers";

    /// <summary>Reason of INVALID_ARGUMENT where the content of a request is bad; the violations have reasons of their own.</summary>
    public const string InvalidContent = "INVALID_CONTENT";

    /// <summary>Reason of INVALID_ARGUMENT where a message does not belong where it came.</summary>
    public const string ProtocolViolationReason = "PROTOCOL_VIOLATION";

    /// <summary>Reason of OUT_OF_RANGE where an offset is beyond the next one.</summary>
    public const string OffsetGapReason = "OFFSET_GAP";

    /// <summary>Reason of ALREADY_EXISTS where an offset holds other content.</summary>
    public const string OffsetConflictReason = AppendEvent.OffsetConflictReason;

    /// <summary>Reason of ABORTED where a stream was opened elsewhere.</summary>
    public const string StaleEpochReason = "STALE_EPOCH";

    /// <summary>Name of the offset to resume from in the metadata of a gap.</summary>
    public const string ExpectedOffset = "expected_offset";

    /// <summary>Most bytes of violations in an error: it travels in a trailer in base64, of which other languages' clients take 8 kB.</summary>
    private const int MaximumTrailerBytes = 4500;

    /// <summary>Most bytes of violations inside a response.</summary>
    private const int MaximumBodyBytes = 64 * 1024;

    /// <summary>Longest description of a violation, in characters.</summary>
    private const int MaximumDescriptionLength = 200;

    /// <summary>The types inside of errors; the JSON form of an error can't be written without them.</summary>
    public static TypeRegistry DetailTypes { get; } = TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor, QuotaFailure.Descriptor);

    /// <summary>INVALID_ARGUMENT with every fault.</summary>
    public static RpcException InvalidArgument(IReadOnlyList<Fault> faults) => InvalidStatus(faults, MaximumTrailerBytes).ToRpcException();

    /// <summary>INVALID_ARGUMENT for a message that breaks the protocol of a stream.</summary>
    public static RpcException ProtocolViolation(string field, string description) =>
        Status(StatusCode.InvalidArgument, ProtocolViolationReason, description, ViolationsOf([new Fault(field, ProtocolViolationReason, description)], MaximumTrailerBytes))
            .ToRpcException();

    /// <summary>NOT_FOUND.</summary>
    /// <param name="reason">Such as <c>PLATE_NOT_FOUND</c>.</param>
    /// <param name="name">Resource name that was asked for.</param>
    public static RpcException NotFound(string reason, string name) =>
        Status(StatusCode.NotFound, reason, $"There is no '{name}'.", null, ("name", name)).ToRpcException();

    /// <summary>OUT_OF_RANGE: an offset is beyond the next one.</summary>
    public static RpcException OffsetGap(long offset, long expectedOffset) =>
        Status(StatusCode.OutOfRange, OffsetGapReason, $"Offset {offset} leaves a gap; expected offset {expectedOffset}.", null, (ExpectedOffset, Text(expectedOffset)))
            .ToRpcException();

    /// <summary>OUT_OF_RANGE: a watch is to go on from a place that this database has not.</summary>
    public static RpcException CursorExpired(string cursor) => Status(
        StatusCode.OutOfRange,
        "CURSOR_EXPIRED",
        $"Cursor '{cursor}' is of the database before a backup was restored. List anew, and watch without a cursor.").ToRpcException();

    /// <summary>ALREADY_EXISTS: an offset holds other content; both are kept.</summary>
    public static RpcException OffsetConflict(long offset, IReadOnlyList<Fault> faults) => Status(
        StatusCode.AlreadyExists,
        OffsetConflictReason,
        $"Offset {offset} holds other content. The first is kept, the second is in quarantine; expected each offset to be sent with the same bytes.",
        ViolationsOf(faults, MaximumTrailerBytes),
        ("offset", Text(offset))).ToRpcException();

    /// <summary>ABORTED: the stream was opened elsewhere.</summary>
    public static RpcException StaleEpoch(string readStream, long epoch) =>
        Status(StatusCode.Aborted, StaleEpochReason, $"'{readStream}' was opened again since epoch {epoch}; only the newest sender may send.", null, ("epoch", Text(epoch)))
            .ToRpcException();

    /// <summary>DATA_LOSS: the content is not what its hash says; nothing was stored and it may be sent again.</summary>
    public static RpcException ChecksumMismatch(long offset, ContentHash expected, ContentHash actual) => Status(
        StatusCode.DataLoss,
        "CHECKSUM_MISMATCH",
        $"The content of offset {offset} has SHA-256 {actual}; expected {expected} as sent along.",
        null,
        ("offset", Text(offset))).ToRpcException();

    /// <summary>DATA_LOSS: what is stored is not what was stored; it is refused, and what it does not concern is served.</summary>
    public static RpcException StoredDataDamaged(StoredDataDamagedException damage) => Status(
        StatusCode.DataLoss,
        "STORED_DATA_DAMAGED",
        $"{Shorten(damage.Message)} Nothing of it is served; its operator restores a backup.",
        null,
        ("name", damage.Target)).ToRpcException();

    /// <summary>RESOURCE_EXHAUSTED: too much for now; the caller waits and repeats.</summary>
    public static RpcException ResourceExhausted(string reason, string message, TimeSpan retryAfter) =>
        Status(StatusCode.ResourceExhausted, reason, message, new RetryInfo { RetryDelay = Duration.FromTimeSpan(retryAfter) }).ToRpcException();

    /// <summary>RESOURCE_EXHAUSTED: the store has no room; the caller keeps what it has and repeats.</summary>
    public static RpcException StoreFull() =>
        ResourceExhausted("STORE_FULL", "The server's store has no room for this until its operator makes some. Nothing was changed; keep it and send it again.", StoreFullDelay);

    /// <summary>RESOURCE_EXHAUSTED: a caller asks for more than its share; it waits and repeats.</summary>
    /// <param name="caller">Who is counted.</param>
    /// <param name="limit">The limit, beginning with "expected".</param>
    /// <param name="retryAfter">How long to wait.</param>
    public static RpcException RateLimited(string caller, string limit, TimeSpan retryAfter) => OverQuota("RATE_LIMITED", caller, $"'{caller}' asks for too much: {limit}.", retryAfter);

    /// <summary>RESOURCE_EXHAUSTED: all callers together ask for more than the server can take; nothing was changed, and the caller waits and repeats.</summary>
    public static RpcException Overloaded(string load, TimeSpan retryAfter) => OverQuota("OVERLOADED", "server", $"The server has too much to do: {load}. Nothing was changed.", retryAfter);

    /// <summary>RESOURCE_EXHAUSTED: a message is larger than the server takes; it would be so again.</summary>
    public static RpcException MessageTooLarge(int limit) =>
        Status(StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE", $"The message is too large; expected at most {limit} bytes. Send a large read in parts.").ToRpcException();

    /// <summary>INVALID_ARGUMENT: what came is no message of the method.</summary>
    public static RpcException Malformed() =>
        Status(StatusCode.InvalidArgument, PlateReadMapper.Malformed, "The bytes of the request are no message of this method; expected one that the contract describes.").ToRpcException();

    /// <summary>UNAVAILABLE: a stream is so old that it is opened anew.</summary>
    public static RpcException StreamExpired(TimeSpan limit) =>
        Status(StatusCode.Unavailable, "STREAM_EXPIRED", $"The stream was open for {Text(limit.TotalHours)} h; expected it to be opened again and to go on.").ToRpcException();

    /// <summary>DEADLINE_EXCEEDED: a call took longer than the server allows.</summary>
    public static RpcException DeadlineExceeded(TimeSpan limit) =>
        Status(StatusCode.DeadlineExceeded, "DEADLINE_EXCEEDED", $"The call took longer than {Text(limit.TotalSeconds)} s; expected one that asks for less.").ToRpcException();

    /// <summary>UNAVAILABLE: the server ends; another attempt reaches the next one.</summary>
    public static RpcException ShuttingDown() => Status(StatusCode.Unavailable, "SHUTTING_DOWN", "The server is shutting down.").ToRpcException();

    /// <summary>UNAVAILABLE: the store is out of reach.</summary>
    public static RpcException StoreUnavailable() => Status(StatusCode.Unavailable, "STORE_UNAVAILABLE", "The server's store is out of reach.").ToRpcException();

    /// <summary>UNAVAILABLE: the identity provider, whose keys a token is held against, is out of reach.</summary>
    public static RpcException IssuerUnavailable() =>
        Status(StatusCode.Unavailable, "ISSUER_UNAVAILABLE", "The issuer of tokens is out of reach of the server, so no token can be checked.").ToRpcException();

    /// <summary>DEADLINE_EXCEEDED: a stream said nothing for too long.</summary>
    public static RpcException StreamIdle(TimeSpan limit) =>
        Status(StatusCode.DeadlineExceeded, "STREAM_IDLE", $"No message came for {Text(limit.TotalSeconds)} s; expected an event or a heartbeat.").ToRpcException();

    /// <summary>DEADLINE_EXCEEDED: the caller did not read what was sent to it for too long.</summary>
    public static RpcException ReaderStalled(TimeSpan limit) =>
        Status(StatusCode.DeadlineExceeded, "READER_STALLED", $"A message was not read for {Text(limit.TotalSeconds)} s; expected the caller to read while it sends.").ToRpcException();

    /// <summary>UNAUTHENTICATED: who calls is not known.</summary>
    public static RpcException Unauthenticated(string message) => Status(StatusCode.Unauthenticated, "UNAUTHENTICATED", message).ToRpcException();

    /// <summary>PERMISSION_DENIED: who calls is known and may not.</summary>
    public static RpcException PermissionDenied(string reason, string message) => Status(StatusCode.PermissionDenied, reason, message).ToRpcException();

    /// <summary>INTERNAL: a bug of ours; the log has it under the correlation id.</summary>
    public static RpcException Internal(string correlationId) =>
        Status(StatusCode.Internal, "INTERNAL", $"The server failed; its log says why under '{correlationId}'.", null, ("correlation_id", correlationId)).ToRpcException();

    /// <summary>The status of bad content inside a response, such as a disposition. At least one fault.</summary>
    /// <remarks>A plate may have a fault per well. Where they are more than there is room for, the last violation says how many are left
    /// out, and the metadata's <c>fault_count</c> counts them all.</remarks>
    public static Google.Rpc.Status StatusOf(IReadOnlyList<Fault> faults) => InvalidStatus(faults, MaximumBodyBytes);

    /// <summary>The status of content that is held until a person decides, inside a response; its reason is the hold's.</summary>
    public static Google.Rpc.Status HeldStatus(Fault hold) =>
        Status(StatusCode.FailedPrecondition, hold.Reason, Shorten(hold.Description), ViolationsOf([hold], MaximumBodyBytes));

    /// <summary>FAILED_PRECONDITION: a person has decided about it before.</summary>
    public static RpcException AlreadyResolved(string name) =>
        Status(StatusCode.FailedPrecondition, "ALREADY_RESOLVED", $"Somebody has decided about '{name}' before; a decision is made once.", null, ("name", name)).ToRpcException();

    /// <summary>ABORTED where somebody was faster, FAILED_PRECONDITION otherwise: a step of review can't be taken, with a violation for each result that stops it.</summary>
    public static RpcException ReviewRefused(IReadOnlyList<Fault> faults)
    {
        Fault first = faults.FirstOrDefault(fault => fault.Reason == ReviewReasons.VersionChanged) ?? faults[0];
        StatusCode code = first.Reason == ReviewReasons.VersionChanged ? StatusCode.Aborted : StatusCode.FailedPrecondition;
        return Status(code, first.Reason, Shorten(first.ToString()), ViolationsOf(faults, MaximumTrailerBytes), ("fault_count", Text(faults.Count))).ToRpcException();
    }

    /// <summary>FAILED_PRECONDITION: deliveries are not the newest of their versions, or came back too late; a violation for each.</summary>
    public static RpcException LeaseExpired(IReadOnlyList<Fault> faults) => Status(
        StatusCode.FailedPrecondition, faults[0].Reason, Shorten(faults[0].ToString()), ViolationsOf(faults, MaximumTrailerBytes), ("fault_count", Text(faults.Count))).ToRpcException();

    /// <summary>ALREADY_EXISTS: a name is or was in use.</summary>
    public static RpcException AlreadyExists(string reason, string name) =>
        Status(StatusCode.AlreadyExists, reason, $"'{name}' is or was in use; expected another name.", null, ("name", name)).ToRpcException();

    /// <summary>FAILED_PRECONDITION: a plate without a layout can't be analysed.</summary>
    public static RpcException LayoutMissing(string name) =>
        Status(StatusCode.FailedPrecondition, "LAYOUT_MISSING", $"'{name}' has no layout; expected SubmitPlateLayout first.", null, ("name", name)).ToRpcException();

    /// <summary>UNAUTHENTICATED: who signs must prove again who it is.</summary>
    public static RpcException ReauthRequired(string message) => Status(StatusCode.Unauthenticated, "REAUTH_REQUIRED", message).ToRpcException();

    private static RpcException OverQuota(string reason, string subject, string description, TimeSpan retryAfter)
    {
        Google.Rpc.Status status = Status(StatusCode.ResourceExhausted, reason, description, new RetryInfo { RetryDelay = Duration.FromTimeSpan(retryAfter) });
        status.Details.Add(Any.Pack(new QuotaFailure { Violations = { new QuotaFailure.Types.Violation { Subject = subject, Description = description } } }));
        return status.ToRpcException();
    }

    private static Google.Rpc.Status InvalidStatus(IReadOnlyList<Fault> faults, int maximumBytes)
    {
        if (faults.Count == 0)
        {
            throw new ArgumentException("Expected at least one fault.", nameof(faults));
        }

        string message = faults.Count == 1 ? faults[0].ToString() : $"{faults.Count} faults; the first: {faults[0]}";
        return Status(StatusCode.InvalidArgument, InvalidContent, Shorten(message), ViolationsOf(faults, maximumBytes), ("fault_count", Text(faults.Count)));
    }

    private static Google.Rpc.Status Status(StatusCode code, string reason, string message, IMessage? detail = null, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var info = new ErrorInfo { Domain = Domain, Reason = reason };
        foreach ((string key, string value) in metadata)
        {
            info.Metadata.Add(key, value);
        }

        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(info) } };
        if (detail is not null)
        {
            status.Details.Add(Any.Pack(detail));
        }

        return status;
    }

    private static BadRequest ViolationsOf(IReadOnlyList<Fault> faults, int maximumBytes)
    {
        var badRequest = new BadRequest();
        int bytes = 0;
        for (int i = 0; i < faults.Count; i++)
        {
            var violation = new BadRequest.Types.FieldViolation { Field = Shorten(faults[i].Field), Reason = faults[i].Reason, Description = Shorten(faults[i].Description) };
            bytes += violation.CalculateSize();
            if (bytes > maximumBytes)
            {
                badRequest.FieldViolations.Add(new BadRequest.Types.FieldViolation
                {
                    Reason = FaultReasons.LimitExceeded,
                    Description = $"{faults.Count - i} further faults are not listed.",
                });
                break;
            }

            badRequest.FieldViolations.Add(violation);
        }

        return badRequest;
    }

    private static string Shorten(string text) => text.Length <= MaximumDescriptionLength ? text : string.Concat(text.AsSpan(0, MaximumDescriptionLength), "...");

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
