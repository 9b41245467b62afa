using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Client.Pulling;

/// <summary>Keeps the leases of deliveries that are under way, and knows which have ended. Thread-safe.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> heldSince = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private readonly ResultDeliveryService.ResultDeliveryServiceClient client;
    private readonly ResultPullerOptions options;
    private readonly TimeSpan lease;
    private readonly TimeProvider time;
    private readonly Task keeping;

    /// <summary>Begins to keep leases.</summary>
    /// <param name="client">The server.</param>
    /// <param name="options">Whose leases.</param>
    /// <param name="lease">How long a lease is; it is made longer at a third of it.</param>
    /// <param name="time">Clock of leases, which runs on while the one on the wall jumps.</param>
    public LeaseKeeper(ResultDeliveryService.ResultDeliveryServiceClient client, ResultPullerOptions options, TimeSpan lease, TimeProvider time)
    {
        this.client = client;
        this.options = options;
        this.lease = lease;
        this.time = time;
        keeping = KeepAsync(ending.Token);
    }

    /// <summary>Takes over deliveries whose leases began at this time or later.</summary>
    public void Hold(IEnumerable<Delivery> deliveries, long since)
    {
        lock (gate)
        {
            foreach (Delivery delivery in deliveries)
            {
                heldSince[delivery.DeliveryId] = since;
            }
        }
    }

    /// <summary>Whether the lease of a delivery runs, as far as this side can know.</summary>
    public bool Holds(string deliveryId)
    {
        lock (gate)
        {
            return heldSince.TryGetValue(deliveryId, out long since) && time.GetElapsedTime(since) < lease;
        }
    }

    /// <summary>Keeps these no more.</summary>
    public void Release(IEnumerable<string> deliveryIds)
    {
        lock (gate)
        {
            foreach (string deliveryId in deliveryIds)
            {
                heldSince.Remove(deliveryId);
            }
        }
    }

    /// <summary>All that are held, running or not.</summary>
    public IReadOnlyList<string> All()
    {
        lock (gate)
        {
            return [.. heldSince.Keys];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await keeping;
        ending.Dispose();
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(lease / 3, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await ExtendAsync(All(), cancellationToken);
            }
            catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The next third of the lease is the next attempt. Leases that end meanwhile are known to have ended, and whoever pulls and acknowledges meets the same fault.
                options.Notices?.Report(new PullNotice(PullNoticeKind.WaitingToRetry, null, $"Leases could not be made longer. {RpcFault.Of(exception)}"));
            }
            catch (RpcException)
            {
                // The puller ends, and the call with it.
                return;
            }
        }
    }

    private async Task ExtendAsync(IReadOnlyList<string> deliveryIds, CancellationToken cancellationToken)
    {
        if (deliveryIds.Count == 0)
        {
            return;
        }

        long since = time.GetTimestamp();
        IReadOnlySet<string> ended = await LeasedCalls.MakeAsync(deliveryIds, some => client.ModifyAckDeadlineAsync(
            new ModifyAckDeadlineRequest { Subscription = options.SubscriptionName, DeliveryIds = { some }, AckDeadline = Duration.FromTimeSpan(lease) },
            deadline: time.GetUtcNow().UtcDateTime + lease,
            cancellationToken: cancellationToken).ResponseAsync);
        lock (gate)
        {
            // Some may have been settled while the call was under way.
            foreach (string deliveryId in deliveryIds.Where(heldSince.ContainsKey))
            {
                if (ended.Contains(deliveryId))
                {
                    heldSince.Remove(deliveryId);
                }
                else
                {
                    heldSince[deliveryId] = since;
                }
            }
        }
    }
}
