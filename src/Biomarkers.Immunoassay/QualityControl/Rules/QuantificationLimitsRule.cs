using System.Globalization;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Says when a curve reports less than the declared range: the calibrator of the LLOQ or ULOQ is rejected or absent, and the next
/// acceptable level became the limit.</summary>
internal sealed class QuantificationLimitsRule : QcRule
{
    public override string Id => "quantification-limits@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        let range = analyte.CalibratedRange
        where range is not null
        from limit in new[]
        {
            (Name: "LLOQ", Actual: range.Lloq, Declared: analyte.Specification.Lloq),
            (Name: "ULOQ", Actual: range.Uloq, Declared: analyte.Specification.Uloq),
        }
        where limit.Actual != limit.Declared
        select entry.Flag(
            FlagCodes.LimitMoved,
            FlagLevel.Curve,
            analyte.Specification.Analyte,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {limit.Name} of {analyte.Curve.Analyte} moved from {limit.Declared:G6} to {limit.Actual:G6} {analyte.Curve.Unit}: no acceptable calibrator supports it."),
            limit.Name,
            limit.Actual,
            limit.Declared));
}
