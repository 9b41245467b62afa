using System.Collections.Concurrent;
using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Biomarkers.Faults.Delivery;

/// <summary>Calls of plain clients to whichever server is there; one that breaks is told to the caller, who decides.</summary>
internal sealed class DeliveryCalls(ReplicaSet replicas, string keyFile) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<int, GrpcChannel> channels = [];
    private int turn;

    /// <summary>Makes a call at one of the servers.</summary>
    public async Task<T> CallAsync<T>(Func<GrpcChannel, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        int port = replicas.Addresses[(int)((uint)Interlocked.Increment(ref turn) % (uint)replicas.Count)].Port;
        GrpcChannel channel = channels.GetOrAdd(port, static at => GrpcChannel.ForAddress(new UriBuilder("http", "127.0.0.1", at).Uri));
        var headers = new Metadata { { "authorization", $"Bearer {ClientKey.Find(keyFile)}" } };
        return await call(channel, new CallOptions(headers, TimeProvider.System.GetUtcNow().UtcDateTime + Deadline, cancellationToken));
    }

    /// <summary>Makes a call until a server answers it.</summary>
    /// <returns>The answer; null where an earlier call, whose answer was lost, had done it.</returns>
    public async Task<T?> CallUntilAnsweredAsync<T>(Func<GrpcChannel, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            try
            {
                return await CallAsync(call, cancellationToken);
            }
            catch (RpcException exception) when (exception.StatusCode is StatusCode.FailedPrecondition or StatusCode.AlreadyExists)
            {
                return null;
            }
            catch (RpcException exception) when (IsBroken(exception))
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <summary>Whether a call may or may not have been done.</summary>
    public static bool IsBroken(RpcException exception) =>
        exception.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Internal or StatusCode.Aborted;

    public void Dispose()
    {
        foreach (GrpcChannel channel in channels.Values)
        {
            channel.Dispose();
        }
    }
}

/// <summary>Pulls and acknowledges, as a LIMS with several workers does, and writes down what it saw.</summary>
internal sealed class DeliveryPuller(DeliveryCalls calls, string subscription, TimeSpan lease, int seed)
{
    private const int Attempts = 3;
    private const int MostPerPull = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(seed);

    public ConcurrentQueue<SeenDelivery> Deliveries { get; } = [];

    public ConcurrentQueue<SeenAcknowledgement> Acknowledgements { get; } = [];

    /// <summary>Pulls until stopped.</summary>
    /// <param name="stopping">Ends it after the call that runs.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                SeenDelivery[] taken = await PullAsync(cancellationToken);
                if (taken.Length > 0)
                {
                    await WorkAsync(taken, cancellationToken);
                }
            }
            catch (RpcException exception) when (DeliveryCalls.IsBroken(exception))
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    private async Task<SeenDelivery[]> PullAsync(CancellationToken cancellationToken)
    {
        var request = new PullResultsRequest { Subscription = subscription, MaxResults = random.Next(1, MostPerPull), Wait = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) };
        long asked = Stopwatch.GetTimestamp();
        PullResultsResponse response = await calls.CallAsync(
            (channel, options) => new ResultDeliveryService.ResultDeliveryServiceClient(channel).PullResultsAsync(request, options), cancellationToken);
        long answered = Stopwatch.GetTimestamp();
        SeenDelivery[] taken = [.. response.Deliveries.Select(delivery => new SeenDelivery(
            $"{delivery.Result.Name}@{delivery.Result.Version}",
            delivery.DeliveryId,
            delivery.Attempt,
            delivery.LeaseExpireTime.ToDateTimeOffset(),
            asked,
            answered,
            Same(delivery.Result)))];
        Array.ForEach(taken, Deliveries.Enqueue);
        return taken;
    }

    // Some are forgotten, some take longer than the lease, some are sent twice.
    private async Task WorkAsync(SeenDelivery[] taken, CancellationToken cancellationToken)
    {
        int course = random.Next(20);
        if (course == 0)
        {
            return;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(course == 1 ? 1.05 * lease.TotalMilliseconds : random.Next(40)), cancellationToken);
        await AcknowledgeAsync(taken, cancellationToken);
        if (course == 2)
        {
            await AcknowledgeAsync(taken, cancellationToken);
        }
    }

    private async Task AcknowledgeAsync(SeenDelivery[] taken, CancellationToken cancellationToken)
    {
        var request = new AcknowledgeResultsRequest { Subscription = subscription, DeliveryIds = { taken.Select(delivery => delivery.DeliveryId) } };
        long asked = Stopwatch.GetTimestamp();
        bool? isTaken = null;
        for (int attempt = 0; attempt < Attempts && isTaken is null; attempt++)
        {
            try
            {
                await calls.CallAsync(
                    (channel, options) => new ResultDeliveryService.ResultDeliveryServiceClient(channel).AcknowledgeResultsAsync(request, options), cancellationToken);
                isTaken = true;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
            {
                isTaken = false;
            }
            catch (RpcException exception) when (DeliveryCalls.IsBroken(exception))
            {
                // In doubt: it is harmless to repeat, and where nobody does the version comes again, or does not.
                await Task.Delay(Pause, cancellationToken);
            }
        }

        long answered = Stopwatch.GetTimestamp();
        Array.ForEach(taken, delivery => Acknowledgements.Enqueue(new SeenAcknowledgement(delivery.Version, delivery.DeliveryId, asked, answered, isTaken)));
    }
#pragma warning restore CA5394

    // What counts outside now is of the moment, and not of the version.
    private static Result Same(Result result)
    {
        Result same = result.Clone();
        same.CurrentVersion = 0;
        same.OpenHolds.Clear();
        return same;
    }
}
