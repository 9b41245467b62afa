using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>A calibrator's back-calculated concentration is within <c>recoveryPercent</c> of its assigned value, within
/// <c>limitRecoveryPercent</c> at the declared LLOQ and ULOQ and beyond them. Limits are included. Anchors and zeros are not judged.</summary>
/// <remarks><c>replicatesWithinPercent</c> demands besides that this share of a level's wells meets the limit by itself; 0 switches that off.
/// A level without any number fails, unless all its wells were masked: then it leaves the count. A level that a rule masked fails with it
/// and has <c>C_MASKED</c> in place of this rule's finding.</remarks>
internal sealed class CalibratorRecoveryRule : QcRule
{
    public const string RuleId = "calibrator-recovery@1";
    private const string RecoveryPercent = "recoveryPercent";
    private const string LimitRecoveryPercent = "limitRecoveryPercent";
    private const string ReplicatesWithinPercent = "replicatesWithinPercent";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames { get; } = [RecoveryPercent, LimitRecoveryPercent, ReplicatesWithinPercent];

    /// <summary>Whether a level meets the rule.</summary>
    /// <param name="analyte">Gives the declared limits.</param>
    /// <param name="nominal">Assigned concentration in the analyte's unit.</param>
    /// <param name="recoveryPercent">Of the mean response; null when there is none.</param>
    /// <param name="wellRecoveriesPercent">Of each well with a number.</param>
    /// <param name="entry">The rule's entry.</param>
    public static bool IsMet(
        AnalyteSpecification analyte, double nominal, double? recoveryPercent, IReadOnlyList<double?> wellRecoveriesPercent, RuleEntry entry)
    {
        double tolerance = ToleranceFor(analyte, nominal, entry);
        int within = wellRecoveriesPercent.Count(recovery => Deviation.IsWithin(recovery, tolerance));
        return Deviation.IsWithin(recoveryPercent, tolerance) && 100 * within >= entry.Limits[ReplicatesWithinPercent] * wellRecoveriesPercent.Count;
    }

    /// <summary>What the recovery of a level may differ from 100, in percent.</summary>
    public static double ToleranceFor(AnalyteSpecification analyte, double nominal, RuleEntry entry) =>
        QuantificationLimits.IsAtOrBelowLloq(analyte, nominal) || QuantificationLimits.IsAtOrAboveUloq(analyte, nominal)
            ? entry.Limits[LimitRecoveryPercent]
            : entry.Limits[RecoveryPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from calibrator in analyte.Curve.Calibrators
        where calibrator.IsAccepted == false && !analyte.Masked.Any(masked => masked.IsWholeLevel && masked.Level == calibrator.Name)
        let tolerance = ToleranceFor(analyte.Specification, calibrator.Nominal, entry)
        select entry.Flag(
            FlagCodes.CalibratorRecovery,
            FlagLevel.Calibrator,
            analyte.Specification.Analyte,
            TextOf(calibrator, tolerance),
            calibrator.Name,
            calibrator.RecoveryPercent,
            tolerance,
            calibrator.Wells));

    private static string TextOf(CalibratorResult calibrator, double tolerancePercent) => calibrator.RecoveryPercent is { } recovery
        ? string.Create(CultureInfo.InvariantCulture, $"Calibrator {calibrator.Name} is recovered to {recovery:F1} %; expected 100 +/- {tolerancePercent} %.")
        : $"Calibrator {calibrator.Name} has no concentration on the curve; expected a recovery of 100 +/- {tolerancePercent} %.";
}
