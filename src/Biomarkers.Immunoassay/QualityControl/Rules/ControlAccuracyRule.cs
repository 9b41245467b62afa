using System.Globalization;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The 4-6-20 rule: of all control sets at least a share, and at each level at least a share, lies within <c>accuracyPercent</c> of the
/// assigned value. Sets count, not wells: each is the reportable value of its wells.</summary>
/// <remarks>Shares are fractions of whole numbers and compared as such: numerator x n &lt;= denominator x passed. Sets masked as a whole leave the
/// count. Without any judged set the criteria are not assessed.</remarks>
internal sealed class ControlAccuracyRule : QcRule
{
    public const string RuleId = "control-accuracy@1";
    private const string AccuracyPercent = "accuracyPercent";
    private const string OverallNumerator = "overallNumerator";
    private const string OverallDenominator = "overallDenominator";
    private const string LevelNumerator = "levelNumerator";
    private const string LevelDenominator = "levelDenominator";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames { get; } = [AccuracyPercent, OverallNumerator, OverallDenominator, LevelNumerator, LevelDenominator];

    /// <summary>Whether one set is within the limit.</summary>
    public static bool IsMet(double? recoveryPercent, RuleEntry entry) => Deviation.IsWithin(recoveryPercent, entry.Limits[AccuracyPercent]);

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        var flags = new List<QcFlag>();
        var criteria = new List<AcceptanceCriterion>();
        foreach (string analyte in run.Analytes.Select(analyte => analyte.Specification.Analyte))
        {
            ControlResult[] judged = [.. run.Controls.Where(control => control.Analyte == analyte && control.IsAccepted is not null)];
            (double numerator, double denominator) = (entry.Limits[LevelNumerator], entry.Limits[LevelDenominator]);
            var overall = new Share("all controls", judged, entry.Limits[OverallNumerator], entry.Limits[OverallDenominator]);
            Share[] levels =
            [
                .. judged.GroupBy(control => control.Level)
                    .Select(level => new Share($"controls {level.Key}", [.. level], numerator, denominator)),
            ];
            Share worst = levels.MinBy(level => level.ObservedPercent) ?? new Share("controls of a level", [], numerator, denominator);
            criteria.Add(Criterion(entry, FlagCodes.ControlsOverall, analyte, overall));
            criteria.Add(Criterion(entry, FlagCodes.ControlsPerLevel, analyte, worst));
            flags.AddRange(new[] { overall }.Where(share => share.IsBroken).Select(share => Flag(entry, FlagCodes.ControlsOverall, analyte, share)));
            flags.AddRange(levels.Where(share => share.IsBroken).Select(share => Flag(entry, FlagCodes.ControlsPerLevel, analyte, share)));
        }

        return new RuleOutcome(flags, criteria);
    }

    private static AcceptanceCriterion Criterion(RuleEntry entry, string code, string analyte, Share share) => entry.Criterion(
        code,
        analyte,
        share.Controls.Count == 0 ? CriterionOutcome.NotAssessed : share.IsBroken ? CriterionOutcome.Failed : CriterionOutcome.Passed,
        share.Controls.Count == 0 ? $"No control set of {analyte} could be judged." : TextOf(entry, analyte, share),
        share.ObservedPercent,
        share.LimitPercent);

    private static QcFlag Flag(RuleEntry entry, string code, string analyte, Share share) => entry.Flag(
        code,
        FlagLevel.Run,
        analyte,
        TextOf(entry, analyte, share),
        observed: share.ObservedPercent,
        limit: share.LimitPercent,
        wells: [.. share.Controls.Where(control => control.IsAccepted == false).SelectMany(control => control.Wells).Order()]);

    private static string TextOf(RuleEntry entry, string analyte, Share share) => string.Create(
        CultureInfo.InvariantCulture,
        $"{share.Passed} of {share.Controls.Count} sets of {share.Name} of {analyte} are within {entry.Limits[AccuracyPercent]} %; expected at least {share.LimitPercent:F0} %.");

    /// <summary>How many of some sets passed, and the share that must.</summary>
    private sealed record Share(string Name, IReadOnlyList<ControlResult> Controls, double Numerator, double Denominator)
    {
        public int Passed => Controls.Count(control => control.IsAccepted == true);

        public bool IsBroken => Denominator * Passed < Numerator * Controls.Count;

        public double? ObservedPercent => Controls.Count > 0 ? 100.0 * Passed / Controls.Count : null;

        public double LimitPercent => 100 * Numerator / Denominator;
    }
}
