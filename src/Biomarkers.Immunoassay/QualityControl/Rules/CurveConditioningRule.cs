using System.Globalization;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The data do not determine the curve: a parameter ended on its bound, or the condition number of the column-scaled Jacobian J is
/// above <c>maximumConditionNumber</c>.</summary>
/// <remarks>The scale is that of <see cref="CurveFit.ConditionNumber"/>: fits on which independent programs agree to six digits in every
/// parameter reach 4e4, so the packs begin to flag at <see cref="CurveFitter.IllConditionedFrom"/>. The often quoted 1e8 is of an unscaled matrix.</remarks>
internal sealed class CurveConditioningRule : QcRule
{
    private const string MaximumConditionNumber = "maximumConditionNumber";

    public override string Id => "curve-conditioning@1";

    public override IReadOnlyList<string> LimitNames { get; } = [MaximumConditionNumber];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        where analyte.Curve.Fit.IsUsable
        from flag in Judge(entry, analyte.Specification.Analyte, analyte.Curve.Fit)
        select flag);

    private static IEnumerable<QcFlag> Judge(RuleEntry entry, string analyte, CurveFit fit)
    {
        double limit = entry.Limits[MaximumConditionNumber];
        if (fit.ParametersAtBound.Count > 0)
        {
            yield return entry.Flag(
                FlagCodes.IllConditioned,
                FlagLevel.Curve,
                analyte,
                $"The calibrators of {analyte} do not determine {string.Join(" and ", fit.ParametersAtBound)}: the fit ended on a bound.");
        }

        if (fit.ConditionNumber > limit)
        {
            yield return entry.Flag(
                FlagCodes.IllConditioned,
                FlagLevel.Curve,
                analyte,
                string.Create(CultureInfo.InvariantCulture, $"The calibrators of {analyte} hardly determine the curve: condition number {fit.ConditionNumber:G3}."),
                observed: fit.ConditionNumber,
                limit: limit);
        }
    }
}
