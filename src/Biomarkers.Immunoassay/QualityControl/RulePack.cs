using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>A named, versioned list of rules with their limits: data, content-addressed.</summary>
/// <param name="Name">Such as <c>ich-m10-lba-draft@2022</c>.</param>
/// <param name="DisplayName">Name for people.</param>
/// <param name="Rules">The rules, in the order in which they are evaluated; <c>run-verdict@1</c> is the last.</param>
public sealed record RulePack(string Name, string DisplayName, IReadOnlyList<RuleEntry> Rules)
{
    /// <summary>Hash of the canonical form.</summary>
    [JsonIgnore]
    public ContentHash Hash => CanonicalJson.HashOf(this);

    /// <summary>The entry of a rule; null when the pack leaves the rule out.</summary>
    public RuleEntry? Find(string rule) => Rules.FirstOrDefault(entry => entry.Rule == rule);

    /// <summary>The pack when every rule is known, stands once and has exactly its limits, else all that is wrong with it.</summary>
    public static Checked<RulePack> Check(RulePack pack)
    {
        var faults = new List<Fault>();
        RulePackChecks.Check(pack, faults);
        return faults.Count > 0 ? faults : pack;
    }
}

/// <summary>One rule in a pack.</summary>
/// <param name="Rule">Id and version of the rule's code, such as <c>calibrator-recovery@1</c>.</param>
/// <param name="Limits">The rule's limits by name, such as <c>recoveryPercent</c> 20.</param>
/// <param name="Severity">How much its findings weigh.</param>
/// <param name="Clause">Guideline and section of the limits; null for limits of our own.</param>
public sealed record RuleEntry(string Rule, IReadOnlyDictionary<string, double> Limits, FlagSeverity Severity, string? Clause)
{
    /// <summary>A finding of this rule.</summary>
    internal QcFlag Flag(
        string code,
        FlagLevel level,
        string? analyte,
        string text,
        string? subject = null,
        double? observed = null,
        double? limit = null,
        IReadOnlyList<WellPosition>? wells = null) =>
        new(code, level, Severity, Rule, analyte, subject, observed, limit, Clause, wells ?? [], text);

    /// <summary>A criterion of this rule.</summary>
    internal AcceptanceCriterion Criterion(string code, string? analyte, CriterionOutcome outcome, string text, double? observed = null, double? limit = null) =>
        new(code, analyte, outcome, observed, limit, Clause, text);
}
