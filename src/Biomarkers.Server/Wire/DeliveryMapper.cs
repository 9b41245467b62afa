using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Delivery;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Subscriptions and deliveries, both ways.</summary>
internal static class DeliveryMapper
{
    /// <summary>Versions of a pull that names no number.</summary>
    public const int DefaultResults = 100;

    /// <summary>Longest wait of a pull: shorter than any unary call may take.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private const int MaximumConditions = 100;

    /// <summary>What a subscription wants, and its lease.</summary>
    /// <param name="wire">What the request says; null for everything.</param>
    /// <param name="faults">Receives the faults.</param>
    public static (SubscriptionFilter Filter, TimeSpan Lease) Read(V1.Subscription? wire, List<Fault> faults)
    {
        wire ??= new V1.Subscription();
        IReadOnlyList<string> studies = ReadConditions(wire.Studies, "subscription.studies", Texts.CheckText, faults);
        IReadOnlyList<string> analytes = ReadConditions(wire.Analytes, "subscription.analytes", Texts.CheckName, faults);
        var words = new WireFaults();
        ResultStatus[] statuses = [.. wire.Statuses.Take(MaximumConditions).Select((status, i) => WireWords.ReadReleasedStatus(status, $"subscription.statuses[{i}]", words)).Distinct()];
        faults.AddRange(words.List);
        TimeSpan lease = ReadTime(wire.AckDeadline, "subscription.ack_deadline", DeliveryLimits.Lease, DeliveryLimits.ShortestLease, DeliveryLimits.LongestLease, faults);
        return (new SubscriptionFilter(studies, analytes, statuses), lease);
    }

    /// <summary>Most versions of a pull.</summary>
    public static int ReadLimit(int maxResults, List<Fault> faults)
    {
        if (maxResults is < 0 or > DeliveryLimits.PerPull)
        {
            faults.Add(new Fault("max_results", FaultReasons.OutOfRange, $"{maxResults} versions are asked for; expected 1 to {DeliveryLimits.PerPull}, or 0 for {DefaultResults}."));
        }

        return maxResults == 0 ? DefaultResults : maxResults;
    }

    /// <summary>A time of a request in whole seconds.</summary>
    /// <param name="duration">What it says; null for the usual one.</param>
    /// <param name="field">Its field.</param>
    /// <param name="usual">Where it says nothing, or with a fault.</param>
    /// <param name="least">Shortest.</param>
    /// <param name="most">Longest.</param>
    /// <param name="faults">Receives the faults.</param>
    public static TimeSpan ReadTime(Duration? duration, string field, TimeSpan usual, TimeSpan least, TimeSpan most, List<Fault> faults)
    {
        if (duration is null)
        {
            return usual;
        }

        if (duration.Seconds >= (long)least.TotalSeconds && duration.Seconds <= (long)most.TotalSeconds && duration.Nanos == 0)
        {
            return TimeSpan.FromSeconds(duration.Seconds);
        }

        faults.Add(new Fault(
            field, FaultReasons.OutOfRange, $"{duration.Seconds} s and {duration.Nanos} ns is no such time; expected {(long)least.TotalSeconds} to {(long)most.TotalSeconds} whole seconds."));
        return usual;
    }

    /// <summary>Deliveries that a request names: 1 to <see cref="DeliveryLimits.PerPull"/>, each once.</summary>
    public static IReadOnlyList<long> ReadDeliveries(RepeatedField<string> ids, List<Fault> faults)
    {
        if (ids.Count is 0 or > DeliveryLimits.PerPull)
        {
            faults.Add(new Fault(
                "delivery_ids", ids.Count == 0 ? FaultReasons.Required : FaultReasons.LimitExceeded, $"{ids.Count} deliveries are named; expected 1 to {DeliveryLimits.PerPull}."));
            return [];
        }

        var read = new HashSet<long>(ids.Count);
        for (int i = 0; i < ids.Count; i++)
        {
            if (!long.TryParse(ids[i], NumberStyles.None, CultureInfo.InvariantCulture, out long id) || Id(id) != ids[i])
            {
                faults.Add(new Fault($"delivery_ids[{i}]", FaultReasons.InvalidText, $"'{Texts.Shorten(ids[i])}' is no delivery; expected the delivery_id of one that was pulled."));
            }
            else if (!read.Add(id))
            {
                faults.Add(new Fault($"delivery_ids[{i}]", FaultReasons.Duplicate, $"'{ids[i]}' is named twice; expected each delivery once."));
            }
        }

        return [.. read];
    }

    /// <summary>A subscription with its backlog.</summary>
    public static V1.Subscription ToWire(SubscriptionStatus status)
    {
        SubscriptionRow subscription = status.Subscription;
        return new V1.Subscription
        {
            Name = ResourceNames.Subscription(subscription.SubscriptionId),
            Owner = subscription.Owner,
            Studies = { subscription.Filter.Studies },
            Analytes = { subscription.Filter.Analytes },
            Statuses = { subscription.Filter.Statuses.Select(WireWords.Write) },
            AckDeadline = Duration.FromTimeSpan(subscription.Lease),
            CreateTime = subscription.CreateTime.ToTimestamp(),
            WaitingCount = status.WaitingCount,
            LeasedCount = status.LeasedCount,
            ParkedCount = status.ParkedCount,
            AcknowledgedCount = status.AcknowledgedCount,
            OldestWaitingTime = status.OldestWaitingTime?.ToTimestamp(),
        };
    }

    /// <summary>A version that was leased.</summary>
    public static V1.Delivery ToWire(DeliveryItem item, ReleasedVersion released)
    {
        V1.Delivery wire = ToWire(released);
        wire.DeliveryId = Id(item.DeliveryId!.Value);
        wire.Attempt = item.AttemptCount;
        wire.LeaseExpireTime = item.LeaseExpireTime!.Value.ToTimestamp();
        return wire;
    }

    /// <summary>A version that left.</summary>
    public static V1.Delivery ToWire(ReleasedVersion released) => new()
    {
        Result = ToLeaving(released.Result),
        Origin = ToWire(released.Origin),
        VerificationToken = new V1.VerificationToken { Sequence = released.Token.Sequence, Sha256 = released.Token.Hash.Hex },
    };

    /// <summary>A version that is parked.</summary>
    public static V1.ParkedDelivery ToWire(ParkedVersion parked) => new()
    {
        Result = ResourceNames.ResultVersion(parked.ResultKey, parked.Version),
        SampleId = parked.SampleId,
        Analyte = parked.Analyte,
        Attempt = parked.AttemptCount,
        Reason = parked.Reason,
        ReleaseTime = parked.ReleaseTime.ToTimestamp(),
    };

    private static string Id(long deliveryId) => deliveryId.ToString(CultureInfo.InvariantCulture);

    // What was taken back carries no value that somebody could file, and what lies outside of the range is never a result.
    private static V1.Result ToLeaving(StoredResult stored)
    {
        V1.Result wire = ResultMapper.ToWire(stored);
        wire.ClearExtrapolatedConcentration();
        if (stored.Status is ResultStatus.Withdrawn or ResultStatus.Cancelled)
        {
            wire.RangeStatus = V1.RangeStatus.NotDetermined;
            wire.ClearConcentration();
            wire.ClearLimit();
            wire.ClearLower();
            wire.ClearUpper();
            wire.ClearCvPercent();
            wire.ClearMeanResponse();
            wire.ClearResponseVariance();
            wire.LnConcentrationGradient.Clear();
        }

        return wire;
    }

    private static V1.ResultOrigin ToWire(ResultSource origin) => new()
    {
        Instrument = ResourceNames.Instrument(origin.InstrumentId),
        Operator = origin.Operator ?? string.Empty,
        ReadTime = origin.ReadTime?.ToTimestamp(),
        AnalyteDisplayName = origin.Specification.DisplayName,
        Loinc = origin.Specification.Loinc ?? string.Empty,
        SignificantDigits = origin.Specification.SignificantDigits,
        MethodSha256 = origin.MethodHash.Hex,
        Lots = { origin.Lots.Select(ToWire) },
    };

    private static V1.LotReference ToWire(LotReference lot) => new()
    {
        Kind = WireWords.Write(lot.Kind),
        LotNumber = lot.LotNumber,
        ExpiryDate = lot.ExpiryDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private static IReadOnlyList<string> ReadConditions(RepeatedField<string> conditions, string field, Action<string, string, List<Fault>> check, List<Fault> faults)
    {
        if (conditions.Count > MaximumConditions)
        {
            faults.Add(new Fault(field, FaultReasons.LimitExceeded, $"{conditions.Count} are given; expected at most {MaximumConditions}."));
            return [];
        }

        for (int i = 0; i < conditions.Count; i++)
        {
            check($"{field}[{i}]", conditions[i], faults);
        }

        return [.. conditions.Distinct(StringComparer.Ordinal)];
    }
}
