using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names calibrator wells that were left out of the fit, because a response of zero or less has no weight under a weighting by
/// response. On a fit to means, the wells of the level.</summary>
internal sealed class UndefinedWeightRule : QcRule
{
    public override string Id => "undefined-weight@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from level in analyte.Fitted.WeightlessWells.GroupBy(well => ((Calibrator)analyte.Responses.Wells[well].Content).Name)
        let wells = (WellPosition[])[.. level]
        let fit = analyte.Curve.Fit
        select entry.Flag(
            FlagCodes.WeightUndefined,
            FlagLevel.Calibrator,
            analyte.Specification.Analyte,
            $"Calibrator {level.Key} was left out of the fit at {string.Join(", ", wells)}: a response of zero or less has no weight under {fit.Weighting} in {fit.Model.Id}.",
            level.Key,
            wells: wells));
}
