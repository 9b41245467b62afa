using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;

namespace Biomarkers.Storage;

/// <summary>What an analysis rests on, as it is stored.</summary>
/// <param name="Barcode">Plate.</param>
/// <param name="PlateRead">Encoded read.</param>
/// <param name="ReadTime">When the plate was read, microseconds; null where nobody said.</param>
/// <param name="Layout">Canonical JSON.</param>
/// <param name="Assay">Canonical JSON.</param>
/// <param name="RulePack">Canonical JSON.</param>
internal sealed record StoredInputs(string Barcode, byte[] PlateRead, long? ReadTime, string Layout, string Assay, string RulePack)
{
    /// <summary>The inputs; null with the reason where a part is damaged or of a form that this program can't read.</summary>
    /// <remarks>The hash is taken over the stored bytes, so that a program that writes a new form of an assay still knows the old one. It also says whether the day of the read
    /// counts.</remarks>
    /// <param name="inputsHash">Hash that the inputs had when they were put together.</param>
    public (AnalysisInputs? Inputs, string? Damage) Read(byte[] inputsHash)
    {
        byte[][] parts = [PlateRead, Encoding.UTF8.GetBytes(Layout), Encoding.UTF8.GetBytes(Assay), Encoding.UTF8.GetBytes(RulePack)];
        ContentHash[] hashes = [.. parts.Select(part => ContentHash.Of(part))];
        ContentHash HashOn(DateOnly? day) => AnalysisInputs.HashOf(hashes[0], hashes[1], hashes[2], hashes[3], day);
        ContentHash expected = ContentHash.FromBytes(inputsHash);
        DateOnly? day = HashOn(null) == expected || ReadTime is not { } time ? null : AnalysisInputs.DayOf(Instant.FromMicroseconds(time));
        ContentHash hash = HashOn(day);
        if (hash != expected)
        {
            return (null, $"The stored inputs have SHA-256 {hash}; expected {expected}. The store is damaged.");
        }

        try
        {
            return (new AnalysisInputs(
                PlateReadEncoding.Decode(PlateRead),
                PlateLayout.FromCanonicalJson(parts[1]),
                CanonicalJson.Deserialize<AssayDefinition>(parts[2]),
                CanonicalJson.Deserialize<RulePack>(parts[3]),
                day), null);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return (null, $"The stored inputs are of a form that this program can't read: {exception.Message}");
        }
    }
}
