using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves.Limits;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>The plate's own precision profile leaves the range: somewhere in it the mean of <c>wells</c> wells has a CV above <c>cvPercent</c>. With
/// <c>narrows</c> other than 0 the range of the run is narrowed to where the CV is within the limit; otherwise that is only said. It is never widened.</summary>
/// <remarks>Limits of one plate scatter by a geometric CV of 8 to 37 %. Of several regions within the limit the widest on ln concentration becomes the range.
/// Without covariance there is no profile and nothing is narrowed.</remarks>
internal sealed class PrecisionLimitsRule : QcRule
{
    public const string RuleId = "precision-limits@1";
    private const string CvPercent = "cvPercent";
    private const string Wells = "wells";
    private const string Narrows = "narrows";

    private const double RelativeTolerance = 1e-9;

    /// <summary>Points of the profile that every run computes; plots take more.</summary>
    private const int PointCount = 33;

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames { get; } = [CvPercent, Wells, Narrows];

    /// <summary>The profile over the ladder of a fit; null without covariance, or without two concentrations above 0.</summary>
    public static PrecisionProfile? ProfileOf(CalibratorFit fitted, RuleEntry entry)
    {
        double lowest = double.PositiveInfinity, highest = 0;
        foreach (double x in fitted.Problem.Concentrations)
        {
            lowest = x > 0 ? Math.Min(lowest, x) : lowest;
            highest = Math.Max(highest, x);
        }

        (double cv, double wells) = (entry.Limits[CvPercent], entry.Limits[Wells]);
        return lowest < highest && cv > 0 && wells is >= 1 and <= int.MaxValue ? PrecisionProfile.Of(fitted.Fit, lowest, highest, (int)wells, cv, PointCount) : null;
    }

    /// <summary>The range as the rule leaves it; null when it leaves none.</summary>
    public static QuantificationRange? Narrow(QuantificationRange? range, PrecisionProfile? precision, RuleEntry entry)
    {
        if (range is null || precision is null || entry.Limits[Narrows] == 0)
        {
            return range;
        }

        QuantificationRange? widest = null;
        foreach (PrecisionRegion region in precision.Regions)
        {
            // Assigned values that went through a conversion of unit meet a declared limit only to rounding.
            double lower = region.Lower > range.Lloq * (1 + RelativeTolerance) ? region.Lower : range.Lloq;
            double upper = region.Upper < range.Uloq * (1 - RelativeTolerance) ? region.Upper : range.Uloq;
            bool isWider = lower < upper && (widest is null || upper / lower > widest.Uloq / widest.Lloq);
            widest = isWider ? new QuantificationRange(lower, upper) : widest;
        }

        return widest;
    }

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run) => RuleOutcome.OfFlags(
        from analyte in run.Analytes
        from flag in Judge(entry, analyte)
        select flag);

    private static IEnumerable<QcFlag> Judge(RuleEntry entry, AnalyteEvidence analyte)
    {
        if (analyte.CalibratedRange is not { } range || analyte.Curve.Precision is not { } precision)
        {
            yield break;
        }

        bool isNarrowed = entry.Limits[Narrows] != 0;
        string code = isNarrowed ? FlagCodes.LimitMoved : FlagCodes.PrecisionLimit;
        // Without narrowing the widest region inside the range is what the plate supports.
        RuleEntry narrowing = entry with { Limits = new Dictionary<string, double>(entry.Limits) { [Narrows] = 1 } };
        if (Narrow(range, precision, narrowing) is not { } precise)
        {
            yield return entry.Flag(
                code,
                FlagLevel.Curve,
                analyte.Specification.Analyte,
                Text($"No concentration of {analyte.Curve.Analyte} in the range has a CV of at most {precision.CvLimitPercent:G3} % on this plate{(isNarrowed ? ": nothing is reported" : "")}."));
            yield break;
        }

        foreach ((string name, double own, double limit, string side) in new[] { ("LLOQ", precise.Lloq, range.Lloq, "below"), ("ULOQ", precise.Uloq, range.Uloq, "above") })
        {
            if (own != limit)
            {
                string effect = isNarrowed ? Text($", so the {name} moved from {limit:G6} to it") : "";
                yield return entry.Flag(
                    code,
                    FlagLevel.Curve,
                    analyte.Specification.Analyte,
                    Text($"On this plate the CV of {analyte.Curve.Analyte} is above {precision.CvLimitPercent:G3} % {side} {own:G4} {analyte.Curve.Unit}, inside the range{effect}."),
                    name,
                    own,
                    limit);
            }
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
