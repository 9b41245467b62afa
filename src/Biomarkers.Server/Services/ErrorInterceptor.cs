using System.Threading.Channels;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http.Features;

namespace Biomarkers.Server.Services;

/// <summary>Turns faults of the server into errors without internals: the store that is out of reach is UNAVAILABLE, stored data that is not what was stored
/// is DATA_LOSS, a bug is INTERNAL with a number under which the log has it. A message that can't be read is the sender's fault.</summary>
internal sealed class ErrorInterceptor(IStore store, DamageJournal damages, ILogger<ErrorInterceptor> logger) : Interceptor
{
    // HTTP/2's code; clients of gRPC take it for a call that was cancelled.
    private const int Cancel = 8;

    private static readonly TimeSpan StoreRetryDelay = TimeSpan.FromSeconds(5);

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(request, context), context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => Done(continuation(request, responseStream, context)), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => Done(continuation(requestStream, responseStream, context)), context);

    private static async Task<bool> Done(Task call)
    {
        await call;
        return true;
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> call, ServerCallContext context)
    {
        HttpContext http = context.GetHttpContext();
        UnreadableRequests.MarkRead(http);
        try
        {
            return await call();
        }
        catch (OperationCanceledException) when (http.Features.Get<JsonDeadline>() is { Over.IsCancellationRequested: true } deadline)
        {
            throw RpcErrors.DeadlineExceeded(deadline.Limit);
        }
        catch (ReaderStalledException exception)
        {
            // An error would wait behind what is not read, and the call with it: nothing but a reset reaches such a caller.
            http.Features.Get<IHttpResetFeature>()?.Reset(Cancel);
            throw RpcErrors.ReaderStalled(exception.Limit);
        }
        catch (StoredDataDamagedException exception)
        {
            damages.Note(exception, context.Method);
            throw RpcErrors.StoredDataDamaged(exception);
        }
        catch (ChannelClosedException exception)
        {
            logger.CallRefused(exception, context.Method);
            throw RpcErrors.StoreUnavailable();
        }
        catch (Exception exception) when (store.IsUnavailable(exception))
        {
            logger.CallRefused(exception, context.Method);
            throw RpcErrors.StoreUnavailable();
        }
        catch (Exception exception) when (store.IsFull(exception))
        {
            logger.CallRefused(exception, context.Method);
            throw RpcErrors.StoreFull();
        }
        catch (Exception exception) when (store.IsTransient(exception))
        {
            logger.CallRefused(exception, context.Method);
            throw RpcErrors.ResourceExhausted("STORE_BUSY", "The store can't take this now; it is busy. Nothing was changed.", StoreRetryDelay);
        }
        catch (Exception exception) when (store.IsFatal(exception))
        {
            logger.CallRefused(exception, context.Method);
            throw RpcErrors.StoreUnavailable();
        }
        catch (Exception exception) when (exception is not RpcException && !IsOver(exception, context))
        {
            string correlationId = Guid.NewGuid().ToString("N");
            logger.CallFailed(exception, context.Method, correlationId);
            throw RpcErrors.Internal(correlationId);
        }
    }

    // The caller has gone: there is nobody to tell, and nothing is wrong here.
    private static bool IsOver(Exception exception, ServerCallContext context) =>
        exception is OperationCanceledException or IOException && context.CancellationToken.IsCancellationRequested;
}
