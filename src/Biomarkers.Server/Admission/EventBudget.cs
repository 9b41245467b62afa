using System.Threading.RateLimiting;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;

namespace Biomarkers.Server.Admission;

/// <summary>Room in memory for events of all streams that are on their way to the disk. A stream waits for room in its turn, and is not read meanwhile.</summary>
internal sealed class EventBudget(WireLimits limits) : IAsyncDisposable
{
    private readonly ConcurrencyLimiter room = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = limits.BytesInFlight,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Waits for room.</summary>
    /// <param name="bytes">Bytes of the event, at most <see cref="WireLimits.ReceiveBytes"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Dispose of it when the event is durable.</returns>
    public async ValueTask<IDisposable> TakeAsync(int bytes, CancellationToken cancellationToken)
    {
        RateLimitLease lease = await room.AcquireAsync(Math.Max(1, bytes), cancellationToken);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        throw RpcErrors.Overloaded("2 GiB of events wait for the store", limits.RetryAfter);
    }

    public ValueTask DisposeAsync() => room.DisposeAsync();
}
