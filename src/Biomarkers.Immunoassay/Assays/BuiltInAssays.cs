using System.Diagnostics.CodeAnalysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Assays;

/// <summary>The assays that come with the product, as data to begin with: a laboratory validates its own and adds them as its own assays.</summary>
/// <remarks>Each range holds at least seven calibrators in twofold steps down from its ULOQ, LLOQ and ULOQ included. LOINC codes were not
/// checked against the LOINC table.</remarks>
public static class BuiltInAssays
{
    private const string RulePack = "ich-m10-lba-draft@2022.3";

    /// <summary>High-sensitivity IL-6 by ELISA; calibrators 10 pg/mL and six halvings.</summary>
    public static AssayDefinition Il6 { get; } = Single("il-6", "IL-6, high sensitivity", ResponseKind.OpticalDensity, new AnalyteSpecification
    {
        Analyte = "il-6",
        DisplayName = "Interleukin 6",
        Unit = ConcentrationUnit.PgPerMl,
        Lloq = 0.16,
        Uloq = 10,
        CurveModel = "5pl",
        Weights = "1/y2",
        Loinc = "26881-3",
        Source = "Range: an ultrasensitive ELISA of 0.16 to 10.0 pg/mL (ALPCO, catalogue). LOINC: seen in five code bases.",
    });

    /// <summary>High-sensitivity CRP by ELISA; calibrators 20 mg/L and seven halvings, in mg/L of undiluted serum.</summary>
    public static AssayDefinition HsCrp { get; } = Single("hs-crp", "CRP, high sensitivity", ResponseKind.OpticalDensity, new AnalyteSpecification
    {
        Analyte = "hs-crp",
        DisplayName = "C-reactive protein",
        Unit = ConcentrationUnit.MgPerL,
        Lloq = 0.16,
        Uloq = 20,
        CurveModel = "4pl",
        Weights = "1/y2",
        MinimumRequiredDilution = 4000,
        Loinc = "30522-7",
        Source = "Range: our own, about the risk classes of 1, 3 and 10 mg/L (AHA/CDC 2003). Predilution: 1:4000 as in one kit (Helica). LOINC: seen with its full name.",
    });

    /// <summary>C-peptide by ELISA; calibrators 4 nmol/L and seven halvings.</summary>
    public static AssayDefinition CPeptide { get; } = Single("c-peptide", "C-peptide", ResponseKind.OpticalDensity, new AnalyteSpecification
    {
        Analyte = "c-peptide",
        DisplayName = "C-peptide",
        Unit = ConcentrationUnit.NmolPerL,
        Lloq = 0.032,
        Uloq = 4,
        CurveModel = "4pl",
        Weights = "1/y2",
        Loinc = "14633-2",
        Source = "Range: our own, about the decision points of 0.08, 0.2 and 0.6 nmol/L (ouh.nhs.uk). LOINC: explained in one code base.",
    });

    /// <summary>Intact proinsulin by chemiluminescent ELISA; calibrators 80 pmol/L and seven halvings.</summary>
    public static AssayDefinition Proinsulin { get; } = Single("proinsulin", "Proinsulin, intact", ResponseKind.Luminescence, new AnalyteSpecification
    {
        Analyte = "proinsulin",
        DisplayName = "Proinsulin, intact",
        Form = AnalyteForm.Intact,
        Unit = ConcentrationUnit.PmolPerL,
        Lloq = 0.625,
        Uloq = 80,
        CurveModel = "4pl",
        Weights = "1/y2",
        Loinc = "27882-0",
        Source = "Range: our own, within the 5 to 3000 pg/mL of a kit (ALPCO) and about the intact reference of 1.8 to 11.0 pmol/L. LOINC: seen in code bases.",
    });

    /// <summary>Insulin by ELISA; calibrators 800 pmol/L and seven halvings.</summary>
    public static AssayDefinition Insulin { get; } = Single("insulin", "Insulin", ResponseKind.OpticalDensity, new AnalyteSpecification
    {
        Analyte = "insulin",
        DisplayName = "Insulin",
        Unit = ConcentrationUnit.PmolPerL,
        Lloq = 6.25,
        Uloq = 800,
        CurveModel = "4pl",
        Weights = "1/y2",
        Loinc = "14796-7",
        Source = "Range: our own, about the reference of 7.64 to 70.14 pmol/L (Ann Lab Med 2018;38:530). LOINC: seen in code bases.",
    });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<AssayDefinition> All { get; } = [Il6, HsCrp, CPeptide, Proinsulin, Insulin];

    /// <summary>The ids, for messages.</summary>
    public static string KnownIds { get; } = string.Join(", ", All.Select(assay => assay.Id));

    /// <summary>Finds an assay by its id, such as <c>il-6</c>.</summary>
    public static bool TryFind(string id, [NotNullWhen(true)] out AssayDefinition? assay)
    {
        assay = All.FirstOrDefault(candidate => candidate.Id == id);
        return assay is not null;
    }

    private static AssayDefinition Single(string id, string displayName, ResponseKind kind, AnalyteSpecification analyte) =>
        new(id, 1, displayName, kind, RulePack, [analyte]);
}
