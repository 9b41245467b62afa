using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>A calibrator that a rule took out of the fit.</summary>
/// <param name="Level">Name of its level.</param>
/// <param name="Nominal">Assigned concentration.</param>
/// <param name="Wells">What was masked: one well, or all of the level.</param>
/// <param name="IsWholeLevel">Whether nothing of the level is left in the fit.</param>
/// <param name="RecoveryPercent">Recovery of what was masked, on the curve with it; null where it lay off the curve.</param>
/// <param name="TolerancePercent">What the recovery was allowed to differ from 100.</param>
/// <param name="Before">The curve with it.</param>
/// <param name="After">The curve without it.</param>
internal sealed record MaskedCalibrator(
    string Level, double Nominal, IReadOnlyList<WellPosition> Wells, bool IsWholeLevel, double? RecoveryPercent, double TolerancePercent, CurveFit Before, CurveFit After);

/// <summary>Masking by a rule fixed in advance: the most deviant calibrator first, a new fit, and again, as long as enough levels stay.</summary>
/// <remarks>Deviant is a level that missed the recovery rule; the most deviant is the one (or, if the rule says so, the well of such levels) whose recovery
/// is the most tolerances away from 100 %, off the curve before all. Neither controls nor samples have a say. Source: AAPS practice of ligand binding
/// assays, Azadeh et al. (2018), AAPS J 20:22.</remarks>
internal static class CalibratorMasking
{
    /// <summary>Masks until every level that is left meets its rule, or too few would be left.</summary>
    public static (CalibratorFit Fit, IReadOnlyList<MaskedCalibrator> Masked) Run(
        CalibratorLevel[] levels, AnalyteSpecification analyte, RulePack pack, Func<CalibratorLevel[], CalibratorFit> fitOf)
    {
        CalibratorFit current = fitOf(levels);
        var masked = new List<MaskedCalibrator>();
        RuleEntry? maskingRule = pack.Find(CalibratorMaskingRule.RuleId);
        RuleEntry? recoveryRule = pack.Find(CalibratorRecoveryRule.RuleId);
        if (maskingRule is null || recoveryRule is null)
        {
            return (current, masked);
        }

        int judgedCount = current.Calibrators.Count(calibrator => calibrator.IsAccepted is not null);
        while (current.Fit.IsUsable && MostDeviant(current, analyte, recoveryRule, CalibratorMaskingRule.MasksWells(maskingRule)) is { } deviant)
        {
            CalibratorLevel[] left = [.. levels.Select(level => level.Name == deviant.Level ? Without(level, deviant) : level)];
            int staying = judgedCount - left.Count(level => level.IsMaskedByRule);
            if (!CalibratorMaskingRule.LeavesEnough(staying, judgedCount, maskingRule))
            {
                break;
            }

            CalibratorFit next = fitOf(left);
            if (!next.Fit.IsUsable)
            {
                break;
            }

            masked.Add(new MaskedCalibrator(
                deviant.Level, deviant.Nominal, deviant.Wells, deviant.IsWholeLevel, deviant.RecoveryPercent, deviant.TolerancePercent, current.Fit, next.Fit));
            (levels, current) = (left, next);
        }

        return (current, masked);
    }

    private static Deviant? MostDeviant(CalibratorFit fit, AnalyteSpecification analyte, RuleEntry recoveryRule, bool masksWells)
    {
        Deviant? most = null;
        foreach (CalibratorResult level in fit.Calibrators.Where(level => level.IsAccepted == false && level.InFit))
        {
            double tolerance = CalibratorRecoveryRule.ToleranceFor(analyte, level.Nominal, recoveryRule);
            bool isByWell = masksWells && level.Wells.Count > 1;
            for (int i = 0; i < (isByWell ? level.Wells.Count : 1); i++)
            {
                double? recovery = isByWell ? 100 * level.WellConcentrations[i] / level.Nominal : level.RecoveryPercent;
                var candidate = new Deviant(level.Name, level.Nominal, isByWell ? [level.Wells[i]] : level.Wells, !isByWell, recovery, tolerance);
                most = most is null || candidate.Deviation > most.Deviation ? candidate : most;
            }
        }

        return most;
    }

    private static CalibratorLevel Without(CalibratorLevel level, Deviant deviant) => deviant.IsWholeLevel
        ? level with { IsMaskedByRule = true }
        : level with { Wells = [.. level.Wells.Where(well => !deviant.Wells.Contains(well.Position))] };

    private sealed record Deviant(string Level, double Nominal, IReadOnlyList<WellPosition> Wells, bool IsWholeLevel, double? RecoveryPercent, double TolerancePercent)
    {
        /// <summary>In tolerances; infinite off the curve.</summary>
        public double Deviation => RecoveryPercent is { } recovery ? Math.Abs(recovery - 100) / TolerancePercent : double.PositiveInfinity;
    }
}
