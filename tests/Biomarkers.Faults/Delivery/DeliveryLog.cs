using Biomarkers.V1;

namespace Biomarkers.Faults.Delivery;

/// <summary>A delivery as a puller saw it; moments are of this process's monotonic clock.</summary>
/// <param name="Version">The version.</param>
/// <param name="DeliveryId">Its delivery.</param>
/// <param name="Attempt">How often it was delivered.</param>
/// <param name="Until">End of its lease, by the server.</param>
/// <param name="Asked">When the pull began.</param>
/// <param name="Answered">When its answer came.</param>
/// <param name="Content">What was delivered.</param>
internal sealed record SeenDelivery(string Version, string DeliveryId, int Attempt, DateTimeOffset Until, long Asked, long Answered, Result Content);

/// <summary>An acknowledgement as a puller saw it.</summary>
/// <param name="Version">The version.</param>
/// <param name="DeliveryId">The delivery.</param>
/// <param name="Asked">When it was sent.</param>
/// <param name="Answered">When its answer came, or the connection broke.</param>
/// <param name="IsTaken">Whether the server took it; null where that is not known.</param>
internal sealed record SeenAcknowledgement(string Version, string DeliveryId, long Asked, long Answered, bool? IsTaken);

/// <summary>A released version as the database has it once nothing is due.</summary>
/// <param name="Version">The version.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
/// <param name="State">Its state in the subscription; 0 where it is not there.</param>
/// <param name="Attempts">How often it was delivered.</param>
internal sealed record FedVersion(string Version, string SampleId, string Analyte, int State, int Attempts);

/// <summary>Everything that pullers saw, and what must hold of it.</summary>
internal sealed record DeliveryLog(IReadOnlyList<SeenDelivery> Deliveries, IReadOnlyList<SeenAcknowledgement> Acknowledgements, IReadOnlyList<FedVersion> Released, TimeSpan Lease)
{
    // Stamps are whole microseconds.
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    /// <summary>Deliveries of a version that somebody saw before.</summary>
    public int Repeats => Deliveries.Count - Deliveries.Select(delivery => delivery.Version).Distinct().Count();

    /// <summary>What must not be; empty is right.</summary>
    public IEnumerable<string> Findings()
    {
        ILookup<string, SeenDelivery> deliveries = Deliveries.ToLookup(delivery => delivery.Version);
        ILookup<string, SeenAcknowledgement> acknowledgements = Acknowledgements.ToLookup(acknowledgement => acknowledgement.Version);
        foreach (FedVersion version in Released)
        {
            foreach (string finding in FindingsOf(version, [.. deliveries[version.Version].OrderBy(delivery => delivery.Attempt)], [.. acknowledgements[version.Version]]))
            {
                yield return $"{version.Version}: {finding}";
            }
        }

        foreach (string unknown in Deliveries.Select(delivery => delivery.Version).Except(Released.Select(version => version.Version)))
        {
            yield return $"{unknown}: it was delivered, and never released";
        }

        foreach (var line in Released.GroupBy(version => (version.SampleId, version.Analyte)))
        {
            foreach ((FedVersion earlier, FedVersion later) in line.Zip(line.Skip(1)))
            {
                // Who acknowledged the earlier one asked for that before anybody got the later one.
                long? acknowledged = acknowledgements[earlier.Version].Where(seen => seen.IsTaken != false).Select(seen => (long?)seen.Asked).Min();
                if (deliveries[later.Version].FirstOrDefault(delivery => acknowledged is null || delivery.Answered < acknowledged) is { } early)
                {
                    yield return $"{later.Version}: delivery {early.DeliveryId} came while {earlier.Version} was open";
                }
            }
        }
    }

    private IEnumerable<string> FindingsOf(FedVersion version, SeenDelivery[] deliveries, SeenAcknowledgement[] acknowledgements)
    {
        if (version.State != (int)ModelState.Acknowledged)
        {
            yield return $"it is in state {version.State} at the end, after {version.Attempts} deliveries";
        }

        if (!Array.Exists(acknowledgements, seen => seen.IsTaken != false))
        {
            yield return "nobody acknowledged it";
        }

        if (acknowledgements.Where(seen => seen.IsTaken == true).Select(seen => seen.DeliveryId).Distinct().Count() > 1)
        {
            yield return "it was acknowledged by two deliveries";
        }

        if (Array.Find(acknowledgements, seen => seen.IsTaken == true) is { } taken && Array.Find(deliveries, delivery => delivery.Asked > taken.Answered) is { } again)
        {
            yield return $"delivery {again.DeliveryId} came after its acknowledgement";
        }

        foreach ((SeenDelivery earlier, SeenDelivery later) in deliveries.Zip(deliveries.Skip(1)))
        {
            if (later.Attempt == earlier.Attempt)
            {
                yield return $"deliveries {earlier.DeliveryId} and {later.DeliveryId} are both attempt {later.Attempt}";
            }

            if (later.Until - Lease + Rounding < earlier.Until)
            {
                yield return $"delivery {later.DeliveryId} began while the lease of {earlier.DeliveryId} lasted";
            }

            if (!later.Content.Equals(earlier.Content))
            {
                yield return $"deliveries {earlier.DeliveryId} and {later.DeliveryId} differ";
            }
        }

        if (deliveries.Length > 0 && deliveries[^1].Attempt > version.Attempts)
        {
            yield return $"attempt {deliveries[^1].Attempt} was seen; {version.Attempts} are stored";
        }
    }

    /// <summary>The same log with something in it that must not be, to see that it is found.</summary>
    public IEnumerable<(string Name, DeliveryLog Log)> WithFaults()
    {
        SeenAcknowledgement taken = Acknowledgements.First(seen => seen.IsTaken == true);
        SeenDelivery delivery = Deliveries.Last(seen => seen.DeliveryId == taken.DeliveryId);
        yield return ("an acknowledgement is lost", this with { Released = [.. Released.Select(version => version.Version == taken.Version ? version with { State = (int)ModelState.Waiting } : version)] });
        yield return ("a version is skipped", this with { Acknowledgements = [.. Acknowledgements.Where(seen => seen.Version != taken.Version)] });
        SeenDelivery late = delivery with { DeliveryId = "0", Attempt = delivery.Attempt + 1, Until = delivery.Until + (2 * Lease) };
        SeenDelivery again = late with { Asked = taken.Answered + 1, Answered = taken.Answered + 2 };
        yield return ("an acknowledged version comes again", this with { Deliveries = [.. Deliveries, again] });
        SeenDelivery beside = delivery with { DeliveryId = "0", Attempt = delivery.Attempt + 1, Until = delivery.Until + (Lease / 2) };
        yield return ("two leases at once", this with { Deliveries = [.. Deliveries, beside] });
        yield return ("a repeat that looks new", this with { Deliveries = [.. Deliveries, beside with { Attempt = delivery.Attempt, Until = delivery.Until + (2 * Lease) }] });
        FedVersion? earlier = Released.FirstOrDefault(version => Released.Any(later => later != version && later.SampleId == version.SampleId && later.Analyte == version.Analyte));
        if (earlier is not null)
        {
            yield return ("a correction before what it corrects", this with
            {
                Acknowledgements = [.. Acknowledgements.Select(seen => seen.Version == earlier.Version ? seen with { Asked = long.MaxValue, Answered = long.MaxValue } : seen)],
            });
        }
    }
}
