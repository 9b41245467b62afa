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

    /// <summary>One sentence for a person.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Written} written into {Folder}, {Acknowledged} acknowledged, {Repeated} came again, {Refused} refused, {ListTables.Count(Checkpoints, "checkpoint")} kept.");
}
