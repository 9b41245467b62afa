using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Limits;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>From calibrator wells to a fitted curve, its calibrators and its range.</summary>
internal static class StandardCurveBuilder
{
    /// <summary>Fits the curve of one analyte and judges its calibrators by the limits of the pack. Rejected calibrators stay in the fit, unless the pack has
    /// a rule that masks them: to leave one out otherwise is a reviewer's decision.</summary>
    /// <exception cref="ArgumentException">The model or the weighting is not known: the assay was not checked, a bug of the caller.</exception>
    public static AnalyteEvidence Build(AnalyteSpecification analyte, AnalyteResponses responses, IReadOnlyList<CalibratorGroup> groups, RulePack pack)
    {
        if (!CurveModels.TryFind(analyte.CurveModel, out CurveModel? model) || !Weighting.TryParse(analyte.Weights, out Weighting? weighting))
        {
            throw new ArgumentException($"Expected a checked assay, got model '{analyte.CurveModel}' with weights '{analyte.Weights}'.", nameof(analyte));
        }

        RuleEntry? recoveryRule = pack.Find(CalibratorRecoveryRule.RuleId);
        (CalibratorFit fitted, IReadOnlyList<MaskedCalibrator> masked) = CalibratorMasking.Run(
            CalibratorLevel.Of(analyte, responses, groups), analyte, pack, levels => CalibratorFit.Of(analyte, model, weighting, levels, recoveryRule));
        CurveFit fit = fitted.Fit;
        QuantificationRange? calibrated = fit.IsUsable ? QuantificationLimits.Of(analyte, fitted.Calibrators) : null;
        PrecisionProfile? precision = pack.Find(PrecisionLimitsRule.RuleId) is { } precisionRule ? PrecisionLimitsRule.ProfileOf(fitted, precisionRule) : null;
        QuantificationRange? range = pack.Find(PrecisionLimitsRule.RuleId) is { } narrowing ? PrecisionLimitsRule.Narrow(calibrated, precision, narrowing) : calibrated;
        RuleEntry? acceptanceRule = pack.Find(CurveAcceptanceRule.RuleId);
        bool isAccepted = fit.IsUsable && range is not null && (acceptanceRule is null || CurveAcceptanceRule.HasEnoughLevels(fitted.Calibrators, acceptanceRule));
        var curve = new StandardCurve(analyte.Analyte, analyte.Unit, fit, fitted.Calibrators, isAccepted, range, responses.BlankMeanResponse)
        {
            Diagnosis = CurveDiagnosis.Of(fit, fitted.Problem),
            Precision = precision,
        };
        return new AnalyteEvidence(analyte, responses, curve, fitted, masked, calibrated);
    }
}
