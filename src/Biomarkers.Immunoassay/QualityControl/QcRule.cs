using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>One check of a run. Stateless; a rule is one file of this shape and one line in <see cref="QcRules"/>.</summary>
/// <remarks>A rule reads its limits and its severity from its entry in the pack, looks at the finished numbers and changes none of them.
/// A change of what a rule finds is a new version of its id.</remarks>
public abstract class QcRule
{
    /// <summary>Id and version, such as <c>calibrator-recovery@1</c>.</summary>
    public abstract string Id { get; }

    /// <summary>Names of the limits that its entry in a pack must give, all of them; empty for a rule without limits.</summary>
    public abstract IReadOnlyList<string> LimitNames { get; }

    /// <summary>What the rule finds in a run.</summary>
    internal abstract RuleOutcome Evaluate(RuleEntry entry, RunEvidence run);
}

/// <summary>What one rule found.</summary>
/// <param name="Flags">Its findings, in the order of the run.</param>
/// <param name="Criteria">The acceptance criteria that it judged; empty for a rule that does not decide on the run.</param>
internal sealed record RuleOutcome(IReadOnlyList<QcFlag> Flags, IReadOnlyList<AcceptanceCriterion> Criteria)
{
    public static RuleOutcome OfFlags(IEnumerable<QcFlag> flags) => new([.. flags], []);
}
