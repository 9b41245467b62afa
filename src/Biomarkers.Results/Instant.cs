namespace Biomarkers.Results;

/// <summary>Instants as they are stored and hashed: whole microseconds since 1970-01-01T00:00:00Z.</summary>
public static class Instant
{
    /// <summary>Microseconds of an instant; what is finer is cut off.</summary>
    public static long ToMicroseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The instant of a number of microseconds, in UTC.</summary>
    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>As <see cref="ToMicroseconds(DateTimeOffset)"/>; null for null.</summary>
    public static long? ToMicroseconds(DateTimeOffset? time) => time is { } known ? ToMicroseconds(known) : null;

    /// <summary>As <see cref="FromMicroseconds(long)"/>; null for null.</summary>
    public static DateTimeOffset? FromMicroseconds(long? microseconds) => microseconds is { } known ? FromMicroseconds(known) : null;

    /// <summary>An instant cut to what is stored, so that a value reads back as it was.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => FromMicroseconds(ToMicroseconds(time));
}
