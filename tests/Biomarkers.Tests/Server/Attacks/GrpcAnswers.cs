using System.Globalization;
using Google.Rpc;
using StatusCode = Grpc.Core.StatusCode;

namespace Biomarkers.Tests.Server.Attacks;

/// <summary>What an answer of gRPC says, read from plain HTTP/2.</summary>
internal static class GrpcAnswers
{
    /// <summary>Code and reason of an answer whose body was read; an empty reason where it has none.</summary>
    public static (StatusCode Code, string Reason) Read(HttpResponseMessage response)
    {
        StatusCode code = Value(response, "grpc-status") is { } text ? (StatusCode)int.Parse(text, CultureInfo.InvariantCulture) : StatusCode.Unknown;
        return (code, Details(response)?.Details
            .Where(detail => detail.Is(ErrorInfo.Descriptor)).Select(detail => detail.Unpack<ErrorInfo>().Reason).SingleOrDefault() ?? string.Empty);
    }

    /// <summary>The rich status; null without one.</summary>
    public static Status? Details(HttpResponseMessage response)
    {
        if (Value(response, "grpc-status-details-bin") is not { } text)
        {
            return null;
        }

        // Base64 on the wire may lack its padding.
        return Status.Parser.ParseFrom(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
    }

    /// <summary>A trailer, or the header that stands in its place.</summary>
    public static string? Value(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? trailers) ? trailers.Single()
        : response.Headers.TryGetValues(name, out IEnumerable<string>? headers) ? headers.Single() : null;
}
