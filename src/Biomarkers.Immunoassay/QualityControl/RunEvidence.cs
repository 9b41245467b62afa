using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>The finished numbers of a run, as rules see them.</summary>
/// <param name="Analytes">One per analyte of the assay, in its order.</param>
/// <param name="Controls">One per control set and analyte.</param>
/// <param name="Samples">One per sample, dilution and analyte.</param>
/// <param name="Lots">Lots that the layout names.</param>
/// <param name="ReadDate">See <see cref="AnalysisInputs.ReadDate"/>.</param>
/// <param name="Criteria">Criteria that the rules before this one judged.</param>
internal sealed record RunEvidence(
    IReadOnlyList<AnalyteEvidence> Analytes,
    IReadOnlyList<ControlResult> Controls,
    IReadOnlyList<SampleEvidence> Samples,
    IReadOnlyList<LotReference> Lots,
    DateOnly? ReadDate,
    IReadOnlyList<AcceptanceCriterion> Criteria)
{
    /// <summary>What belongs to an analyte of the assay.</summary>
    public AnalyteEvidence Of(string analyte) => Analytes.First(candidate => candidate.Specification.Analyte == analyte);
}

/// <summary>One analyte of a run.</summary>
/// <param name="Specification">How it is computed.</param>
/// <param name="Responses">Its reduced responses.</param>
/// <param name="Curve">Its curve.</param>
/// <param name="Fitted">The fit behind the curve, with its points.</param>
/// <param name="Masked">Calibrators that a rule took out of the fit, in the order in which it did.</param>
/// <param name="CalibratedRange">The declared range within the accepted calibrators, before the plate's own precision had a say; null when there is none.</param>
internal sealed record AnalyteEvidence(
    AnalyteSpecification Specification,
    AnalyteResponses Responses,
    StandardCurve Curve,
    CalibratorFit Fitted,
    IReadOnlyList<MaskedCalibrator> Masked,
    QuantificationRange? CalibratedRange);

/// <summary>One result with all its wells.</summary>
/// <param name="Result">The result; its flag codes are not set yet.</param>
/// <param name="Wells">The wells of the layout, with and without a number.</param>
internal sealed record SampleEvidence(SampleResult Result, IReadOnlyList<WellPosition> Wells);
