using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>What a rule pack says of the finished numbers.</summary>
/// <param name="Verdict">Rejected when a criterion is broken.</param>
/// <param name="Criteria">In the order of the pack.</param>
/// <param name="Flags">In the order of the pack.</param>
internal sealed record RunJudgement(RunVerdict Verdict, IReadOnlyList<AcceptanceCriterion> Criteria, IReadOnlyList<QcFlag> Flags)
{
    /// <summary>Evaluates the rules of the pack in their order. Only a rule of severity reject decides on the run by its criteria.</summary>
    /// <exception cref="ArgumentException">A rule is not known: the pack was not checked, a bug of the caller.</exception>
    public static RunJudgement Of(RulePack pack, RunEvidence run)
    {
        var flags = new List<QcFlag>();
        var criteria = new List<AcceptanceCriterion>();
        foreach (RuleEntry entry in pack.Rules)
        {
            if (!QcRules.TryFind(entry.Rule, out QcRule? rule))
            {
                throw new ArgumentException($"Expected a checked rule pack, got the rule '{entry.Rule}'.", nameof(pack));
            }

            RuleOutcome outcome = rule.Evaluate(entry, run with { Criteria = criteria });
            flags.AddRange(outcome.Flags);
            criteria.AddRange(entry.Severity == FlagSeverity.Reject ? outcome.Criteria : []);
        }

        bool isRejected = criteria.Any(criterion => criterion.Outcome == CriterionOutcome.Failed);
        return new RunJudgement(isRejected ? RunVerdict.Rejected : RunVerdict.Accepted, criteria, flags);
    }
}
