using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Analysis;
using Biomarkers.Tests.Immunoassay.Curves;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.QualityControl;

/// <summary>Each rule at its exact edges, on plates whose curve is response = concentration.</summary>
public class QcRuleEdgeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(16, 1.2, true)] // the limit is included
    [InlineData(16, 1.20001, false)] // just above it
    [InlineData(16, 0.8, true)] // lower limit, included
    [InlineData(16, 0.79999, false)] // just below it
    [InlineData(1, 1.25, true)] // the LLOQ has 25 %
    [InlineData(1, 1.25001, false)]
    [InlineData(128, 0.75, true)] // the ULOQ has 25 %
    [InlineData(128, 0.74999, false)]
    [InlineData(2, 1.25, false)] // the level beside the LLOQ has 20 %
    public void CalibratorRecovery_AtItsLimits_IsIncluded(double level, double factor, bool isAccepted)
    {
        AnalyticalRun run = Line().AddCalibrators(Deviating([level], factor, TestPlate.Levels)).Analyze();

        Assert.Equal(isAccepted, run.Curves[0].Calibrators.Single(calibrator => calibrator.Nominal == level).IsAccepted);
        QcFlag[] flags = [.. run.Flags.Where(flag => flag.Code == FlagCodes.CalibratorRecovery)];
        Assert.Equal(isAccepted ? 0 : 1, flags.Length);
        Assert.All(flags, flag => Assert.Equal(($"CAL{level}", 2, "ICH M10 (2022), LBA"), (flag.Subject, flag.Wells.Count, flag.Clause)));
    }

    [Theory]
    [InlineData(8, 2, true)] // exactly 75 %, exactly 6 levels
    [InlineData(8, 3, false)] // 62.5 %, 5 levels
    [InlineData(6, 0, true)] // exactly 6 levels
    [InlineData(5, 0, false)] // 100 % of too few
    [InlineData(7, 1, true)] // 6 of 7
    [InlineData(9, 3, false)] // 6 levels, and only 66.7 %
    [InlineData(12, 3, true)] // exactly 75 % of more
    [InlineData(12, 4, false)] // 8 levels, and only 66.7 %
    public void CurveAcceptance_AtItsLimits_IsIncluded(int levelCount, int rejectedCount, bool isAccepted)
    {
        double[] levels = [.. Enumerable.Range(0, levelCount).Select(i => Math.Pow(2, i))];
        AnalyticalRun run = new TestPlate(TestPlate.Line() with { Uloq = levels[^1] })
            .AddCalibrators(Deviating([.. levels.Skip(1).Take(rejectedCount)], 1.3, levels), levels).AddSample("S", 3).Analyze();

        Assert.Equal(isAccepted, run.Curves[0].IsAccepted);
        Assert.Equal(isAccepted ? RunVerdict.Accepted : RunVerdict.Rejected, run.Verdict);
        AcceptanceCriterion few = run.Criteria.Single(criterion => criterion.Code == FlagCodes.FewLevels);
        Assert.Equal((isAccepted ? CriterionOutcome.Passed : CriterionOutcome.Failed, levelCount - rejectedCount, 6d), (few.Outcome, few.Observed, few.Limit!.Value));
        AcceptanceCriterion curve = run.Criteria.Single(criterion => criterion.Code == FlagCodes.CurveRejected);
        Assert.Equal(100.0 * (levelCount - rejectedCount) / levelCount, curve.Observed);
        Assert.Equal("ICH M10 (2022) 4.2.3", curve.Clause);
        Assert.Equal(!isAccepted, run.Results[0].FlagCodes.Contains(FlagCodes.RunRejected));
    }

    [Fact]
    public void CurveAcceptance_AnchorsAndMaskedLevels_AreNotCounted()
    {
        TestPlate plate = Line().AddCalibrators(level => level, [1, 2, 4, 8, 16, 128])
            .Add(TestPlate.CalibratorOf(0.5, CalibratorKind.Anchor), 0.25).Add(TestPlate.CalibratorOf(256, CalibratorKind.Anchor), 512)
            .AddWithout(TestPlate.CalibratorOf(64), WellStatus.Masked);
        AnalyticalRun run = plate.Analyze();

        Assert.True(run.Curves[0].IsAccepted);
        Assert.All(
            run.Curves[0].Calibrators.Where(calibrator => calibrator.Kind == CalibratorKind.Anchor),
            anchor => Assert.Equal((true, null), (anchor.InFit, anchor.IsAccepted)));
        Assert.Equal(100, run.Criteria.Single(criterion => criterion.Code == FlagCodes.CurveRejected).Observed);

        // A level that overflowed has no assignable cause: it counts as failed, 6 of 7.
        AnalyticalRun saturated = plate.AddWithout(TestPlate.CalibratorOf(32), WellStatus.Saturated).Analyze();
        Assert.Equal(600.0 / 7, saturated.Criteria.Single(criterion => criterion.Code == FlagCodes.CurveRejected).Observed);
    }

    [Theory]
    [InlineData(1, 2, 128)] // rejected at the LLOQ: the next level up
    [InlineData(128, 1, 64)] // rejected at the ULOQ: the next level down
    [InlineData(16, 1, 128)] // rejected inside: nothing moves
    public void QuantificationLimits_RejectedCalibrator_MovesToTheNextAcceptable(double rejected, double lloq, double uloq)
    {
        AnalyticalRun run = Line().AddCalibrators(Deviating([rejected], 1.4, TestPlate.Levels)).AddSample("S", 0.9 * lloq).Analyze();

        Assert.Equal(new QuantificationRange(lloq, uloq), run.Curves[0].Range);
        QcFlag[] moved = [.. run.Flags.Where(flag => flag.Code == FlagCodes.LimitMoved)];
        Assert.Equal((lloq, uloq) == (1, 128) ? 0 : 1, moved.Length);
        Assert.Equal((RangeStatus.BelowLloq, lloq), (run.Results[0].RangeStatus, run.Results[0].Limit!.Value));
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
    }

    [Fact]
    public void QuantificationLimits_CalibratorsWithinTheDeclaredRange_NarrowItAndNeverWidenIt()
    {
        AnalyticalRun narrow = new TestPlate(TestPlate.Line() with { Lloq = 0.5, Uloq = 500 }).AddCalibrators(level => level).Analyze();
        AnalyticalRun wide = new TestPlate(TestPlate.Line() with { Lloq = 3, Uloq = 100 }).AddCalibrators(level => level).Analyze();

        Assert.Equal(new QuantificationRange(1, 128), narrow.Curves[0].Range);
        Assert.Equal(new QuantificationRange(3, 100), wide.Curves[0].Range);
        Assert.DoesNotContain(wide.Flags, flag => flag.Code == FlagCodes.LimitMoved);
    }

    [Theory]
    [InlineData("2/2 2/2 0/2", CriterionOutcome.Passed, CriterionOutcome.Failed)] // 4 of 6, and one level without any
    [InlineData("1/2 1/2 2/2", CriterionOutcome.Passed, CriterionOutcome.Passed)] // 4 of 6, half of each level: the edge of both
    [InlineData("1/2 1/2 1/2", CriterionOutcome.Failed, CriterionOutcome.Passed)] // half of all is less than two thirds
    [InlineData("3/5", CriterionOutcome.Failed, CriterionOutcome.Passed)] // 60 %
    [InlineData("2/3", CriterionOutcome.Passed, CriterionOutcome.Passed)] // exactly two thirds
    [InlineData("1/3 3/3 3/3", CriterionOutcome.Passed, CriterionOutcome.Failed)] // 7 of 9, and one of three is less than half
    [InlineData("0/1", CriterionOutcome.Failed, CriterionOutcome.Failed)] // a single control that failed
    public void ControlAccuracy_CountsSets_OverallAndPerLevel(string passedOfSets, CriterionOutcome overall, CriterionOutcome perLevel)
    {
        TestPlate plate = Line().AddCalibrators(level => level);
        foreach ((string counts, int level) in passedOfSets.Split(' ').Select((counts, i) => (counts, i)))
        {
            (int passed, int sets) = (counts[0] - '0', counts[2] - '0');
            for (int set = 1; set <= sets; set++)
            {
                // Two wells a set, far apart and with the right mean: sets count, not wells. 12 of 10 is exactly 20 %.
                double mean = set <= passed ? 12 : 12.0001;
                plate.Add(TestPlate.ControlOf($"L{level}", set), mean - 3).Add(TestPlate.ControlOf($"L{level}", set), mean + 3);
            }
        }

        AnalyticalRun run = plate.Analyze();
        Assert.Equal(overall, run.Criteria.Single(criterion => criterion.Code == FlagCodes.ControlsOverall).Outcome);
        Assert.Equal(perLevel, run.Criteria.Single(criterion => criterion.Code == FlagCodes.ControlsPerLevel).Outcome);
        Assert.Equal(overall == CriterionOutcome.Failed, run.Flags.Any(flag => flag.Code == FlagCodes.ControlsOverall));
        Assert.Equal(perLevel == CriterionOutcome.Failed, run.Flags.Any(flag => flag.Code == FlagCodes.ControlsPerLevel));
        bool isAccepted = (overall, perLevel) == (CriterionOutcome.Passed, CriterionOutcome.Passed);
        Assert.Equal(isAccepted ? RunVerdict.Accepted : RunVerdict.Rejected, run.Verdict);
    }

    [Fact]
    public void ControlAccuracy_WithoutControls_IsNotAssessedAndSaidSo()
    {
        AnalyticalRun run = Line().AddCalibrators(level => level).Analyze();

        Assert.All(
            run.Criteria.Where(criterion => criterion.Code is FlagCodes.ControlsOverall or FlagCodes.ControlsPerLevel),
            criterion => Assert.Equal((CriterionOutcome.NotAssessed, null), (criterion.Outcome, criterion.Observed)));
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
        Assert.Contains(run.Flags, flag => flag is { Rule: "controls-present@1", Severity: FlagSeverity.Warning });
    }

    [Fact]
    public void ControlAccuracy_ControlOffTheCurve_FailsAndMaskedControl_LeavesTheCount()
    {
        TestPlate plate = Line().AddCalibrators(level => level)
            .Add(TestPlate.ControlOf("LQC", 1), -1).Add(TestPlate.ControlOf("LQC", 2, dilution: 2), 5).AddWithout(TestPlate.ControlOf("LQC", 3), WellStatus.Masked);
        AnalyticalRun run = plate.Analyze();

        Assert.Equal([false, true, null], run.Controls.Select(control => control.IsAccepted));
        Assert.Equal(10, run.Controls[1].Concentration!.Value, 1e-9);
        Assert.Equal(50, run.Criteria.Single(criterion => criterion.Code == FlagCodes.ControlsOverall).Observed);
    }

    [Theory]
    [InlineData(10, 20, false)] // the limit is included
    [InlineData(10, 20.001, true)]
    [InlineData(1.25, 25, false)] // as far as 1.25 LLOQ the limit is 25 %
    [InlineData(1.25, 25.001, true)]
    [InlineData(1.2501, 20.001, true)] // beyond it 20 %
    [InlineData(0.9, 90, false)] // below the LLOQ nothing is reported, so nothing is judged
    public void ReplicateCv_AtItsLimits_IsIncluded(double mean, double cvPercent, bool isFlagged)
    {
        // Duplicates m - d and m + d have SD = d sqrt 2.
        double half = mean * cvPercent / 100 / Math.Sqrt(2);
        AnalyticalRun run = Line().AddCalibrators(level => level).AddSample("S", mean - half, mean + half).Analyze();

        Assert.Equal(cvPercent, run.Results[0].CvPercent!.Value, 1e-9);
        Assert.Equal(isFlagged, run.Results[0].FlagCodes.Contains(FlagCodes.ReplicateCv));
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
    }

    [Fact]
    public void ReplicateCv_OneWell_IsNotJudged()
    {
        AnalyticalRun run = Line().AddCalibrators(level => level).AddSample("S", 5).Analyze();

        Assert.Null(run.Results[0].CvPercent);
        Assert.DoesNotContain(FlagCodes.ReplicateCv, run.Results[0].FlagCodes);
    }

    [Theory]
    [InlineData(0.999, false, false)] // a blank below the response at the LLOQ, rising
    [InlineData(1.001, false, true)]
    [InlineData(1.001, true, false)] // falling: the blank must lie above it
    [InlineData(0.999, true, true)]
    public void BlankResponse_AgainstTheResponseAtTheLloq_KnowsTheDirection(double share, bool isFalling, bool isFlagged)
    {
        AnalyteSpecification analyte = isFalling ? TestPlate.Line() with { FixedParameters = new Dictionary<string, double> { ["logLogSlope"] = -1 } } : TestPlate.Line();
        double At(double level) => isFalling ? 1000 / level : level;
        AnalyticalRun run = new TestPlate(analyte).AddCalibrators(At).Add(new Blank("B"), At(1) * share).Add(new Blank("B"), At(1) * share).AddSample("S", At(5)).Analyze();

        Assert.Equal(isFlagged, run.Flags.Any(flag => flag.Code == FlagCodes.BlankHigh));
        Assert.Equal(isFlagged, run.Results[0].FlagCodes.Contains(FlagCodes.BlankHigh));
    }

    [Theory]
    [InlineData(0.9999999, RangeStatus.BelowLloq)]
    [InlineData(1.0000001, RangeStatus.Quantified)]
    [InlineData(127.99999, RangeStatus.Quantified)]
    [InlineData(128.00001, RangeStatus.AboveUloq)]
    public void QuantificationRange_AroundItsLimits_DecidesTheStatus(double concentration, RangeStatus status)
    {
        AnalyticalRun run = Line().AddCalibrators(level => level).AddSample("S", concentration).Analyze();

        SampleResult result = run.Results[0];
        Assert.Equal(status, result.RangeStatus);
        Assert.Equal(status == RangeStatus.Quantified, result.Concentration is not null);
        Assert.Equal(status == RangeStatus.BelowLloq, result.FlagCodes.Contains(FlagCodes.BelowLloq));
        Assert.Equal(status == RangeStatus.AboveUloq, result.FlagCodes.Contains(FlagCodes.AboveUloq));
    }

    [Theory]
    [InlineData(34, true)]
    [InlineData(35, false)] // the limit itself is enough
    public void BeadCount_AtItsLimit_IsEnough(int beads, bool isFlagged)
    {
        AnalysisInputs plain = Line().AddCalibrators(level => level).AddSample("S", 5).Inputs();
        ResponseColumn column = plain.Read.Columns[0];
        int[] counts = [.. column.Positions.Select(_ => 100).SkipLast(1), beads];
        var counted = new ResponseColumn("a", ColumnPurpose.Measurement, null, column.Positions, column.Responses, counts, []);
        PlateRead read = PlateRead.Create("P1", 96, ResponseKind.Luminescence, [counted]).ValueOrThrow();
        AnalyticalRun run = PlateAnalyzer.Analyze(plain with { Read = read });

        Assert.Equal(isFlagged, run.Results[0].FlagCodes.Contains(FlagCodes.WellLowBeads));
        Assert.Equal(5, run.Results[0].Concentration!.Value, 1e-9);
    }

    [Theory]
    [InlineData(-0.001, true)]
    [InlineData(0, false)] // zero is not negative
    public void NegativeResponse_BelowZero_IsNoticed(double response, bool isFlagged)
    {
        AnalyticalRun run = Line().AddCalibrators(level => level).AddSample("S", response).Analyze();

        Assert.Equal(isFlagged, run.Results[0].FlagCodes.Contains(FlagCodes.WellNegative));
        Assert.Equal(RangeStatus.BelowLloq, run.Results[0].RangeStatus);
    }

    [Theory]
    [InlineData(8, 0)] // in step
    [InlineData(4, 0)] // equal to the level below: flat, not turned back
    [InlineData(3.9, 1)] // below the level below
    [InlineData(17, 1)] // above the level above
    public void MonotoneCalibrators_ALevelOutOfStep_IsNamed(double responseOfEight, int turns)
    {
        AnalyticalRun run = Line().AddCalibrators(level => level == 8 ? responseOfEight : level).Analyze();

        QcFlag[] flags = [.. run.Flags.Where(flag => flag.Code == FlagCodes.NonMonotone)];
        Assert.Equal(turns, flags.Length);
        Assert.All(flags, flag => Assert.Contains("CAL8", flag.Text, StringComparison.Ordinal));
    }

    [SharedDataTheory]
    [InlineData("gtools_ELISA_Plate3_Day2_read1", "4pl", "none", true)] // upper asymptote far beyond the data: tools disagree
    [InlineData("gtools_ELISA_Plate2_Day1_read1", "5pl", "1/y2", true)] // the same, by the fifth parameter
    [InlineData("nCal_QIL3_LMX010", "5pl", "none", true)] // flat optimum: tools agree on the sum of squares and not on the parameters
    [InlineData("nCal_QIL3_LMX001", "5pl", "1/y2", false)] // the same kit on a plate where independent tools agree
    [InlineData("drLumi_plate1_HGF", "5pl", "1/y2", true)] // upper asymptote undetermined
    [InlineData("drLumi_plate1_IL6", "5pl", "1/y2", false)] // the vendor's own model on a good curve
    [InlineData("DNase_run01", "4pl", "1/y2", false)] // a plain ELISA
    public void CurveConditioning_DataThatDoNotDetermineTheCurve_AreFlagged(string id, string model, string weights, bool isFlagged)
    {
        (double[] x, double[] y) = ReferenceFits.InputOf(id);
        var plate = new TestPlate(TestPlate.FourParameter() with { CurveModel = model, Weights = weights, Lloq = x.Where(value => value > 0).Min(), Uloq = x.Max() });
        for (int i = 0; i < x.Length; i++)
        {
            plate.Add(TestPlate.CalibratorOf(x[i], x[i] == 0 ? CalibratorKind.Zero : CalibratorKind.Calibrator), y[i]);
        }

        AnalyticalRun run = plate.Analyze();
        CurveFit fit = run.Curves[0].Fit;
        output.WriteLine($"{id}: {fit.Termination}, condition {fit.ConditionNumber:E1}, at bound: {string.Join(", ", fit.ParametersAtBound)}");
        Assert.Equal(isFlagged, run.Flags.Any(flag => flag.Code is FlagCodes.IllConditioned or FlagCodes.NotConverged));
    }

    [Fact]
    public void IntervalBounds_SampleNearThePlateau_HasNoUpperEndAndANotice()
    {
        // Duplicates 5 % to either side of the truth; at 2,000 the curve has 0.6 % of its rise left, so no upper end can be had.
        var plate = new TestPlate(TestPlate.FourParameter() with { Uloq = 6000, Weights = "none" });
        foreach (double level in new double[] { 1, 5, 20, 60, 200, 600, 2000, 6000 })
        {
            plate.Add(TestPlate.CalibratorOf(level), TestPlate.Sigmoid(level) * 1.05).Add(TestPlate.CalibratorOf(level), TestPlate.Sigmoid(level) * 0.95);
        }

        AnalyticalRun run = plate.AddSample("plateau", TestPlate.Sigmoid(2000)).AddSample("middle", TestPlate.Sigmoid(60)).Analyze();

        Assert.All(run.Results, result => Assert.Equal(RangeStatus.Quantified, result.RangeStatus));
        Assert.NotNull(run.Results[0].Lower);
        Assert.Null(run.Results[0].Upper);
        QcFlag flag = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.IntervalUnbounded);
        Assert.Equal(("plateau", FlagSeverity.Notice), (flag.Subject, flag.Severity));
        Assert.NotNull(run.Results[1].Upper);
    }

    private static TestPlate Line() => new(TestPlate.Line());

    /// <summary>Responses by which some levels are recovered to exactly a factor: the others share the opposite, so that the line stays.</summary>
    private static Func<double, double> Deviating(double[] levels, double factor, IReadOnlyList<double> all) =>
        level => level * (levels.Contains(level) ? factor : Math.Pow(factor, -(double)levels.Length / (all.Count - levels.Length)));
}
