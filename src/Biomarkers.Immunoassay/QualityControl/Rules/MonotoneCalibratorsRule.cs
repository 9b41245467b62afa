using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Mean responses of the calibrators turn back between neighbouring levels: swapped wells, a damaged list of assigned values, or a
/// hook at the top; or the fitted curve itself turns within the ladder. Equal means do not count.</summary>
internal sealed class MonotoneCalibratorsRule : QcRule
{
    public override string Id => "monotone-calibrators@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) =>
        RuleOutcome.OfFlags(run.Analytes.Select(analyte => Judge(entry, analyte)).OfType<QcFlag>());

    private static QcFlag? Judge(RuleEntry entry, AnalyteEvidence analyte)
    {
        CalibratorResult[] levels = [.. analyte.Curve.Calibrators.Where(calibrator => calibrator.MeanResponse is not null)];
        if (levels.Length < 2)
        {
            return null;
        }

        IReadOnlyList<LevelTurn> places = MonotoneLevels.TurnsOf([.. levels.Select(level => level.Nominal)], [.. levels.Select(level => level.MeanResponse!.Value)]);
        (CalibratorResult Lower, CalibratorResult Upper)[] turns = [.. places.Select(turn => (levels[turn.Lower], levels[turn.Upper]))];
        if (turns.Length == 0)
        {
            return TurnOfCurve(entry, analyte);
        }

        WellPosition[] wells = [.. turns.SelectMany(turn => turn.Lower.Wells.Concat(turn.Upper.Wells)).Distinct().Order()];
        string where = string.Join("; ", turns.Select(turn => $"{turn.Lower.Name} to {turn.Upper.Name}"));
        return entry.Flag(
            FlagCodes.NonMonotone,
            FlagLevel.Curve,
            analyte.Specification.Analyte,
            $"The calibrators' mean responses turn back from {where}.",
            observed: turns.Length,
            limit: 0,
            wells: wells);
    }

    private static QcFlag? TurnOfCurve(RuleEntry entry, AnalyteEvidence analyte) =>
        analyte.Curve.Fit is { IsUsable: true } fit && fit.Model.TurningPoint(fit.Parameters) is { } turn
            ? entry.Flag(
                FlagCodes.NonMonotone,
                FlagLevel.Curve,
                analyte.Specification.Analyte,
                string.Create(CultureInfo.InvariantCulture, $"The curve turns back at {turn:G4} {analyte.Specification.Unit}, within its calibrators: responses beyond it have no concentration."))
            : null;
}
