using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Analysis;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.QualityControl;

/// <summary>Lots that were past their last day of use when a plate was read.</summary>
public class ExpiredLotRuleTests
{
    private static readonly DateTimeOffset Morning = new(2026, 2, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly LotReference Good = new(LotKind.Calibrator, "CAL-1", new DateOnly(2026, 2, 1));
    private static readonly LotReference Undated = new(LotKind.Control, "QC-1", null);

    [Fact]
    public void Run_OfAPlateReadAfterTheLastDayOfALot_IsRejectedAndNamesIt()
    {
        AnalyticalRun run = PlateAnalyzer.Analyze(Inputs(Morning, new LotReference(LotKind.Kit, "KIT-1", new DateOnly(2026, 1, 29)), Good, Undated));

        Assert.Equal(RunVerdict.Rejected, run.Verdict);
        QcFlag flag = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.LotExpired);
        Assert.Equal((FlagLevel.Run, FlagSeverity.Reject, "KIT-1", 3d, 0d), (flag.Level, flag.Severity, flag.Subject, flag.Observed, flag.Limit));
        Assert.Equal("Kit lot 'KIT-1' was to be used until 2026-01-29; the plate was read on 2026-02-01 (UTC).", flag.Text);
        AcceptanceCriterion criterion = Assert.Single(run.Criteria, criterion => criterion.Code == FlagCodes.LotExpired);
        Assert.Equal((CriterionOutcome.Failed, 1d, "1 of 2 lots were past their last day of use; expected none."), (criterion.Outcome, criterion.Observed, criterion.Text));
        Assert.Contains(FlagCodes.LotExpired, Assert.Single(run.Results).FlagCodes);
        Assert.Equal(10, run.Results[0].Concentration!.Value, 1e-9);
    }

    [Theory]
    [InlineData("2026-02-01T23:59:59Z", "Passed", true)] // the last day counts
    [InlineData("2026-02-01T22:00:00-05:00", "Failed", false)] // the next day in UTC
    [InlineData("2026-02-02T01:00:00+02:00", "Passed", true)] // still the last day in UTC
    [InlineData(null, "NotAssessed", true)] // nobody said when
    public void Criterion_OfTheLastDay_IsJudgedByTheDayOfTheReadInUtc(string? readTime, string outcome, bool isAccepted)
    {
        AnalyticalRun run = PlateAnalyzer.Analyze(Inputs(readTime is null ? null : DateTimeOffset.Parse(readTime, System.Globalization.CultureInfo.InvariantCulture), Good));

        Assert.Equal(outcome, run.Criteria.Single(criterion => criterion.Code == FlagCodes.LotExpired).Outcome.ToString());
        Assert.Equal(isAccepted ? RunVerdict.Accepted : RunVerdict.Rejected, run.Verdict);
    }

    [Fact]
    public void Inputs_OfLotsWithoutADateOrOfAnEarlierPack_AreTheSameOnEveryDay()
    {
        AnalysisInputs undated = Inputs(Morning, Undated);
        AnalysisInputs earlier = Inputs(Morning, RulePacks.SecondClinical, Good with { ExpiryDate = new DateOnly(2020, 1, 1) });

        foreach (AnalysisInputs inputs in new[] { undated, earlier })
        {
            Assert.Null(inputs.ReadDate);
            Assert.Equal(ContentHash.OfAll(inputs.Read.Hash, inputs.Layout.Hash, CanonicalJson.HashOf(inputs.Assay), inputs.RulePack.Hash), inputs.Hash);
            Assert.DoesNotContain(PlateAnalyzer.Analyze(inputs).Criteria, criterion => criterion.Code == FlagCodes.LotExpired);
        }
    }

    [Fact]
    public void Hash_OfLotsWithADate_IsThatOfTheDayAndNotOfTheHour()
    {
        AnalysisInputs[] inputs = [Inputs(null, Good), Inputs(Morning, Good), Inputs(Morning.AddDays(1), Good)];

        Assert.Equal(3, inputs.Select(each => each.Hash).Distinct().Count());
        Assert.Equal(inputs[1].Hash, Inputs(Morning.AddHours(9), Good).Hash);
    }

    private static AnalysisInputs Inputs(DateTimeOffset? readTime, params LotReference[] lots) => Inputs(readTime, RulePacks.Clinical, lots);

    private static AnalysisInputs Inputs(DateTimeOffset? readTime, RulePack pack, params LotReference[] lots)
    {
        AnalysisInputs plate = new TestPlate(TestPlate.Line()) { Pack = pack }.AddCalibrators(level => level).AddSample("S", 10, 10).Inputs();
        PlateLayout layout = PlateLayout.Create("test", 1, plate.Layout.Format, plate.Layout.Wells, lots).ValueOrThrow();
        return AnalysisInputs.Check(plate.Read, layout, plate.Assay, pack, readTime).ValueOrThrow();
    }
}
