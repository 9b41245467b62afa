using Biomarkers.Cli.Plates;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Learning;

/// <summary>The replicates of one plate file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Plate">Barcode.</param>
/// <param name="ReadHash">Hash of the plate read.</param>
/// <param name="Analytes">One per analyte of the assay.</param>
internal sealed record PlateReplicates(string Path, string Plate, ContentHash ReadHash, IReadOnlyList<AnalyteReplicates> Analytes)
{
    /// <summary>Reads a plate file, or says what is wrong with it and where.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layoutPath">Layout of every plate; null where the files have their own.</param>
    /// <param name="settings">How files are read.</param>
    /// <param name="assay">The assay.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<(Checked<PlateReplicates> Plate, string Source)> ReadAsync(
        string path, string? layoutPath, PlateFileSettings settings, AssayDefinition assay, CancellationToken cancellationToken)
    {
        Checked<PlateInput> read = await PlateInput.ReadAsync(path, settings, assay, cancellationToken);
        if (read.Value is not { } input)
        {
            return (read.Faults.ToList(), path);
        }

        (Checked<PlateLayout> layout, string source) = await input.ReadLayoutAsync(layoutPath, settings, assay, assay.Version, cancellationToken);
        if (layout.Value is null)
        {
            return (layout.Faults.ToList(), source);
        }

        if (!RulePacks.TryFind(assay.RulePack, out RulePack? pack))
        {
            throw new InvalidOperationException($"Assay {assay.Name} passed its check with the unknown rule pack '{assay.RulePack}'.");
        }

        Checked<AnalysisInputs> inputs = AnalysisInputs.Check(input.Read, layout.Value, assay, pack);
        return inputs.Value is null
            ? (inputs.Faults.ToList(), path)
            : (new PlateReplicates(path, input.Read.PlateBarcode, input.Read.Hash, AssayReplicates.Of(inputs.Value)), path);
    }
}
