using System.Globalization;
using Biomarkers.Server.Hosting;

namespace Biomarkers.Server.Admission;

/// <summary>Ends unary calls that take too long, whatever their callers allow; what they ask of the store ends with them.</summary>
internal sealed class CallDeadlines(WireLimits limits, TimeProvider time)
{
    private const string TimeoutHeader = "grpc-timeout";

    /// <summary>The middleware.</summary>
    public Task LimitAsync(HttpContext context, RequestDelegate next)
    {
        var method = CalledMethod.Of(context);
        if (!method.IsUnary)
        {
            return next(context);
        }

        TimeSpan limit = method.IsList ? limits.ListDeadline : limits.UnaryDeadline;
        if (!method.IsGrpc)
        {
            return LimitJsonAsync(context, next, limit);
        }

        // gRPC knows deadlines by itself: a caller that names none, or a later one, gets the server's.
        if (TryParse(context.Request.Headers[TimeoutHeader]) is not { } asked || asked > limit)
        {
            context.Request.Headers[TimeoutHeader] = string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Ceiling(limit.TotalMilliseconds)}m");
        }

        return next(context);
    }

    /// <summary>The time that a caller allows, as HTTP/2 carries it: up to eight digits and a unit; null for none or a text that is none.</summary>
    internal static TimeSpan? TryParse(string? text)
    {
        if (text is not { Length: >= 2 and <= 9 } || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return null;
        }

        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(count),
            'M' => TimeSpan.FromMinutes(count),
            'S' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMilliseconds(count),
            'u' => TimeSpan.FromMicroseconds(count),
            'n' => TimeSpan.FromMicroseconds(count / 1000.0),
            _ => null,
        };
    }

    private async Task LimitJsonAsync(HttpContext context, RequestDelegate next, TimeSpan limit)
    {
        using var tooLong = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, tooLong.Token);
        context.RequestAborted = either.Token;
        context.Features.Set(new JsonDeadline(limit, tooLong.Token));
        await next(context);
    }
}

/// <summary>When a call as JSON has taken too long.</summary>
/// <param name="Limit">Longest time.</param>
/// <param name="Over">Is cancelled then.</param>
internal sealed record JsonDeadline(TimeSpan Limit, CancellationToken Over);
