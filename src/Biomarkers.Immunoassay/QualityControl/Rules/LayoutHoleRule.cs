using Biomarkers.Immunoassay.Assays;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Says what a layout lacks before anything is computed: calibrators of an analyte, blanks that the assay subtracts, a place on the
/// curve for a zero calibrator.</summary>
internal sealed class LayoutHoleRule : QcRule
{
    public override string Id => "layout-holes@1";

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from text in HolesOf(analyte)
        select entry.Flag(FlagCodes.LayoutHole, FlagLevel.Plate, analyte.Specification.Analyte, text));

    private static IEnumerable<string> HolesOf(AnalyteEvidence analyte)
    {
        string name = analyte.Specification.Analyte;
        if (analyte.Curve.Calibrators.Count == 0)
        {
            yield return $"No calibrator of the layout has an assigned concentration of {name}.";
        }

        if (analyte.Specification.BlankTreatment == BlankTreatment.Subtract && analyte.Curve.BlankMeanResponse is null)
        {
            yield return $"The assay subtracts blanks of {name} and no blank has a number; nothing was subtracted.";
        }

        if (!analyte.Curve.Fit.Model.AllowsZeroConcentration && analyte.Curve.Calibrators.Any(calibrator => calibrator.Nominal == 0))
        {
            yield return $"A calibrator of concentration 0 has no place on the curve {analyte.Curve.Fit.Model.Id} of {name} and was left out.";
        }
    }
}
