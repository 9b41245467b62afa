using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Names every used well that has no number, and why: <c>W_SATURATED</c>, <c>W_MASKED</c>, <c>W_MISSING</c>, <c>W_NAN</c>. Such a
/// well takes no part in any number.</summary>
internal sealed class WellStatusRule : QcRule
{
    public override string Id => "well-status@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from well in analyte.Responses.Wells.Values
        where well.Status != WellStatus.Measured
        select entry.Flag(CodeOf(well.Status), FlagLevel.Well, analyte.Specification.Analyte, TextOf(well), WellSubject.Of(well.Content), wells: [well.Position]));

    private static string CodeOf(WellStatus status) => status switch
    {
        WellStatus.Saturated => FlagCodes.WellSaturated,
        WellStatus.Masked => FlagCodes.WellMasked,
        WellStatus.Missing => FlagCodes.WellMissing,
        _ => FlagCodes.WellUnreadable,
    };

    private static string TextOf(WellResponse well)
    {
        string reason = well.Status switch
        {
            WellStatus.Saturated => "the detector overflowed",
            WellStatus.Masked => "it was masked",
            WellStatus.Missing => "it was not read",
            _ => "the instrument gave no number",
        };
        return $"Well {well.Position} is left out: {reason}{(string.IsNullOrEmpty(well.Token) ? "" : $" ('{well.Token}')")}.";
    }
}
