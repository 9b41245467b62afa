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
        var limits = new Dictionary<(string Analyte, int Wells), double>();
        IEnumerable<Replicates> groups =
        [
            .. run.Controls.Select(control => new Replicates(control.Analyte, control.Level, control.Wells, control.MeanResponse)),
            .. run.Samples.Select(sample => new Replicates(sample.Result.Analyte, sample.Result.SampleId, sample.Result.Wells, sample.Result.MeanResponse)),
        ];
        return RuleOutcome.OfFlags(groups.Where(replicates => replicates.Wells.Count > 1).Select(replicates => Judge(entry, replicates, run.Of(replicates.Analyte), limits)).OfType<QcFlag>());
    }

    private static QcFlag? Judge(RuleEntry entry, Replicates replicates, AnalyteEvidence analyte, Dictionary<(string Analyte, int Wells), double> limits)
    {
        CurveFit fit = analyte.Curve.Fit;
        double probability = entry.Limits[ProbabilityPercent] / 100;
        if (!fit.IsUsable || !(probability is > 0 and < 1) || ResidualVarianceBasis.Of(fit) is not { IsFromPlate: false } basis)
        {
            return null;
        }

        double? expected = WithinPlateInterval.ResponseVariance(fit, replicates.MeanResponse!.Value, 1);

        (string Analyte, int Wells) key = (replicates.Analyte, replicates.Wells.Count);
        if (!limits.TryGetValue(key, out double limit))
        {
            limit = TailProbability.VarianceRatioLimit(probability, replicates.Wells.Count - 1, basis.DegreesOfFreedom);
            limits.Add(key, limit);
        }

        double squares = 0;
        foreach (WellPosition well in replicates.Wells)
        {
            double deviation = analyte.Responses.Wells[well].Response!.Value - replicates.MeanResponse.Value;
            squares += deviation * deviation;
        }

        double? ratio = expected > 0 ? squares / (replicates.Wells.Count - 1) / expected : null;
        return ratio > limit
            ? entry.Flag(
                FlagCodes.ReplicateVariance,
                FlagLevel.ReplicateGroup,
                replicates.Analyte,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The replicates of {replicates.Subject} scatter by {ratio:G3} times the variance that the assay has at their response; chance alone exceeds {limit:G3} in {100 * probability:G3} % of cases."),
                replicates.Subject,
                ratio,
                limit,
                replicates.Wells)
            : null;
    }

    private sealed record Replicates(string Analyte, string Subject, IReadOnlyList<WellPosition> Wells, double? MeanResponse);
}
