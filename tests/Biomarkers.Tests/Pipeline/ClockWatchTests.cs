using Biomarkers.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

public sealed class ClockWatchTests
{
    private readonly TwoClocks time = new();

    [Theory]
    [InlineData(-3600)]
    [InlineData(-6)]
    [InlineData(6)]
    [InlineData(86_400)]
    public void HasJumped_ByMoreThanTheLimit_UntilItIsRecorded(int seconds)
    {
        var watch = new ClockWatch(TimeSpan.FromSeconds(5), time);
        time.Go(TimeSpan.FromSeconds(10));
        Assert.False(watch.HasJumped());

        time.Wall += TimeSpan.FromSeconds(seconds);

        Assert.True(watch.HasJumped());
        time.Go(TimeSpan.FromHours(1));
        Assert.True(watch.HasJumped());
    }

    /// <summary>As much as chrony may correct in ten seconds, for an hour: five minutes in all.</summary>
    [Theory]
    [InlineData(-0.833)]
    [InlineData(0.833)]
    public void HasJumped_ClockThatIsCorrectedSlowly_DidNot(double secondsPerLook)
    {
        var watch = new ClockWatch(TimeSpan.FromSeconds(5), time);
        for (int look = 0; look < 360; look++)
        {
            time.Go(TimeSpan.FromSeconds(10));
            time.Wall += TimeSpan.FromSeconds(secondsPerLook);

            Assert.False(watch.HasJumped());
        }
    }

    /// <summary>A machine that is at other work may stop a task anywhere.</summary>
    [Fact]
    public void HasJumped_TaskHeldUpWithinTheReading_DidNot()
    {
        var watch = new ClockWatch(TimeSpan.FromSeconds(5), time);
        time.HeldUp = TimeSpan.FromSeconds(60);

        Assert.False(watch.HasJumped());
        time.HeldUp = TimeSpan.Zero;
        Assert.False(watch.HasJumped());
        time.Wall += TimeSpan.FromSeconds(70);
        Assert.True(watch.HasJumped());
    }

    [Fact]
    public void Jump_AsText_NamesBothTimesAndTheDifference()
    {
        var before = new DateTimeOffset(2038, 1, 19, 3, 14, 8, TimeSpan.Zero);

        Assert.Equal("from 2038-01-19T03:14:08.000Z to 2038-01-19T02:14:07.500Z, 3600.5 s back", new ClockJump(before, before.AddSeconds(-3600.5)).ToString());
        Assert.Equal("from 2038-01-19T03:14:08.000Z to 2038-01-20T03:14:08.000Z, 86400 s ahead", new ClockJump(before, before.AddDays(1)).ToString());
    }

    /// <summary>A wall clock and a monotonic one, and a task that is held up between looking at one and the other.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        private TimeSpan elapsed;

        public DateTimeOffset Wall { get; set; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

        public TimeSpan HeldUp { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Go(TimeSpan time)
        {
            elapsed += time;
            Wall += time;
        }

        public override long GetTimestamp()
        {
            Go(HeldUp);
            return elapsed.Ticks;
        }

        public override DateTimeOffset GetUtcNow() => Wall;
    }
}
