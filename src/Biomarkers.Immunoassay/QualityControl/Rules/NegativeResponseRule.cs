using System.Globalization;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names wells whose response is negative before blanks are subtracted: a net signal of the instrument, or a reference above its
/// measurement. The number is kept.</summary>
internal sealed class NegativeResponseRule : QcRule
{
    public override string Id => "negative-response@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from well in analyte.Responses.Wells.Values
        where well.BeforeBlank < 0
        select entry.Flag(
            FlagCodes.WellNegative,
            FlagLevel.Well,
            analyte.Specification.Analyte,
            string.Create(CultureInfo.InvariantCulture, $"Well {well.Position} has the negative response {well.BeforeBlank:G6}."),
            WellSubject.Of(well.Content),
            well.BeforeBlank,
            0,
            [well.Position]));
}
