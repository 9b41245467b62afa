using Biomarkers.Immunoassay;
using Biomarkers.Server.Access;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Services;

/// <summary>What every method begins with.</summary>
internal static class Requests
{
    /// <summary>Ends the call with INVALID_ARGUMENT and every fault, where there is one.</summary>
    public static void Require(IReadOnlyList<Fault> faults)
    {
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidArgument(faults);
        }
    }
}

/// <summary>Messages to a caller who may not read them.</summary>
internal static class ResponseWriting
{
    /// <summary>Writes one message; a reader that does not take it within the limit is cut off, because HTTP/2 itself would wait for ever.</summary>
    public static async Task WriteWithinAsync<T>(this IServerStreamWriter<T> responses, T response, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        try
        {
            await responses.WriteAsync(response, either.Token);
        }
        catch (OperationCanceledException) when (tooLong.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ReaderStalledException(limit);
        }
    }
}

/// <summary>A caller did not read what was sent to it for too long.</summary>
internal sealed class ReaderStalledException(TimeSpan limit) : Exception
{
    /// <summary>How long a message may take.</summary>
    public TimeSpan Limit { get; } = limit;
}

/// <summary>Who calls.</summary>
internal static class Callers
{
    /// <summary>Identity of the caller, for the audit: such as <c>keys/local</c>.</summary>
    public static string Of(ServerCallContext context) => Who(context).Identity;

    /// <summary>The caller.</summary>
    public static Caller Who(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<Caller>() ?? throw new InvalidOperationException("A method was reached without authentication.");
}
