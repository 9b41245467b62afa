using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The run is rejected when a criterion is broken. The last rule of a pack, because it reads what the others judged.</summary>
internal sealed class RunVerdictRule : QcRule
{
    public const string RuleId = "run-verdict@1";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        AcceptanceCriterion[] broken = [.. run.Criteria.Where(criterion => criterion.Outcome == CriterionOutcome.Failed)];
        string list = string.Join(", ", broken.Select(criterion => criterion.Analyte is null ? criterion.Code : $"{criterion.Code} of {criterion.Analyte}"));
        return RuleOutcome.OfFlags(
            broken.Length == 0
                ? []
                : [entry.Flag(FlagCodes.RunRejected, FlagLevel.Run, null, $"The run is rejected: {list}.", observed: broken.Length, limit: 0)]);
    }
}
