using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>From the wells of a control set to its reportable value.</summary>
internal static class ControlMeasurement
{
    /// <summary>Measures one analyte of a set and judges it by the limit of the pack; a pack without the rule judges none.</summary>
    public static ControlResult Measure(ControlGroup group, AnalyteEvidence analyte, RulePack pack)
    {
        Control control = group.Control;
        ReplicateMeasurement measurement = ReplicateMeasurement.Of(analyte.Responses.Measured(group.Wells), analyte.Curve.Fit);
        double? nominal = control.Nominals.FirstOrDefault(candidate => candidate.Analyte == analyte.Specification.Analyte)?.Concentration.In(analyte.Specification.Unit).Value;
        double? concentration = measurement.Concentration * control.DilutionFactor;
        double? recovery = 100 * concentration / nominal;
        RuleEntry? rule = pack.Find(ControlAccuracyRule.RuleId);
        bool isMasked = group.Wells.All(well => analyte.Responses.Wells[well].Status == WellStatus.Masked);
        bool isJudged = nominal is not null && rule is not null && analyte.Curve.Fit.IsUsable && !isMasked;
        return new ControlResult(
            control.Level,
            control.SetNumber,
            control.LotNumber,
            analyte.Specification.Analyte,
            nominal,
            measurement.Wells,
            measurement.MeanResponse,
            concentration,
            recovery,
            measurement.CvPercent,
            isJudged ? ControlAccuracyRule.IsMet(recovery, rule!) : null);
    }
}
