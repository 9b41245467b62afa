using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline;

/// <summary>Tells which servers have died by their beats, without a clock of theirs: one whose beat was the same in several successful looks at
/// the store, an interval apart on this server's own monotonic clock, does not live. Fewer looks suffice where its connection is gone too.</summary>
/// <remarks>While the store is out of reach, or while this server itself stands still, nobody looks, and so nobody is taken for dead.</remarks>
/// <param name="missedBeats">Looks without a new beat before a server is taken for dead; 0 where every other server must be dead.</param>
/// <param name="interval">Least time between two looks that count.</param>
/// <param name="time">Clock.</param>
public sealed class HolderWatch(int missedBeats, TimeSpan interval, TimeProvider time)
{
    // One look may fall between the loss of a connection and the next.
    private const int MissedBeatsWithoutConnection = 2;

    private Dictionary<string, (long Beat, int Missed)> seen = [];
    private long? countedLook;

    /// <summary>Takes a look.</summary>
    /// <param name="others">The other servers, as the store says now.</param>
    /// <returns>Those that have died.</returns>
    public IReadOnlyList<HolderRow> Observe(IReadOnlyList<HolderRow> others)
    {
        long now = time.GetTimestamp();
        int counts = countedLook is not { } last || time.GetElapsedTime(last, now) >= interval ? 1 : 0;
        if (counts > 0)
        {
            countedLook = now;
        }

        seen = others.ToDictionary(
            other => other.Holder,
            other => (other.Beat, seen.TryGetValue(other.Holder, out (long Beat, int Missed) known) && known.Beat == other.Beat ? known.Missed + counts : 0));
        return [.. others.Where(other => seen[other.Holder].Missed >= (other.IsConnected ? missedBeats : Math.Min(missedBeats, MissedBeatsWithoutConnection)))];
    }
}
