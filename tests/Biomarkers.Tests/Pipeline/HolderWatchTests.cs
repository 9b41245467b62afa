using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

public sealed class HolderWatchTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Observe_BeatThatStandsStill_IsDeadAfterTheMissedBeatsAndNotBefore()
    {
        var watch = new HolderWatch(5, Interval, time);
        for (int look = 0; look < 5; look++)
        {
            Assert.Empty(Look(watch, ("still", 7), ("alive", look)));
        }

        Assert.Equal("still", Assert.Single(Look(watch, ("still", 7), ("alive", 5))).Holder);
    }

    [Fact]
    public void Observe_LooksInQuickSuccession_CountOnce()
    {
        var watch = new HolderWatch(5, Interval, time);

        for (int look = 0; look < 100; look++)
        {
            Assert.Empty(watch.Observe([new HolderRow("still", "host", 7)]));
        }
    }

    [Fact]
    public void Observe_AfterALongPauseOfTheObserver_TakesNobodyForDead()
    {
        var watch = new HolderWatch(5, Interval, time);
        Look(watch, ("other", 7));

        time.Advance(TimeSpan.FromHours(1));

        Assert.Empty(Look(watch, ("other", 7)));
    }

    [Fact]
    public void Observe_ConnectionThatIsGoneToo_IsDeadAfterTwoMissedBeats()
    {
        var watch = new HolderWatch(5, Interval, time);
        for (int look = 0; look < 2; look++)
        {
            time.Advance(Interval);
            Assert.Empty(watch.Observe([new HolderRow("gone", "host", 7, IsConnected: false)]));
        }

        time.Advance(Interval);
        Assert.Single(watch.Observe([new HolderRow("gone", "host", 7, IsConnected: false)]));
        Assert.Empty(watch.Observe([new HolderRow("gone", "host", 8, IsConnected: false)]));
    }

    [Fact]
    public void Observe_BeatThatMovesAgain_BeginsAnew()
    {
        var watch = new HolderWatch(2, Interval, time);
        Look(watch, ("other", 7));
        Look(watch, ("other", 7));

        Assert.Empty(Look(watch, ("other", 8)));
        Assert.Empty(Look(watch, ("other", 8)));
        Assert.Single(Look(watch, ("other", 8)));
    }

    private IReadOnlyList<HolderRow> Look(HolderWatch watch, params (string Holder, long Beat)[] others)
    {
        time.Advance(Interval);
        return watch.Observe([.. others.Select(other => new HolderRow(other.Holder, "host", other.Beat))]);
    }
}
