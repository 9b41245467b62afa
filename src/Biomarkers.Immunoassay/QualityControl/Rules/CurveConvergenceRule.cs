using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>A curve that did not reach a minimum gives no concentration.</summary>
internal sealed class CurveConvergenceRule : QcRule
{
    public override string Id => "curve-convergence@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => new(
        [.. run.Analytes.Where(analyte => !analyte.Curve.Fit.IsUsable).Select(analyte => Flag(entry, analyte))],
        [.. run.Analytes.Select(analyte => Criterion(entry, analyte))]);

    private static QcFlag Flag(RuleEntry entry, AnalyteEvidence analyte) =>
        entry.Flag(FlagCodes.NotConverged, FlagLevel.Curve, analyte.Specification.Analyte, TextOf(analyte));

    private static AcceptanceCriterion Criterion(RuleEntry entry, AnalyteEvidence analyte) => entry.Criterion(
        FlagCodes.NotConverged,
        analyte.Specification.Analyte,
        analyte.Curve.Fit.IsUsable ? CriterionOutcome.Passed : CriterionOutcome.Failed,
        TextOf(analyte));

    private static string TextOf(AnalyteEvidence analyte)
    {
        CurveFit fit = analyte.Curve.Fit;
        return fit.IsUsable
            ? $"The curve of {analyte.Specification.Analyte} converged."
            : $"The curve of {analyte.Specification.Analyte} gives no concentration: {fit.Failure ?? "the fit reached no minimum."}";
    }
}
