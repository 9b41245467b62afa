namespace Biomarkers.Faults.Delivery;

/// <summary>A wall clock that a schedule moves, there and back; timers and the monotonic clock are the machine's, so that the pipeline's own waits go on.</summary>
internal sealed class ScheduleClock : TimeProvider
{
    // Each schedule begins a day after the one before, so that no move of the clock reaches into another's releases.
    private static readonly DateTimeOffset FirstDay = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private long ticks = FirstDay.Ticks;

    /// <summary>Earliest time that the schedule may go back to.</summary>
    public DateTimeOffset Earliest { get; private set; }

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Begin(int schedule)
    {
        Earliest = FirstDay.AddDays(schedule);
        Interlocked.Exchange(ref ticks, Earliest.AddHours(1).Ticks);
    }

    /// <summary>Moves it by whole milliseconds, so that what is stored of a time is all of it.</summary>
    public void Move(TimeSpan by) =>
        Interlocked.Exchange(ref ticks, Math.Max(Earliest.Ticks, ticks + (by.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond)));
}

/// <summary>The clock of one of the servers, which differs from the first one's.</summary>
internal sealed class ServerClock(ScheduleClock clock) : TimeProvider
{
    /// <summary>How far it is ahead.</summary>
    public TimeSpan Difference { get; set; }

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Difference;
}
