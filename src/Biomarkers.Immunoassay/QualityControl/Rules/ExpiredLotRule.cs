using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>No lot of kit, calibrators or controls was past its last day of use when the plate was read. The day is that of the read, in UTC, and not of the
/// server: the run of an old plate does not change with time. Where the read does not say its time, the criterion is not assessed; where no lot has a last day
/// there is none.</summary>
internal sealed class ExpiredLotRule : QcRule
{
    public const string RuleId = "expired-lots@1";

    public override string Id => RuleId;

    public override IReadOnlyList<string> LimitNames => [];

    internal override RuleOutcome Evaluate(RuleEntry entry, RunEvidence run)
    {
        LotReference[] dated = [.. run.Lots.Where(lot => lot.ExpiryDate is not null)];
        if (dated.Length == 0)
        {
            return RuleOutcome.OfFlags([]);
        }

        if (run.ReadDate is not { } day)
        {
            const string Unknown = "Nobody said when the plate was read; expected the time of the read, because a lot has a last day of use.";
            return new RuleOutcome([], [entry.Criterion(FlagCodes.LotExpired, null, CriterionOutcome.NotAssessed, Unknown, limit: 0)]);
        }

        LotReference[] expired = [.. dated.Where(lot => lot.IsExpiredOn(day))];
        string text = $"{expired.Length} of {dated.Length} lots were past their last day of use; expected none.";
        return new RuleOutcome(
            [.. expired.Select(lot => FlagOf(entry, lot, lot.ExpiryDate!.Value, day))],
            [entry.Criterion(FlagCodes.LotExpired, null, expired.Length == 0 ? CriterionOutcome.Passed : CriterionOutcome.Failed, text, expired.Length, 0)]);
    }

    private static QcFlag FlagOf(RuleEntry entry, LotReference lot, DateOnly last, DateOnly day) => entry.Flag(
        FlagCodes.LotExpired,
        FlagLevel.Run,
        null,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{KindOf(lot.Kind)} lot '{lot.LotNumber}' was to be used until {last:yyyy-MM-dd}; the plate was read on {day:yyyy-MM-dd} (UTC)."),
        subject: lot.LotNumber,
        observed: day.DayNumber - last.DayNumber,
        limit: 0);

    private static string KindOf(LotKind kind) => kind switch
    {
        LotKind.Kit => "Kit",
        LotKind.Calibrator => "Calibrator",
        _ => "Control",
    };
}
