using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Net.Client;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>A sender whose server comes back with a restored database.</summary>
public sealed class SenderRestoreTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task SendAsync_ServerCameBackWithAnOlderDatabase_SendsAgainWhatItLacksAndGoesOn()
    {
        await using Rehearsal rehearsal = await Rehearsal.StartAsync();
        await rehearsal.SendAsync(0, 10);

        rehearsal.RestoreAtNextOpening(keep: 4);
        SendOutcome next = await rehearsal.Sender.SendAsync(Event(10)).AsTask().WaitAsync(Patience);
        await rehearsal.Sender.CompleteAsync().WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 11).Select(i => Event(i).ToByteArray()), rehearsal.State.Events);
        Assert.Equal((SendOutcomeKind.Stored, 10), (next.Kind, next.Offset));
        DatabaseRestoration restoration = rehearsal.Sender.LastRestoration!;
        Assert.Equal((1, 2, 4), (restoration.PreviousGeneration, restoration.Generation, restoration.NextOffset));
        Assert.Equal((6, 0, 0), (restoration.ResentCount, restoration.LostCount, restoration.OutstandingCount));
        // Told when it was found, and when it was made good.
        Assert.Equal([6, 0], rehearsal.States.Select(state => state.Restoration).OfType<DatabaseRestoration>().Select(told => told.OutstandingCount));
    }

    [Fact]
    public async Task SendAsync_NothingIsKept_NamesWhatIsLostAndGoesOn()
    {
        await using Rehearsal rehearsal = await Rehearsal.StartAsync(options => options with { MaximumKeptEvents = 0 });
        await rehearsal.SendAsync(0, 5);

        rehearsal.RestoreAtNextOpening(keep: 3);
        SendOutcome next = await rehearsal.Sender.SendAsync(Event(5)).AsTask().WaitAsync(Patience);

        Assert.Equal((SendOutcomeKind.Stored, 3), (next.Kind, next.Offset));
        Assert.Equal(new[] { 0, 1, 2, 5 }.Select(i => Event(i).ToByteArray()), rehearsal.State.Events);
        DatabaseRestoration restoration = rehearsal.Sender.LastRestoration!;
        Assert.Equal((0, 2), (restoration.ResentCount, restoration.LostCount));
        Assert.Equal([new ForgottenEvent(3, "P3", "1"), new ForgottenEvent(4, "P4", "1")], restoration.Lost);
        Assert.Contains("plate P3, read 1", restoration.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_AnotherDatabaseThatLacksNothing_RepeatsNothing()
    {
        await using Rehearsal rehearsal = await Rehearsal.StartAsync();
        await rehearsal.SendAsync(0, 5);

        rehearsal.RestoreAtNextOpening(keep: 5);
        await rehearsal.Sender.SendAsync(Event(5)).AsTask().WaitAsync(Patience);

        Assert.Equal(6, rehearsal.State.Events.Count);
        Assert.Equal((0, 0), (rehearsal.Sender.LastRestoration!.ResentCount, rehearsal.Sender.LastRestoration.LostCount));
    }

    [Fact]
    public async Task SendAsync_ResentPartThatIsRefusedNow_IsToldOnce()
    {
        var status = new Google.Rpc.Status { Code = (int)Grpc.Core.StatusCode.InvalidArgument, Message = "Read '1' was not started on this stream." };
        await using Rehearsal rehearsal = await Rehearsal.StartAsync();
        await rehearsal.SendAsync(0, 5);

        rehearsal.RestoreAtNextOpening(keep: 3);
        rehearsal.State.Says = offset => offset == 4 ? new Disposition { Offset = 4, Kind = DispositionKind.Quarantined, Status = status } : null;
        await rehearsal.Sender.SendAsync(Event(5)).AsTask().WaitAsync(Patience);

        RefusedEvent refused = Assert.Single(rehearsal.Sender.LastRestoration!.Refused);
        Assert.Equal((new ForgottenEvent(4, "P4", "1"), "Read '1' was not started on this stream."), (refused.Event, refused.Fault?.Message));
    }

    [Theory]
    [InlineData(-1, 1, 1)] // fewer than none
    [InlineData(1_000_001, 1, 1)] // more than the limit
    [InlineData(1, -1, 1)] // fewer bytes than none
    [InlineData(1, 1, 0)] // an age of nothing; MaximumKeptEvents = 0 turns keeping off
    public async Task Start_LimitOfKeepingOutOfRange_IsABugOfTheCaller(int events, long bytes, int days)
    {
        var options = new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b", MaximumKeptEvents = events, MaximumKeptBytes = bytes, KeepFor = TimeSpan.FromDays(days) };
        using GrpcChannel channel = GrpcChannel.ForAddress("http://127.0.0.1:1");

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
        {
            await using PlateReadSender sender = PlateReadSender.Start(new PlateReadIngestService.PlateReadIngestServiceClient(channel), options, TimeProvider.System);
        });
    }

    private static StreamEventContent Event(int number) => new() { PlateRead = new PlateRead { PlateBarcode = $"P{number}", ReadId = "1", WellCount = 96 } };

    private sealed class Rehearsal : IAsyncDisposable, IProgress<SenderState>
    {
        private readonly RehearsalServer server;
        private readonly GrpcChannel channel;

        private Rehearsal(RehearsalServer server, Func<PlateReadSenderOptions, PlateReadSenderOptions>? change)
        {
            this.server = server;
            channel = GrpcChannel.ForAddress(server.Address);
            var options = new PlateReadSenderOptions
            {
                InstrumentId = "reader-1",
                StreamId = "stream-1",
                InitialBackoff = TimeSpan.FromMilliseconds(5),
                MaximumBackoff = TimeSpan.FromMilliseconds(50),
                JitterSeed = 1,
                Progress = this,
            };
            Sender = PlateReadSender.Start(new PlateReadIngestService.PlateReadIngestServiceClient(channel), change?.Invoke(options) ?? options, TimeProvider.System);
        }

        public PlateReadSender Sender { get; }

        public RehearsalState State => server.State;

        public List<SenderState> States { get; } = [];

        public static async Task<Rehearsal> StartAsync(Func<PlateReadSenderOptions, PlateReadSenderOptions>? change = null) => new(await RehearsalServer.StartAsync(), change);

        public void Report(SenderState value) => States.Add(value);

        public async Task SendAsync(int first, int count)
        {
            foreach (int number in Enumerable.Range(first, count))
            {
                await Sender.SendAsync(Event(number)).AsTask().WaitAsync(Patience);
            }
        }

        /// <summary>Cuts the connection at the next event; the server comes back with fewer events and another generation.</summary>
        public void RestoreAtNextOpening(int keep)
        {
            lock (State.Gate)
            {
                State.CutsBefore = _ => true;
                State.OnOpen = () =>
                {
                    State.CutsBefore = _ => false;
                    State.OnOpen = () => { };
                    State.Events.RemoveRange(keep, State.Events.Count - keep);
                    State.Generation++;
                };
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Sender.DisposeAsync();
            channel.Dispose();
            await server.DisposeAsync();
        }
    }
}
