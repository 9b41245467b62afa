using System.Text.Json.Serialization;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>A named, versioned list of rules with their limits: data, content-addressed.</summary>
/// <param name="Name">Such as <c>ich-m10-lba-draft@2022</c>.</param>
/// <param name="DisplayName">Name for people.</param>
/// <param name="Rules">The rules, in the order in which they are evaluated.</param>
public sealed record RulePack(string Name, string DisplayName, IReadOnlyList<RuleEntry> Rules)
{
    /// <summary>Hash of the canonical form.</summary>
    [JsonIgnore]
    public ContentHash Hash => CanonicalJson.HashOf(this);
}

/// <summary>One rule in a pack.</summary>
/// <param name="Rule">Id and version of the rule's code, such as <c>calibrator-recovery@1</c>.</param>
/// <param name="Limits">The rule's limits by name, such as <c>recoveryPercent</c> 20.</param>
/// <param name="Severity">How much its findings weigh.</param>
/// <param name="Clause">Guideline and section of the limits; null for limits of our own.</param>
public sealed record RuleEntry(string Rule, IReadOnlyDictionary<string, double> Limits, FlagSeverity Severity, string? Clause);
