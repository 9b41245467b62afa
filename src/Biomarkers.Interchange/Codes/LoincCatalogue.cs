using Biomarkers.Immunoassay;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Codes;

/// <summary>What a LOINC code says, as far as it decides whether the code may stand beside a result. All codes here are of serum or plasma.</summary>
/// <param name="Code">Such as <c>26881-3</c>.</param>
/// <param name="Kind">Its property: mass, substance or international units per volume.</param>
public sealed record LoincEntry(string Code, UnitKind Kind)
{
    /// <summary>Whether it names a fasting subject.</summary>
    public bool IsFasting { get; init; }
}

/// <summary>The LOINC codes that may leave. A site adds those of its own assays; a code that is not here does not leave, because nobody can say that it fits.</summary>
/// <param name="Entries">Each code once.</param>
public sealed record LoincCatalogue(IReadOnlyList<LoincEntry> Entries)
{
    /// <summary>The codes of the built-in assays and their fasting and mass or substance siblings. Seen in public code bases, not checked against the LOINC table.</summary>
    public static LoincCatalogue Default { get; } = new(
    [
        new("26881-3", UnitKind.Mass), // IL-6
        new("30522-7", UnitKind.Mass), // CRP, high sensitivity
        new("1988-5", UnitKind.Mass), // CRP
        new("76485-2", UnitKind.Substance), // CRP
        new("1986-9", UnitKind.Mass), // C-peptide
        new("14633-2", UnitKind.Substance), // C-peptide
        new("13037-7", UnitKind.Mass) { IsFasting = true }, // C-peptide
        new("42180-0", UnitKind.Substance) { IsFasting = true }, // C-peptide
        new("27882-0", UnitKind.Substance), // proinsulin, total or intact
        new("10451-3", UnitKind.Substance) { IsFasting = true }, // proinsulin
        new("20448-7", UnitKind.InternationalUnits), // insulin
        new("14796-7", UnitKind.Substance), // insulin
        new("27873-9", UnitKind.InternationalUnits) { IsFasting = true }, // insulin
        new("59179-2", UnitKind.Substance) { IsFasting = true }, // insulin
    ]);

    /// <summary>The code that stands beside the local one; null where the assay has none, the specimen is not said to be serum or plasma, the unit counts something else than the
    /// code's property, the code is of fasting subjects and this one is not said to have fasted, or the code is not in the catalogue.</summary>
    public string? CodeOf(ReportedResult result) =>
        result.Analyte.Loinc is { } code
        && SpecimenMatrices.Of(result.Sample.Specimen?.SpecimenType) is not null
        && Entries.FirstOrDefault(entry => entry.Code == code) is { } known
        && known.Kind == result.Analyte.Unit.Kind
        && (!known.IsFasting || result.Sample.Specimen?.Fasting == true)
            ? code
            : null;
}
