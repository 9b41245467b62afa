using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Results;

/// <summary>What makes a result the same result through all its versions: one plate, sample, analyte and dilution.</summary>
/// <param name="PlateBarcode">Plate.</param>
/// <param name="SampleId">The LIMS's identifier, byte for byte.</param>
/// <param name="Analyte">Analyte.</param>
/// <param name="DilutionFactor">Final / sample volume.</param>
public readonly record struct ResultIdentity(string PlateBarcode, string SampleId, string Analyte, double DilutionFactor)
{
    /// <summary>The identity of a computed result.</summary>
    public static ResultIdentity Of(string plateBarcode, SampleResult result) =>
        new(plateBarcode, result.SampleId, result.Analyte, result.DilutionFactor);
}
