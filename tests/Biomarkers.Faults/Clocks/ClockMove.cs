namespace Biomarkers.Faults.Clocks;

/// <summary>A way to move a clock, and back.</summary>
/// <param name="Name">Where it goes.</param>
/// <param name="Target">The time to set, where it is now so late.</param>
internal sealed record ClockMove(string Name, Func<DateTimeOffset, DateTimeOffset> Target)
{
    // The clock goes over the edge by itself, while plates are on their way.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    /// <summary>Least time until the next plates are sent: what comes after the edge is stamped after it.</summary>
    public TimeSpan Hold { get; private init; }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ClockMove> All { get; } =
    [
        new("an hour ahead", now => now.AddHours(1)),
        new("a day back", now => now.AddDays(-1)),
        new("over 2038-01-19", _ => new DateTimeOffset(2038, 1, 19, 3, 14, 8, TimeSpan.Zero) - Before) { Hold = OverTheEdge },
        new("an hour back", now => now.AddHours(-1)),
        new("a day ahead", now => now.AddDays(1)),
        new("over the beginning of summer time", now => LastSundayOf(now.Year + 1, 3) - Before) { Hold = OverTheEdge },
        new("over the last second of 2099", _ => new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero) - Before) { Hold = OverTheEdge },
        new("over the end of summer time", now => LastSundayOf(now.Year + 1, 10) - Before) { Hold = OverTheEdge },
    ];

    private static TimeSpan OverTheEdge => Before + TimeSpan.FromSeconds(0.5);

    // When clocks of the European Union change, at one in UTC.
    private static DateTimeOffset LastSundayOf(int year, int month)
    {
        var last = new DateTimeOffset(year, month, DateTime.DaysInMonth(year, month), 1, 0, 0, TimeSpan.Zero);
        return last.AddDays(-(int)last.DayOfWeek);
    }
}

/// <summary>A move as it was made, by the true clock.</summary>
/// <param name="Name">Where the clock went, and how.</param>
/// <param name="Offset">By how much it was off.</param>
/// <param name="Began">When it was moved.</param>
/// <param name="Ended">When it was moved back.</param>
/// <param name="WhileRunning">Whether the server ran on; otherwise it was stopped for it and started again, each time.</param>
internal sealed record MadeMove(string Name, TimeSpan Offset, DateTimeOffset Began, DateTimeOffset Ended, bool WhileRunning);
