namespace Biomarkers.Faults.Delivery;

/// <summary>What a LIMS may rely on, asked of each answer by itself: who holds what, what was acknowledged, in which order. It needs no model of the queue.</summary>
/// <param name="takes">What the subscription wants.</param>
internal sealed class DeliveryTrace(Func<ReleasedVersion, bool> takes)
{
    private sealed class Seen(ReleasedVersion version)
    {
        public ReleasedVersion Version => version;

        public int Attempt { get; set; }

        /// <summary>The newest delivery; null where it counts no more.</summary>
        public long? DeliveryId { get; set; }

        public DateTimeOffset From { get; set; }

        public DateTimeOffset Until { get; set; }

        /// <summary>Whether it is in the hands of a puller, as far as its lease lasts.</summary>
        public bool IsHeld { get; set; }

        /// <summary>Whether it was acknowledged and not sought since.</summary>
        public bool IsAcknowledged { get; set; }

        /// <summary>Place of the first acknowledgement among all; null for none.</summary>
        public int? FirstAcknowledged { get; set; }

        /// <summary>Whether later ones could pass it: it was parked and sought, or the subscription began after it and was sought.</summary>
        public bool MayBeLate { get; set; }

        public bool IsLiveAt(DateTimeOffset now) => IsHeld && From <= now + DeliveryModel.ClockDifference && now < Until;
    }

    private readonly List<Seen> released = [];
    private readonly Dictionary<long, Seen> ofDelivery = [];
    private int begin;
    private int acknowledgements;

    /// <summary>The first thing that must not be; null for none.</summary>
    public string? Violation { get; private set; }

    /// <summary>Deliveries of a version that was delivered before.</summary>
    public int Repeats { get; private set; }

    /// <summary>Corrections and withdrawals of what somebody held.</summary>
    public int CorrectionsUnderLease { get; private set; }

    public void BeginNow() => begin = released.Count;

    public void Observe(DeliveryOp op, DeliveryReply reply, DateTimeOffset now)
    {
        switch (op)
        {
            case DeliveryOp.Pull:
                Park(now);
                foreach (DeliveredVersion delivered in reply.Delivered)
                {
                    Deliver(delivered, now);
                }

                break;
            case DeliveryOp.Answer answer:
                foreach (long id in reply.Refused.Count == 0 ? answer.Ids : [])
                {
                    Answer(answer, id, now);
                }

                break;
            case DeliveryOp.Seek seek:
                Seek(seek.After);
                break;
            case DeliveryOp.Review:
                foreach (ReleasedVersion version in reply.Released)
                {
                    CorrectionsUnderLease += released.Exists(before => before.Version.IsOfOneLineWith(version) && before.IsLiveAt(now)) ? 1 : 0;
                    released.Add(new Seen(version));
                }

                break;
            default:
                throw new ArgumentException($"{op} is unknown.", nameof(op));
        }
    }

    /// <summary>Learns from the store what became of an op whose answer was lost.</summary>
    public void Reconcile(DeliveryOp op, IReadOnlyList<StoredDelivery> rows, DateTimeOffset now)
    {
        foreach (StoredDelivery row in rows)
        {
            Seen seen = Of(row.VersionKey);
            if (op is DeliveryOp.Pull && row.Attempts > seen.Attempt && row.State == (int)ModelState.Leased)
            {
                Deliver(new DeliveredVersion(row.VersionKey, row.Attempts, row.DeliveryId!.Value, row.Until!.Value), now);
            }
            else if (op is DeliveryOp.Answer { Kind: AnswerKind.Acknowledge } answer && row.State == (int)ModelState.Acknowledged && !seen.IsAcknowledged)
            {
                Require(row.DeliveryId is { } id && answer.Ids.Contains(id), $"version {row.VersionKey} is acknowledged in the store, and nobody did");
                Answer(answer, row.DeliveryId!.Value, now);
            }
            else if (op is DeliveryOp.Answer said && seen.DeliveryId is { } named && said.Ids.Contains(named))
            {
                (seen.IsHeld, seen.Until) = (row.State == (int)ModelState.Leased, row.Until!.Value);
            }
        }
    }

    /// <summary>What must hold once nothing is due any more.</summary>
    public void End(IReadOnlyList<StoredDelivery> rows)
    {
        Dictionary<long, StoredDelivery> stored = rows.ToDictionary(row => row.VersionKey);
        var newest = new Dictionary<(string, string), int>();
        foreach (Seen seen in released.Skip(begin).Where(seen => takes(seen.Version)))
        {
            bool isParked = stored.TryGetValue(seen.Version.VersionKey, out StoredDelivery row) && row.State == (int)ModelState.Parked;
            Require(!isParked || row.Attempts == DeliveryModel.Attempts, $"version {seen.Version.VersionKey} is parked after {row.Attempts} deliveries");
            Require(isParked || seen.IsAcknowledged, $"version {seen.Version.VersionKey} was released and never acknowledged");
            if (!isParked && !seen.MayBeLate && seen.FirstAcknowledged is { } place)
            {
                (string, string) line = (seen.Version.SampleId, seen.Version.Analyte);
                Require(newest.GetValueOrDefault(line, -1) < place, $"version {seen.Version.VersionKey} was first acknowledged before an earlier one of its sample and analyte");
                newest[line] = place;
            }
        }
    }

    // Whoever pulls parks what was delivered too often and is in nobody's hands; by the clock of another server its lease may last a little longer.
    private void Park(DateTimeOffset now)
    {
        foreach (Seen seen in released.Where(seen => seen.Attempt == DeliveryModel.Attempts && !seen.IsLiveAt(now)))
        {
            seen.IsHeld = false;
        }
    }

    private void Deliver(DeliveredVersion delivered, DateTimeOffset now)
    {
        Seen seen = Of(delivered.VersionKey);
        int place = released.IndexOf(seen);
        string name = $"version {delivered.VersionKey}, delivery {delivered.DeliveryId}";
        Require(place >= begin && takes(seen.Version), $"{name}: the subscription does not want it");
        Require(!seen.IsLiveAt(now), $"{name}: delivery {seen.DeliveryId} of it has a lease that lasts");
        Require(!seen.IsAcknowledged, $"{name}: it was acknowledged");
        Require(delivered.Attempt == seen.Attempt + 1, $"{name}: attempt {delivered.Attempt} after {seen.Attempt}");
        Require(seen.Attempt < DeliveryModel.Attempts, $"{name}: it was delivered too often");
        Seen? open = released.Take(place).Skip(begin)
            .FirstOrDefault(earlier => takes(earlier.Version) && earlier.Version.IsOfOneLineWith(seen.Version) && !earlier.IsAcknowledged
                && (earlier.Attempt < DeliveryModel.Attempts || earlier.IsLiveAt(now)));
        Require(open is null, $"{name}: the earlier version {open?.Version.VersionKey} is open");
        Repeats += seen.Attempt > 0 ? 1 : 0;
        (seen.Attempt, seen.DeliveryId, seen.From, seen.Until, seen.IsHeld) = (delivered.Attempt, delivered.DeliveryId, now, delivered.Until, true);
        ofDelivery[delivered.DeliveryId] = seen;
    }

    private void Answer(DeliveryOp.Answer answer, long id, DateTimeOffset now)
    {
        Seen? seen = ofDelivery.GetValueOrDefault(id);
        bool isNewest = seen?.DeliveryId == id;
        bool isRepeated = answer.Kind == AnswerKind.Acknowledge && isNewest && seen!.IsAcknowledged;
        Require(isNewest && (isRepeated || seen!.IsLiveAt(now)), $"{answer.Kind} of delivery {id} was taken; it is not the newest of its version, or too late");
        if (seen is null || isRepeated)
        {
            return;
        }

        switch (answer.Kind)
        {
            case AnswerKind.Acknowledge:
                (seen.IsHeld, seen.IsAcknowledged) = (false, true);
                seen.FirstAcknowledged ??= acknowledgements++;
                break;
            case AnswerKind.Extend:
                seen.Until = now + answer.Time;
                break;
            default:
                seen.IsHeld = false;
                break;
        }
    }

    private void Seek(DateTimeOffset? after)
    {
        int place = after is { } time ? released.FindIndex(seen => seen.Version.Time > time) : 0;
        place = place < 0 ? released.Count : place;
        // Those before the old beginning come late: what comes after them was delivered without them.
        foreach (Seen seen in released.Take(begin).Skip(place))
        {
            seen.MayBeLate = true;
        }

        begin = Math.Min(begin, place);
        foreach (Seen seen in released.Skip(place).Where(seen => seen.Attempt > 0))
        {
            seen.MayBeLate |= seen is { IsAcknowledged: false, Attempt: DeliveryModel.Attempts };
            (seen.Attempt, seen.DeliveryId, seen.IsHeld, seen.IsAcknowledged) = (1, null, false, false);
        }
    }

    private Seen Of(long versionKey) => released.Find(seen => seen.Version.VersionKey == versionKey)
        ?? throw new InvalidOperationException($"Version {versionKey} was never released by the schedule.");

    private void Require(bool holds, string otherwise) => Violation ??= holds ? null : otherwise;
}
