using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Codes;

/// <summary>What findings are called elsewhere: codes of HL7 table 0078, which are those of FHIR's ObservationInterpretation too, and a text for people.</summary>
internal static class FlagMap
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        [FlagCodes.WellSaturated] = "The detector overflowed",
        [FlagCodes.WellMasked] = "The instrument or an operator masked the well",
        [FlagCodes.WellMissing] = "A well of the layout has no reading",
        [FlagCodes.WellUnreadable] = "The instrument gave no number",
        [FlagCodes.WellNegative] = "The response is negative",
        [FlagCodes.WellLowBeads] = "A bead count is low",
        [FlagCodes.WellOutlier] = "A calibrator well lies off the curve by more than the others scatter; it stays in the fit",
        [FlagCodes.ReplicateCv] = "Replicates differ by more than the limit",
        [FlagCodes.ReplicateVariance] = "Replicates scatter by more than the assay's variance function allows",
        [FlagCodes.BelowLloq] = "The concentration is below the quantification range",
        [FlagCodes.AboveUloq] = "The concentration is above the quantification range",
        [FlagCodes.BelowCurve] = "The response lies beyond the low end of the curve",
        [FlagCodes.AboveCurve] = "The response lies beyond the high end of the curve",
        [FlagCodes.IntervalUnbounded] = "A side of the interval is unbounded",
        [FlagCodes.IntervalWide] = "The interval is wide",
        [FlagCodes.CalibratorRecovery] = "A calibrator's recovery is outside its limit",
        [FlagCodes.FewLevels] = "Too few calibrator levels are acceptable",
        [FlagCodes.LimitMoved] = "LLOQ or ULOQ moved to the next acceptable calibrator",
        [FlagCodes.NotConverged] = "The fit did not converge",
        [FlagCodes.NonMonotone] = "Responses are not monotone over the levels",
        [FlagCodes.IllConditioned] = "The data do not determine the curve: condition number beyond the limit, or a parameter on its bound",
        [FlagCodes.AsymptoteNotReached] = "An asymptote of the curve is extrapolated: the calibrators do not determine it",
        [FlagCodes.LackOfFit] = "The curve misses the calibrators' means by more than their replicates scatter",
        [FlagCodes.CalibratorOutlier] = "A calibrator level lies off the curve by more than the others scatter; it stays in the fit",
        [FlagCodes.CalibratorMasked] = "A rule took a calibrator out of the fit",
        [FlagCodes.PrecisionLimit] = "The plate's own precision is not good enough in all of the range",
        [FlagCodes.ModelChosenHere] = "The model was chosen by comparison on these points: for development, not for results",
        [FlagCodes.RobustFit] = "Outlying wells count less in the fit: for looking, not for results",
        [FlagCodes.WeightUndefined] = "A calibrator well was left out of the fit, because the weighting gives it no weight",
        [FlagCodes.BlankHigh] = "The blanks' mean response is high",
        [FlagCodes.LayoutHole] = "The layout names wells, analytes or calibrators in a way that leaves a hole",
        [FlagCodes.ControlsOverall] = "Fewer than two thirds of all control sets are within the limit",
        [FlagCodes.ControlsPerLevel] = "Fewer than half of a level's control sets are within the limit",
        [FlagCodes.LotExpired] = "A lot was past its last day of use when the plate was read",
        [FlagCodes.CurveRejected] = "The curve is not accepted",
        [FlagCodes.RunRejected] = "The run is rejected",
    };

    /// <summary>Code of the table for where the result lies; null inside the range and without a value.</summary>
    public static string? RangeCodeOf(ReportedResult result) => result.Measurement.RangeStatus switch
    {
        RangeStatus.BelowLloq => "<",
        RangeStatus.AboveUloq => ">",
        _ => null,
    };

    /// <summary>Code of the table for a finding; null where it has none: technical findings, and quality control that failed where a value leaves all the same, since a reader
    /// would take the code for a result that is none. Abnormal (<c>A</c>, <c>H</c>, <c>L</c>) is never said: no reference range is known here.</summary>
    public static string? StandardCodeOf(string flagCode, ReportedResult result) => flagCode switch
    {
        FlagCodes.BelowLloq or FlagCodes.AboveUloq => RangeCodeOf(result),
        FlagCodes.RunRejected or FlagCodes.ControlsOverall or FlagCodes.ControlsPerLevel => result.Version.Status == ResultStatus.Cancelled ? "QCF" : null,
        _ => null,
    };

    /// <summary>A few words for people; the code itself where it is not known here.</summary>
    public static string TextOf(string flagCode) => Texts.GetValueOrDefault(flagCode, flagCode);
}
