using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Analysis;

public class PlateAnalyzerTests
{
    [Fact]
    public void Analyze_NoiselessPlate_FindsTheTruth()
    {
        AnalyticalRun run = SigmoidPlate().AddSample("S1", TestPlate.Sigmoid(5), TestPlate.Sigmoid(5)).Analyze();

        SampleResult result = Assert.Single(run.Results);
        Assert.Equal(RangeStatus.Quantified, result.RangeStatus);
        Assert.Equal(5, result.Concentration!.Value, 1e-6);
        Assert.Equal(0, result.CvPercent!.Value, 1e-9);
        Assert.Null(result.ExtrapolatedConcentration);
        Assert.Null(result.Limit);
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
        Assert.All(run.Curves[0].Calibrators, calibrator => Assert.Equal(100, calibrator.RecoveryPercent!.Value, 1e-6));
    }

    [Fact]
    public void Analyze_NoisyPlate_GivesTheWithinPlateInterval()
    {
        AnalyticalRun run = NoisyPlate().Analyze();

        SampleResult result = run.Results[0];
        WithinPlateInterval expected = WithinPlateInterval.Of(run.Curves[0].Fit, result.MeanResponse!.Value, 2)!;
        Assert.Equal(expected.Lower * result.DilutionFactor, result.Lower);
        Assert.Equal(expected.Upper * result.DilutionFactor, result.Upper);
        Assert.True(result.Lower < result.Concentration && result.Concentration < result.Upper);
        Assert.Equal(4, result.LnConcentrationGradient!.Length);
        Assert.True(result.ResponseVariance > 0);
    }

    [Fact]
    public void Analyze_WellsInAnyOrder_GivesTheSameBits()
    {
        string expected = Bits(NoisyPlate().Analyze());
        Gen.Int[0, 1_000_000].Sample(
            seed => Assert.Equal(expected, Bits(NoisyPlate().Analyze(count => Shuffled(count, seed)))),
            iter: 20);
    }

    [Fact]
    public void Analyze_SampleTakenAway_LeavesTheOthersBitForBit()
    {
        AnalyticalRun all = NoisyPlate().Analyze();
        AnalyticalRun fewer = NoisyPlate(left: 3).Analyze();

        Assert.Equal(all.Results.Where(result => result.SampleId != "S3").Select(Bits), fewer.Results.Select(Bits));
    }

    [Fact]
    public void Analyze_Dilution_MultipliesResultLimitAndInterval()
    {
        AnalyticalRun run = NoisyPlate()
            .Add(new UnknownSample("D", 1, null), TestPlate.Sigmoid(10))
            .Add(new UnknownSample("D", 10, null), TestPlate.Sigmoid(10))
            .Add(new UnknownSample("H", 10, null), TestPlate.Sigmoid(500))
            .Add(new UnknownSample("L", 10, null), TestPlate.Sigmoid(0.5))
            .Analyze();

        SampleResult[] results = [.. run.Results.Where(result => result.SampleId is "D" or "H" or "L")];
        Assert.Equal(results[0].Concentration * 10, results[1].Concentration);
        Assert.Equal(results[0].Lower * 10, results[1].Lower);
        Assert.Equal(results[0].Upper * 10, results[1].Upper);
        Assert.Equal((RangeStatus.AboveUloq, 1280d, null, null), (results[2].RangeStatus, results[2].Limit!.Value, results[2].Concentration, results[2].Lower));
        Assert.True(results[2].ExtrapolatedConcentration > 1280);
        Assert.Equal((RangeStatus.BelowLloq, 10d, null), (results[3].RangeStatus, results[3].Limit!.Value, results[3].Concentration));
        Assert.True(results[3].ExtrapolatedConcentration < 10);
    }

    [Fact]
    public void Analyze_ResponseOffTheCurve_IsBeyondTheLimitWithoutANumber()
    {
        AnalyticalRun run = SigmoidPlate().AddSample("low", 1).AddSample("negative", -50).AddSample("high", 200_000).Analyze();

        Assert.Equal([RangeStatus.BelowLloq, RangeStatus.BelowLloq, RangeStatus.AboveUloq], run.Results.Select(result => result.RangeStatus));
        Assert.All(run.Results, result => Assert.Null(result.ExtrapolatedConcentration));
        Assert.All(run.Results, result => Assert.Null(result.Concentration));
        Assert.Contains(FlagCodes.BelowCurve, run.Results[1].FlagCodes);
        Assert.Contains(FlagCodes.WellNegative, run.Results[1].FlagCodes);
        Assert.Contains(FlagCodes.AboveCurve, run.Results[2].FlagCodes);
    }

    [Fact]
    public void Analyze_FallingCurve_SeesLowResponsesAsHighConcentrations()
    {
        static double Falling(double concentration) => TestPlate.Sigmoid(concentration, 100_000, 100);
        AnalyticalRun run = new TestPlate(TestPlate.FourParameter()).AddCalibrators(Falling)
            .AddSample("mid", Falling(20)).AddSample("high", 50).AddSample("low", 120_000).AddWithout(new UnknownSample("overflow", 1, null), WellStatus.Saturated, "OVRFLW")
            .Analyze();

        Assert.Equal(20, run.Results[0].Concentration!.Value, 1e-6);
        Assert.Equal([RangeStatus.AboveUloq, RangeStatus.BelowLloq, RangeStatus.BelowLloq], run.Results.Skip(1).Select(result => result.RangeStatus));
    }

    [Fact]
    public void Analyze_EveryWellOverflowed_IsAboveTheUloqOfARisingCurve()
    {
        AnalyticalRun run = SigmoidPlate()
            .AddWithout(new UnknownSample("S", 4, null), WellStatus.Saturated, "OVRFLW").AddWithout(new UnknownSample("S", 4, null), WellStatus.Masked)
            .AddWithout(new UnknownSample("gone", 1, null), WellStatus.Missing)
            .Analyze();

        Assert.Equal((RangeStatus.AboveUloq, 512d, null), (run.Results[0].RangeStatus, run.Results[0].Limit!.Value, run.Results[0].Concentration));
        Assert.Equal([FlagCodes.WellSaturated, FlagCodes.WellMasked], run.Results[0].FlagCodes.Where(code => code.StartsWith('W')));
        Assert.Equal(RangeStatus.NotDetermined, run.Results[1].RangeStatus);
        Assert.Contains(FlagCodes.WellMissing, run.Results[1].FlagCodes);
    }

    [Fact]
    public void Analyze_WellsWithoutANumber_LeaveTheGroupAndStayVisible()
    {
        TestPlate plate = SigmoidPlate().AddSample("S", TestPlate.Sigmoid(5)).AddWithout(new UnknownSample("S", 1, null), WellStatus.Unreadable, "Path?");
        AnalyticalRun run = plate.Add(new UnknownSample("hole", 1, null), (double?)null).Analyze();

        Assert.Single(run.Results[0].Wells);
        Assert.Null(run.Results[0].CvPercent);
        Assert.Contains(run.Flags, flag => flag.Code == FlagCodes.WellUnreadable && flag.Text.Contains("Path?", StringComparison.Ordinal));
        Assert.Equal(RangeStatus.NotDetermined, run.Results[1].RangeStatus);
        Assert.Contains(FlagCodes.WellMissing, run.Results[1].FlagCodes);
    }

    [Theory]
    [InlineData(true, FitTermination.NoResponseRange)] // every calibrator gave the same response
    [InlineData(false, FitTermination.TooFewLevels)] // the layout has no calibrator
    public void Analyze_NoCurve_IsARejectedRunAndNoException(bool hasCalibrators, FitTermination termination)
    {
        var plate = new TestPlate(TestPlate.FourParameter());
        AnalyticalRun run = (hasCalibrators ? plate.AddCalibrators(_ => 500) : plate).Add(TestPlate.ControlOf("LQC", 1), 500).AddSample("S", 500, 510).Analyze();

        Assert.Equal(termination, run.Curves[0].Fit.Termination);
        Assert.Null(run.Curves[0].Range);
        Assert.False(run.Curves[0].IsAccepted);
        Assert.Equal((RangeStatus.NotDetermined, 505d, null), (run.Results[0].RangeStatus, run.Results[0].MeanResponse!.Value, run.Results[0].Concentration));
        Assert.Null(run.Controls[0].IsAccepted);
        Assert.Equal(RunVerdict.Rejected, run.Verdict);
        Assert.Equal(!hasCalibrators, run.Flags.Any(flag => flag.Code == FlagCodes.LayoutHole && flag.Text.Contains("calibrator", StringComparison.Ordinal)));
        Assert.Contains(FlagCodes.NotConverged, run.Results[0].FlagCodes);
        Assert.Contains(FlagCodes.RunRejected, run.Results[0].FlagCodes);
    }

    [Fact]
    public void Analyze_RejectedRun_KeepsItsNumbersForReview()
    {
        TestPlate plate = SigmoidPlate().AddSample("S", TestPlate.Sigmoid(5));
        AnalyticalRun run = plate.Add(TestPlate.ControlOf("LQC", 1), TestPlate.Sigmoid(20)).Analyze();

        Assert.Equal(RunVerdict.Rejected, run.Verdict);
        Assert.Equal(5, run.Results[0].Concentration!.Value, 1e-6);
        Assert.Contains(FlagCodes.RunRejected, run.Results[0].FlagCodes);
    }

    [Fact]
    public void Analyze_CalibratorWithoutWeight_IsLeftOutWithAFlag()
    {
        AnalyticalRun run = SigmoidPlate()
            .Add(TestPlate.CalibratorOf(0.25, CalibratorKind.Anchor), -3)
            .Add(TestPlate.CalibratorOf(0, CalibratorKind.Zero), 100)
            .AddSample("S", TestPlate.Sigmoid(5))
            .Analyze();

        QcFlag flag = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.WeightUndefined);
        Assert.Equal("CAL0.25", flag.Subject);
        CalibratorResult[] calibrators = [.. run.Curves[0].Calibrators];
        Assert.Equal(("CAL0", true, null), (calibrators[0].Name, calibrators[0].InFit, calibrators[0].IsAccepted));
        Assert.Equal(("CAL0.25", false, null), (calibrators[1].Name, calibrators[1].InFit, calibrators[1].IsAccepted));
        Assert.Equal(5, run.Results[0].Concentration!.Value, 1e-6);
    }

    [Fact]
    public void Analyze_FitToMeans_MeetsAFitOfTheMeansByHand()
    {
        var random = new Random(7);
        var plate = new TestPlate(TestPlate.FourParameter() with { FitBasis = FitBasis.ReplicateMeans });
        var means = new List<double>();
        foreach (double level in TestPlate.Levels)
        {
            (double first, double second) = (Noisy(level, random), Noisy(level, random));
            plate.Add(TestPlate.CalibratorOf(level), first).Add(TestPlate.CalibratorOf(level), second);
            means.Add((first + second) / 2);
        }

        CurveFit expected = Curves.ReferenceFits.Fit("4pl", "1/y2", TestPlate.Levels, means);
        Assert.Equal(expected.Parameters, plate.Analyze().Curves[0].Fit.Parameters);
        Assert.Equal(4, plate.Analyze().Curves[0].Fit.DegreesOfFreedom);
    }

    [Fact]
    public void Analyze_BlankSubtracted_ShiftsEveryResponseOfTheAnalyte()
    {
        AnalyteSpecification analyte = TestPlate.Line() with { BlankTreatment = BlankTreatment.Subtract };
        AnalyticalRun run = new TestPlate(analyte).Add(new Blank("B"), 9).Add(new Blank("B"), 11).AddCalibrators(level => level + 10).AddSample("S", 15).Analyze();

        Assert.Equal(10, run.Curves[0].BlankMeanResponse);
        Assert.Equal(5, run.Results[0].Concentration!.Value, 1e-12);
        Assert.Equal(5, run.Results[0].MeanResponse);
    }

    [Fact]
    public void Analyze_ReferenceWavelength_IsSubtractedWellByWell()
    {
        AnalysisInputs plain = new TestPlate(TestPlate.Line()).AddCalibrators(level => level).AddSample("S", 5).AddSample("T", 7).Inputs();
        ResponseColumn measured = plain.Read.Columns[0];
        // Every well has another background, exact in binary; the last one has none, so it has no number.
        double[] background = [.. measured.Positions.Select((_, i) => i / 8.0)];
        double[] sums = [.. measured.Responses.Zip(background, (response, back) => response + back)];
        var raised = new ResponseColumn("a", ColumnPurpose.Measurement, 450, measured.Positions, sums, [], []);
        var reference = new ResponseColumn("a", ColumnPurpose.Reference, 620, [.. measured.Positions.SkipLast(1)], [.. background.SkipLast(1)], [], []);
        PlateRead read = PlateRead.Create("P1", 96, ResponseKind.Luminescence, [reference, raised]).ValueOrThrow();
        AnalyticalRun run = PlateAnalyzer.Analyze(plain with { Read = read });

        Assert.Equal(PlateAnalyzer.Analyze(plain).Curves[0].Fit.Parameters, run.Curves[0].Fit.Parameters);
        Assert.Equal(5, run.Results[0].Concentration!.Value, 1e-12);
        Assert.Equal(RangeStatus.NotDetermined, run.Results[1].RangeStatus);
        Assert.Contains(FlagCodes.WellMissing, run.Results[1].FlagCodes);
    }

    [Fact]
    public void Analyze_NominalsInAnotherUnit_AreConvertedWithinTheirKind()
    {
        Assert.True(ConcentrationUnit.TryParse("ng/mL", out ConcentrationUnit? nanograms));
        AnalyticalRun inPicograms = new TestPlate(TestPlate.Line()).AddCalibrators(level => level).AddSample("S", 5).Analyze();
        var plate = new TestPlate(TestPlate.Line());
        foreach (double level in TestPlate.Levels)
        {
            var calibrator = new Calibrator($"CAL{level}", CalibratorKind.Calibrator, [new NominalConcentration("a", level / 1000, nanograms)]);
            plate.Add(calibrator, level).Add(calibrator, level);
        }

        AnalyticalRun inNanograms = plate.AddSample("S", 5).Analyze();
        Assert.Equal(inPicograms.Curves[0].Calibrators.Select(calibrator => calibrator.Nominal), inNanograms.Curves[0].Calibrators.Select(calibrator => calibrator.Nominal));
        Assert.Equal(inPicograms.Results[0].Concentration, inNanograms.Results[0].Concentration);
        Assert.DoesNotContain(inNanograms.Flags, flag => flag.Code == FlagCodes.LimitMoved);
    }

    [Fact]
    public void Analyze_TwoAnalytes_AreEachOnTheirOwnCurve()
    {
        TestPlate plate = new(TestPlate.Line(), TestPlate.Line("b") with { Unit = ConcentrationUnit.PmolPerL, Lloq = 10, Uloq = 1280 });
        foreach (double level in TestPlate.Levels)
        {
            NominalConcentration[] nominals =
            [
                new NominalConcentration("a", level, ConcentrationUnit.PgPerMl), new NominalConcentration("b", level * 10, ConcentrationUnit.PmolPerL),
            ];
            plate.Add(new Calibrator($"CAL{level}", CalibratorKind.Calibrator, nominals), level, level * 1000);
        }

        AnalyticalRun run = plate.Add(new UnknownSample("S", 1, null), 5, 5).Add(new UnknownSample("T", 1, null), 5, 50_000).Analyze();

        Assert.Equal(["a", "b", "a", "b"], run.Results.Select(result => result.Analyte));
        Assert.Equal(["S", "S", "T", "T"], run.Results.Select(result => result.SampleId));
        Assert.Equal(500, run.Results[3].Concentration!.Value, 1e-9);
        Assert.Equal(ConcentrationUnit.PmolPerL, run.Results[3].Unit);
        Assert.Equal((RangeStatus.Quantified, RangeStatus.BelowLloq), (run.Results[0].RangeStatus, run.Results[1].RangeStatus));
        Assert.DoesNotContain(FlagCodes.BelowLloq, run.Results[0].FlagCodes);
    }

    [Fact]
    public void Analyze_PlateOf384Wells_ReportsEverySample()
    {
        TestPlate plate = new TestPlate(TestPlate.FourParameter()) { Format = PlateFormat.Wells384 }.AddCalibrators(level => TestPlate.Sigmoid(level));
        for (int i = 0; i < 184; i++)
        {
            double truth = 2 + (i / 2.0);
            plate.AddSample($"S{i}", TestPlate.Sigmoid(truth), TestPlate.Sigmoid(truth));
        }

        AnalyticalRun run = plate.Analyze();

        Assert.Equal(184, run.Results.Count);
        Assert.Equal("P24", run.Results[^1].Wells[^1].ToString());
        Assert.All(run.Results, (result, i) => Assert.Equal(2 + (i / 2.0), result.Concentration!.Value, 1e-5));
    }

    [Fact]
    public void Analyze_ReplicateOffTheCurve_HasNoCvAndAFlag()
    {
        AnalyticalRun run = SigmoidPlate().AddSample("S", TestPlate.Sigmoid(100), 100_500).AddSample("T", TestPlate.Sigmoid(20), 50).Analyze();

        SampleResult result = run.Results[1];
        Assert.Equal(RangeStatus.Quantified, result.RangeStatus);
        Assert.Null(result.CvPercent);
        Assert.Contains(FlagCodes.ReplicateCv, result.FlagCodes);
    }

    private static TestPlate SigmoidPlate() => new TestPlate(TestPlate.FourParameter()).AddCalibrators(level => TestPlate.Sigmoid(level));

    private static double Noisy(double concentration, Random random) => TestPlate.Sigmoid(concentration) * (1 + (0.08 * (random.NextDouble() - 0.5)));

    private static TestPlate NoisyPlate(int? left = null)
    {
        var random = new Random(3);
        var plate = new TestPlate(TestPlate.FourParameter());
        foreach (double level in TestPlate.Levels)
        {
            plate.Add(TestPlate.CalibratorOf(level), Noisy(level, random)).Add(TestPlate.CalibratorOf(level), Noisy(level, random));
        }

        for (int i = 0; i < 6; i++)
        {
            (double first, double second) = (Noisy(3 * (i + 1), random), Noisy(3 * (i + 1), random));
            WellContent content = i == left ? new Unused() : new UnknownSample($"S{i}", 2, null);
            plate.Add(content, first).Add(content, second);
        }

        return plate.Add(TestPlate.ControlOf("LQC", 1), Noisy(10, random)).Add(TestPlate.ControlOf("LQC", 2), Noisy(10, random));
    }

    private static IEnumerable<int> Shuffled(int count, int seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        return order;
    }

    /// <summary>Everything that a run says, numbers in the form that reads back to the same bits.</summary>
    private static string Bits(AnalyticalRun run) =>
        string.Join('\n', run.Curves[0].Fit.Parameters.Concat(run.Curves[0].Fit.Covariance!).Select(number => number.ToString("R"))
            .Concat(run.Curves[0].Calibrators.Select(calibrator => System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(calibrator))))
            .Concat(run.Controls.Select(control => System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(control))))
            .Concat(run.Flags.Select(flag => System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(flag))))
            .Concat(run.Results.Select(Bits)));

    private static string Bits(SampleResult result) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(result));
}
