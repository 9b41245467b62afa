using System.Globalization;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>A curve is accepted when it is usable, at least <c>acceptedPercent</c> of the judged calibrator levels and at least
/// <c>minimumLevels</c> of them met the recovery rule, and LLOQ and ULOQ rest on such levels.</summary>
/// <remarks>Levels count, not wells. Anchors, zeros and levels masked as a whole are not counted. A rejected level at LLOQ or ULOQ moves the
/// limit to the next acceptable level (<c>C_LIMIT_MOVED</c>), so the limits of an accepted curve rest on accepted levels by construction;
/// a curve on which no two such levels span a range is not accepted.</remarks>
internal sealed class CurveAcceptanceRule : QcRule
{
    public const string RuleId = "curve-acceptance@1";
    private const string AcceptedPercent = "acceptedPercent";
    private const string MinimumLevels = "minimumLevels";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames { get; } = [AcceptedPercent, MinimumLevels];

    /// <summary>Whether enough levels met the recovery rule.</summary>
    public static bool HasEnoughLevels(IReadOnlyList<CalibratorResult> calibrators, RuleEntry entry)
    {
        (int accepted, int judged) = Count(calibrators);
        return accepted >= entry.Limits[MinimumLevels] && 100 * accepted >= entry.Limits[AcceptedPercent] * judged;
    }

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        var flags = new List<QcFlag>();
        var criteria = new List<AcceptanceCriterion>();
        foreach (AnalyteEvidence analyte in run.Analytes)
        {
            JudgeLevels(entry, analyte.Curve, flags, criteria);
            JudgeCurve(entry, analyte, flags, criteria);
        }

        return new RuleOutcome(flags, criteria);
    }

    private static void JudgeLevels(RuleEntry entry, StandardCurve curve, List<QcFlag> flags, List<AcceptanceCriterion> criteria)
    {
        (int accepted, int judged) = Count(curve.Calibrators);
        double limit = entry.Limits[MinimumLevels];
        bool isMet = HasEnoughLevels(curve.Calibrators, entry);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{accepted} of {judged} calibrator levels of {curve.Analyte} are acceptable; expected at least {entry.Limits[AcceptedPercent]} % and at least {limit}.");
        criteria.Add(entry.Criterion(FlagCodes.FewLevels, curve.Analyte, isMet ? CriterionOutcome.Passed : CriterionOutcome.Failed, text, accepted, limit));
        if (!isMet)
        {
            flags.Add(entry.Flag(FlagCodes.FewLevels, FlagLevel.Curve, curve.Analyte, text, observed: accepted, limit: limit));
        }
    }

    private static void JudgeCurve(RuleEntry entry, AnalyteEvidence analyte, List<QcFlag> flags, List<AcceptanceCriterion> criteria)
    {
        StandardCurve curve = analyte.Curve;
        (int accepted, int judged) = Count(curve.Calibrators);
        double? observed = judged > 0 ? 100.0 * accepted / judged : null;
        double limit = entry.Limits[AcceptedPercent];
        string text = curve.IsAccepted ? $"The curve of {curve.Analyte} is accepted." : $"The curve of {curve.Analyte} is not accepted: {ReasonOf(analyte)}.";
        criteria.Add(entry.Criterion(FlagCodes.CurveRejected, curve.Analyte, curve.IsAccepted ? CriterionOutcome.Passed : CriterionOutcome.Failed, text, observed, limit));
        if (!curve.IsAccepted)
        {
            flags.Add(entry.Flag(FlagCodes.CurveRejected, FlagLevel.Run, curve.Analyte, text, observed: observed, limit: limit));
        }
    }

    private static string ReasonOf(AnalyteEvidence analyte) => analyte switch
    {
        { Curve.Fit.IsUsable: false } => "the fit reached no minimum",
        { CalibratedRange: null } => "no two acceptable levels span a range",
        { Curve.Range: null } => "no concentration of the range is precise enough",
        _ => "too few levels are acceptable",
    };

    private static (int Accepted, int Judged) Count(IReadOnlyList<CalibratorResult> calibrators) =>
        (calibrators.Count(calibrator => calibrator.IsAccepted == true), calibrators.Count(calibrator => calibrator.IsAccepted is not null));
}
