using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>What the replicates of one content say before any dilution: the inverse of their mean response, and their scatter.</summary>
/// <param name="Wells">Wells with a number, by position.</param>
/// <param name="MeanResponse">Null when no well has a number.</param>
/// <param name="Side">Where the mean response lies; null without a mean or without a usable curve.</param>
/// <param name="Concentration">Of the mean response; null when it lies off the curve, or so far out that no finite number belongs to it.</param>
/// <param name="CvPercent">Of the wells' concentrations; null for fewer than two wells and when one of them lies off the curve.</param>
internal sealed record ReplicateMeasurement(
    IReadOnlyList<WellPosition> Wells, double? MeanResponse, InversionStatus? Side, double? Concentration, double? CvPercent)
{
    public static ReplicateMeasurement Of(IReadOnlyList<WellResponse> measured, CurveFit fit)
    {
        WellPosition[] wells = [.. measured.Select(well => well.Position)];
        if (measured.Count == 0)
        {
            return new ReplicateMeasurement(wells, null, null, null, null);
        }

        double[] responses = [.. measured.Select(well => well.Response!.Value)];
        double mean = ReplicateStatistics.Mean(responses);
        if (!fit.IsUsable)
        {
            return new ReplicateMeasurement(wells, mean, null, null, null);
        }

        Inversion inversion = fit.Invert(mean);
        Inversion[] each = [.. responses.Select(fit.Invert)];
        bool areAllOnCurve = each.All(well => well.Status == InversionStatus.Found);
        return new ReplicateMeasurement(
            wells,
            mean,
            inversion.Status,
            inversion.Status == InversionStatus.Found && double.IsFinite(inversion.Concentration) ? inversion.Concentration : null,
            areAllOnCurve ? ReplicateStatistics.CvPercent([.. each.Select(well => well.Concentration)]) : null);
    }
}
