using System.Globalization;

namespace Biomarkers.Results;

/// <summary>Instants as they are stored and hashed: whole microseconds since 1970-01-01T00:00:00Z.</summary>
public static class Instant
{
    /// <summary>Microseconds of an instant; what is finer is cut off.</summary>
    public static long ToMicroseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The instant of a number of microseconds, in UTC.</summary>
    /// <exception cref="OverflowException">There is no such instant: before year 1 or after 9999. Every other number has an instant of its own.</exception>
    public static DateTimeOffset FromMicroseconds(long microseconds) => IsInstant(microseconds)
        ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
        : throw new OverflowException(string.Create(CultureInfo.InvariantCulture, $"{microseconds} microseconds since 1970 are no instant of the years 1 to 9999."));

    /// <summary>Whether a number of microseconds stands for an instant.</summary>
    public static bool IsInstant(long microseconds) => microseconds >= ToMicroseconds(DateTimeOffset.MinValue) && microseconds <= ToMicroseconds(DateTimeOffset.MaxValue);

    /// <summary>As <see cref="ToMicroseconds(DateTimeOffset)"/>; null for null.</summary>
    public static long? ToMicroseconds(DateTimeOffset? time) => time is { } known ? ToMicroseconds(known) : null;

    /// <summary>As <see cref="FromMicroseconds(long)"/>; null for null.</summary>
    public static DateTimeOffset? FromMicroseconds(long? microseconds) => microseconds is { } known ? FromMicroseconds(known) : null;

    /// <summary>An instant cut to what is stored, so that a value reads back as it was.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => FromMicroseconds(ToMicroseconds(time));
}
