using System.Security.Claims;
using System.Threading.RateLimiting;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Admission;

/// <summary>Lets a call begin or refuses it, before it costs anything: limits of each caller, and of all together. A refusal says when to come again.</summary>
/// <remarks>A caller is who authentication says it is, and without a known key its address. Health is asked by machines whose answer decides whether
/// this server is used at all, often from the one address of a load balancer: it is never refused.</remarks>
internal sealed class CallAdmission : IAsyncDisposable
{
    private static readonly TimeSpan Replenishment = TimeSpan.FromMilliseconds(100);

    private readonly WireLimits limits;
    private readonly PartitionedRateLimiter<HttpContext> calls;
    private readonly PartitionedRateLimiter<HttpContext> callerWrites;
    private readonly ConcurrencyLimiter writes;

    public CallAdmission(WireLimits limits)
    {
        this.limits = limits;
        calls = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, Caller>(context => RateLimitPartition.GetTokenBucketLimiter(Caller.Of(context), BucketOf)),
            PartitionedRateLimiter.Create<HttpContext, Caller>(context => RateLimitPartition.GetConcurrencyLimiter(Caller.Of(context), _ => AtOnce(limits.CallsPerCaller))));
        callerWrites = PartitionedRateLimiter.Create<HttpContext, Caller>(
            context => RateLimitPartition.GetConcurrencyLimiter(Caller.Of(context), _ => AtOnce(limits.WritesAtOnce / 2)));
        writes = new ConcurrencyLimiter(AtOnce(limits.WritesAtOnce));
    }

    /// <summary>The middleware: stands behind authentication, and holds what a call takes until it ends.</summary>
    public async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        if (HealthPages.IsHealth(context.Request.Path))
        {
            await next(context);
            return;
        }

        using RateLimitLease call = calls.AttemptAcquire(context);
        if (!call.IsAcquired)
        {
            await RefuseAsync(context, RpcErrors.RateLimited(
                Caller.Of(context).Name, $"expected at most {limits.CallsPerCaller} calls at once and {RateOf(Caller.Of(context))} a second", limits.RetryAfter));
            return;
        }

        if (!CalledMethod.Of(context).IsUnaryWrite)
        {
            await next(context);
            return;
        }

        using RateLimitLease own = callerWrites.AttemptAcquire(context);
        if (!own.IsAcquired)
        {
            await RefuseAsync(context, RpcErrors.RateLimited(Caller.Of(context).Name, $"expected at most {limits.WritesAtOnce / 2} writes at once", limits.RetryAfter));
            return;
        }

        using RateLimitLease write = writes.AttemptAcquire();
        if (!write.IsAcquired)
        {
            await RefuseAsync(context, RpcErrors.Overloaded($"{limits.WritesAtOnce} writes wait for the store or for the analysis", limits.RetryAfter));
            return;
        }

        await next(context);
    }

    public async ValueTask DisposeAsync()
    {
        await calls.DisposeAsync();
        await callerWrites.DisposeAsync();
        await writes.DisposeAsync();
    }

    // A call that ends before its message was read is reset, and Kestrel takes many of these for an attack and ends the connection with every call on it: the one message
    // of a unary call is read, and thrown away.
    private static async Task RefuseAsync(HttpContext context, RpcException error)
    {
        if (CalledMethod.Of(context).IsUnary)
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        }

        await context.AnswerAsync(StatusCodes.Status429TooManyRequests, error);
    }

    private static ConcurrencyLimiterOptions AtOnce(int permits) => new() { PermitLimit = permits, QueueLimit = 0 };

    private int RateOf(Caller caller) => caller.IsKnown ? limits.CallsPerSecond : limits.UnknownCallsPerSecond;

    private TokenBucketRateLimiterOptions BucketOf(Caller caller) => new()
    {
        TokenLimit = 2 * RateOf(caller),
        TokensPerPeriod = RateOf(caller) / (int)(TimeSpan.FromSeconds(1) / Replenishment),
        ReplenishmentPeriod = Replenishment,
        QueueLimit = 0,
    };

    // Who is counted.
    private readonly record struct Caller(string Name, bool IsKnown)
    {
        public static Caller Of(HttpContext context) => context.User.FindFirstValue(ClaimTypes.NameIdentifier) is { } name
            ? new Caller(name, IsKnown: true)
            : new Caller(context.Connection.RemoteIpAddress?.ToString() ?? string.Empty, IsKnown: false);
    }
}
