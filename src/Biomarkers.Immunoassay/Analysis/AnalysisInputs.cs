using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Everything that a run is a function of, beside the engine's version. All of it is immutable.</summary>
/// <param name="Read">What the instrument said.</param>
/// <param name="Layout">What is in the wells.</param>
/// <param name="Assay">How it is computed.</param>
/// <param name="RulePack">How it is judged.</param>
/// <param name="ReadDate">Day in UTC on which the plate was read, where that is known, the layout names a lot's last day of use and the pack judges lots. Null
/// otherwise, because nothing depends on it: such inputs are the same on any day.</param>
public sealed record AnalysisInputs(PlateRead Read, PlateLayout Layout, AssayDefinition Assay, RulePack RulePack, DateOnly? ReadDate = null)
{
    /// <summary>Hash over the hashes of the parts: equal inputs have equal hashes, on every machine and for ever.</summary>
    [JsonIgnore]
    public ContentHash Hash => HashOf(Read.Hash, Layout.Hash, CanonicalJson.HashOf(Assay), RulePack.Hash, ReadDate);

    /// <summary>The hash of inputs whose parts have these hashes.</summary>
    /// <param name="read">Of the read.</param>
    /// <param name="layout">Of the layout.</param>
    /// <param name="assay">Of the assay.</param>
    /// <param name="rulePack">Of the rule pack.</param>
    /// <param name="readDate">As <see cref="ReadDate"/>.</param>
    public static ContentHash HashOf(ContentHash read, ContentHash layout, ContentHash assay, ContentHash rulePack, DateOnly? readDate) => readDate is { } day
        ? ContentHash.OfAll(read, layout, assay, rulePack, ContentHash.Of(Encoding.ASCII.GetBytes(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))))
        : ContentHash.OfAll(read, layout, assay, rulePack);

    /// <summary>The day in UTC of an instant, by which lots are judged.</summary>
    public static DateOnly DayOf(DateTimeOffset readTime) => DateOnly.FromDateTime(readTime.UtcDateTime);

    /// <summary>The inputs when the parts fit together, else all that keeps them apart. A layout without calibrators or controls fits: that
    /// is data, and the run says so.</summary>
    /// <param name="read">A read; its columns must be those of the assay's analytes.</param>
    /// <param name="layout">A layout of the same size that names the assay and only its analytes, in units of the same kind.</param>
    /// <param name="assay">A checked assay, see <see cref="AssayDefinition.Check"/>.</param>
    /// <param name="rulePack">The pack that the assay names.</param>
    /// <param name="readTime">When the plate was read, by the instrument's clock; null where nobody said, and then lots are not judged. Default null.</param>
    public static Checked<AnalysisInputs> Check(PlateRead read, PlateLayout layout, AssayDefinition assay, RulePack rulePack, DateTimeOffset? readTime = null)
    {
        var faults = new List<Fault>();
        AnalysisInputsChecks.Check(read, layout, assay, rulePack, faults);
        return faults.Count > 0 ? faults : new AnalysisInputs(read, layout, assay, rulePack, DayThatCounts(layout, rulePack, readTime));
    }

    private static DateOnly? DayThatCounts(PlateLayout layout, RulePack rulePack, DateTimeOffset? readTime) =>
        readTime is { } time && rulePack.Find(ExpiredLotRule.RuleId) is not null && layout.Lots.Any(lot => lot.ExpiryDate is not null) ? DayOf(time) : null;
}
