namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names wells with fewer beads than <c>minimumBeads</c>. The response is kept: to mask it is the instrument's or a reviewer's decision.</summary>
internal sealed class BeadCountRule : QcRule
{
    private const string MinimumBeads = "minimumBeads";

    public override string Id => "bead-count@1";

    public override IReadOnlyList<string> LimitNames { get; } = [MinimumBeads];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from well in analyte.Responses.Wells.Values
        where well.BeadCount < entry.Limits[MinimumBeads]
        select entry.Flag(
            FlagCodes.WellLowBeads,
            FlagLevel.Well,
            analyte.Specification.Analyte,
            $"Well {well.Position} has {well.BeadCount} beads; expected at least {entry.Limits[MinimumBeads]}.",
            WellSubject.Of(well.Content),
            well.BeadCount,
            entry.Limits[MinimumBeads],
            [well.Position]));
}
