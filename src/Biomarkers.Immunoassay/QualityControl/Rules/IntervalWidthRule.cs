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
            TextOf(result, entry.Limits[HalfWidthPercent]),
            result.SampleId,
            halfWidth,
            entry.Limits[HalfWidthPercent],
            sample.Wells));

    // The wider side is above the limit whenever half of the width is; as many decimals as show that.
    private static string TextOf(SampleResult result, double limit)
    {
        double below = 100 * (result.Concentration!.Value - result.Lower!.Value) / result.Concentration.Value;
        double above = 100 * (result.Upper!.Value - result.Concentration.Value) / result.Concentration.Value;
        bool isAbove = above >= below;
        double side = isAbove ? above : below;
        int decimals = 1;
        while (decimals < 6 && Math.Round(side, decimals) <= limit)
        {
            decimals++;
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"The 95 % interval of sample {result.SampleId} reaches {Math.Round(side, decimals)} % {(isAbove ? "above" : "below")} the concentration "
                + $"(-{below:F1}/+{above:F1} %); expected at most {limit} %.");
    }
}
