using Biomarkers.Server.Hosting;

namespace Biomarkers.Server.Admission;

/// <summary>How fast one stream is read: as fast as it comes, until it has been above its rate for a minute's worth; then at its rate.</summary>
/// <remarks>What is above the rate is a debt in time, paid by not reading, so that HTTP/2 flow control slows the sender. Nothing is cut or lost by it.</remarks>
internal sealed class StreamPace(WireLimits limits, TimeProvider time)
{
    private static readonly TimeSpan Burst = TimeSpan.FromMinutes(1);

    private readonly long began = time.GetTimestamp();
    private TimeSpan events;
    private TimeSpan bytes;

    /// <summary>Counts an event that came, and waits where it came too early.</summary>
    public Task PassAsync(int byteCount, CancellationToken cancellationToken)
    {
        TimeSpan now = time.GetElapsedTime(began);
        events = Later(events, now) + (Burst / limits.EventsPerMinute);
        bytes = Later(bytes, now) + (Burst * ((double)byteCount / limits.BytesPerMinute));
        TimeSpan ahead = Later(events, bytes) - now - Burst;
        return ahead > TimeSpan.Zero ? Task.Delay(ahead, time, cancellationToken) : Task.CompletedTask;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
