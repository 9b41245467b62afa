namespace Biomarkers.Client;

/// <summary>How long to wait before the next attempt: half to all of a span that doubles with each, and never less than the server asked. Not thread-safe.</summary>
internal sealed class Backoff(TimeSpan initial, TimeSpan maximum, int jitterSeed)
{
    private const int MaximumDoublings = 30;

    // Spreads many callers over time; nothing secret hangs on it.
#pragma warning disable CA5394
    private readonly Random jitter = new(jitterSeed);
#pragma warning restore CA5394

    /// <summary>Attempts since the last success.</summary>
    public int Attempt { get; private set; }

    public void Succeeded() => Attempt = 0;

    /// <summary>The wait before the next attempt, which is counted.</summary>
    /// <param name="demanded">What the server asked for; null where it did not.</param>
    public TimeSpan Next(TimeSpan? demanded)
    {
        double span = Math.Min(maximum.TotalSeconds, initial.TotalSeconds * Math.Pow(2, Math.Min(Attempt, MaximumDoublings)));
        Attempt++;
#pragma warning disable CA5394
        var delay = TimeSpan.FromSeconds(span * (0.5 + (0.5 * jitter.NextDouble())));
#pragma warning restore CA5394
        return demanded is { } least && least > delay ? least : delay;
    }
}
