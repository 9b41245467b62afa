using Microsoft.AspNetCore.Connections.Features;

namespace Biomarkers.Server.Hosting;

/// <summary>The way out: a server that is asked to end first says that it is not ready and goes on serving, so that a load balancer sends new
/// calls elsewhere before any call is ended here. A second request ends the wait.</summary>
internal sealed class Drain(WireLimits limits, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Drain> logger) : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource begun = new();
    private ITimer? end;

    /// <summary>Whether the server was asked to end.</summary>
    public bool HasBegun => begun.IsCancellationRequested;

    /// <summary>Is cancelled when the drain begins.</summary>
    public CancellationToken Begun => begun.Token;

    /// <summary>Asks the server to end: the first time after its drain, again at once.</summary>
    public void Request()
    {
        bool isFirst;
        lock (gate)
        {
            isFirst = !HasBegun;
            if (isFirst)
            {
                begun.Cancel();
            }
        }

        // Before it serves there is nobody to wait for.
        if (isFirst && limits.Drain > TimeSpan.Zero && lifetime.ApplicationStarted.IsCancellationRequested)
        {
            logger.DrainBegins(limits.Drain.TotalSeconds);
            end = time.CreateTimer(_ => lifetime.StopApplication(), null, limits.Drain, Timeout.InfiniteTimeSpan);
        }
        else
        {
            logger.Ends();
            lifetime.StopApplication();
        }
    }

    /// <summary>Asks each connection on which a call comes during the drain to close once its calls are answered, so that its client connects
    /// again and reaches another server. Read streams and watches stay until the drain ends.</summary>
    public async Task CloseConnectionAsync(HttpContext context, RequestDelegate next)
    {
        if (HasBegun && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        await next(context);
        if (HasBegun)
        {
            // By HTTP/2 a GOAWAY: streams that are open go on.
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    public void Dispose()
    {
        end?.Dispose();
        begun.Dispose();
    }
}
