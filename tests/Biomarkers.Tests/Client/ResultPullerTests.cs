using Biomarkers.Client;
using Biomarkers.Client.Pulling;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>The puller against a real server: nothing is lost, and what comes again counts once.</summary>
public sealed class ResultPullerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<string> taken = [];
    private readonly List<PullNotice> notices = [];
    private PulledServer server = null!;

    public async Task InitializeAsync() => server = await PulledServer.StartAsync(leaseSeconds: 2);

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task DrainAsync_ReleasedVersions_AreHandedOverAcknowledgedAndKeptWithTheirCheckpoint()
    {
        string[] released = await server.ReleaseAsync("P1");
        var checkpoints = new List<Checkpoint>();
        ResultPuller puller = Puller(options => options with
        {
            MaximumVersions = 2,
            Checkpoints = (checkpoint, _) =>
            {
                checkpoints.Add(checkpoint);
                return Task.CompletedTask;
            },
        });

        await puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience);
        await puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(released, taken);
        Assert.Equal(new PullCounts(released.Length, released.Length, 0, 0, 0), puller.Counts);
        Assert.Equal((0, 0, (long)released.Length), Shown(await server.BacklogAsync()));
        Assert.Equal(checkpoints.Count, checkpoints.Select(checkpoint => checkpoint.Statement).Distinct().Count());
    }

    [Fact]
    public async Task DrainAsync_HandlerSlowerThanTheLease_KeepsItAndIsNotGivenTheVersionTwice()
    {
        await server.ReleaseAsync("P1");
        ResultPuller puller = Puller(options => options with { MaximumVersions = 2 });
        int calls = 0;

        await puller.DrainAsync(
            async (pulled, cancellationToken) =>
            {
                Assert.Equal(1, pulled.Delivery.Attempt);
                await Task.Delay(++calls == 1 ? TimeSpan.FromSeconds(5) : TimeSpan.Zero, cancellationToken);
            },
            CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(0, puller.Counts.LeasesEnded);
        Assert.Equal(calls, puller.Counts.Acknowledged);
    }

    [Fact]
    public async Task DrainAsync_VersionThatTheHandlerRefuses_HoldsUpNoOtherAndComesAgainWithItsReasonKept()
    {
        string[] released = await server.ReleaseAsync("P1");
        ResultPuller puller = Puller();

        await puller.DrainAsync(
            (pulled, cancellationToken) => pulled.VersionName == released[0] && pulled.Delivery.Attempt == 1
                ? throw new DeliveryRefusedException("unknown sample\nask the ward", TimeSpan.Zero)
                : TakeAsync(pulled, cancellationToken),
            CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(released.Order(), taken.Order());
        Assert.Equal((1L, (long)released.Length), (puller.Counts.Refused, puller.Counts.Acknowledged));
        Assert.Equal((PullNoticeKind.Refused, released[0]), (notices.Single().Kind, notices.Single().VersionName));
    }

    [Fact]
    public async Task DrainAsync_VersionThatIsRefusedTenTimes_IsParkedWithTheReason()
    {
        string[] released = await server.ReleaseAsync("P1");
        ResultPuller puller = Puller();

        await puller.DrainAsync(
            (pulled, cancellationToken) => pulled.VersionName == released[0] ? throw new DeliveryRefusedException("unknown sample", TimeSpan.Zero) : TakeAsync(pulled, cancellationToken),
            CancellationToken.None).WaitAsync(Patience);

        ListParkedDeliveriesResponse parked = await server.Lims.Delivery.ListParkedDeliveriesAsync(new ListParkedDeliveriesRequest { Subscription = "subscriptions/lims-1" });
        Assert.Equal((released[0], 10), (parked.ParkedDeliveries.Single().Result, parked.ParkedDeliveries.Single().Attempt));
        Assert.Equal(released[1..].Order(), taken.Order());
    }

    [Fact]
    public async Task DrainAsync_HandlerThatFails_EndsAcknowledgesWhatWasTakenAndLetsGoOfTheRest()
    {
        string[] released = await server.ReleaseAsync("P1");
        ResultPuller puller = Puller();

        await Assert.ThrowsAsync<InvalidDataException>(() => puller.DrainAsync(
            (pulled, cancellationToken) => pulled.VersionName == released[1] ? throw new InvalidDataException("a bug") : TakeAsync(pulled, cancellationToken),
            CancellationToken.None).WaitAsync(Patience));

        Assert.Equal((released.Length - 1, 0, 1L), Shown(await server.BacklogAsync()));
    }

    /// <summary>A process took every version, wrote that down, and was killed before it acknowledged; the leases ended meanwhile.</summary>
    [Fact]
    public async Task DrainAsync_AfterACrashAndTheEndOfTheLeases_HandsNothingOverAgain()
    {
        string[] released = await server.ReleaseAsync("P1");
        PullResultsResponse lost = await server.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1000 });
        using (TakenVersions before = TakenVersions.Open(server.Kept, "lims-1"))
        {
            foreach (Delivery delivery in lost.Deliveries)
            {
                before.Take(PulledResult.Of(delivery).VersionName, delivery.DeliveryId);
            }
        }

        await server.RestartAsync();
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        using (TakenVersions after = TakenVersions.Open(server.Kept, "lims-1"))
        {
            ResultPuller puller = Puller(options => options with { Taken = after });
            await puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience);

            Assert.Empty(taken);
            Assert.Equal((0L, (long)released.Length, (long)released.Length), (puller.Counts.HandedOver, puller.Counts.Repeated, puller.Counts.Acknowledged));
            Assert.Equal(0, after.Count);
        }

        Assert.Equal((0, 0, (long)released.Length), Shown(await server.BacklogAsync()));
        // What is asked for again on purpose is handed over again.
        await server.Lims.Delivery.SeekAsync(new SeekRequest { Subscription = "subscriptions/lims-1" });
        using TakenVersions later = TakenVersions.Open(server.Kept, "lims-1");
        await Puller(options => options with { Taken = later }).DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience);
        Assert.Equal(released, taken);
    }

    /// <summary>The same, while the leases still run: the acknowledgement is made up for, and nothing comes again.</summary>
    [Fact]
    public async Task DrainAsync_AfterACrashWithinTheLeases_AcknowledgesWhatWasTaken()
    {
        await using PulledServer patient = await PulledServer.StartAsync();
        string[] released = await patient.ReleaseAsync("P1");
        PullResultsResponse lost = await patient.Lims.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/lims-1", MaxResults = 1000 });
        using TakenVersions record = TakenVersions.Open(patient.Kept, "lims-1");
        record.Take(released[0], lost.Deliveries[0].DeliveryId);
        var puller = new ResultPuller(patient.Lims.Delivery, Options() with { Taken = record }, TimeProvider.System);

        await puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience);

        Assert.Empty(taken);
        Assert.Equal((1L, 0), (puller.Counts.Acknowledged, record.Count));
    }

    [Fact]
    public async Task RunAsync_ServerThatRestarts_GoesOnAndHandsEachVersionOverOnce()
    {
        using var ending = new CancellationTokenSource();
        string[] first = await server.ReleaseAsync("P1");
        ResultPuller puller = Puller(options => options with { Wait = TimeSpan.FromSeconds(1) });
        var enough = new TaskCompletionSource();
        int expected = 2 * first.Length;
        Task running = puller.RunAsync(
            async (pulled, cancellationToken) =>
            {
                await TakeAsync(pulled, cancellationToken);
                if (taken.Count == expected)
                {
                    enough.SetResult();
                }
            },
            ending.Token);

        await server.RestartAsync();
        string[] second = await server.ReleaseAsync("P2");
        await enough.Task.WaitAsync(Patience);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));

        Assert.Equal([.. first, .. second], taken);
        Assert.Equal((0, 0, (long)expected), Shown(await server.BacklogAsync()));
    }

    [Fact]
    public async Task DrainAsync_SubscriptionOfAnother_StopsRefused()
    {
        using BiomarkersConnection other = await server.ConnectAsAsync("lims-2");
        var puller = new ResultPuller(other.Delivery, Options(), TimeProvider.System);

        var stopped = await Assert.ThrowsAsync<ResultPullerException>(() => puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience));

        Assert.Equal((PullStopReason.Refused, StatusCode.NotFound, "SUBSCRIPTION_NOT_FOUND"), (stopped.Reason, stopped.Fault!.Code, stopped.Fault.Reason));
    }

    [Fact]
    public async Task DrainAsync_ServerThatStaysAway_GivesUpWhenTold()
    {
        using BiomarkersConnection nowhere = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri("http://127.0.0.1:1"), KeyFile = server.KeyFile });
        var puller = new ResultPuller(nowhere.Delivery, Options() with { GiveUpAfter = TimeSpan.FromSeconds(1) }, TimeProvider.System);

        var stopped = await Assert.ThrowsAsync<ResultPullerException>(() => puller.DrainAsync(TakeAsync, CancellationToken.None).WaitAsync(Patience));

        Assert.Equal(PullStopReason.OutOfReach, stopped.Reason);
    }

    [Fact]
    public void Options_OutOfTheirRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Puller(options => options with { MaximumVersions = 1001 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Puller(options => options with { Wait = TimeSpan.FromSeconds(0.5) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeliveryRefusedException("later", TimeSpan.FromHours(1)));
    }

    private static (int Waiting, int Leased, long Acknowledged) Shown(Subscription backlog) => (backlog.WaitingCount, backlog.LeasedCount, backlog.AcknowledgedCount);

    private ResultPullerOptions Options() => new()
    {
        Subscription = "lims-1",
        Wait = TimeSpan.Zero,
        InitialBackoff = TimeSpan.FromMilliseconds(20),
        MaximumBackoff = TimeSpan.FromMilliseconds(500),
        JitterSeed = 1,
        Notices = new Noted(notices),
    };

    private ResultPuller Puller(Func<ResultPullerOptions, ResultPullerOptions>? change = null) =>
        new(server.Lims.Delivery, change?.Invoke(Options()) ?? Options(), TimeProvider.System);

    private Task TakeAsync(PulledResult pulled, CancellationToken cancellationToken)
    {
        taken.Add(pulled.VersionName);
        return Task.CompletedTask;
    }

    private sealed class Noted(List<PullNotice> notices) : IProgress<PullNotice>
    {
        public void Report(PullNotice value)
        {
            lock (notices)
            {
                notices.Add(value);
            }
        }
    }
}
