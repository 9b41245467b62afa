using System.Globalization;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Admission;

/// <summary>Says of unary gRPC calls whose message can't be read what is wrong with them: gRPC itself reads it before any code of ours runs, and answers
/// UNKNOWN where it is no message.</summary>
internal sealed class UnreadableRequests(WireLimits limits)
{
    private static readonly object Reached = new();

    /// <summary>Notes that the message of a call was read.</summary>
    public static void MarkRead(HttpContext context) => context.Items[Reached] = true;

    /// <summary>The middleware.</summary>
    public async Task TellAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.HasStarted || context.Items.ContainsKey(Reached) || !CalledMethod.Of(context).IsGrpc)
        {
            return;
        }

        bool isUnknown = IsStatus(context, StatusCode.Unknown);
        bool isTooLarge = IsStatus(context, StatusCode.ResourceExhausted) && !context.Response.Headers.ContainsKey("grpc-status-details-bin");
        if (isTooLarge || (isUnknown && context.Request.ContentLength > limits.ReceiveBytes))
        {
            await context.AnswerAsync(StatusCodes.Status200OK, RpcErrors.MessageTooLarge(limits.ReceiveBytes));
        }
        else if (isUnknown)
        {
            await context.AnswerAsync(StatusCodes.Status200OK, RpcErrors.Malformed());
        }
    }

    private static bool IsStatus(HttpContext context, StatusCode code) =>
        context.Response.Headers["grpc-status"] == ((int)code).ToString(CultureInfo.InvariantCulture);
}
