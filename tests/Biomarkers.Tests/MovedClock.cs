namespace Biomarkers.Tests;

/// <summary>The system's clock, moved; waiting takes as long as ever.</summary>
internal sealed class MovedClock : TimeProvider
{
    private long ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    public void Move(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
