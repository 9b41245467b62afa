using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Says which samples are reported as less than LLOQ or more than ULOQ, and which of them lie off the curve besides.</summary>
internal sealed class QuantificationRangeRule : QcRule
{
    public override string Id => "quantification-range@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from sample in run.Samples
        where sample.Result.RangeStatus is RangeStatus.BelowLloq or RangeStatus.AboveUloq
        from code in CodesOf(sample.Result, run.Of(sample.Result.Analyte).Curve.Fit)
        select entry.Flag(
            code,
            FlagLevel.Sample,
            sample.Result.Analyte,
            TextOf(code, sample.Result),
            sample.Result.SampleId,
            sample.Result.ExtrapolatedConcentration,
            sample.Result.Limit,
            sample.Wells));

    private static IEnumerable<string> CodesOf(SampleResult result, CurveFit fit)
    {
        yield return result.RangeStatus == RangeStatus.BelowLloq ? FlagCodes.BelowLloq : FlagCodes.AboveUloq;
        InversionStatus? side = result.MeanResponse is { } response ? fit.Invert(response).Status : null;
        if (side is InversionStatus.BelowCurve or InversionStatus.AboveCurve)
        {
            yield return side == InversionStatus.BelowCurve ? FlagCodes.BelowCurve : FlagCodes.AboveCurve;
        }
    }

    private static string TextOf(string code, SampleResult result) => code switch
    {
        FlagCodes.BelowLloq => $"Sample {result.SampleId} is below the LLOQ: less than {result.Limit:G6} {result.Unit}.",
        FlagCodes.AboveUloq => $"Sample {result.SampleId} is above the ULOQ: more than {result.Limit:G6} {result.Unit}.",
        FlagCodes.BelowCurve => $"The response {result.MeanResponse:G6} of sample {result.SampleId} lies beyond the low end of the curve.",
        _ => $"The response {result.MeanResponse:G6} of sample {result.SampleId} lies beyond the high end of the curve.",
    };
}
