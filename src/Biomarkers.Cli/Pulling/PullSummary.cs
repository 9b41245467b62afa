using System.Globalization;
using Biomarkers.Cli.Servers;

namespace Biomarkers.Cli.Pulling;

/// <summary>What a pull came to.</summary>
/// <param name="Subscription">Resource name of the subscription.</param>
/// <param name="Format">Format of the files.</param>
/// <param name="Folder">Where they are.</param>
public sealed record PullSummary(string Subscription, string Format, string Folder)
{
    /// <summary>Versions that were written.</summary>
    public long Written { get; init; }

    /// <summary>Deliveries that the server knows to be stored.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Deliveries of versions that this run of the command had written before.</summary>
    public long Repeated { get; init; }

    /// <summary>Deliveries of versions that can't be written in this format. They come again, and are parked after ten attempts.</summary>
    public long Refused { get; init; }

    /// <summary>Checkpoints that were kept.</summary>
    public int Checkpoints { get; init; }

    /// <summary>Versions that were not due when a command that pulls once ended: others hold them, an earlier command that was killed among them, or they wait for a time
    /// or for an earlier version. They come again. Absent for a command that goes on until it is interrupted.</summary>
    public int? WaitingElsewhere { get; init; }

    /// <summary>Versions that were delivered ten times and come only after a seek; absent likewise.</summary>
    public int? Parked { get; init; }

    /// <summary>A sentence or three for a person.</summary>
    public override string ToString()
    {
        string done = string.Create(
            CultureInfo.InvariantCulture,
            $"{Written} written into {Folder}, {Acknowledged} acknowledged, {Repeated} came again, {Refused} refused, {ListTables.Count(Checkpoints, "checkpoint")} kept.");
        string elsewhere = WaitingElsewhere > 0 ? $" {ListTables.Count(WaitingElsewhere.Value, "version")} not due yet, or leased by a command that ended or another one: pull again." : "";
        string parked = Parked > 0 ? $" {ListTables.Count(Parked.Value, "version")} parked: see 'biomarkers subscriptions parked'." : "";
        return done + elsewhere + parked;
    }
}
