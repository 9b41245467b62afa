using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Plates;

/// <summary>A plate file as an analysis or a server takes it.</summary>
/// <param name="Path">The file.</param>
/// <param name="FileHash">Hash of its bytes.</param>
/// <param name="File">What it says, its analytes by the names of the assay where one is known.</param>
/// <param name="Read">The responses.</param>
internal sealed record PlateInput(string Path, ContentHash FileHash, PlateFile File, PlateRead Read)
{
    private const string Expected = "a plate as plain CSV or an xPONENT export";

    /// <summary>Reads a plate file, or says everything that is wrong with it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">How it is read.</param>
    /// <param name="assay">The assay that it belongs to; null where it is not known.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Checked<PlateInput>> ReadAsync(string path, PlateFileSettings settings, AssayDefinition? assay, CancellationToken cancellationToken)
    {
        Checked<byte[]> bytes = await LocalFile.ReadAsync(path, PlateFileLimits.MaximumBytes, Expected, cancellationToken);
        if (bytes.Value is not { } content)
        {
            return bytes.Faults.ToList();
        }

        string? only = assay?.Analytes is [var single] ? single.Analyte : null;
        PlateFileOptions options = settings.Options with { Analyte = settings.Options.Analyte ?? only };
        Checked<PlateFile> parsed = PlateFile.Parse(path, content, options);
        if (parsed.Value is { } named && assay is not null)
        {
            Checked<Dictionary<string, string>> matched = AnalyteNames.Match(named.Analytes, assay, options.AnalyteMapping);
            if (matched.Value is not { } mapping)
            {
                return matched.Faults.ToList();
            }

            parsed = PlateFile.Parse(path, content, options with { AnalyteMapping = mapping, Analyte = mapping.GetValueOrDefault("") ?? options.Analyte });
        }

        if (parsed.Value is not { } file)
        {
            return parsed.Faults.ToList();
        }

        if (settings.FormatId is { } expected && file.FormatId != expected)
        {
            return new List<Fault> { new("", FaultReasons.InvalidFile, $"The file is of format {file.FormatId}; --format expects {expected}.") };
        }

        Checked<PlateRead> read = file.ToPlateRead(assay?.ResponseKind);
        return read.Value is { } value ? new PlateInput(path, ContentHash.Of(content), file, value) : read.Faults.Select(WithOption).ToList();
    }

    /// <summary>The layout of the plate: of another file where one is named, else of the plate's own.</summary>
    /// <param name="layoutPath">Plain CSV that says what is in the wells; null to take the plate file's own.</param>
    /// <param name="settings">How the layout file is read.</param>
    /// <param name="assay">The assay.</param>
    /// <param name="assayVersion">Version that the layout names.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The layout, or faults by the file that they are in.</returns>
    public async Task<(Checked<PlateLayout> Layout, string Source)> ReadLayoutAsync(
        string? layoutPath, PlateFileSettings settings, AssayDefinition assay, int assayVersion, CancellationToken cancellationToken)
    {
        if (layoutPath is null)
        {
            Checked<PlateLayout> own = File.ToLayout(assay.Id, assayVersion);
            return (File.LayoutWells.Count > 0 ? own : own.Faults.Select(fault => fault with { Description = $"{fault.Description} Name a file of it by --layout." }).ToList(), Path);
        }

        // A layout file has its own size; its responses, usually empty, are not used.
        PlateFileSettings layoutSettings = settings with { FormatId = null, Options = settings.Options with { PlateBarcode = Read.PlateBarcode } };
        Checked<PlateInput> other = await ReadAsync(layoutPath, layoutSettings, assay, cancellationToken);
        return (other.Value is { } input ? input.File.ToLayout(assay.Id, assayVersion) : other.Faults.ToList(), layoutPath);
    }

    private static Fault WithOption(Fault fault) => fault.Field switch
    {
        "plate_barcode" => fault with { Field = "", Description = $"{fault.Description} Use --barcode." },
        "response_kind" => fault with
        {
            Field = "",
            Description = $"The file does not say what the detector counted; name it by --response-kind or --assay.",
        },
        _ => fault,
    };
}
