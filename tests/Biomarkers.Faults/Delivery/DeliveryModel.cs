namespace Biomarkers.Faults.Delivery;

/// <summary>A version that left the laboratory.</summary>
/// <param name="VersionKey">Its key in the store, which names it here.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
/// <param name="Study">Study of its specimen.</param>
/// <param name="Status">Its status.</param>
/// <param name="Time">When it was released, by the server's clock.</param>
internal sealed record ReleasedVersion(long VersionKey, string SampleId, string Analyte, string Study, string Status, DateTimeOffset Time)
{
    /// <summary>Whether both are of one sample and analyte, of which one is delivered after the other.</summary>
    public bool IsOfOneLineWith(ReleasedVersion other) => SampleId == other.SampleId && Analyte == other.Analyte;
}

/// <summary>A version in the hands of a puller.</summary>
/// <param name="VersionKey">The version.</param>
/// <param name="Attempt">How often it was delivered.</param>
/// <param name="DeliveryId">This delivery.</param>
/// <param name="Until">End of its lease.</param>
internal readonly record struct DeliveredVersion(long VersionKey, int Attempt, long DeliveryId, DateTimeOffset Until);

/// <summary>Where a version is.</summary>
internal enum ModelState
{
    Waiting = 1,
    Leased = 2,
    Acknowledged = 3,
    Parked = 4,
}

/// <summary>What a puller says of deliveries.</summary>
internal enum AnswerKind
{
    Acknowledge,
    Extend,
    Refuse,
}

/// <summary>A version in a subscription.</summary>
internal sealed record ModelItem(ReleasedVersion Version)
{
    public ModelState State { get; init; } = ModelState.Waiting;

    public int Attempts { get; init; }

    /// <summary>The newest delivery; null for none.</summary>
    public long? DeliveryId { get; init; }

    public DateTimeOffset From { get; init; }

    public DateTimeOffset Until { get; init; }

    /// <summary>When it may come again after it was refused.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    public bool IsOpen => State is ModelState.Waiting or ModelState.Leased;

    public bool IsLeasedAt(DateTimeOffset now) => State == ModelState.Leased && !HasGoneBack(now) && now < Until;

    public bool MayComeAt(DateTimeOffset now) => State switch
    {
        ModelState.Waiting => NotBefore is not { } begin || begin <= now || HasGoneBack(now),
        ModelState.Leased => !IsLeasedAt(now),
        _ => false,
    };

    // Clocks of servers differ; one that is further before the beginning of a lease went back, and nobody knows how long the lease has lasted.
    private bool HasGoneBack(DateTimeOffset now) => now < From - DeliveryModel.ClockDifference;
}

/// <summary>The contract of one subscription, as simply as it can be said. It knows nothing of the product but the contract's words.</summary>
/// <param name="takes">What the subscription wants.</param>
/// <param name="lease">How long a delivery may take to be acknowledged.</param>
internal sealed class DeliveryModel(Func<ReleasedVersion, bool> takes, TimeSpan lease)
{
    /// <summary>Deliveries after which a version is parked, by the contract.</summary>
    public const int Attempts = 10;

    /// <summary>How far the clocks of servers may differ, and so how far back one may go unnoticed.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(1);

    // Of a delivery whose answer was lost: the store says it.
    private const long UnknownId = -1;

    private readonly List<ReleasedVersion> released = [];
    private readonly Dictionary<long, ModelItem> pulled = [];
    private int begin;

    /// <summary>Everything that the subscription wants, in the order of release.</summary>
    public IEnumerable<ModelItem> Items => released.Skip(begin).Where(takes).Select(version => pulled.GetValueOrDefault(version.VersionKey) ?? new ModelItem(version));

    public DeliveryModel Copy()
    {
        var copy = new DeliveryModel(takes, lease) { begin = begin };
        copy.released.AddRange(released);
        foreach ((long key, ModelItem item) in pulled)
        {
            copy.pulled.Add(key, item);
        }

        return copy;
    }

    /// <summary>The subscription begins with what is released from now on.</summary>
    public void BeginNow() => begin = released.Count;

    public void Release(IEnumerable<ReleasedVersion> versions) => released.AddRange(versions);

    /// <summary>The next versions are leased.</summary>
    /// <param name="limit">Most of them.</param>
    /// <param name="now">The server's clock.</param>
    /// <param name="answer">What the server answered; null where that was lost.</param>
    /// <returns>How that differs; null where it does not.</returns>
    public string? Pull(int limit, DateTimeOffset now, IReadOnlyList<DeliveredVersion>? answer)
    {
        var leased = new List<ModelItem>();
        while (leased.Count < limit && NextDue(now) is { } due)
        {
            ModelItem next = due.Attempts >= Attempts
                ? due with { State = ModelState.Parked, NotBefore = null }
                : due with { State = ModelState.Leased, Attempts = due.Attempts + 1, DeliveryId = UnknownId, From = now, Until = now + lease, NotBefore = null };
            Keep(next);
            if (next.State == ModelState.Leased)
            {
                leased.Add(next);
            }
        }

        if (answer is null)
        {
            return null;
        }

        string expected = string.Join(' ', leased.Select(item => Text(item.Version.VersionKey, item.Attempts, item.Until)));
        string actual = string.Join(' ', answer.Select(item => Text(item.VersionKey, item.Attempt, item.Until)));
        if (expected != actual)
        {
            return $"pulled [{actual}]; expected [{expected}]";
        }

        for (int i = 0; i < answer.Count; i++)
        {
            Keep(leased[i] with { DeliveryId = answer[i].DeliveryId });
        }

        return null;
    }

    /// <summary>A puller answers: for all that it names, or for none.</summary>
    /// <param name="kind">What it says.</param>
    /// <param name="ids">The deliveries.</param>
    /// <param name="time">How much longer, or how long not.</param>
    /// <param name="now">The server's clock.</param>
    /// <param name="refused">Places of those that the server refused; null where the answer was lost.</param>
    /// <returns>How that differs; null where it does not.</returns>
    public string? Answer(AnswerKind kind, IReadOnlyList<long> ids, TimeSpan time, DateTimeOffset now, IReadOnlyList<int>? refused)
    {
        var faults = new List<int>();
        var live = new List<ModelItem>();
        for (int i = 0; i < ids.Count; i++)
        {
            ModelItem? item = pulled.Values.FirstOrDefault(known => known.DeliveryId == ids[i]);
            if (item is not null && item.IsLeasedAt(now))
            {
                live.Add(item);
            }
            else if (kind != AnswerKind.Acknowledge || item?.State != ModelState.Acknowledged)
            {
                faults.Add(i);
            }
        }

        if (faults.Count == 0)
        {
            live.ForEach(item => Keep(kind switch
            {
                AnswerKind.Acknowledge => item with { State = ModelState.Acknowledged, NotBefore = null },
                AnswerKind.Extend => item with { Until = now + time },
                _ => item with { State = ModelState.Waiting, NotBefore = now + time },
            }));
        }

        return refused is null || refused.SequenceEqual(faults)
            ? null
            : $"{kind} of [{string.Join(' ', ids)}] refused at [{string.Join(' ', refused)}]; expected [{string.Join(' ', faults)}]";
    }

    /// <summary>Everything that was released after a time comes again.</summary>
    /// <param name="after">The time; null for the beginning.</param>
    /// <param name="count">How many the server says wait again; null where its answer was lost.</param>
    /// <returns>How that differs; null where it does not.</returns>
    public string? Seek(DateTimeOffset? after, int? count)
    {
        // A clock that went back makes an earlier release bear a later time: everything from the first one that is meant.
        int place = after is { } time ? released.FindIndex(version => version.Time > time) : 0;
        place = place < 0 ? released.Count : place;
        begin = Math.Min(begin, place);
        ModelItem[] again = [.. released.Skip(place).Select(version => pulled.GetValueOrDefault(version.VersionKey)).OfType<ModelItem>().Where(item => item.Attempts > 0)];
        foreach (ModelItem item in again)
        {
            Keep(item with { State = ModelState.Waiting, Attempts = 1, DeliveryId = null, NotBefore = null });
        }

        return count is null || count == again.Length ? null : $"sought after {after:O}: {count} wait again; expected {again.Length}";
    }

    /// <summary>Compares with the rows of the store, and learns from them what it can't know.</summary>
    /// <param name="rows">All rows of the subscription.</param>
    /// <param name="isWhole">Whether all must be there; otherwise one that was never pulled may be missing.</param>
    /// <returns>How they differ; null where they do not.</returns>
    public string? Compare(IReadOnlyList<StoredDelivery> rows, bool isWhole)
    {
        Dictionary<long, StoredDelivery> stored = rows.ToDictionary(row => row.VersionKey);
        foreach (ModelItem item in Items.ToArray())
        {
            if (!stored.Remove(item.Version.VersionKey, out StoredDelivery row))
            {
                if (isWhole || item.Attempts > 0)
                {
                    return $"version {item.Version.VersionKey} is not in the store";
                }

                continue;
            }

            bool isSame = row.State == (int)item.State && row.Attempts == item.Attempts && (item.DeliveryId == UnknownId || row.DeliveryId == item.DeliveryId)
                && (!item.IsOpen || row.NotBefore == item.NotBefore) && (item.State != ModelState.Leased || (row.From == item.From && row.Until == item.Until));
            if (!isSame)
            {
                return $"version {item.Version.VersionKey} is stored as {row}; expected {item}";
            }

            if (item.DeliveryId == UnknownId)
            {
                Keep(item with { DeliveryId = row.DeliveryId });
            }
        }

        return stored.Count == 0 ? null : $"versions {string.Join(' ', stored.Keys)} are in the store, and the subscription does not want them";
    }

    private void Keep(ModelItem item) => pulled[item.Version.VersionKey] = item;

    private ModelItem? NextDue(DateTimeOffset now)
    {
        ModelItem[] items = [.. Items];
        return Array.Find(items, item =>
            item.MayComeAt(now)
            && !items.TakeWhile(earlier => earlier != item).Any(earlier => earlier.IsOpen && earlier.Version.IsOfOneLineWith(item.Version)));
    }

    private static string Text(long versionKey, int attempt, DateTimeOffset until) => $"{versionKey}#{attempt} until {until:HH:mm:ss}";
}

/// <summary>A version of a subscription as it is stored.</summary>
internal readonly record struct StoredDelivery(
    long VersionKey, int State, int Attempts, long? DeliveryId, DateTimeOffset? From, DateTimeOffset? Until, DateTimeOffset? NotBefore);
