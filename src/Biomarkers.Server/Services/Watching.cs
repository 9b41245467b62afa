using Biomarkers.Pipeline;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Services;

/// <summary>Sends changes to a watcher as they become durable, from its own cursor over the store: a slow watcher costs no memory, and a
/// lost signal delays a change by one poll and loses none.</summary>
internal sealed class Watching(ChangeSignal changes, WireLimits limits, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Sends until the caller cancels or the server ends.</summary>
    /// <param name="context">The call.</param>
    /// <param name="responses">Where changes go.</param>
    /// <param name="begin">Cursor of the place where the watch begins.</param>
    /// <param name="next">Asks for the changes after the cursor and moves it; true where more wait.</param>
    public async Task RunAsync<TResponse>(
        ServerCallContext context, IServerStreamWriter<TResponse> responses, string begin, Func<CancellationToken, Task<(bool More, IEnumerable<TResponse> Changes)>> next)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            // Says that the watch has begun: whoever lists after this misses nothing.
            await context.WriteResponseHeadersAsync([new Metadata.Entry(WatchCursors.MetadataName, begin)]);
            while (true)
            {
                Task changed = changes.Next;
                (bool more, IEnumerable<TResponse> found) = await next(ended.Token);
                foreach (TResponse response in found)
                {
                    await responses.WriteWithinAsync(response, limits.Write, time, ended.Token);
                }

                if (!more)
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
    }
}
