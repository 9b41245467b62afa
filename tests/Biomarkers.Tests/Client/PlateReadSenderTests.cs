using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace Biomarkers.Tests.Client;

public sealed class PlateReadSenderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task SendAsync_ConnectionCutAtRandomPlaces_StoresEachEventOnceInOrder(int seed)
    {
        var random = new Random(seed);
        var state = new RehearsalState
        {
            // Cut before storing: the event must come again. Cut after storing: it must not be stored twice.
            CutsBefore = _ => random.NextDouble() < 0.05,
            CutsAfter = _ => random.NextDouble() < 0.05,
        };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);
        StreamEventContent[] sent = [.. Enumerable.Range(0, 300).Select(Event)];

        Task<SendOutcome>[] sends = [.. sent.Select(content => sender.SendAsync(content).AsTask())];
        await sender.CompleteAsync().WaitAsync(Patience);
        SendOutcome[] outcomes = await Task.WhenAll(sends);

        Assert.Equal(sent.Select(content => content.ToByteArray()), state.Events);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), outcomes.Select(outcome => outcome.Offset));
        Assert.True(state.OpenCount > 5, $"Expected the connection to be cut often; it was opened {state.OpenCount} times.");
        Assert.All(outcomes, outcome => Assert.True(outcome.Kind is SendOutcomeKind.Stored or SendOutcomeKind.Recovered));
    }

    [Fact]
    public async Task SendAsync_ServerRestartsInBetween_GoesOnWhereItWas()
    {
        RehearsalServer first = await RehearsalServer.StartAsync();
        int port = first.Address.Port;
        using GrpcChannel channel = GrpcChannel.ForAddress(first.Address);
        await using PlateReadSender sender = Start(channel);
        await sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience);
        await first.DisposeAsync();
        Task<SendOutcome> waiting = sender.SendAsync(Event(1)).AsTask();

        await using RehearsalServer second = await RehearsalServer.StartAsync(first.State, port);
        SendOutcome outcome = await waiting.WaitAsync(Patience);

        Assert.Equal(1, outcome.Offset);
        Assert.Equal(2, second.State.Events.Count);
    }

    [Fact]
    public async Task SendAsync_ConnectionsThatEndInTheirHandshake_GoesOn()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = new BreaksInTheHandshake(count: 12) });
        await using PlateReadSender sender = Start(channel);

        SendOutcome outcome = await sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience);

        Assert.Equal(SendOutcomeKind.Stored, outcome.Kind);
    }

    [Fact]
    public async Task SendAsync_ServerFailsAgainAndAgain_StopsRefused()
    {
        var state = new RehearsalState { CutsBefore = _ => throw new RpcException(new Grpc.Core.Status(StatusCode.Internal, "The server failed.")) };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience));

        Assert.Equal(SenderStopReason.Refused, stopped.Reason);
        Assert.InRange(state.OpenCount, 3, 10);
    }

    [Fact]
    public async Task SendAsync_QuarantinedContent_SaysEveryFault()
    {
        var status = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = "Two faults." };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = "biomarkers", Reason = "INVALID_PLATE_READ" }));
        status.Details.Add(Any.Pack(new BadRequest
        {
            FieldViolations =
            {
                new BadRequest.Types.FieldViolation { Field = "plate_read.well_count", Description = "95 wells.", Reason = "UNKNOWN_FORMAT" },
                new BadRequest.Types.FieldViolation { Field = "plate_read.read_id", Description = "Empty.", Reason = "REQUIRED" },
            },
        }));
        var state = new RehearsalState { Says = offset => offset == 0 ? new Disposition { Offset = 0, Kind = DispositionKind.Quarantined, Status = status } : null };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);

        SendOutcome bad = await sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience);
        SendOutcome good = await sender.SendAsync(Event(1)).AsTask().WaitAsync(Patience);

        Assert.Equal(SendOutcomeKind.Quarantined, bad.Kind);
        Assert.Equal("INVALID_PLATE_READ", bad.Fault!.Reason);
        Assert.Equal(["plate_read.well_count", "plate_read.read_id"], bad.Fault.Fields.Select(fault => fault.Field));
        Assert.Equal(SendOutcomeKind.Stored, good.Kind);
    }

    [Fact]
    public async Task SendAsync_StreamOpenedElsewhere_StopsFenced()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender first = Start(channel);
        await first.SendAsync(Event(0)).AsTask().WaitAsync(Patience);
        await using PlateReadSender second = Start(channel);
        await second.SendAsync(Event(1)).AsTask().WaitAsync(Patience);

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => first.SendAsync(Event(2)).AsTask().WaitAsync(Patience));

        Assert.Equal(SenderStopReason.Fenced, stopped.Reason);
        Assert.Equal("STALE_EPOCH", stopped.Fault!.Reason);
        // A fenced sender does not fight back.
        await Assert.ThrowsAsync<PlateReadSenderException>(() => first.SendAsync(Event(3)).AsTask().WaitAsync(Patience));
        Assert.Equal(2, server.State.OpenCount);
    }

    [Theory]
    [InlineData(StatusCode.Unauthenticated)] // no key or a wrong one
    [InlineData(StatusCode.PermissionDenied)] // another instrument's stream
    [InlineData(StatusCode.InvalidArgument)] // a message that breaks the protocol
    [InlineData(StatusCode.Unknown)] // how the framework answers what it can't parse
    public async Task SendAsync_PermanentError_StopsRefusedAtOnce(StatusCode code)
    {
        var state = new RehearsalState { OnOpen = () => throw new RpcException(new Grpc.Core.Status(code, "no")) };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience));

        Assert.Equal(SenderStopReason.Refused, stopped.Reason);
        Assert.Equal(code, stopped.Fault!.Code);
        Assert.Equal(1, state.OpenCount);
    }

    [Fact]
    public async Task SendAsync_SameDatabaseForgotAcknowledgedEvents_StopsInsteadOfLeavingAHole()
    {
        var state = new RehearsalState();
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);
        await sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience);
        state.CutsBefore = _ => true;
        state.OnOpen = state.Events.Clear; // an older copy is put back behind the server, which says nothing of it

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.SendAsync(Event(1)).AsTask().WaitAsync(Patience));

        Assert.Equal(SenderStopReason.EventsForgotten, stopped.Reason);
    }

    [Fact]
    public async Task SendAsync_NoAcknowledgements_KeepsNoMoreThanTheLimit()
    {
        var release = new TaskCompletionSource();
        var state = new RehearsalState { AcksHeld = release.Task };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel, options => options with { MaximumUnacknowledged = 4 });

        Task<SendOutcome>[] sends = [.. Enumerable.Range(0, 50).Select(i => sender.SendAsync(Event(i)).AsTask())];
        Assert.Equal(4, sender.UnacknowledgedCount);
        release.SetResult();
        await Task.WhenAll(sends).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => Event(i).ToByteArray()), state.Events);
    }

    [Fact]
    public async Task SendAsync_NobodyListens_GivesUpAfterTheLimit()
    {
        RehearsalServer server = await RehearsalServer.StartAsync();
        Uri address = server.Address;
        await server.DisposeAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(address);
        await using PlateReadSender sender = Start(channel, options => options with { GiveUpAfter = TimeSpan.FromMilliseconds(100) });

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience));

        Assert.Equal(SenderStopReason.OutOfReach, stopped.Reason);
    }

    [Fact]
    public async Task SendAsync_ServerTakesNothing_GivesUpWithWhatItSaid()
    {
        Google.Rpc.Status full = new() { Code = (int)StatusCode.ResourceExhausted, Message = "No room." };
        full.Details.Add(Any.Pack(new ErrorInfo { Reason = "STORE_FULL", Domain = RpcFault.Domain }));
        full.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(10)) }));
        var state = new RehearsalState { CutsBefore = _ => throw full.ToRpcException() };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel, options => options with { GiveUpAfter = TimeSpan.FromMilliseconds(200) });

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.SendAsync(Event(0)).AsTask().WaitAsync(Patience));

        Assert.Equal((SenderStopReason.OutOfReach, "STORE_FULL"), (stopped.Reason, stopped.Fault?.Reason));
    }

    [Fact]
    public async Task Sender_NothingToSend_SaysThatItIsAlive()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel, options => options with { HeartbeatInterval = TimeSpan.FromMilliseconds(20) });

        using var patience = new CancellationTokenSource(Patience);
        while (server.State.HeartbeatCount < 3)
        {
            await Task.Delay(10, patience.Token);
        }

        await sender.CompleteAsync().WaitAsync(Patience);
        Assert.Equal(1, server.State.OpenCount);
    }

    [Fact]
    public async Task DisposeAsync_UnacknowledgedEvents_FailsThem()
    {
        var state = new RehearsalState { AcksHeld = new TaskCompletionSource().Task };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        PlateReadSender sender = Start(channel);
        Task<SendOutcome> waiting = sender.SendAsync(Event(0)).AsTask();

        await sender.DisposeAsync();

        var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(SenderStopReason.Disposed, stopped.Reason);
    }

    [Fact]
    public async Task CompleteAsync_ThenSend_IsABugOfTheCaller()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = Start(channel);
        await sender.CompleteAsync().WaitAsync(Patience);

        await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendAsync(Event(0)).AsTask());
    }

    private static PlateReadSender Start(GrpcChannel channel, Func<PlateReadSenderOptions, PlateReadSenderOptions>? change = null)
    {
        var options = new PlateReadSenderOptions
        {
            InstrumentId = "reader-1",
            StreamId = "stream-1",
            InitialBackoff = TimeSpan.FromMilliseconds(5),
            MaximumBackoff = TimeSpan.FromMilliseconds(50),
            JitterSeed = 1,
        };
        return PlateReadSender.Start(new PlateReadIngestService.PlateReadIngestServiceClient(channel), change?.Invoke(options) ?? options, TimeProvider.System);
    }

    private static StreamEventContent Event(int number) => new()
    {
        PlateRead = new PlateRead { PlateBarcode = $"P{number}", ReadId = "1", WellCount = 96, ResponseKind = ResponseKind.OpticalDensity },
    };

    /// <summary>What .NET throws of a server that is killed while a connection to it begins: nothing in it blames a socket.</summary>
    private sealed class BreaksInTheHandshake(int count) : DelegatingHandler(new SocketsHttpHandler())
    {
        private int remaining = count;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Interlocked.Decrement(ref remaining) >= 0
                ? throw new HttpRequestException("An HTTP/2 connection could not be established because the server did not complete the HTTP/2 handshake.")
                : base.SendAsync(request, cancellationToken);
    }
}
