using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The concentrations of the replicates of a quantified sample or of a control differ by more than <c>cvPercent</c>, or by more than
/// <c>lloqCvPercent</c> near the LLOQ; or one of them lies off the curve, so that there is no CV.</summary>
/// <remarks>Near the LLOQ means up to <c>lloqFactor</c> times it: with 1.25, what a sample at the LLOQ may read under a limit of 25 %. Clean
/// duplicates of CV 10 % exceed a limit of 20 % in 4.6 % of cases, so the finding warns and does not reject.</remarks>
internal sealed class ReplicateCvRule : QcRule
{
    private const string CvPercent = "cvPercent";
    private const string LloqCvPercent = "lloqCvPercent";
    private const string LloqFactor = "lloqFactor";

    public override string Id => "replicate-cv@1";

    public override IReadOnlyList<string> LimitNames { get; } = [CvPercent, LloqCvPercent, LloqFactor];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        IEnumerable<QcFlag?> controls =
            from control in run.Controls
            where control.Concentration is not null
            select Judge(entry, new Replicates(control.Analyte, control.Level, control.Wells, control.CvPercent, control.Concentration), run);
        IEnumerable<QcFlag?> samples =
            from sample in run.Samples.Select(sample => sample.Result)
            where sample.RangeStatus == RangeStatus.Quantified
            select Judge(entry, new Replicates(sample.Analyte, sample.SampleId, sample.Wells, sample.CvPercent, sample.Concentration / sample.DilutionFactor), run);
        return RuleOutcome.OfFlags(controls.Concat(samples).OfType<QcFlag>());
    }

    private static QcFlag? Judge(RuleEntry entry, Replicates replicates, RunEvidence run)
    {
        bool isNearLloq = run.Of(replicates.Analyte).Curve.Range is { } range && replicates.Concentration <= entry.Limits[LloqFactor] * range.Lloq;
        double limit = entry.Limits[isNearLloq ? LloqCvPercent : CvPercent];
        bool isOffCurve = replicates.Wells.Count > 1 && replicates.CvPercent is null;
        if (!isOffCurve && !Deviation.Exceeds(replicates.CvPercent, limit))
        {
            return null;
        }

        string text = isOffCurve
            ? $"A replicate of {replicates.Subject} lies off the curve, so the replicates have no CV; expected at most {limit} %."
            : $"The replicates of {replicates.Subject} have a CV of {replicates.CvPercent:F1} %; expected at most {limit} %.";
        return entry.Flag(
            FlagCodes.ReplicateCv,
            FlagLevel.ReplicateGroup,
            replicates.Analyte,
            text,
            replicates.Subject,
            replicates.CvPercent,
            limit,
            replicates.Wells);
    }

    private sealed record Replicates(string Analyte, string Subject, IReadOnlyList<WellPosition> Wells, double? CvPercent, double? Concentration);
}
