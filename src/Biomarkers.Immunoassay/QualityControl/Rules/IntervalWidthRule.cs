using System.Globalization;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names quantified samples whose interval is wide: half of its width is more than <c>halfWidthPercent</c> of the concentration. A CV of half the limit
/// from curve and response together makes such an interval.</summary>
internal sealed class IntervalWidthRule : QcRule
{
    private const string HalfWidthPercent = "halfWidthPercent";

    public override string Id => "interval-width@1";

    public override IReadOnlyList<string> LimitNames { get; } = [HalfWidthPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from sample in run.Samples
        let result = sample.Result
        where result.RangeStatus == RangeStatus.Quantified
        let halfWidth = 50 * (result.Upper - result.Lower) / result.Concentration
        where Deviation.Exceeds(halfWidth, entry.Limits[HalfWidthPercent])
        select entry.Flag(
            FlagCodes.IntervalWide,
            FlagLevel.Sample,
            result.Analyte,
            string.Create(CultureInfo.InvariantCulture, $"The 95 % interval of sample {result.SampleId} is the concentration +/- {halfWidth:F0} %; expected at most {entry.Limits[HalfWidthPercent]} %."),
            result.SampleId,
            halfWidth,
            entry.Limits[HalfWidthPercent],
            sample.Wells));
}
