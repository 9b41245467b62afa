using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The plate has at least <c>minimumLevels</c> levels of assigned controls in at least <c>minimumSets</c> sets each. Without controls
/// the criteria of controls are not assessed; that must not pass unseen.</summary>
internal sealed class ControlsPresentRule : QcRule
{
    private const string MinimumLevels = "minimumLevels";
    private const string MinimumSets = "minimumSets";

    public override string Id => "controls-present@1";

    public override IReadOnlyList<string> LimitNames { get; } = [MinimumLevels, MinimumSets];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) =>
        RuleOutcome.OfFlags(run.Analytes.Select(analyte => Judge(entry, analyte.Specification.Analyte, run.Controls)).OfType<QcFlag>());

    private static QcFlag? Judge(RuleEntry entry, string analyte, IReadOnlyList<ControlResult> controls)
    {
        (double levels, double sets) = (entry.Limits[MinimumLevels], entry.Limits[MinimumSets]);
        int complete = controls.Where(control => control.Analyte == analyte && control.Nominal is not null).GroupBy(control => control.Level).Count(level => level.Count() >= sets);
        return complete < levels
            ? entry.Flag(
                FlagCodes.LayoutHole,
                FlagLevel.Plate,
                analyte,
                $"{complete} levels of controls with an assigned concentration of {analyte} stand in {sets} sets or more; expected at least {levels} levels.",
                observed: complete,
                limit: levels)
            : null;
    }
}
