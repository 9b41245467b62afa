using System.Globalization;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names calibrator levels and wells that lie off the curve by more than the others scatter: Holm's adjusted p-value of the externally studentised
/// residual is below <c>levelProbabilityPercent</c> or <c>wellProbabilityPercent</c>. They stay in the fit.</summary>
/// <remarks>On so many clean plates, at most, any level, or any well, is named. What it finds otherwise: one level of duplicates shifted by 20 % is named on
/// 88 / 37 / 9 % of 4PL plates and 65 / 11 / 4 % of 5PL plates at a CV of 3 / 6 / 10 %, shifted by 10 % on 41 / 6 / 2 % and 11 / 2 / 2 % (known variance).
/// A zero calibrator under weights 1/y^k is not named: they say nothing of the scatter where there is no signal, so the test would have no size.</remarks>
internal sealed class OutlierRule : QcRule
{
    private const string LevelProbabilityPercent = "levelProbabilityPercent";
    private const string WellProbabilityPercent = "wellProbabilityPercent";

    public override string Id => "outliers@1";

    public override IReadOnlyList<string> LimitNames { get; } = [LevelProbabilityPercent, WellProbabilityPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        where analyte.Curve.Diagnosis is not null
        from flag in LevelFlags(entry, analyte).Concat(WellFlags(entry, analyte))
        select flag);

    private static IEnumerable<QcFlag> LevelFlags(RuleEntry entry, AnalyteEvidence analyte)
    {
        double limit = entry.Limits[LevelProbabilityPercent] / 100;
        return
            from level in analyte.Curve.Diagnosis!.Levels
            where level.AdjustedPValue < limit && HasKnownScatter(analyte, level.Concentration)
            let points = level.Points.Select(point => analyte.Fitted.Points[point]).ToArray()
            let name = string.Join(", ", points.Select(point => point.Level).Distinct())
            select entry.Flag(
                FlagCodes.CalibratorOutlier,
                FlagLevel.Calibrator,
                analyte.Specification.Analyte,
                TextOf($"Calibrator {name}", level.ExternallyStudentised, level.AdjustedPValue, analyte.Curve.Diagnosis.Levels.Count, "levels"),
                name,
                level.AdjustedPValue,
                limit,
                [.. points.SelectMany(point => point.Wells).Order()]);
    }

    // A point of several wells is a level.
    private static IEnumerable<QcFlag> WellFlags(RuleEntry entry, AnalyteEvidence analyte)
    {
        double limit = entry.Limits[WellProbabilityPercent] / 100;
        IReadOnlyList<PointDiagnosis> points = analyte.Curve.Diagnosis!.Points;
        return
            from i in Enumerable.Range(0, points.Count)
            where points[i].AdjustedPValue < limit && analyte.Fitted.Points[i].Wells.Count == 1 && HasKnownScatter(analyte, points[i].Concentration)
            let well = analyte.Fitted.Points[i].Wells[0]
            orderby well
            select entry.Flag(
                FlagCodes.WellOutlier,
                FlagLevel.Well,
                analyte.Specification.Analyte,
                TextOf($"Well {well} of calibrator {analyte.Fitted.Points[i].Level}", points[i].ExternallyStudentised, points[i].AdjustedPValue, points.Count, "wells"),
                analyte.Fitted.Points[i].Level,
                points[i].AdjustedPValue,
                limit,
                (WellPosition[])[well]);
    }

    private static bool HasKnownScatter(AnalyteEvidence analyte, double concentration) => concentration > 0 || analyte.Fitted.Problem.Weighting.Power == 0;

    private static string TextOf(string subject, double? studentised, double? adjusted, int count, string unit) => string.Create(
        CultureInfo.InvariantCulture,
        $"{subject} lies off the curve by {studentised:G3} standard errors of its residual (p = {adjusted:G2}, adjusted for {count} {unit}). It stays in the fit.");
}
