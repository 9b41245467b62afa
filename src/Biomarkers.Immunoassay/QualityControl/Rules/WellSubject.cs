using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>What a flag calls the content of a well.</summary>
internal static class WellSubject
{
    /// <summary>Calibrator, control level, sample or blank; null for an unused well.</summary>
    public static string? Of(WellContent content) => content switch
    {
        Calibrator calibrator => calibrator.Name,
        Control control => control.Level,
        UnknownSample sample => sample.SampleId,
        Blank blank => blank.Name,
        _ => null,
    };
}
