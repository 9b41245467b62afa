namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>An asymptote of a logistic curve is an extrapolation: the calibrators cover less than <c>reachPercent</c> of the amplitude towards it, its standard error is
/// <c>standardErrorPercent</c> of the amplitude or more or cannot be told, or it ended on a bound. Concentrations between calibrators may still be good; what
/// lies beyond them is not known.</summary>
internal sealed class AsymptoteRule : QcRule
{
    private const string StandardErrorPercent = "standardErrorPercent";

    private const string ReachPercent = "reachPercent";

    public override string Id => "asymptotes@1";

    public override IReadOnlyList<string> LimitNames { get; } = [StandardErrorPercent, ReachPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from asymptote in analyte.Curve.Diagnosis?.Identifiability.Asymptotes ?? []
        where !asymptote.IsDeterminedBy(entry.Limits[StandardErrorPercent] / 100, entry.Limits[ReachPercent] / 100)
        select entry.Flag(
            FlagCodes.AsymptoteNotReached,
            FlagLevel.Curve,
            analyte.Specification.Analyte,
            $"The calibrators of {analyte.Specification.Analyte} do not determine {asymptote.Parameter}: "
                + $"{asymptote.WhyNotBy(entry.Limits[StandardErrorPercent] / 100, entry.Limits[ReachPercent] / 100)}.",
            asymptote.Parameter,
            100 * asymptote.RelativeStandardError,
            entry.Limits[StandardErrorPercent]));
}
