using System.Globalization;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Server.Wire;

/// <summary>Errors of calls that never reach gRPC, such as those without a key, in the same form as every other error.</summary>
internal static class HttpErrors
{
    private const string GrpcContentType = "application/grpc";

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithTypeRegistry(RpcErrors.DetailTypes));

    /// <summary>Answers a request with an error: as trailers in the place of headers for gRPC, as JSON otherwise.</summary>
    public static Task AnswerAsync(this HttpContext context, int httpStatus, RpcException error)
    {
        HttpResponse response = context.Response;
        if (!(context.Request.ContentType ?? string.Empty).StartsWith(GrpcContentType, StringComparison.OrdinalIgnoreCase))
        {
            response.StatusCode = httpStatus;
            response.ContentType = "application/json";
            return response.WriteAsync(Json.Format(error.GetRpcStatus()), context.RequestAborted);
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = GrpcContentType;
        response.Headers["grpc-status"] = ((int)error.StatusCode).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(error.Status.Detail);
        foreach (Metadata.Entry trailer in error.Trailers)
        {
            response.Headers[trailer.Key] = trailer.IsBinary ? Convert.ToBase64String(trailer.ValueBytes) : trailer.Value;
        }

        return Task.CompletedTask;
    }
}
