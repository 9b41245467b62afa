using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>What one well says of one analyte after reduction.</summary>
/// <param name="Position">Where.</param>
/// <param name="Content">What is in it.</param>
/// <param name="Status">Whether there is a number, else why not.</param>
/// <param name="Response">Measurement less reference less blank, as the assay says; null exactly when there is no number.</param>
/// <param name="BeforeBlank">Measurement less reference; null exactly when there is no number.</param>
/// <param name="BeadCount">Beads counted; null where the instrument counts none.</param>
/// <param name="Token">The instrument's word for a well without a number; null where it gave none.</param>
internal sealed record WellResponse(
    WellPosition Position, WellContent Content, WellStatus Status, double? Response, double? BeforeBlank, int? BeadCount, string? Token);

/// <summary>The reduced responses of one analyte in every used well of the layout.</summary>
/// <param name="Wells">By position.</param>
/// <param name="BlankMeanResponse">Mean of the blanks, measurement less reference; null when no blank has a number.</param>
internal sealed record AnalyteResponses(IReadOnlyDictionary<WellPosition, WellResponse> Wells, double? BlankMeanResponse)
{
    /// <summary>The wells of a group that have a number, in the order of the group.</summary>
    public WellResponse[] Measured(IEnumerable<WellPosition> wells) =>
        [.. wells.Select(well => Wells[well]).Where(well => well.Response is not null)];
}
