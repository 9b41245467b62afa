using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names quantified samples whose interval lacks a side: the curve is too flat there, or the plate has no degrees of freedom to
/// estimate one.</summary>
internal sealed class IntervalBoundsRule : QcRule
{
    public override string Id => "interval-bounds@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from sample in run.Samples
        let result = sample.Result
        where result.RangeStatus == RangeStatus.Quantified && (result.Lower is null || result.Upper is null)
        select entry.Flag(FlagCodes.IntervalUnbounded, FlagLevel.Sample, result.Analyte, TextOf(result), result.SampleId, wells: sample.Wells));

    private static string TextOf(SampleResult result)
    {
        string side = (result.Lower, result.Upper) switch
        {
            (null, null) => "has no end",
            (null, _) => "has no lower end",
            _ => "has no upper end",
        };
        return $"The 95 % interval of sample {result.SampleId} {side}.";
    }
}
