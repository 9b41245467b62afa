using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves.Diagnosis;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The curve misses the levels' means by more than replicates scatter: the F test of lack of fit has a p-value below <c>probabilityPercent</c>.</summary>
/// <remarks>Informational: an error that the wells of a level share, such as that of its tube, looks the same; 5 % per tube fires on 3 to 29 % of plates.</remarks>
internal sealed class LackOfFitRule : QcRule
{
    private const string ProbabilityPercent = "probabilityPercent";

    public override string Id => "lack-of-fit@1";

    public override IReadOnlyList<string> LimitNames { get; } = [ProbabilityPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        let test = analyte.Curve.Diagnosis?.LackOfFit
        where test is not null && 100 * test.PValue < entry.Limits[ProbabilityPercent]
        select entry.Flag(
            FlagCodes.LackOfFit,
            FlagLevel.Curve,
            analyte.Specification.Analyte,
            TextOf(analyte.Curve, test),
            observed: test.PValue,
            limit: entry.Limits[ProbabilityPercent] / 100));

    private static string TextOf(StandardCurve curve, LackOfFit test) => string.Create(
        CultureInfo.InvariantCulture,
        $"The curve of {curve.Analyte} misses the calibrators' means by more than their replicates scatter: "
        + $"F({test.NumeratorDegreesOfFreedom}, {test.DenominatorDegreesOfFreedom}) = {test.F:G4}, p = {test.PValue:G2}.");
}
