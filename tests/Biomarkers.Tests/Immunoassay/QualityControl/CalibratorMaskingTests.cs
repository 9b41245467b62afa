using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Analysis;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.QualityControl;

/// <summary>Masking by rule, on plates whose curve is response = concentration.</summary>
public class CalibratorMaskingTests
{
    [Fact]
    public void Masking_OneDeviantLevel_IsTakenOutSaidAndChangesTheCurve()
    {
        AnalyticalRun asked = Plate(RulePacks.IchM10LbaMasking, level => level == 16 ? 2 * level : level).AddSample("S", 10).Analyze();
        AnalyticalRun unasked = Plate(RulePacks.IchM10Lba, level => level == 16 ? 2 * level : level).AddSample("S", 10).Analyze();

        CalibratorResult masked = asked.Curves[0].Calibrators.Single(calibrator => calibrator.Nominal == 16);
        Assert.Equal((false, false, 200d), (masked.InFit, masked.IsAccepted, Math.Round(masked.RecoveryPercent!.Value, 9)));
        Assert.All(asked.Curves[0].Calibrators.Where(calibrator => calibrator != masked), calibrator => Assert.Equal((true, true), (calibrator.InFit, calibrator.IsAccepted)));
        Assert.Equal(10, asked.Results[0].Concentration!.Value, 1e-9);
        Assert.Equal(RunVerdict.Accepted, asked.Verdict);

        // With it the line is 2^(1/8) higher, so it was recovered to 2 x 2^(-1/8), and the sample changes by 2^(1/8).
        QcFlag flag = Assert.Single(asked.Flags, flag => flag.Code == FlagCodes.CalibratorMasked);
        Assert.Equal(("CAL16", 2, 20d), (flag.Subject, flag.Wells.Count, flag.Limit!.Value));
        Assert.Equal(200 * Math.Pow(2, -0.125), flag.Observed!.Value, 1e-9);
        Assert.Contains("at most 9.05 %", flag.Text, StringComparison.Ordinal);
        Assert.Contains(FlagCodes.CalibratorMasked, asked.Results[0].FlagCodes);
        Assert.DoesNotContain(asked.Flags, one => one.Code == FlagCodes.CalibratorRecovery);

        // No other pack masks: the level stays and is named.
        Assert.True(unasked.Curves[0].Calibrators.Single(calibrator => calibrator.Nominal == 16).InFit);
        Assert.DoesNotContain(unasked.Flags, one => one.Code == FlagCodes.CalibratorMasked);
        Assert.Contains(unasked.Flags, one => one is { Code: FlagCodes.CalibratorRecovery, Subject: "CAL16" });
    }

    [Fact]
    public void Masking_SeveralDeviantLevels_TakesTheMostDeviantFirstAndStopsAtThreeQuartersAndSixLevels()
    {
        // Factors 8, 4 and 2: the third would leave five of eight.
        AnalyticalRun run = Plate(RulePacks.IchM10LbaMasking, level => level switch { 8 => 4, 32 => 8, 64 => 2, _ => 1 } * level).AddSample("S", 10).Analyze();

        Assert.Equal(["CAL32", "CAL8"], run.Flags.Where(flag => flag.Code == FlagCodes.CalibratorMasked).Select(flag => flag.Subject));
        Assert.Equal([8d, 32d], run.Curves[0].Calibrators.Where(calibrator => !calibrator.InFit).Select(calibrator => calibrator.Nominal));
        Assert.Contains(run.Flags, flag => flag is { Code: FlagCodes.CalibratorRecovery, Subject: "CAL64" });
        Assert.Contains(run.Flags, flag => flag.Code == FlagCodes.FewLevels);
        Assert.Equal(RunVerdict.Rejected, run.Verdict);
    }

    [Theory]
    [InlineData(6, 0)] // six levels: none may go
    [InlineData(7, 1)] // seven: one, and six are 86 %
    [InlineData(8, 2)] // eight: two, exactly 75 %
    [InlineData(12, 3)] // twelve: three, exactly 75 %
    public void Masking_OfSoManyLevels_TakesNoMoreThanTheRuleAllows(int levelCount, int maskedCount)
    {
        double[] levels = [.. Enumerable.Range(0, levelCount).Select(i => Math.Pow(2, i))];
        double[] deviant = [.. levels.Skip(1).Take(4)];
        AnalyticalRun run = new TestPlate(TestPlate.Line() with { Uloq = levels[^1] }) { Pack = RulePacks.IchM10LbaMasking }
            .AddCalibrators(level => Array.IndexOf(deviant, level) is >= 0 and var i ? level * (4 + i) : level, levels).Analyze();

        Assert.Equal(maskedCount, run.Flags.Count(flag => flag.Code == FlagCodes.CalibratorMasked));
        Assert.Equal(maskedCount, run.Curves[0].Calibrators.Count(calibrator => !calibrator.InFit));
    }

    [Theory]
    [InlineData(1, 2, 128)]
    [InlineData(128, 1, 64)]
    public void Masking_CalibratorOfALimit_MovesItToTheNextLevelAndAsksForControlsInside(double deviant, double lloq, double uloq)
    {
        TestPlate plate = Plate(RulePacks.IchM10LbaMasking, level => level == deviant ? 3 * level : level);
        foreach ((string name, double nominal) in new[] { ("LQC", 1.5), ("MQC", 10), ("HQC", 50) })
        {
            plate.Add(TestPlate.ControlOf(name, 1, nominal), nominal).Add(TestPlate.ControlOf(name, 2, nominal), nominal);
        }

        AnalyticalRun run = plate.Analyze();

        Assert.Equal(new QuantificationRange(lloq, uloq), run.Curves[0].Range);
        Assert.Contains(run.Flags, flag => flag is { Code: FlagCodes.LimitMoved, Rule: "quantification-limits@1" });
        // A range from 2 up leaves the low control outside.
        Assert.Equal(lloq == 2, run.Flags.Any(flag => flag is { Code: FlagCodes.LimitMoved, Rule: "calibrator-masking@1", Observed: 2 }));
        Assert.Equal(RunVerdict.Accepted, run.Verdict);
    }

    [Fact]
    public void Masking_ByWell_KeepsTheGoodWellOfALevel()
    {
        RulePack pack = CurveFindingsTests.With(
            RulePacks.IchM10LbaMasking, "calibrator-masking@1", ("remainingPercent", 75), ("minimumLevels", 6), ("masksWells", 1), ("controlLevels", 3));
        var plate = new TestPlate(TestPlate.Line()) { Pack = pack };
        foreach (double level in TestPlate.Levels)
        {
            plate.Add(TestPlate.CalibratorOf(level), level == 16 ? 5 * level : level).Add(TestPlate.CalibratorOf(level), level);
        }

        AnalyticalRun run = plate.AddSample("S", 10).Analyze();

        QcFlag flag = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.CalibratorMasked);
        Assert.Equal("A09", Assert.Single(flag.Wells).ToString());
        CalibratorResult level16 = run.Curves[0].Calibrators.Single(calibrator => calibrator.Nominal == 16);
        Assert.Equal((true, true, "A10"), (level16.InFit, level16.IsAccepted, Assert.Single(level16.Wells).ToString()));
        Assert.Equal(10, run.Results[0].Concentration!.Value, 1e-9);
    }

    [Fact]
    public void Masking_CleanPlate_ChangesNothing()
    {
        AnalyticalRun asked = Plate(RulePacks.IchM10LbaMasking, level => level).AddSample("S", 10).Analyze();
        AnalyticalRun unasked = Plate(RulePacks.IchM10Lba, level => level).AddSample("S", 10).Analyze();

        Assert.Equal(unasked.Curves[0].Fit.Parameters, asked.Curves[0].Fit.Parameters);
        Assert.Equal(unasked.Flags.Select(flag => flag.Text), asked.Flags.Select(flag => flag.Text));
    }

    private static TestPlate Plate(RulePack pack, Func<double, double> responseOf) => new TestPlate(TestPlate.Line()) { Pack = pack }.AddCalibrators(responseOf);
}
