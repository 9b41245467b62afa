using Biomarkers.Immunoassay;

namespace Biomarkers.Simulation.Plates;

/// <summary>How an analyte is distributed among adults with type 2 diabetes, fasting.</summary>
/// <param name="Median">Median concentration.</param>
/// <param name="LogSd">Standard deviation between subjects of ln concentration.</param>
/// <param name="GlucoseFactor">Factor two hours after an oral glucose load.</param>
internal sealed record PhysiologicLevel(Concentration Median, double LogSd, double GlucoseFactor)
{
    // IL-6 0.90 pg/mL basal (PLoS ONE 2012;7:e30659), higher in type 2 diabetes; CRP risk classes 1 and 3 mg/L (AHA/CDC 2003); C-peptide
    // 0.37-1.47 nmol/L (Elecsys reference); proinsulin 7 fasting, 27 at 120 min of a glucose load in type 2 diabetes (PMC4667304);
    // insulin 7.64-70.14 pmol/L (Ann Lab Med 2018;38:530). The spreads and the factors of C-peptide and insulin are chosen.
    private static readonly Dictionary<string, PhysiologicLevel> Known = new()
    {
        ["il-6"] = new(new(1.6, ConcentrationUnit.PgPerMl), 0.55, 1),
        ["crp"] = new(new(2.5, ConcentrationUnit.MgPerL), 0.9, 1),
        ["hs-crp"] = new(new(2.5, ConcentrationUnit.MgPerL), 0.9, 1),
        ["c-peptide"] = new(new(0.85, ConcentrationUnit.NmolPerL), 0.4, 2.2),
        ["proinsulin"] = new(new(7, ConcentrationUnit.PmolPerL), 0.6, 3.9),
        ["insulin"] = new(new(55, ConcentrationUnit.PmolPerL), 0.5, 4),
    };

    /// <summary>The level of an analyte in a unit; the middle of the range where none is known or the units count different things.</summary>
    public static (double Median, double LogSd, double GlucoseFactor) Of(string analyte, ConcentrationUnit unit, double lloq, double uloq) =>
        Known.TryGetValue(analyte, out PhysiologicLevel? level) && level.Median.CanConvertTo(unit)
            ? (level.Median.In(unit).Value, level.LogSd, level.GlucoseFactor)
            : (Math.Sqrt(lloq * uloq), 0.6, 1);
}
