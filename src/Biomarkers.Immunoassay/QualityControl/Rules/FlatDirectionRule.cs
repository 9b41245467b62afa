using System.Globalization;
using Biomarkers.Immunoassay.Curves.Diagnosis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The data do not determine the curve: a parameter ended on its bound, or the condition number of the column-scaled Jacobian is above
/// <c>maximumConditionNumber</c>; then the parameters that can move together are named with their weights.</summary>
/// <remarks>Finds what <c>curve-conditioning@1</c> finds, and says of what.</remarks>
internal sealed class FlatDirectionRule : QcRule
{
    private const string MaximumConditionNumber = "maximumConditionNumber";

    public override string Id => "curve-conditioning@2";

    public override IReadOnlyList<string> LimitNames { get; } = [MaximumConditionNumber];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        let identifiability = analyte.Curve.Diagnosis?.Identifiability
        where identifiability is not null
        from flag in Judge(entry, analyte.Specification.Analyte, identifiability)
        select flag);

    private static IEnumerable<QcFlag> Judge(RuleEntry entry, string analyte, Identifiability identifiability)
    {
        double limit = entry.Limits[MaximumConditionNumber];
        if (identifiability.ParametersAtBound.Count > 0)
        {
            yield return entry.Flag(
                FlagCodes.IllConditioned,
                FlagLevel.Curve,
                analyte,
                $"The calibrators of {analyte} do not determine {string.Join(" and ", identifiability.ParametersAtBound)}: the fit ended on a bound.");
        }

        if (identifiability.ConditionNumber > limit)
        {
            yield return entry.Flag(
                FlagCodes.IllConditioned,
                FlagLevel.Curve,
                analyte,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The calibrators of {analyte} hardly determine the curve (condition number {identifiability.ConditionNumber:G3}): {DirectionOf(identifiability)}."),
                observed: identifiability.ConditionNumber,
                limit: limit);
        }
    }

    private static string DirectionOf(Identifiability identifiability)
    {
        FlatComponent[] leading = identifiability.FlatDirections.Count > 0 ? [.. identifiability.FlatDirections[0].Leading] : [];
        string parameters = string.Join(", ", leading.Select(component => string.Create(CultureInfo.InvariantCulture, $"{component.Parameter} ({100 * component.Share:F0} %)")));
        return leading.Length switch
        {
            0 => "no single direction is flat",
            1 => $"{parameters} can move without changing it there",
            _ => $"{parameters} can move together without changing it there",
        };
    }
}
