using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Results.Review;

/// <summary>A reviewer's word that a result is the repeat of one on another plate. Neither's status changes by it.</summary>
/// <param name="LinkKey">Key.</param>
/// <param name="RepeatKey">The result that is the repeat.</param>
/// <param name="OriginalKey">The result that it repeats.</param>
/// <param name="Actor">Who linked them.</param>
/// <param name="Reason">Why.</param>
/// <param name="LinkTime">When.</param>
/// <param name="Unlink">How the link ended; null while it holds.</param>
public sealed record RepeatLink(long LinkKey, long RepeatKey, long OriginalKey, string Actor, string Reason, DateTimeOffset LinkTime, RepeatUnlink? Unlink = null);

/// <summary>The end of a link.</summary>
/// <param name="Actor">Who ended it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Time">When.</param>
public sealed record RepeatUnlink(string Actor, string Reason, DateTimeOffset Time);

/// <summary>A result that is to be linked.</summary>
/// <param name="ResultKey">Key.</param>
/// <param name="PlateKey">Its plate.</param>
/// <param name="SampleId">The sample, byte for byte.</param>
/// <param name="Analyte">Analyte.</param>
public sealed record RepeatEnd(long ResultKey, long PlateKey, string SampleId, string Analyte);

/// <summary>What may be linked as a repeat.</summary>
public static class RepeatLinks
{
    private const string RepeatField = "repeat";
    private const string OriginalField = "original";

    /// <summary>Everything that keeps a result from being the repeat of another one; empty when nothing does.</summary>
    /// <param name="repeat">The repeat.</param>
    /// <param name="original">What it is said to repeat.</param>
    /// <param name="linkedOriginal">What the repeat is linked to now; null where it is no repeat.</param>
    /// <param name="originals">What the original repeats, what that repeats, and so on.</param>
    public static IReadOnlyList<Fault> FaultsOf(RepeatEnd repeat, RepeatEnd original, long? linkedOriginal, IReadOnlyCollection<long> originals)
    {
        if (repeat.ResultKey == original.ResultKey)
        {
            return [new Fault(OriginalField, ReviewReasons.RepeatCycle, $"results/{original.ResultKey} can't repeat itself; expected a result on another plate.")];
        }

        var faults = new List<Fault>();
        if (repeat.SampleId != original.SampleId)
        {
            string samples = $"'{Texts.Shorten(repeat.SampleId)}', the original is of '{Texts.Shorten(original.SampleId)}'";
            faults.Add(new Fault(OriginalField, ReviewReasons.SampleMismatch, $"The repeat is of sample {samples}; expected the same sample."));
        }

        if (repeat.Analyte != original.Analyte)
        {
            faults.Add(new Fault(OriginalField, ReviewReasons.AnalyteMismatch, $"The repeat is of {repeat.Analyte}, the original of {original.Analyte}; expected the same analyte."));
        }

        if (repeat.PlateKey == original.PlateKey)
        {
            faults.Add(new Fault(OriginalField, ReviewReasons.SamePlate, "Both are of one plate, on which dilutions and readings of a sample are no repeats; expected a result on another plate."));
        }

        if (linkedOriginal is { } linked)
        {
            faults.Add(new Fault(RepeatField, ReviewReasons.AlreadyLinked, $"It is linked as the repeat of results/{linked}; expected that link to be removed first."));
        }

        if (originals.Contains(repeat.ResultKey))
        {
            faults.Add(new Fault(OriginalField, ReviewReasons.RepeatCycle, $"results/{original.ResultKey} is itself a repeat of results/{repeat.ResultKey}; expected no result to repeat itself by way of others."));
        }

        return faults;
    }
}
