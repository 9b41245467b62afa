using System.Globalization;
using Biomarkers.Immunoassay.Curves.Diagnosis;

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
            TextOf(analyte.Specification.Analyte, asymptote),
            asymptote.Parameter,
            100 * asymptote.RelativeStandardError,
            entry.Limits[StandardErrorPercent]));

    private static string TextOf(string analyte, AsymptoteDiagnosis asymptote)
    {
        string error = asymptote.RelativeStandardError is { } relative
            ? string.Create(CultureInfo.InvariantCulture, $"a standard error of {100 * relative:G3} % of the amplitude")
            : "no standard error";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The calibrators of {analyte} cover {100 * asymptote.Reach:F0} % of the fitted amplitude towards {asymptote.Parameter}, which has {error}: it is extrapolated.");
    }
}
