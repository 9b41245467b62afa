using System.Text;
using Google.Rpc;
using Grpc.Core;

namespace Biomarkers.Client;

/// <summary>One field of a request that is wrong.</summary>
/// <param name="Field">Path as on the wire, such as <c>plate_read.columns[0].responses[3]</c>.</param>
/// <param name="Reason">UPPER_SNAKE_CASE code such as <c>NON_FINITE</c>; empty when the server names none.</param>
/// <param name="Description">A sentence that quotes the value and says what was expected.</param>
public sealed record FieldFault(string Field, string Reason, string Description);

/// <summary>What a server's error says, read out of its rich details.</summary>
/// <param name="Code">Status code of the call.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Reason">UPPER_SNAKE_CASE reason of the ErrorInfo such as <c>OFFSET_GAP</c>; empty when there is none.</param>
/// <param name="Metadata">Facts of the ErrorInfo such as <c>expected_offset</c>; may be empty.</param>
/// <param name="Fields">Every field fault of the BadRequest; may be empty.</param>
/// <param name="RetryDelay">How long to wait before a repeat; null when the server does not say.</param>
public sealed record RpcFault(
    StatusCode Code,
    string Message,
    string Reason,
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyList<FieldFault> Fields,
    TimeSpan? RetryDelay)
{
    /// <summary>Domain of the reasons of this product's servers.</summary>
    public const string Domain = "biomarkers";

    /// <summary>Reason of ABORTED when the stream was opened elsewhere.</summary>
    public const string StaleEpoch = "STALE_EPOCH";

    /// <summary>What is said of a disposition that this client does not know.</summary>
    internal static RpcFault UnknownDisposition(int kind) =>
        new(StatusCode.Unknown, $"The server says disposition {kind}, which this client does not know: the event is stored, and not simply used.", string.Empty, new Dictionary<string, string>(), [], null);

    /// <summary>Whether the same call may succeed later without any change: the server is out of reach, overloaded or shutting down.</summary>
    public bool IsTransient => Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded
        || (Code == StatusCode.ResourceExhausted && RetryDelay is not null);

    /// <summary>Reads an exception; one without rich details gives code and message alone.</summary>
    public static RpcFault Of(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.GetRpcStatus() is { } status
            ? Of(status)
            : new RpcFault(CodeOf(exception), exception.Status.Detail, string.Empty, new Dictionary<string, string>(), [], null);
    }

    /// <summary>Reads a status that came inside a response.</summary>
    public static RpcFault Of(Google.Rpc.Status status)
    {
        ArgumentNullException.ThrowIfNull(status);
        ErrorInfo? info = status.GetDetail<ErrorInfo>();
        BadRequest? badRequest = status.GetDetail<BadRequest>();
        RetryInfo? retry = status.GetDetail<RetryInfo>();
        return new RpcFault(
            (StatusCode)status.Code,
            status.Message,
            info?.Reason ?? string.Empty,
            info?.Metadata.ToDictionary() ?? [],
            badRequest?.FieldViolations.Select(violation => new FieldFault(violation.Field, violation.Reason, violation.Description)).ToList() ?? [],
            retry?.RetryDelay?.ToTimeSpan());
    }

    // A server that is killed while a connection to it begins is INTERNAL to the library where no socket is blamed; a server's own INTERNAL has no exception.
    private static StatusCode CodeOf(RpcException exception) =>
        exception is { StatusCode: StatusCode.Internal, Status.DebugException: HttpRequestException } ? StatusCode.Unavailable : exception.StatusCode;

    /// <summary>For a person: code, reason and sentence on the first line, then a line per field fault.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Code);
        if (Reason.Length > 0)
        {
            text.Append(" (").Append(Reason).Append(')');
        }

        text.Append(": ").Append(Message);
        foreach (FieldFault fault in Fields)
        {
            text.AppendLine().Append("  ").Append(fault.Field).Append(": ").Append(fault.Description);
        }

        return text.ToString();
    }
}
