using Biomarkers.Client;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Biomarkers.Tests.Server.Admission;

/// <summary>Limits of read streams: how many, how old, how fast, how much memory.</summary>
public sealed class StreamLimitTests
{
    [Fact]
    public async Task Streams_MoreThanAnInstrumentMayHave_AreRefusedByNameAndInstrument()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { StreamsPerInstrument = 2 });
        using TestStream first = await TestStream.OpenAsync(server.Connection, "s1");
        using TestStream second = await TestStream.OpenAsync(server.Connection, "s2");
        using TestStream again = await TestStream.OpenAsync(server.Connection, "s2");
        using TestStream elsewhere = await TestStream.OpenAsync(server.Connection, "s3", "instruments/reader-2");

        using TestStream third = TestStream.Begin(server.Connection);
        await third.SendAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = "instruments/reader-1", StreamId = "s3" } });
        RpcFault fault = await third.FaultAsync();

        Assert.Equal((StatusCode.ResourceExhausted, "RATE_LIMITED", TimeSpan.FromSeconds(1)), (fault.Code, fault.Reason, fault.RetryDelay));
        Assert.Contains("at most 2 read streams of instrument 'reader-1'", fault.Message, StringComparison.Ordinal);
        await first.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        Assert.Equal(1, (await first.AckAsync()).NextOffset);
    }

    [Fact]
    public async Task Sender_ThatIsRefusedForALimit_WaitsAsToldAndGoesOn()
    {
        var wire = new WireLimits { StreamsPerInstrument = 1, RetryAfter = TimeSpan.FromMilliseconds(400) };
        await using TestServer server = await TestServer.StartAsync(wire: wire);
        TestStream first = await TestStream.OpenAsync(server.Connection, "s1");
        var states = new List<SenderState>();
        var refusedTwice = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PlateReadSender sender = PlateReadSender.Start(
            server.Connection.Ingest,
            new PlateReadSenderOptions
            {
                InstrumentId = "reader-1",
                StreamId = "s2",
                InitialBackoff = TimeSpan.FromMilliseconds(1),
                MaximumBackoff = TimeSpan.FromMilliseconds(2),
                Progress = new Listener(states, refusedTwice),
            },
            TimeProvider.System);
        ValueTask<SendOutcome> send = sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read("P1") });

        await refusedTwice.Task.WaitAsync(TestServer.Patience);
        first.Dispose();
        SendOutcome outcome = await send;

        Assert.Equal(SendOutcomeKind.Stored, outcome.Kind);
        // Its own back-off is 2 ms at most.
        Assert.All(states.Where(state => state.RetryDelay is not null), state => Assert.True(state.RetryDelay >= wire.RetryAfter, $"It comes again after {state.RetryDelay}."));
        int attempts = states.Count(state => state.Activity == SenderActivity.Connecting);
        Assert.InRange(attempts, 2, 20);
    }

    [Fact]
    public async Task Stream_ThatIsTooOld_IsEndedAndItsSenderGoesOn()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { StreamAge = TimeSpan.FromMilliseconds(300) });
        using TestStream stream = await TestStream.OpenAsync(server.Connection, "old");
        Task<RpcFault> end = stream.FaultAsync();
        await using PlateReadSender sender = server.Sender();
        var outcomes = new List<SendOutcome>();
        for (int i = 0; i < 12; i++)
        {
            outcomes.Add(await sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read($"P{i}") }));
            await Task.Delay(60);
        }

        RpcFault fault = await end;
        Assert.Equal((StatusCode.Unavailable, "STREAM_EXPIRED"), (fault.Code, fault.Reason));
        Assert.DoesNotContain(outcomes, outcome => outcome.Kind == SendOutcomeKind.Quarantined);
        ReadStream kept = await server.Connection.Ingest.GetReadStreamAsync(new GetReadStreamRequest { Name = "instruments/reader-1/readStreams/s1" });
        Assert.Equal(12, kept.NextOffset);
        Assert.InRange(kept.Epoch, 2, 12);
    }

    [Fact]
    public async Task Pace_AboveTheRate_WaitsAfterAMinutesWorthAndNotBefore()
    {
        var time = new FakeTimeProvider();
        var pace = new StreamPace(new WireLimits { EventsPerMinute = 60, BytesPerMinute = 100 * 1024 * 1024 }, time);
        for (int i = 0; i < 60; i++)
        {
            Assert.True(pace.PassAsync(100, CancellationToken.None).IsCompletedSuccessfully);
        }

        Task next = pace.PassAsync(100, CancellationToken.None);
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        await next.WaitAsync(TestServer.Patience);

        // The bytes are counted for themselves.
        time.Advance(TimeSpan.FromHours(1));
        var byBytes = new StreamPace(new WireLimits { BytesPerMinute = 2 * 1024 * 1024 }, time);
        Assert.True(byBytes.PassAsync(1024 * 1024, CancellationToken.None).IsCompletedSuccessfully);
        Assert.True(byBytes.PassAsync(1024 * 1024, CancellationToken.None).IsCompletedSuccessfully);
        Assert.False(byBytes.PassAsync(1024 * 1024, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Budget_ThatIsTaken_MakesTheNextWaitInItsTurn()
    {
        await using var budget = new EventBudget(new WireLimits { ReceiveBytes = 1024, BytesInFlight = 2048 });
        IDisposable first = await budget.TakeAsync(1024, CancellationToken.None);
        IDisposable second = await budget.TakeAsync(1024, CancellationToken.None);
        Task<IDisposable> third = budget.TakeAsync(1024, CancellationToken.None).AsTask();
        Task<IDisposable> small = budget.TakeAsync(1, CancellationToken.None).AsTask();
        using var gone = new CancellationTokenSource();
        Task<IDisposable> cancelled = budget.TakeAsync(1, gone.Token).AsTask();
        Assert.False(third.IsCompleted || small.IsCompleted);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        first.Dispose();
        (await third).Dispose();
        (await small).Dispose();
        second.Dispose();
        (await budget.TakeAsync(2048, CancellationToken.None)).Dispose();
    }

    [Fact]
    public void Limits_OutOfTheirRange_AreNamedTogether()
    {
        var limits = new WireLimits { ReceiveBytes = 1, StreamsPerConnection = 0, CallsPerSecond = 1, Headers = TimeSpan.Zero, PingDelay = TimeSpan.FromMilliseconds(1) };
        IReadOnlyList<string> faults = limits.Faults();

        Assert.Equal(5, faults.Count);
        Assert.Contains("CallsPerSecond is 1; expected 10 to 1073741823.", faults);
        Assert.Contains("Headers is 00:00:00; expected more than 0.", faults);
        Assert.Empty(new WireLimits().Faults());
    }

    private sealed class Listener(List<SenderState> states, TaskCompletionSource refusedTwice) : IProgress<SenderState>
    {
        public void Report(SenderState value)
        {
            lock (states)
            {
                states.Add(value);
                if (states.Count(state => state.RetryDelay is not null) == 2)
                {
                    refusedTwice.TrySetResult();
                }
            }
        }
    }
}
