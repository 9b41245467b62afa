using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Hosting;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Biomarkers.Server.Access;

/// <summary>Cuts streams whose caller's key, certificate, instrument or token ended while they run: they may run for weeks.</summary>
internal sealed class StandingWatch(AccessDirectory directory, AccessOptions options, IStore store, TimeProvider time, ILogger<StandingWatch> logger)
{
    /// <summary>Middleware behind authorization.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        string? stream = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method is { Type: not MethodType.Unary } method ? method.FullName : null;
        if (stream is null || context.Features.Get<Caller>() is not { } caller || caller == Caller.Owner)
        {
            await next(context);
            return;
        }

        using var ended = new CancellationTokenSource();
        Task watching = WatchAsync(context, caller, stream, ended.Token);
        try
        {
            await next(context);
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
        }
    }

    private async Task WatchAsync(HttpContext context, Caller caller, string method, CancellationToken cancellationToken)
    {
        using var interval = new PeriodicTimer(options.ViewLife, time);
        try
        {
            while (await interval.WaitForNextTickAsync(cancellationToken))
            {
                if (await EndedByAsync(caller, cancellationToken) is { } why)
                {
                    logger.CallCut(method, caller.Identity, why);
                    context.Abort();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The call has ended.
        }
    }

    // Without the store nothing is known to have ended, and nothing can be stored or read either.
    private async Task<string?> EndedByAsync(Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            return caller.EndedBy(await directory.ReadAsync(cancellationToken), time.GetUtcNow());
        }
        catch (Exception exception) when (store.IsUnavailable(exception) || store.IsTransient(exception))
        {
            return null;
        }
    }
}
