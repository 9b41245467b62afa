namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>The codes of findings. The prefix is the level: W well, S sample, C curve, P plate, R run.</summary>
public static class FlagCodes
{
    /// <summary>The detector overflowed.</summary>
    public const string WellSaturated = "W_SATURATED";

    /// <summary>The instrument or an operator masked the well.</summary>
    public const string WellMasked = "W_MASKED";

    /// <summary>A well of the layout has no reading.</summary>
    public const string WellMissing = "W_MISSING";

    /// <summary>The instrument gave no number.</summary>
    public const string WellUnreadable = "W_NAN";

    /// <summary>The response is negative.</summary>
    public const string WellNegative = "W_NEGATIVE_SIGNAL";

    /// <summary>A bead count is low.</summary>
    public const string WellLowBeads = "W_LOW_BEADS";

    /// <summary>A calibrator well lies off the curve by more than the others scatter; it stays in the fit.</summary>
    public const string WellOutlier = "W_OUTLIER";

    /// <summary>Replicates differ by more than the limit.</summary>
    public const string ReplicateCv = "S_REP_CV";

    /// <summary>Replicates scatter by more than the assay's variance function allows.</summary>
    public const string ReplicateVariance = "S_REP_VARIANCE";

    /// <summary>The concentration is below the quantification range.</summary>
    public const string BelowLloq = "S_BELOW_LLOQ";

    /// <summary>The concentration is above the quantification range.</summary>
    public const string AboveUloq = "S_ABOVE_ULOQ";

    /// <summary>The response lies beyond the low end of the curve.</summary>
    public const string BelowCurve = "S_BELOW_CURVE";

    /// <summary>The response lies beyond the high end of the curve.</summary>
    public const string AboveCurve = "S_ABOVE_CURVE";

    /// <summary>A side of the interval is unbounded.</summary>
    public const string IntervalUnbounded = "S_CI_UNBOUNDED";

    /// <summary>The interval is wide.</summary>
    public const string IntervalWide = "S_CI_WIDE";

    /// <summary>A calibrator's recovery is outside its limit.</summary>
    public const string CalibratorRecovery = "C_STD_RECOVERY";

    /// <summary>Too few calibrator levels are acceptable.</summary>
    public const string FewLevels = "C_FEW_LEVELS";

    /// <summary>LLOQ or ULOQ moved to the next acceptable calibrator.</summary>
    public const string LimitMoved = "C_LIMIT_MOVED";

    /// <summary>The fit did not converge.</summary>
    public const string NotConverged = "C_NOT_CONVERGED";

    /// <summary>Responses are not monotone over the levels.</summary>
    public const string NonMonotone = "C_NON_MONOTONE";

    /// <summary>The data do not determine the curve: condition number beyond the limit, or a parameter on its bound.</summary>
    public const string IllConditioned = "C_ILL_CONDITIONED";

    /// <summary>An asymptote of the curve is extrapolated: the calibrators do not determine it.</summary>
    public const string AsymptoteNotReached = "C_ASYMPTOTE_NOT_REACHED";

    /// <summary>The curve misses the calibrators' means by more than their replicates scatter.</summary>
    public const string LackOfFit = "C_LACK_OF_FIT";

    /// <summary>A calibrator level lies off the curve by more than the others scatter; it stays in the fit.</summary>
    public const string CalibratorOutlier = "C_OUTLIER";

    /// <summary>A rule took a calibrator out of the fit.</summary>
    public const string CalibratorMasked = "C_MASKED";

    /// <summary>The plate's own precision is not good enough in all of the range.</summary>
    public const string PrecisionLimit = "C_PRECISION_LIMIT";

    /// <summary>The model was chosen by comparison on these points: for development, not for results.</summary>
    public const string ModelChosenHere = "C_MODEL_AUTO";

    /// <summary>Outlying wells count less in the fit: for looking, not for results.</summary>
    public const string RobustFit = "C_ROBUST_FIT";

    /// <summary>A calibrator well was left out of the fit, because the weighting gives it no weight.</summary>
    public const string WeightUndefined = "C_WEIGHT_UNDEFINED";

    /// <summary>The blanks' mean response is high.</summary>
    public const string BlankHigh = "P_BLANK_HIGH";

    /// <summary>The layout names wells, analytes or calibrators in a way that leaves a hole.</summary>
    public const string LayoutHole = "P_LAYOUT_HOLE";

    /// <summary>Fewer than two thirds of all control sets are within the limit.</summary>
    public const string ControlsOverall = "R_QC_67";

    /// <summary>Fewer than half of a level's control sets are within the limit.</summary>
    public const string ControlsPerLevel = "R_QC_50";

    /// <summary>A lot was past its last day of use when the plate was read.</summary>
    public const string LotExpired = "R_LOT_EXPIRED";

    /// <summary>The curve is not accepted.</summary>
    public const string CurveRejected = "R_CURVE";

    /// <summary>The run is rejected.</summary>
    public const string RunRejected = "R_REJECTED";
}
