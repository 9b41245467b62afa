using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Asks for the masking of calibrators that miss the recovery rule, and names each that was masked with the fit before and after. The most deviant goes
/// first, then the curve is fitted again; it stops before fewer than <c>remainingPercent</c> of the judged levels or <c>minimumLevels</c> would remain.</summary>
/// <remarks><c>masksWells</c> other than 0 takes single wells where a level has several. A masked level counts as not accepted, so the LLOQ or ULOQ moves to the next
/// acceptable level; then at least <c>controlLevels</c> levels of controls inside the narrowed range must have half of their sets within the limit, which is
/// said when it does not hold. Only a pack that has this rule masks; what it masks is fixed by its limits in advance.
/// Source: AAPS practice of ligand binding assays (Azadeh et al. 2018, doi 10.1208/s12248-017-0159-4).</remarks>
internal sealed class CalibratorMaskingRule : QcRule
{
    public const string RuleId = "calibrator-masking@1";
    private const string RemainingPercent = "remainingPercent";
    private const string MinimumLevels = "minimumLevels";
    private const string WellWise = "masksWells";
    private const string ControlLevels = "controlLevels";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames { get; } = [RemainingPercent, MinimumLevels, WellWise, ControlLevels];

    /// <summary>Whether single wells are masked.</summary>
    public static bool MasksWells(RuleEntry entry) => entry.Limits[WellWise] != 0;

    /// <summary>Whether so many levels may remain of those that are judged.</summary>
    public static bool LeavesEnough(int remaining, int judged, RuleEntry entry) =>
        remaining >= entry.Limits[MinimumLevels] && 100 * remaining >= entry.Limits[RemainingPercent] * judged;

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) =>
        RuleOutcome.OfFlags(run.Analytes.SelectMany(analyte => MaskedFlags(entry, analyte, run).Concat(ControlFlags(entry, analyte, run))));

    // Every result of the analyte rests on the new curve, so the finding is about the curve.
    private static IEnumerable<QcFlag> MaskedFlags(RuleEntry entry, AnalyteEvidence analyte, RunEvidence run) =>
        from masked in analyte.Masked
        select entry.Flag(
            FlagCodes.CalibratorMasked,
            FlagLevel.Curve,
            analyte.Specification.Analyte,
            TextOf(masked, analyte, run),
            masked.Level,
            masked.RecoveryPercent,
            masked.TolerancePercent,
            masked.Wells);

    private static string TextOf(MaskedCalibrator masked, AnalyteEvidence analyte, RunEvidence run)
    {
        string what = masked.IsWholeLevel ? $"Calibrator {masked.Level}" : $"Well {masked.Wells[0]} of calibrator {masked.Level}";
        string recovery = masked.RecoveryPercent is { } percent ? string.Create(CultureInfo.InvariantCulture, $"was recovered to {percent:F1} %") : "had no concentration on the curve";
        (double? change, int entered) = EffectOf(masked, analyte, run);
        string effect = change is null ? "No number that is reported was one before" : string.Create(CultureInfo.InvariantCulture, $"Numbers that are reported change by at most {change:G3} %");
        effect += entered == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {entered} had no concentration before");
        effect += ", and the range is that of the curve without it";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{what} was masked by rule: it {recovery}, expected 100 +/- {masked.TolerancePercent} %. {effect}; the residual variance goes from {Number(masked.Before)} to {Number(masked.After)}.");
    }

    /// <summary>The largest change of a reported number, and how many of them had none on the curve before.</summary>
    private static (double? LargestChangePercent, int Entered) EffectOf(MaskedCalibrator masked, AnalyteEvidence analyte, RunEvidence run)
    {
        double? largest = null;
        int entered = 0;
        foreach (SampleResult result in run.Samples.Select(sample => sample.Result))
        {
            if (result.Analyte != analyte.Specification.Analyte || result.RangeStatus != RangeStatus.Quantified)
            {
                continue;
            }

            (Inversion before, Inversion after) = (masked.Before.Invert(result.MeanResponse!.Value), masked.After.Invert(result.MeanResponse.Value));
            if (before.Status == InversionStatus.Found && after.Status == InversionStatus.Found)
            {
                largest = Math.Max(largest ?? 0, 100 * Math.Abs((after.Concentration / before.Concentration) - 1));
            }
            else
            {
                entered++;
            }
        }

        return (largest, entered);
    }

    private static string Number(CurveFit fit) => fit.ResidualVariance is { } variance ? variance.ToString("G4", CultureInfo.InvariantCulture) : "none";

    private static IEnumerable<QcFlag> ControlFlags(RuleEntry entry, AnalyteEvidence analyte, RunEvidence run)
    {
        bool isNarrowed = analyte.Curve.Range is { } narrowed && (narrowed.Lloq > analyte.Specification.Lloq || narrowed.Uloq < analyte.Specification.Uloq);
        if (!isNarrowed || analyte.Masked.Count == 0)
        {
            yield break;
        }

        QuantificationRange range = analyte.Curve.Range!;
        int passing = run.Controls
            .Where(control => control.Analyte == analyte.Specification.Analyte && control.Nominal >= range.Lloq && control.Nominal <= range.Uloq && control.IsAccepted is not null)
            .GroupBy(control => control.Level)
            .Count(level => 2 * level.Count(control => control.IsAccepted == true) >= level.Count());
        if (passing < entry.Limits[ControlLevels])
        {
            yield return entry.Flag(
                FlagCodes.LimitMoved,
                FlagLevel.Curve,
                analyte.Specification.Analyte,
                $"After masking the range narrowed and {passing} levels of controls of {analyte.Specification.Analyte} inside it pass; expected at least {entry.Limits[ControlLevels]}.",
                observed: passing,
                limit: entry.Limits[ControlLevels]);
        }
    }
}
