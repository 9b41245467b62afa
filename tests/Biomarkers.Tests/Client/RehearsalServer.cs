using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>The ingest contract over real HTTP/2 on loopback, kept in memory, that can be told to break at a chosen moment. It is the second
/// implementation of the contract against which the sender is compared.</summary>
internal sealed class RehearsalServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private RehearsalServer(WebApplication application, RehearsalState state)
    {
        this.application = application;
        State = state;
        Address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public RehearsalState State { get; }

    public Uri Address { get; }

    public static async Task<RehearsalServer> StartAsync(RehearsalState? state = null, int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = typeof(RehearsalServer).Assembly.GetName().Name });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        RehearsalState kept = state ?? new RehearsalState();
        builder.Services.AddSingleton(kept);
        WebApplication built = builder.Build();
        built.MapGrpcService<RehearsalService>();
        await built.StartAsync();
        return new RehearsalServer(built, kept);
    }

    public async ValueTask DisposeAsync()
    {
        using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await application.StopAsync(hurry.Token);
        await application.DisposeAsync();
    }
}

/// <summary>What the server has, and how it misbehaves.</summary>
internal sealed class RehearsalState
{
    public Lock Gate { get; } = new();

    public List<byte[]> Events { get; } = [];

    public List<string?> Authorizations { get; } = [];

    public int HeartbeatCount { get; set; }

    public int OpenCount { get; set; }

    public long Epoch { get; set; }

    /// <summary>Changes with a restore.</summary>
    public long Generation { get; set; } = 1;

    public int UnaryCallCount { get; set; }

    /// <summary>Asked with the offset before an event is stored; true cuts the connection.</summary>
    public Func<long, bool> CutsBefore { get; set; } = _ => false;

    /// <summary>Asked with the offset after an event is stored and before its ack; true cuts the connection.</summary>
    public Func<long, bool> CutsAfter { get; set; } = _ => false;

    /// <summary>What an ack says of an event beside its offset.</summary>
    public Func<long, Disposition?> Says { get; set; } = _ => null;

    /// <summary>Called at every opening; may throw.</summary>
    public Action OnOpen { get; set; } = () => { };

    /// <summary>Held acks are sent when this ends.</summary>
    public Task AcksHeld { get; set; } = Task.CompletedTask;
}

/// <summary>The ingest contract.</summary>
internal sealed class RehearsalService(RehearsalState state) : PlateReadIngestService.PlateReadIngestServiceBase
{
    public override async Task StreamPlateReads(
        IAsyncStreamReader<StreamPlateReadsRequest> requestStream, IServerStreamWriter<StreamPlateReadsResponse> responseStream, ServerCallContext context)
    {
        await requestStream.MoveNext();
        long epoch;
        StreamPlateReadsResponse opened;
        lock (state.Gate)
        {
            state.Authorizations.Add(context.RequestHeaders.GetValue("authorization"));
            state.OpenCount++;
            state.OnOpen();
            epoch = ++state.Epoch;
            opened = new StreamPlateReadsResponse { Opened = new ReadStreamOpened { NextOffset = state.Events.Count, Epoch = epoch, DatabaseGeneration = state.Generation } };
        }

        await responseStream.WriteAsync(opened);
        while (await requestStream.MoveNext())
        {
            if (requestStream.Current.Event is not { } received)
            {
                lock (state.Gate)
                {
                    state.HeartbeatCount++;
                }

                continue;
            }

            Ack? ack = Accept(received, epoch, context);
            if (ack is null)
            {
                return;
            }

            await state.AcksHeld.WaitAsync(context.CancellationToken);
            await responseStream.WriteAsync(new StreamPlateReadsResponse { Ack = ack });
        }
    }

    public override Task<ReadStream> GetReadStream(GetReadStreamRequest request, ServerCallContext context)
    {
        lock (state.Gate)
        {
            state.Authorizations.Add(context.RequestHeaders.GetValue("authorization"));
            state.UnaryCallCount++;
            // The first call finds the server out of reach, so that a client that does not repeat fails.
            return state.UnaryCallCount == 1
                ? throw new RpcException(new Status(StatusCode.Unavailable, "starting"))
                : Task.FromResult(new ReadStream { Name = request.Name, NextOffset = state.Events.Count });
        }
    }

    private Ack? Accept(StreamEvent received, long epoch, ServerCallContext context)
    {
        lock (state.Gate)
        {
            if (epoch != state.Epoch)
            {
                throw new Google.Rpc.Status
                {
                    Code = (int)StatusCode.Aborted,
                    Message = "A newer epoch is open.",
                    Details = { Google.Protobuf.WellKnownTypes.Any.Pack(new Google.Rpc.ErrorInfo { Domain = "biomarkers", Reason = "STALE_EPOCH" }) },
                }.ToRpcException();
            }

            if (received.Offset > state.Events.Count)
            {
                throw new RpcException(new Status(StatusCode.OutOfRange, $"expected {state.Events.Count}"));
            }

            if (state.CutsBefore(received.Offset))
            {
                context.GetHttpContext().Abort();
                return null;
            }

            byte[] bytes = received.Content.ToByteArray();
            Assert.Equal(System.Security.Cryptography.SHA256.HashData(bytes), received.Sha256.ToByteArray());
            var ack = new Ack();
            if (received.Offset < state.Events.Count)
            {
                ack.Dispositions.Add(new Disposition { Offset = received.Offset, Kind = DispositionKind.Duplicate });
            }
            else
            {
                state.Events.Add(bytes);
                if (state.Says(received.Offset) is { } disposition)
                {
                    ack.Dispositions.Add(disposition);
                }
            }

            ack.NextOffset = state.Events.Count;
            if (state.CutsAfter(received.Offset))
            {
                context.GetHttpContext().Abort();
                return null;
            }

            return ack;
        }
    }
}
