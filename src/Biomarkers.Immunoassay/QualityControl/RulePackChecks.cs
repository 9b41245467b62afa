namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>What must hold for a rule pack.</summary>
internal static class RulePackChecks
{
    public static void Check(RulePack pack, List<Fault> faults)
    {
        if (pack.Name.Split('@') is not [var name, var version] || !Plates.Texts.IsName(name) || !Plates.Texts.IsName(version))
        {
            faults.Add(new Fault("rule_pack.name", FaultReasons.InvalidText, $"'{Plates.Texts.Shorten(pack.Name)}' is no name of a rule pack; expected name@version."));
        }

        Plates.Texts.CheckText("rule_pack.display_name", pack.DisplayName, faults);
        var seen = new HashSet<string>();
        for (int i = 0; i < pack.Rules.Count; i++)
        {
            string place = $"rule_pack.rules[{i}]";
            RuleEntry entry = pack.Rules[i];
            if (!seen.Add(entry.Rule))
            {
                faults.Add(new Fault($"{place}.rule", FaultReasons.Duplicate, $"Rule '{Plates.Texts.Shorten(entry.Rule)}' stands twice in the pack."));
            }

            if (QcRules.TryFind(entry.Rule, out QcRule? rule))
            {
                CheckLimits(place, entry, rule, faults);
            }
            else
            {
                faults.Add(new Fault($"{place}.rule", FaultReasons.UnknownWord, $"Rule '{Plates.Texts.Shorten(entry.Rule)}' is not known; expected one of {QcRules.KnownIds}."));
            }

            if (!Enum.IsDefined(entry.Severity))
            {
                faults.Add(new Fault($"{place}.severity", FaultReasons.UnknownWord, $"Severity {(int)entry.Severity} is not known."));
            }
        }

        // The verdict reads what the other rules judged, so nothing may come after it.
        if (pack.Rules.Count == 0 || pack.Rules[^1].Rule != Rules.RunVerdictRule.RuleId)
        {
            faults.Add(new Fault("rule_pack.rules", FaultReasons.Required, $"Expected {Rules.RunVerdictRule.RuleId} as the last rule of the pack."));
        }
    }

    private static void CheckLimits(string place, RuleEntry entry, QcRule rule, List<Fault> faults)
    {
        foreach (string missing in rule.LimitNames.Where(name => !entry.Limits.ContainsKey(name)))
        {
            faults.Add(new Fault($"{place}.limits", FaultReasons.Required, $"Rule {rule.Id} needs the limit '{missing}'."));
        }

        foreach ((string name, double value) in entry.Limits)
        {
            if (!rule.LimitNames.Contains(name))
            {
                faults.Add(new Fault(
                    $"{place}.limits",
                    FaultReasons.UnknownWord,
                    $"Rule {rule.Id} has no limit '{Plates.Texts.Shorten(name)}'; expected {string.Join(", ", rule.LimitNames)}."));
            }

            if (!double.IsFinite(value) || value < 0)
            {
                faults.Add(new Fault($"{place}.limits", FaultReasons.OutOfRange, $"Limit '{Plates.Texts.Shorten(name)}' is {value}; expected a finite number of 0 or more."));
            }
        }
    }
}
