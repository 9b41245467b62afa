using System.Diagnostics.CodeAnalysis;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>The rules that the product knows: one line each. Which of them judge a run, and by what limits, a rule pack says.</summary>
public static class QcRules
{
    /// <summary>All rules.</summary>
    public static IReadOnlyList<QcRule> All { get; } =
    [
        new WellStatusRule(),
        new NegativeResponseRule(),
        new BeadCountRule(),
        new LayoutHoleRule(),
        new ExpiredLotRule(),
        new BlankResponseRule(),
        new UndefinedWeightRule(),
        new CurveConvergenceRule(),
        new CurveConditioningRule(),
        new FlatDirectionRule(),
        new AsymptoteRule(),
        new LackOfFitRule(),
        new MonotoneCalibratorsRule(),
        new CalibratorRecoveryRule(),
        new OutlierRule(),
        new CalibratorMaskingRule(),
        new CurveAcceptanceRule(),
        new QuantificationLimitsRule(),
        new PrecisionLimitsRule(),
        new ControlsPresentRule(),
        new ControlAccuracyRule(),
        new ReplicateCvRule(),
        new ReplicateVarianceRule(),
        new QuantificationRangeRule(),
        new IntervalBoundsRule(),
        new IntervalWidthRule(),
        new RunVerdictRule(),
    ];

    /// <summary>The ids, for messages.</summary>
    public static string KnownIds { get; } = string.Join(", ", All.Select(rule => rule.Id));

    /// <summary>Finds a rule by its id and version.</summary>
    public static bool TryFind(string id, [NotNullWhen(true)] out QcRule? rule)
    {
        rule = All.FirstOrDefault(candidate => candidate.Id == id);
        return rule is not null;
    }
}
