using System.Globalization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The replicates of a sample or control scatter by more than the assay's variance function allows: s^2 / V of their m responses is above what
/// chance exceeds with <c>probabilityPercent</c>, by chi-square(m - 1) / (m - 1), or by F where the function was learned. Without a variance function nothing is judged.</summary>
/// <remarks>Unlike a fixed limit of CV it asks the same of every concentration: clean duplicates of CV 10 % exceed 20 % in 4.6 % of cases, and at an LLOQ whose
/// mean has a CV of 20 % in 48 %.</remarks>
internal sealed class ReplicateVarianceRule : QcRule
{
    private const string ProbabilityPercent = "probabilityPercent";

    public override string Id => "replicate-variance@1";

    public override IReadOnlyList<string> LimitNames { get; } = [ProbabilityPercent];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        IEnumerable<Replicates> groups =
        [
            .. run.Controls.Select(control => new Replicates(control.Analyte, control.Level, control.Wells, control.MeanResponse)),
            .. run.Samples.Select(sample => new Replicates(sample.Result.Analyte, sample.Result.SampleId, sample.Result.Wells, sample.Result.MeanResponse)),
        ];
        return RuleOutcome.OfFlags(groups.Where(group => group.Wells.Count > 1).Select(group => Judge(entry, group, run.Of(group.Analyte))).OfType<QcFlag>());
    }

    private static QcFlag? Judge(RuleEntry entry, Replicates replicates, AnalyteEvidence analyte)
    {
        CurveFit fit = analyte.Curve.Fit;
        if (!fit.IsUsable || ResidualVarianceBasis.Of(fit) is not { IsFromPlate: false } basis || !(fit.WellVariance(replicates.MeanResponse!.Value) > 0))
        {
            return null;
        }

        double squares = 0;
        foreach (WellPosition well in replicates.Wells)
        {
            double deviation = analyte.Responses.Wells[well].Response!.Value - replicates.MeanResponse.Value;
            squares += deviation * deviation;
        }

        int degreesOfFreedom = replicates.Wells.Count - 1;
        double ratio = squares / degreesOfFreedom / fit.WellVariance(replicates.MeanResponse.Value)!.Value;
        double probability = basis.DegreesOfFreedom is { } learned
            ? TailProbability.UpperF(ratio, degreesOfFreedom, learned)
            : TailProbability.UpperChiSquare(ratio * degreesOfFreedom, degreesOfFreedom);
        double limit = entry.Limits[ProbabilityPercent] / 100;
        return probability < limit
            ? entry.Flag(
                FlagCodes.ReplicateVariance,
                FlagLevel.ReplicateGroup,
                replicates.Analyte,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The replicates of {replicates.Subject} scatter by {ratio:G3} times the variance that the assay has at their response (p = {probability:G2})."),
                replicates.Subject,
                probability,
                limit,
                replicates.Wells)
            : null;
    }

    private sealed record Replicates(string Analyte, string Subject, IReadOnlyList<WellPosition> Wells, double? MeanResponse);
}
