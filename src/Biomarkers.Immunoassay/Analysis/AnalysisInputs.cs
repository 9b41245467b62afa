using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Everything that a run is a function of, beside the engine's version. All of it is immutable.</summary>
/// <param name="Read">What the instrument said.</param>
/// <param name="Layout">What is in the wells.</param>
/// <param name="Assay">How it is computed.</param>
/// <param name="RulePack">How it is judged.</param>
public sealed record AnalysisInputs(PlateRead Read, PlateLayout Layout, AssayDefinition Assay, RulePack RulePack)
{
    /// <summary>Hash over the hashes of the parts: equal inputs have equal hashes, on every machine and for ever.</summary>
    [JsonIgnore]
    public ContentHash Hash => ContentHash.OfAll(Read.Hash, Layout.Hash, CanonicalJson.HashOf(Assay), RulePack.Hash);

    /// <summary>The inputs when the parts fit together, else all that keeps them apart. A layout without calibrators or controls fits: that
    /// is data, and the run says so.</summary>
    /// <param name="read">A read; its columns must be those of the assay's analytes.</param>
    /// <param name="layout">A layout of the same size that names the assay and only its analytes, in units of the same kind.</param>
    /// <param name="assay">A checked assay, see <see cref="AssayDefinition.Check"/>.</param>
    /// <param name="rulePack">The pack that the assay names.</param>
    public static Checked<AnalysisInputs> Check(PlateRead read, PlateLayout layout, AssayDefinition assay, RulePack rulePack)
    {
        var faults = new List<Fault>();
        AnalysisInputsChecks.Check(read, layout, assay, rulePack, faults);
        return faults.Count > 0 ? faults : new AnalysisInputs(read, layout, assay, rulePack);
    }
}
