using System.Globalization;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Faults.Delivery;

/// <summary>One thing that happens.</summary>
internal abstract record DeliveryStep
{
    internal sealed record Do(DeliveryOp Op) : DeliveryStep;

    /// <summary>Two pullers at the same time, sometimes with a third who seeks.</summary>
    internal sealed record Together(IReadOnlyList<DeliveryOp> Ops) : DeliveryStep;

    /// <summary>The server ends within a write, or between its commit and its answer.</summary>
    /// <param name="Op">The write.</param>
    /// <param name="Microseconds">How long after its begin; null for after the commit.</param>
    internal sealed record Crash(DeliveryOp Op, int? Microseconds) : DeliveryStep;

    /// <summary>A reviewer releases, corrects or withdraws, or has a plate analysed anew.</summary>
    /// <param name="WithPull">A pull at the same time; null for none.</param>
    internal sealed record Review(DeliveryOp? WithPull) : DeliveryStep;

    internal sealed record Move(TimeSpan By) : DeliveryStep;

    /// <summary>A puller ends and knows nothing of what it held.</summary>
    internal sealed record Forget(int Puller) : DeliveryStep;

    /// <summary>Everything is pulled and refused until it is parked.</summary>
    internal sealed record Exhaust(int Puller) : DeliveryStep;
}

/// <summary>What the pullers of a schedule know.</summary>
internal sealed class PullerMemory
{
    private readonly List<long>[] held = [[], [], []];

    /// <summary>Every delivery, the oldest first.</summary>
    public List<long> All { get; } = [];

    /// <summary>Deliveries whose acknowledgement was answered.</summary>
    public List<long> Acknowledged { get; } = [];

    public List<long> HeldBy(int puller) => held[puller];

    public void Observe(DeliveryOp op, DeliveryReply reply)
    {
        if (op is DeliveryOp.Pull pull)
        {
            held[pull.Puller].AddRange(reply.Delivered.Select(delivered => delivered.DeliveryId));
            All.AddRange(reply.Delivered.Select(delivered => delivered.DeliveryId));
        }
        else if (op is DeliveryOp.Answer { Kind: not AnswerKind.Extend } answer)
        {
            // Whoever was refused forgets it, too: the version comes again.
            held[answer.Puller].RemoveAll(id => answer.Ids.Contains(id));
            Acknowledged.AddRange(answer.Kind == AnswerKind.Acknowledge && reply.Refused.Count == 0 ? answer.Ids : []);
        }
    }
}

/// <summary>What is done to one subscription, by a seed.</summary>
internal sealed class DeliverySchedule
{
    private static readonly string[][] SomeStatuses = [["Final"], ["Final", "Corrected"], ["Corrected", "Withdrawn"], ["Final", "Corrected", "Withdrawn"]];

    private readonly bool takesOthers;
    private readonly int pullers;

    public DeliverySchedule(int seed, int number)
    {
        Number = number;
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        Random = new Random(unchecked((seed * 1_000_003) + number));
        int plates = Random.Next(10) < 3 ? 2 : 1;
        Plates = [.. Enumerable.Range(0, plates).Select(plate => (NameOf("D", plate), NameOf("study", plate), Random.Next(3) == 0))];
        string[] own = [.. Plates.Select(plate => plate.Study)];
        int kind = Random.Next(8);
        Studies = kind < 2 ? [] : kind == 2 ? [own[0]] : own;
        Analytes = kind == 3 ? ["il-6"] : [];
        Statuses = kind is 4 or 5 ? SomeStatuses[Random.Next(SomeStatuses.Length)] : [];
        takesOthers = Studies.Count == 0;
        BeginsLate = Random.Next(10) < 3;
        IsFromBeginning = !takesOthers && Random.Next(2) == 0;
        Lease = TimeSpan.FromSeconds(Random.Next(3) switch { 0 => 1, 1 => 60, _ => Random.Next(2, 600) });
        pullers = Random.Next(2, 4);
        Steps = Random.Next(16, 30);
        ClockDifference = TimeSpan.FromMilliseconds(Random.Next(-5000, 5000));
    }

    public int Number { get; }

    public Random Random { get; }

    public int Steps { get; }

    /// <summary>How far the second server's clock is ahead of the first one's.</summary>
    public TimeSpan ClockDifference { get; }

    public IReadOnlyList<(string Barcode, string Study, bool IsOtherAnalyte)> Plates { get; }

    public IReadOnlyList<string> Studies { get; }

    public IReadOnlyList<string> Analytes { get; }

    public IReadOnlyList<string> Statuses { get; }

    public TimeSpan Lease { get; }

    /// <summary>Whether something is released before the subscription is made.</summary>
    public bool BeginsLate { get; }

    /// <summary>Whether that is wanted, too.</summary>
    public bool IsFromBeginning { get; }

    public string SubscriptionId => NameOf("lims", 0);

    public SubscriptionFilter Filter => new(Studies, Analytes, [.. Statuses.Select(Enum.Parse<ResultStatus>)]);

    public bool Takes(ReleasedVersion version) =>
        (Studies.Count == 0 || Studies.Contains(version.Study))
        && (Analytes.Count == 0 || Analytes.Contains(version.Analyte))
        && (Statuses.Count == 0 || Statuses.Contains(version.Status));

    /// <summary>The next step.</summary>
    /// <param name="memory">What the pullers know.</param>
    /// <param name="releaseTimes">When something was released.</param>
    public DeliveryStep Next(PullerMemory memory, IReadOnlyList<DateTimeOffset> releaseTimes) => Random.Next(100) switch
    {
        < 16 => new DeliveryStep.Do(Pull(Random.Next(pullers))),
        < 46 => new DeliveryStep.Do(Answer(memory, Random.Next(pullers))),
        < 62 => new DeliveryStep.Review(Random.Next(4) == 0 ? Pull(0) : null),
        < 72 => new DeliveryStep.Together(Ops(memory, releaseTimes)),
        < 76 => new DeliveryStep.Do(Seek(releaseTimes)),
        < 89 => new DeliveryStep.Move(TimeSpan.FromSeconds(Random.Next(4) switch
        {
            0 => Lease.TotalSeconds * Random.NextDouble(),
            1 => Lease.TotalSeconds,
            2 => Lease.TotalSeconds + 1,
            _ => Random.Next(1200),
        })),
        < 92 => new DeliveryStep.Move(-TimeSpan.FromSeconds(Random.Next(2) == 0 ? Random.Next(1, 120) : Random.Next(20_000))),
        < 95 => new DeliveryStep.Forget(Random.Next(pullers)),
        < 97 => new DeliveryStep.Exhaust(Random.Next(pullers)),
        _ => new DeliveryStep.Crash(
            Random.Next(3) > 0 ? Pull(Random.Next(pullers)) : Answer(memory, Random.Next(pullers)), Random.Next(4) == 0 ? null : Random.Next(3000)),
    };

    private List<DeliveryOp> Ops(PullerMemory memory, IReadOnlyList<DateTimeOffset> releaseTimes)
    {
        var ops = new List<DeliveryOp>();
        for (int puller = 0; puller < 2; puller++)
        {
            ops.Add(Random.Next(2) == 0 ? Pull(puller) : Answer(memory, puller));
        }

        if (Random.Next(6) == 0)
        {
            ops.Add(Seek(releaseTimes));
        }

        return ops;
    }

    private DeliveryOp.Pull Pull(int puller) => new(puller, Random.Next(3) == 0 ? Random.Next(1, 4) : 100);

    // Mostly what the puller holds; sometimes what it or another answered before, or what came again since.
    private DeliveryOp Answer(PullerMemory memory, int puller)
    {
        (AnswerKind kind, List<long> from) = Random.Next(16) switch
        {
            < 7 => (AnswerKind.Acknowledge, memory.HeldBy(puller)),
            7 => (AnswerKind.Acknowledge, memory.Acknowledged),
            < 11 => (AnswerKind.Acknowledge, memory.All),
            11 => (AnswerKind.Extend, memory.HeldBy(puller)),
            12 => (AnswerKind.Extend, memory.All),
            < 15 => (AnswerKind.Refuse, memory.HeldBy(puller)),
            _ => (AnswerKind.Refuse, memory.All),
        };
        if (from.Count == 0)
        {
            return Pull(puller);
        }

        int count = Random.Next(2) == 0 ? from.Count : Random.Next(1, from.Count + 1);
        long[] ids = [.. from.OrderBy(_ => Random.Next()).Take(from == memory.HeldBy(puller) ? count : Math.Min(count, 2))];
        TimeSpan time = TimeSpan.FromSeconds(kind == AnswerKind.Extend ? Random.Next(1, 600) : Random.Next(3) == 0 ? 0 : Random.Next(600));
        return new DeliveryOp.Answer(puller, kind, ids, time);
    }

    // Who takes all studies would go back into the releases of other schedules.
    private DeliveryOp.Seek Seek(IReadOnlyList<DateTimeOffset> releaseTimes) => (releaseTimes.Count, Random.Next(3)) switch
    {
        ( > 0, 0) or ( > 0, 1) => new DeliveryOp.Seek(releaseTimes[Random.Next(releaseTimes.Count)]),
        _ when takesOthers => new DeliveryOp.Seek(DateTimeOffset.MaxValue),
        _ => new DeliveryOp.Seek(null),
    };
#pragma warning restore CA5394

    private string NameOf(string prefix, int place) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Number}-{place}");
}
