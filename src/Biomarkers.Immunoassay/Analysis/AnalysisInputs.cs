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
    public ContentHash Hash => ContentHash.OfAll(Read.Hash, Layout.Hash, CanonicalJson.HashOf(Assay), RulePack.Hash);
}
