using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Net.Client;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>A sender whose events are on disk: what another process finds and goes on with.</summary>
public sealed class SpoolSenderTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SpoolFixture fixture = new();

    [Fact]
    public async Task Sender_OfASpoolThatWasFilledWithoutAServer_SendsTheSameBytesInOrder()
    {
        using (EventSpool filled = fixture.Open())
        {
            await SpoolFixture.AcceptAsync(filled, 0, 30);
        }

        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        using EventSpool spool = fixture.Open();
        var told = new Told();
        await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel, options => options with { Outcomes = told, Progress = told });
        await sender.CompleteAsync().WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 30).Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => (i + 1L, (string?)$"P{i}", SendOutcomeKind.Stored)), told.Events.Select(item => (item.Sequence, item.PlateBarcode, item.Outcome.Kind)));
        Assert.Equal((0, 30), (spool.Status.WaitingCount, spool.Status.KeptCount));
        Assert.Equal(30, told.States[0].Spool!.WaitingCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Sender_EndedAndStartedAgainAtRandomPlaces_StoresEachEventOnceInOrder(int seed)
    {
        var random = new Random(seed);
        var state = new RehearsalState { CutsBefore = _ => random.NextDouble() < 0.03, CutsAfter = _ => random.NextDouble() < 0.03 };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        for (int life = 0; life < 12; life++)
        {
            using EventSpool spool = fixture.Open();
            await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel);
            await SpoolFixture.AcceptAsync(spool, life * 10, 10);
            int until = life * 10 + random.Next(10);
            while (life < 11 && StoredCount(state) < until)
            {
                await Task.Delay(1);
            }

            if (life == 11)
            {
                await sender.CompleteAsync().WaitAsync(Patience);
            }
        }

        Assert.Equal(Enumerable.Range(0, 120).Select(i => SpoolFixture.Content(i).ToByteArray()), state.Events);
    }

    [Fact]
    public async Task SendAsync_SenderStops_LeavesTheEventToTheNext()
    {
        var state = new RehearsalState { AcksHeld = new TaskCompletionSource().Task };
        await using RehearsalServer server = await RehearsalServer.StartAsync(state);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        using EventSpool spool = fixture.Open();
        Task<SendOutcome> waiting;
        await using (PlateReadSender first = SpoolFixture.Send(spool, server, channel))
        {
            waiting = first.SendAsync(SpoolFixture.Content(0)).AsTask();
            while (spool.Status.WaitingCount == 0)
            {
                await Task.Delay(1);
            }
        }

        Assert.Equal(SenderStopReason.Disposed, (await Assert.ThrowsAsync<PlateReadSenderException>(() => waiting)).Reason);
        state.AcksHeld = Task.CompletedTask;
        await using PlateReadSender second = SpoolFixture.Send(spool, server, channel);
        await second.CompleteAsync().WaitAsync(Patience);
        Assert.Equal(SpoolFixture.Content(0).ToByteArray(), Assert.Single(state.Events));
    }

    [Fact]
    public async Task Restore_AfterARestartOfTheAdapter_SendsAgainWhatTheDiskKeeps()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await SendAllAsync(server, channel, 0, 10);
        server.State.Events.RemoveRange(4, 6);
        server.State.Generation++;

        using EventSpool spool = fixture.Open();
        await SpoolFixture.AcceptAsync(spool, 10, 1);
        await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel);
        await sender.CompleteAsync().WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 11).Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
        Assert.Equal((6, 0, 0), (sender.LastRestoration!.ResentCount, sender.LastRestoration.LostCount, sender.LastRestoration.OutstandingCount));
    }

    [Fact]
    public async Task DamagedEvent_AmongThoseThatWait_IsLeftOutAndTheRestIsSent()
    {
        using (EventSpool filled = fixture.Open())
        {
            await SpoolFixture.AcceptAsync(filled, 0, 5);
        }

        byte[] bytes = await File.ReadAllBytesAsync(fixture.NewestEvents);
        SenderEvent third = new SpoolSegments(fixture.Folder, 0).Read().Events[2];
        bytes[third.Position + 10] ^= 4;
        await File.WriteAllBytesAsync(fixture.NewestEvents, bytes);

        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        using (EventSpool spool = fixture.Open())
        {
            await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel);
            await sender.CompleteAsync().WaitAsync(Patience);
            Assert.Contains(spool.Status.Damage, damage => damage.Sequence == 3);
        }

        Assert.Equal(new[] { 0, 1, 3, 4 }.Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
        // The places of the others stay right in the next process.
        await SendAllAsync(server, channel, 5, 2);
        Assert.Equal(new[] { 0, 1, 3, 4, 5, 6 }.Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
    }

    [Fact]
    public async Task FileThatChangesUnderTheSender_IsNotSentAndTold()
    {
        using EventSpool spool = fixture.Open();
        await SpoolFixture.AcceptAsync(spool, 0, 3);
        using (FileStream file = new(fixture.NewestEvents, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            file.Position = file.Length - 1;
            file.WriteByte(0xff);
        }

        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel);
        await sender.CompleteAsync().WaitAsync(Patience);

        Assert.Equal(2, server.State.Events.Count);
        Assert.Equal((3L, "P2"), Assert.Single(spool.Status.Damage) is var damage ? (damage.Sequence!.Value, damage.PlateBarcode!) : default);
    }

    [Fact]
    public async Task FencedSpool_StaysFencedOverRestartsAndKeepsItsEventsUntilItTakesOver()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await SendAllAsync(server, channel, 0, 2);
        string stream;
        using (EventSpool spool = fixture.Open())
        {
            stream = spool.StreamId;
            await using PlateReadSender first = SpoolFixture.Send(spool, server, channel);
            await first.SendAsync(SpoolFixture.Content(2)).AsTask().WaitAsync(Patience);
            await SendAsOtherAsync(server, channel, stream, 100);
            var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => first.SendAsync(SpoolFixture.Content(3)).AsTask().WaitAsync(Patience));
            Assert.Equal(SenderStopReason.Fenced, stopped.Reason);
        }

        int opened = server.State.OpenCount;
        using (EventSpool spool = fixture.Open())
        {
            Assert.NotNull(spool.Status.FencedBy);
            // The instrument goes on reading, and nothing of it is lost.
            await SpoolFixture.AcceptAsync(spool, 4, 1);
            await using PlateReadSender second = SpoolFixture.Send(spool, server, channel);
            Assert.Equal(SenderStopReason.Fenced, (await Assert.ThrowsAsync<PlateReadSenderException>(() => second.CompleteAsync().WaitAsync(Patience))).Reason);
            Assert.Equal(opened, server.State.OpenCount);
        }

        using EventSpool last = fixture.Open();
        await using PlateReadSender third = SpoolFixture.Send(last, server, channel, options => options with { TakeOver = true });
        await third.CompleteAsync().WaitAsync(Patience);
        Assert.Equal(new[] { 0, 1, 2, 100, 3, 4 }.Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
        Assert.Null(last.Status.FencedBy);
    }

    /// <summary>The other's events stand where this one's would have: without the count of openings they would be taken for them.</summary>
    [Fact]
    public async Task OtherSender_WhileThisOneWasAway_IsNoticedByTheNumberOfTheOpening()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await SendAllAsync(server, channel, 0, 2);
        string stream;
        using (EventSpool away = fixture.Open())
        {
            stream = away.StreamId;
            await SpoolFixture.AcceptAsync(away, 2, 3);
        }

        await SendAsOtherAsync(server, channel, stream, 100);
        using (EventSpool spool = fixture.Open())
        {
            await using PlateReadSender back = SpoolFixture.Send(spool, server, channel);
            var stopped = await Assert.ThrowsAsync<PlateReadSenderException>(() => back.CompleteAsync().WaitAsync(Patience));
            Assert.Equal(SenderStopReason.Fenced, stopped.Reason);
        }

        using EventSpool again = fixture.Open();
        await using PlateReadSender over = SpoolFixture.Send(again, server, channel, options => options with { TakeOver = true });
        await over.CompleteAsync().WaitAsync(Patience);
        Assert.Equal(new[] { 0, 1, 100, 2, 3, 4 }.Select(i => SpoolFixture.Content(i).ToByteArray()), server.State.Events);
    }

    [Fact]
    public async Task Status_ServerAway_SaysSinceWhenAndWhy()
    {
        RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await server.DisposeAsync();
        using EventSpool spool = fixture.Open();
        await SpoolFixture.AcceptAsync(spool, 0, 1);
        await using (PlateReadSender sender = SpoolFixture.Send(spool, server, channel, options => options with { GiveUpAfter = TimeSpan.FromMilliseconds(50) }))
        {
            Assert.Equal(SenderStopReason.OutOfReach, (await Assert.ThrowsAsync<PlateReadSenderException>(() => sender.CompleteAsync().WaitAsync(Patience))).Reason);
        }

        SpoolStatus status = fixture.Look();
        Assert.Equal((1, fixture.Time.GetUtcNow()), (status.WaitingCount, status.WaitingSince));
        Assert.Contains("Unavailable", status.LastFault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondSenderOfASpool_IsABugOfTheCaller()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        using EventSpool spool = fixture.Open();
        await using PlateReadSender first = SpoolFixture.Send(spool, server, channel);

        Assert.Throws<InvalidOperationException>(() => SpoolFixture.Send(spool, server, channel));
        Assert.Throws<ArgumentException>(() => SpoolFixture.Send(spool, server, channel, options => options with { StreamId = "other" }));
    }

    public void Dispose() => fixture.Dispose();

    private static int StoredCount(RehearsalState state)
    {
        lock (state.Gate)
        {
            return state.Events.Count;
        }
    }

    private static async Task SendAsOtherAsync(RehearsalServer server, GrpcChannel channel, string stream, int number)
    {
        var options = new PlateReadSenderOptions { InstrumentId = "reader-1", StreamId = stream };
        await using PlateReadSender other = PlateReadSender.Start(new PlateReadIngestService.PlateReadIngestServiceClient(channel), options, TimeProvider.System);
        await other.SendAsync(SpoolFixture.Content(number)).AsTask().WaitAsync(Patience);
        Assert.NotEmpty(server.State.Events);
    }

    private async Task SendAllAsync(RehearsalServer server, GrpcChannel channel, int first, int count)
    {
        using EventSpool spool = fixture.Open();
        await SpoolFixture.AcceptAsync(spool, first, count);
        await using PlateReadSender sender = SpoolFixture.Send(spool, server, channel);
        await sender.CompleteAsync().WaitAsync(Patience);
    }

    private sealed class Told : IProgress<SettledEvent>, IProgress<SenderState>
    {
        public List<SettledEvent> Events { get; } = [];

        public List<SenderState> States { get; } = [];

        public void Report(SettledEvent value) => Events.Add(value);

        public void Report(SenderState value) => States.Add(value);
    }
}
