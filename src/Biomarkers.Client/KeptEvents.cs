using Biomarkers.Client.Spool;

namespace Biomarkers.Client;

/// <summary>Acknowledged events, in the order of their acknowledgements, for the day that an older database is restored. Bounded by count, bytes and
/// age; of what falls out the names are kept for a while, and after that the count. Not thread-safe: <see cref="UnacknowledgedEvents"/> locks.</summary>
/// <remarks>Invariant: <see cref="SenderEvent.CertainAbove"/> never falls from the oldest to the newest, so that what a restored database lacks is always
/// a tail of unnamed, named and kept events.</remarks>
internal sealed class KeptEvents(PlateReadSenderOptions options, TimeProvider time)
{
    /// <summary>Most events of which the names outlive the bytes.</summary>
    public const int MaximumNames = 10_000;

    private readonly Queue<(long CertainAbove, ForgottenEvent Name)> names = [];

    // Runs of neighbours in CertainAbove: each is either a row of consecutive numbers or one number many times.
    private readonly List<(long First, long End, long Count)> unnamed = [];
    private Queue<SenderEvent> kept = [];
    private int maximumEvents = options.MaximumKeptEvents;
    private long maximumBytes = options.MaximumKeptBytes;
    private TimeSpan keepFor = options.KeepFor;

    /// <summary>Events that can be sent again.</summary>
    public int Count => kept.Count;

    /// <summary>Bytes of their contents.</summary>
    public long ByteCount { get; private set; }

    /// <summary>The events, oldest first.</summary>
    public IEnumerable<SenderEvent> Events => kept;

    /// <summary>Names of events that are not kept any more, oldest first.</summary>
    public IEnumerable<(long CertainAbove, ForgottenEvent Name)> Names => names;

    /// <summary>Events of which nothing but the number is left, oldest first.</summary>
    public IEnumerable<(long First, long End, long Count)> Unnamed => unnamed;

    /// <summary>Takes up what was kept when a process ended.</summary>
    public void TakeUp(QueueState state)
    {
        foreach ((long, ForgottenEvent) name in state.Names)
        {
            names.Enqueue(name);
        }

        unnamed.AddRange(state.Unnamed);
        foreach (SenderEvent item in state.Kept)
        {
            item.AcknowledgedTimestamp = TimestampOf(item.AcknowledgedTime ?? time.GetUtcNow());
            kept.Enqueue(item);
            ByteCount += item.StoredLength;
        }
    }

    /// <summary>Lets go what is beyond new limits.</summary>
    public void Limit(int events, long bytes, TimeSpan age)
    {
        (maximumEvents, maximumBytes, keepFor) = (events, bytes, age);
        Trim();
    }

    /// <summary>The stream was found with events of earlier senders in it, which this one never had.</summary>
    public void Begin(long nextOffset)
    {
        if (nextOffset > 0)
        {
            unnamed.Add((0, nextOffset, nextOffset));
        }
    }

    /// <summary>Keeps an event that was just acknowledged, and lets go what is beyond the limits.</summary>
    /// <param name="acknowledged">The event.</param>
    /// <param name="when">When that was; in the past where it was written down by an earlier process.</param>
    public void Keep(SenderEvent acknowledged, DateTimeOffset when)
    {
        acknowledged.AcknowledgedTimestamp = TimestampOf(when);
        kept.Enqueue(acknowledged);
        ByteCount += acknowledged.StoredLength;
        Trim();
    }

    /// <summary>Takes out everything that a database with this next offset lacks, or may lack.</summary>
    public (IReadOnlyList<SenderEvent> Kept, IReadOnlyList<ForgottenEvent> Names, long UnnamedCount) TakeFrom(long nextOffset)
    {
        Trim();
        SenderEvent[] lacking = [.. kept.SkipWhile(item => item.CertainAbove < nextOffset)];
        kept = new Queue<SenderEvent>(kept.Take(kept.Count - lacking.Length));
        ByteCount -= lacking.Sum(item => (long)item.StoredLength);

        ForgottenEvent[] known = [.. names.Where(item => item.CertainAbove >= nextOffset).Select(item => item.Name)];
        Queue<(long, ForgottenEvent)> rest = new(names.Take(names.Count - known.Length));
        names.Clear();
        foreach ((long, ForgottenEvent) item in rest)
        {
            names.Enqueue(item);
        }

        return (lacking, known, TakeUnnamed(nextOffset));
    }

    // Ages are counted by the steady clock while the process lives; over a restart the clock on the wall is all there is.
    private long TimestampOf(DateTimeOffset when) => time.GetTimestamp() - (long)(Math.Max(0, (time.GetUtcNow() - when).TotalSeconds) * time.TimestampFrequency);

    private long TakeUnnamed(long nextOffset)
    {
        long count = 0;
        for (int i = unnamed.Count - 1; i >= 0 && unnamed[i].End > nextOffset; i--)
        {
            (long first, long end, long all) = unnamed[i];
            if (first >= nextOffset)
            {
                count += all;
                unnamed.RemoveAt(i);
            }
            else
            {
                count += end - nextOffset;
                unnamed[i] = (first, nextOffset, nextOffset - first);
            }
        }

        return count;
    }

    private void Trim()
    {
        while (kept.TryPeek(out SenderEvent? oldest)
            && (kept.Count > maximumEvents || ByteCount > maximumBytes || time.GetElapsedTime(oldest.AcknowledgedTimestamp) > keepFor))
        {
            kept.Dequeue();
            ByteCount -= oldest.StoredLength;
            names.Enqueue((oldest.CertainAbove!.Value, oldest.Name));
            if (names.Count > MaximumNames)
            {
                Forget(names.Dequeue().CertainAbove);
            }
        }
    }

    private void Forget(long certainAbove)
    {
        if (unnamed.Count > 0)
        {
            (long first, long end, long count) = unnamed[^1];
            bool isNext = certainAbove == end && end - first == count;
            bool isSame = certainAbove == first && end == first + 1;
            if (isNext || isSame)
            {
                unnamed[^1] = (first, isNext ? end + 1 : end, count + 1);
                return;
            }
        }

        unnamed.Add((certainAbove, certainAbove + 1, 1));
    }
}
