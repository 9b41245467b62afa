using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>What a sender keeps and sends again, held against a server whose databases are plain lists: nothing that it keeps stays lacking, and what it
/// does not keep is named.</summary>
public sealed class KeptEventsTests
{
    private static readonly Gen<(int Kind, int Amount)[]> Steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 30]).Array[1, 80];

    [Fact]
    public void AnySteps_WithRestoresOfAnyAge_LeaveNothingLackingThatIsNotNamed() => Steps.Sample(
        steps =>
        {
            var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 3);
            history.Run(steps);
            Assert.Equal([], history.Lacking());
        },
        iter: 5_000);

    [Fact]
    public void AnySteps_WithNarrowLimits_NameWhatIsLacking() => Steps.Sample(
        steps =>
        {
            var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b", MaximumKeptEvents = 4, KeepFor = TimeSpan.FromMinutes(7) }, eventsBefore: 3);
            history.Run(steps);
            Assert.Equal([], history.Lacking().Except(history.NamedAsLost));
            Assert.InRange(history.Sender.KeptCount, 0, 4);
        },
        iter: 5_000);

    /// <summary>The same with the queue on disk, and an adapter that is started again between any two steps.</summary>
    [Fact]
    public void AnySteps_WithRestoresAndRestartsOfTheAdapter_LeaveNothingLackingThatIsNotNamed() => Steps.Sample(
        steps =>
        {
            using var fixture = new SpoolFixture();
            using var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 3, fixture);
            history.Run(steps);
            Assert.Equal([], history.Lacking());
        },
        iter: 25,
        threads: 1);

    /// <summary>The usual case has no doubt in it: one database, restored from its own past.</summary>
    [Fact]
    public void RestoresOfTheNewestHistory_AfterEverythingWasAcknowledged_RepeatNothing() => Gen.Int[0, 40].Sample(length =>
    {
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 0);
        history.Send(40);
        history.RestorePrefix(length);
        history.Finish();
        Assert.Equal(Enumerable.Range(0, 40), history.Database.Order());
    });

    [Fact]
    public void Restored_EventsOfAnEarlierSender_AreCountedAndNotNamed()
    {
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 10);
        history.Send(5);
        history.RestorePrefix(7);

        Assert.Equal((5, 3, 7), (history.LastRestoration!.ResentCount, history.LastRestoration.LostCount, history.LastRestoration.NextOffset));
        Assert.Empty(history.LastRestoration.Lost);
    }

    [Fact]
    public void Restored_BeyondEveryLimit_CountsWhatIsNeitherKeptNorNamed()
    {
        int sent = KeptEvents.MaximumNames + 500;
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b", MaximumKeptEvents = 200 }, eventsBefore: 0);
        history.Send(sent);
        history.RestorePrefix(100);

        Assert.Equal((200, sent - 300), (history.LastRestoration!.ResentCount, history.LastRestoration.LostCount));
        Assert.Equal(KeptEvents.MaximumNames, history.LastRestoration.Lost.Count);
        Assert.Equal(new ForgottenEvent(sent - 201, $"P{sent - 201}", "r"), history.LastRestoration.Lost[^1]);
    }

    [Fact]
    public void Kept_Bytes_StayWithinTheLimit()
    {
        int size = new SenderEvent(History.Content(10)).StoredLength;
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b", MaximumKeptBytes = (3 * size) + 1 }, eventsBefore: 0);
        history.Send(60);

        Assert.Equal((3, 3L * size), (history.Sender.KeptCount, history.Sender.KeptByteCount));
    }

    [Fact]
    public void Resume_AtAnOlderOffsetOfTheSameDatabase_IsNoRestore()
    {
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 0);
        history.Send(5);

        var stopped = Assert.Throws<PlateReadSenderException>(() => history.Sender.Resume(3, history.Generation));

        Assert.Equal(SenderStopReason.EventsForgotten, stopped.Reason);
    }

    [Fact]
    public void Resume_BeyondWhatAnyDatabaseCouldHave_IsAnotherSender()
    {
        var history = new History(new PlateReadSenderOptions { InstrumentId = "a", StreamId = "b" }, eventsBefore: 0);
        history.Send(5);

        var stopped = Assert.Throws<PlateReadSenderException>(() => history.Sender.Resume(6, history.Generation + 1));

        Assert.Equal(SenderStopReason.Fenced, stopped.Reason);
    }

    /// <summary>A sender's events and the databases that a server may come back with: every database that ever was may be restored.</summary>
    private sealed class History : IDisposable
    {
        private const int Earlier = -1;

        private readonly FakeTimeProvider time = new();
        private readonly List<int[]> backups = [];
        private readonly SpoolFixture? fixture;
        private EventSpool? spool;
        private int added;
        private readonly List<(long Offset, SenderEvent Event)> onTheWire = [];

        public History(PlateReadSenderOptions options, int eventsBefore, SpoolFixture? fixture = null)
        {
            this.fixture = fixture;
            spool = fixture?.Open();
            Sender = spool?.Queue ?? new UnacknowledgedEvents(options, time);
            Database.AddRange(Enumerable.Repeat(Earlier, eventsBefore));
            Sender.Resume(Database.Count, Generation);
        }

        public UnacknowledgedEvents Sender { get; private set; }

        public List<int> Database { get; private set; } = [];

        public long Generation { get; private set; } = 1;

        public DatabaseRestoration? LastRestoration { get; private set; }

        /// <summary>Numbers of all events that a restoration named as lost.</summary>
        public HashSet<int> NamedAsLost { get; } = [];

        public static StreamEventContent Content(int number) => new() { PlateRead = new PlateRead { PlateBarcode = $"P{number}", ReadId = "r" } };

        public void Run((int Kind, int Amount)[] steps)
        {
            foreach ((int kind, int amount) in steps)
            {
                Step(kind, amount);
            }

            Finish();
        }

        public void Send(int count)
        {
            Add(count);
            Finish();
        }

        public void Finish()
        {
            Write(int.MaxValue);
            Store(int.MaxValue);
            Acknowledge();
            Assert.Equal(0, Sender.Count);
        }

        public void RestorePrefix(int length) => Restore([.. Database.Take(length)]);

        /// <summary>Events that are in no database any more.</summary>
        public IEnumerable<int> Lacking() => Enumerable.Range(0, added).Except(Database);

        public void Dispose() => spool?.Dispose();

        private static int NumberOf(SenderEvent item) => int.Parse(item.PlateBarcode![1..]);

        private void Step(int kind, int amount)
        {
            if (fixture is not null && amount % 3 == 0)
            {
                // The process ends, whatever it had on the wire, and another one goes on.
                spool!.Dispose();
                spool = fixture.Open();
                Sender = spool.Queue;
                Reopen();
            }

            switch (kind)
            {
                case 0 or 1:
                    Add(amount % 7);
                    break;
                case 8:
                    Send(amount % 12);
                    break;
                case 2:
                    Write(amount);
                    break;
                case 3:
                    Store(amount);
                    break;
                case 4:
                    Acknowledge();
                    break;
                case 5:
                    Reopen();
                    break;
                case 6:
                    backups.Add([.. Database]);
                    time.Advance(TimeSpan.FromMinutes(amount / 10));
                    break;
                default:
                    Restore(backups.Count == 0 ? [.. Database.Take(amount)] : backups[amount % backups.Count]);
                    break;
            }
        }

        private void Add(int count)
        {
            for (int i = 0; i < count; i++)
            {
                StreamEventContent content = Content(added++);
                Assert.True(spool?.AcceptAsync(content).AsTask().GetAwaiter().GetResult() is not null || Sender.TryAdd(new SenderEvent(content)));
            }
        }

        private void Write(int count)
        {
            for (int i = 0; i < count && Sender.TryTakeNext(out long offset, out SenderEvent? next, out _); i++)
            {
                onTheWire.Add((offset, next));
            }
        }

        // As the contract has it: the next offset is stored, an earlier one must hold the same event, a later one is a gap.
        private void Store(int count)
        {
            foreach ((long offset, SenderEvent item) in onTheWire.Take(count))
            {
                Assert.InRange(offset, 0, Database.Count);
                if (offset == Database.Count)
                {
                    Database.Add(NumberOf(item));
                }

                Assert.Equal(NumberOf(item), Database[(int)offset]);
            }

            onTheWire.RemoveRange(0, Math.Min(count, onTheWire.Count));
        }

        private void Acknowledge() => Sender.Acknowledge(new Ack { NextOffset = Database.Count });

        private void Reopen()
        {
            onTheWire.Clear();
            (_, DatabaseRestoration? restoration) = Sender.Resume(Database.Count, Generation);
            if (restoration is not null)
            {
                LastRestoration = restoration;
                NamedAsLost.UnionWith(restoration.Lost.Select(lost => int.Parse(lost.PlateBarcode![1..])));
            }
        }

        private void Restore(int[] backup)
        {
            Database = [.. backup];
            Generation++;
            Reopen();
        }
    }
}
