using Biomarkers.Client;
using Biomarkers.Client.Spool;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>What a spool has on its disk, whatever happens to its process and to its files.</summary>
public sealed class EventSpoolTests : IDisposable
{
    private readonly SpoolFixture fixture = new();

    [Fact]
    public async Task AcceptAsync_ThenANewProcess_FindsStreamAndEventsAsTheyWere()
    {
        string stream;
        using (EventSpool first = fixture.Open())
        {
            stream = first.StreamId;
            await SpoolFixture.AcceptAsync(first, 0, 20);
            fixture.Time.Advance(TimeSpan.FromMinutes(5));
            Assert.Equal((20, fixture.Time.GetUtcNow().AddMinutes(-5)), (first.Status.WaitingCount, first.Status.OldestWaiting));
        }

        using EventSpool second = EventSpool.Open(fixture.Folder, new EventSpoolOptions(), fixture.Time);

        Assert.Equal(("reader-1", stream), (second.InstrumentId, second.StreamId));
        Assert.Equal(Enumerable.Range(0, 20), SpoolFixture.Waiting(second));
        Assert.Empty(second.Status.Damage);
        SpooledEvent next = await second.AcceptAsync(SpoolFixture.Content(20));
        Assert.Equal(21, next.Sequence);
    }

    [Fact]
    public async Task AcceptAsync_ManyAtOnce_KeepsAllInTheOrderOfTheCalls()
    {
        using (EventSpool spool = fixture.Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(number => spool.AcceptAsync(SpoolFixture.Content(number)).AsTask()));
        }

        using EventSpool again = fixture.Open();
        Assert.Equal(Enumerable.Range(0, 200), SpoolFixture.Waiting(again));
    }

    [Fact]
    public async Task Open_LastRecordCutAtAnyByte_KeepsTheOthersAndSaysNothing()
    {
        using (EventSpool spool = fixture.Open())
        {
            await SpoolFixture.AcceptAsync(spool, 0, 3);
        }

        string file = fixture.NewestEvents;
        byte[] whole = await File.ReadAllBytesAsync(file);
        int lastBegins = (int)new SpoolSegments(fixture.Folder, 0).Read().Events[2].Position;
        for (int length = lastBegins; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(file, whole.AsMemory(0, length));
            SpoolStatus status = fixture.Look();
            Assert.Equal((2, 0), (status.WaitingCount, status.Damage.Count));
        }

        await File.WriteAllBytesAsync(file, whole.AsMemory(0, whole.Length - 1));
        using EventSpool cut = fixture.Open();
        await SpoolFixture.AcceptAsync(cut, 3, 1);
        Assert.Equal([0, 1, 3], SpoolFixture.Waiting(cut));
        Assert.Empty(cut.Status.Damage);
    }

    [Fact]
    public async Task Open_AnyBitsFlipped_GivesEveryEventAsItWasOrNamesItsNumber()
    {
        using (EventSpool spool = fixture.Open())
        {
            await SpoolFixture.AcceptAsync(spool, 0, 12);
        }

        string file = fixture.NewestEvents;
        byte[] whole = await File.ReadAllBytesAsync(file);
        Gen.Int[0, (whole.Length * 8) - 1].Array[1, 4].Sample(
            bits =>
            {
                byte[] flipped = [.. whole];
                foreach (int bit in bits)
                {
                    flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                }

                File.WriteAllBytes(file, flipped);
                using var segments = new SpoolSegments(fixture.Folder, 0);
                SpoolSegments.Contents contents = segments.Read();
                Assert.Equal(0, contents.TornBytes);
                SenderEvent[] readable = [.. contents.Events.Where(item => item.IsReadable)];
                Assert.All(readable, item => Assert.Equal(item.Sequence - 1, SpoolFixture.NumberOf(item)));
                long[] missing = [.. Enumerable.Range(1, 12).Select(number => (long)number).Except(readable.Select(item => item.Sequence))];
                SpoolStatus status = fixture.Look();
                Assert.Equal(12 - missing.Length, status.WaitingCount);
                // A hole at the very beginning has no number before it, and is told by its place.
                Assert.All(missing, sequence => Assert.Contains(status.Damage, damage => damage.Sequence == sequence || damage.Sequence is null));
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public async Task Open_DamagedContent_NamesItsPlateAndKeepsTheRest()
    {
        using (EventSpool spool = fixture.Open())
        {
            await SpoolFixture.AcceptAsync(spool, 0, 3);
        }

        string file = fixture.NewestEvents;
        byte[] bytes = await File.ReadAllBytesAsync(file);
        SenderEvent second = new SpoolSegments(fixture.Folder, 0).Read().Events[1];
        bytes[second.Position + second.StoredLength - 1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        using EventSpool again = fixture.Open();

        SpoolDamage damage = Assert.Single(again.Status.Damage);
        Assert.Equal((2L, "P1", "r1"), (damage.Sequence, damage.PlateBarcode, damage.ReadId));
        Assert.Equal([0, 2], SpoolFixture.Waiting(again));
    }

    [Fact]
    public async Task AcceptAsync_Full_RefusesAndKeepsWhatItHas()
    {
        using EventSpool spool = fixture.Open(new EventSpoolOptions { InstrumentId = "reader-1", MaximumEvents = 5 });
        await SpoolFixture.AcceptAsync(spool, 0, 5);

        var refused = await Assert.ThrowsAsync<EventSpoolException>(() => spool.AcceptAsync(SpoolFixture.Content(5)).AsTask());

        Assert.Equal(EventSpoolFault.Full, refused.Reason);
        Assert.Contains("5 events", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, 5), SpoolFixture.Waiting(spool));
    }

    [Fact]
    public async Task AcceptAsync_BytesOfTheLimit_LetTheOldestAcknowledgedGoAndTheirFilesToo()
    {
        byte[] filling = new byte[100_000];
        using EventSpool spool = fixture.Open(new EventSpoolOptions { InstrumentId = "reader-1", MaximumBytes = 1024 * 1024 });
        spool.Queue.Resume(0, 1, 1);
        for (int number = 0; number < 25; number++)
        {
            await spool.AcceptAsync(new V1.StreamEventContent { PlateRead = new V1.PlateRead { PlateBarcode = $"P{number}", ReadId = Convert.ToBase64String(filling) } });
            Assert.True(spool.Queue.TryTakeNext(out long offset, out _, out _));
            spool.Queue.Acknowledge(new V1.Ack { NextOffset = offset + 1 });
        }

        SpoolStatus status = spool.Status;
        Assert.Equal(0, status.WaitingCount);
        Assert.InRange(status.KeptBytes, 1, 1024 * 1024);
        // One file more than the limit at most, and the one that is written to.
        Assert.InRange(new DirectoryInfo(fixture.Folder).EnumerateFiles("events-*.log").Sum(file => file.Length), 1, (1024 * 1024) + (2 * 200_000));
    }

    [Fact]
    public async Task Kept_OlderThanSevenDays_LeaveAlsoWhereTheProcessWasAwayMeanwhile()
    {
        using (EventSpool spool = fixture.Open())
        {
            spool.Queue.Resume(0, 1, 1);
            await SpoolFixture.AcceptAsync(spool, 0, 3);
            while (spool.Queue.TryTakeNext(out _, out _, out _))
            {
                // All are written.
            }

            spool.Queue.Acknowledge(new V1.Ack { NextOffset = 2 });
        }

        fixture.Time.Advance(TimeSpan.FromDays(6));
        using (EventSpool later = fixture.Open())
        {
            Assert.Equal((1, 2), (later.Status.WaitingCount, later.Status.KeptCount));
        }

        fixture.Time.Advance(TimeSpan.FromDays(2));
        using EventSpool last = fixture.Open();
        Assert.Equal((1, 0), (last.Status.WaitingCount, last.Status.KeptCount));
        Assert.Equal([2], SpoolFixture.Waiting(last));
    }

    [Fact]
    public void Open_Twice_IsRefusedUntilTheFirstIsClosed()
    {
        EventSpool first = fixture.Open();
        var refused = Assert.Throws<EventSpoolException>(() => fixture.Open());
        Assert.Equal(EventSpoolFault.InUse, refused.Reason);
        // A look is free at any time.
        Assert.Equal(0, fixture.Look().WaitingCount);

        first.Dispose();
        using EventSpool second = fixture.Open();
        Assert.Equal(first.StreamId, second.StreamId);
    }

    [Fact]
    public void Open_OfAnotherStreamOrWithoutAName_IsRefused()
    {
        Assert.Equal(EventSpoolFault.NoSpool, Assert.Throws<EventSpoolException>(() => EventSpool.Open(fixture.Folder, new EventSpoolOptions(), fixture.Time)).Reason);
        Assert.Equal(EventSpoolFault.NoSpool, Assert.Throws<EventSpoolException>(fixture.Look).Reason);
        fixture.Open().Dispose();
        Assert.Equal(EventSpoolFault.OtherStream, Assert.Throws<EventSpoolException>(() => fixture.Open(new EventSpoolOptions { InstrumentId = "reader-2" })).Reason);
        Assert.Equal(EventSpoolFault.OtherStream, Assert.Throws<EventSpoolException>(() => fixture.Open(new EventSpoolOptions { StreamId = "main" })).Reason);
        File.Delete(Path.Combine(fixture.Folder, "spool.json"));
        var lost = Assert.Throws<EventSpoolException>(() => fixture.Open());
        Assert.Contains("name the instrument and the stream", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_StateFileLost_HasEverythingWaitAgain()
    {
        using (EventSpool spool = fixture.Open())
        {
            spool.Queue.Resume(0, 1, 1);
            await SpoolFixture.AcceptAsync(spool, 0, 4);
            Assert.True(spool.Queue.TryTakeNext(out _, out _, out _));
            spool.Queue.Acknowledge(new V1.Ack { NextOffset = 1 });
        }

        File.Delete(Path.Combine(fixture.Folder, "state.log"));
        using EventSpool again = fixture.Open();
        Assert.Equal(Enumerable.Range(0, 4), SpoolFixture.Waiting(again));
    }

    [Theory]
    [InlineData(0, 1024 * 1024, 7)] // no event
    [InlineData(1_000_001, 1024 * 1024, 7)] // more than the limit
    [InlineData(1, 1024, 7)] // less than one event of the largest size
    [InlineData(1, 1024 * 1024, 0)] // an age of nothing
    public void Open_LimitOutOfRange_IsABugOfTheCaller(int events, long bytes, int days) => Assert.Throws<ArgumentOutOfRangeException>(
        () => fixture.Open(new EventSpoolOptions { InstrumentId = "a", MaximumEvents = events, MaximumBytes = bytes, KeepFor = TimeSpan.FromDays(days) }));

    public void Dispose() => fixture.Dispose();
}
