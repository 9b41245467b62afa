using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The mean response of the blanks lies beyond the curve's response at the run's LLOQ, on the side of higher concentrations: a blank
/// would be reported as a number.</summary>
internal sealed class BlankResponseRule : QcRule
{
    public override string Id => "blank-response@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) =>
        RuleOutcome.OfFlags(run.Analytes.Select(analyte => Judge(entry, analyte)).OfType<QcFlag>());

    private static QcFlag? Judge(RuleEntry entry, AnalyteEvidence analyte)
    {
        CurveFit fit = analyte.Curve.Fit;
        if (analyte.Curve.BlankMeanResponse is not { } measured || analyte.Curve.Range is not { } range)
        {
            return null;
        }

        // Where blanks are subtracted they lie at 0 on the scale of the curve.
        double blank = analyte.Specification.BlankTreatment == BlankTreatment.Subtract ? 0 : measured;
        double atLloq = fit.Response(range.Lloq);
        bool isHigh = CurveDirection.IsRising(fit, range) ? blank > atLloq : blank < atLloq;
        return isHigh
            ? entry.Flag(
                FlagCodes.BlankHigh,
                FlagLevel.Plate,
                analyte.Specification.Analyte,
                string.Create(CultureInfo.InvariantCulture, $"The blanks' mean response {blank:G6} reads above the LLOQ, where the curve gives {atLloq:G6}."),
                observed: blank,
                limit: atLloq,
                wells: [.. analyte.Responses.Wells.Values.Where(well => well.Content is Plates.Blank && well.Response is not null).Select(well => well.Position)])
            : null;
    }
}
