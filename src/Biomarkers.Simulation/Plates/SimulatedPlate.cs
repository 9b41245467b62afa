using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Simulation.Plates;

/// <summary>A plate whose truth is known.</summary>
/// <param name="Read">What the reader says.</param>
/// <param name="Layout">What is in the wells.</param>
/// <param name="Scenario">What was planted.</param>
/// <param name="Curves">The hidden curve of each analyte.</param>
/// <param name="Samples">The truth of every sample and analyte, in the order of the assay's analytes, then of the layout.</param>
/// <param name="Faults">What was planted, where.</param>
/// <param name="ExpectedVerdict">What a run of this plate must come to.</param>
public sealed record SimulatedPlate(
    PlateRead Read,
    PlateLayout Layout,
    PlateScenario Scenario,
    IReadOnlyDictionary<string, TrueCurve> Curves,
    IReadOnlyList<SampleTruth> Samples,
    IReadOnlyList<PlantedFault> Faults,
    RunVerdict ExpectedVerdict);

/// <summary>The truth of one analyte in one sample.</summary>
/// <param name="SampleId">Sample.</param>
/// <param name="Analyte">Analyte.</param>
/// <param name="Concentration">True concentration of the undiluted sample, in the unit of the assay's analyte.</param>
/// <param name="DilutionFactor">Final / sample volume.</param>
/// <param name="RangeStatus">Where the true concentration of the diluted sample lies.</param>
public sealed record SampleTruth(string SampleId, string Analyte, double Concentration, double DilutionFactor, RangeStatus RangeStatus)
{
    /// <summary>True concentration in the well, after the sample's dilution.</summary>
    public double ConcentrationInWell => Concentration / DilutionFactor;
}

/// <summary>One thing that was planted and must be found.</summary>
/// <param name="ExpectedFlag">Code that must be among the flags of a run, of <see cref="Immunoassay.QualityControl.FlagCodes"/>.</param>
/// <param name="Subject">Calibrator, control level or sample.</param>
/// <param name="Wells">Its wells.</param>
public sealed record PlantedFault(string ExpectedFlag, string Subject, IReadOnlyList<WellPosition> Wells);
