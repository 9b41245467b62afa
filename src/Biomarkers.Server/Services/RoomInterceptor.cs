using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Biomarkers.Server.Services;

/// <summary>Refuses new plate reads while the disk has little room. All else goes on: layouts and decisions are small, and reads take no room.</summary>
internal sealed class RoomInterceptor(DiskRoom room) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Require(request);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Guarded<TRequest>(this, requestStream), responseStream, context);

    private void Require(object? request)
    {
        if (room.IsLow && request is SubmitPlateReadRequest or StreamPlateReadsRequest { RequestCase: StreamPlateReadsRequest.RequestOneofCase.Event })
        {
            throw RpcErrors.StoreFull();
        }
    }

    // A stream that is open ends with its next event; what was taken before it is stored and answered.
    private sealed class Guarded<T>(RoomInterceptor owner, IAsyncStreamReader<T> requests) : IAsyncStreamReader<T>
    {
        public T Current => requests.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            bool more = await requests.MoveNext(cancellationToken);
            owner.Require(more ? requests.Current : null);
            return more;
        }
    }
}
