using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Server.Services;

/// <summary>Sends releases and holds to a reader that keeps its own place in the feed, with signs of life while nothing happens.</summary>
internal sealed class ResultChanges(
    IQueries queries, IDeliveryQueries deliveries, ChangeSignal changes, WireLimits limits, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int ChangesAtATime = 100;

    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    /// <summary>Sends until the caller cancels or the server ends.</summary>
    /// <param name="filter">What is wanted; holds of results whose version that counts is wanted.</param>
    /// <param name="request">Where to begin.</param>
    /// <param name="responses">Where changes go.</param>
    /// <param name="context">The call.</param>
    public async Task SendAsync(
        SubscriptionFilter filter, StreamResultChangesRequest request, IServerStreamWriter<StreamResultChangesResponse> responses, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        long generation = await queries.DatabaseGenerationAsync(ended.Token);
        long newest = await queries.NewestSequenceAsync(ended.Token);
        long place = request.FromBeginning && request.Cursor.Length == 0 ? 0 : WatchCursors.Begin(request.Cursor, generation, newest);
        try
        {
            // Where the reader begins, before the first change.
            await WriteAsync(new StreamResultChangesResponse(), place);
            long said = time.GetTimestamp();
            while (true)
            {
                Task changed = changes.Next;
                IReadOnlyList<ResultChange> found = await deliveries.ListResultChangesAsync(place, ChangesAtATime, ended.Token);
                foreach (ResultChange change in found)
                {
                    place = change.Sequence;
                    if (await ToWireAsync(filter, change, ended.Token) is { } response)
                    {
                        await WriteAsync(response, place);
                        said = time.GetTimestamp();
                    }
                }

                if (time.GetElapsedTime(said) >= SignOfLife)
                {
                    await WriteAsync(new StreamResultChangesResponse(), place);
                    said = time.GetTimestamp();
                }

                if (found.Count < ChangesAtATime)
                {
                    await Task.WhenAny(changed, Task.Delay(limits.WatchPoll, time, ended.Token));
                    ended.Token.ThrowIfCancellationRequested();
                }
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw RpcErrors.ShuttingDown();
        }

        Task WriteAsync(StreamResultChangesResponse response, long at)
        {
            response.Cursor = WatchCursors.ToWire(generation, at);
            return responses.WriteWithinAsync(response, limits.Write, time, ended.Token);
        }
    }

    private async Task<StreamResultChangesResponse?> ToWireAsync(SubscriptionFilter filter, ResultChange change, CancellationToken cancellationToken)
    {
        if (change.Released is { } released)
        {
            if (!filter.Takes(released))
            {
                return null;
            }

            IReadOnlyList<ReleasedVersion> found = await deliveries.GetReleasedAsync([(change.Sequence, released.VersionKey)], cancellationToken);
            return new StreamResultChangesResponse { Released = DeliveryMapper.ToWire(found[0]) };
        }

        return change.HoldOf is { } held && filter.Takes(held) ? new StreamResultChangesResponse { Hold = ReviewMapper.ToWire(change.Hold!) } : null;
    }
}
