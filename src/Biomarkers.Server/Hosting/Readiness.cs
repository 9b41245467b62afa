using Biomarkers.Pipeline;

namespace Biomarkers.Server.Hosting;

/// <summary>Whether new calls shall come to this server: the one answer behind <c>/readyz</c>, gRPC health and whoever balances load by them.</summary>
internal sealed class Readiness(StoreWriter writer, Drain drain, IHostApplicationLifetime lifetime)
{
    /// <summary>The server has not begun to serve.</summary>
    public const string Starting = "STARTING";

    /// <summary>The server was asked to end. It still answers, and others shall be asked.</summary>
    public const string Draining = "DRAINING";

    /// <summary>Calls are being ended.</summary>
    public const string ShuttingDown = "SHUTTING_DOWN";

    /// <summary>The store failed or does not answer: nothing can be acknowledged.</summary>
    public const string StoreUnavailable = "STORE_UNAVAILABLE";

    /// <summary>Why no new calls shall come, in one word; null when they may.</summary>
    public string? Obstacle()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return writer.FatalFault is null ? ShuttingDown : StoreUnavailable;
        }

        if (drain.HasBegun)
        {
            return Draining;
        }

        if (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            return Starting;
        }

        return writer.IsReachable ? null : StoreUnavailable;
    }
}
