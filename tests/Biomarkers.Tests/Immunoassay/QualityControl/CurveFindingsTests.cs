using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Analysis;
using MathNet.Numerics.Distributions;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.QualityControl;

/// <summary>What rules make of a curve's diagnosis, precision and replicates.</summary>
public class CurveFindingsTests
{
    [Theory]
    [InlineData("ich-m10-lba-draft@2022", "2fbdcbb628f422e1dcb10644e901380226a39746d8abe9b7579c8808679844d4")]
    [InlineData("ich-m10-lba-draft@2022.2", "e0d50fbd87e910746fec3c4af0f31de6769bbbdb95160baaf97a6dccbef8f917")]
    [InlineData("ich-m10-lba-masking-draft@2022.2", "4cf30f08e1ed4bbded862ecaaf4228ec405904026180e2366328b671486de7fb")]
    [InlineData("clinical@1", "86abe63dc97db6916da8ba3d0cb679a7a9394e5534dc00cff473a8aff56c0882")]
    [InlineData("clinical@2", "bcbde5975e6a98a63c266545ede3db0424ca39c9c22ffd3e5838f1240bf17e45")]
    public void Packs_OfTheFirstEngine_KeepTheirContent(string name, string hash)
    {
        // Databases keep a pack by its name and refuse another content under it.
        Assert.True(RulePacks.TryFind(name, out RulePack? pack));
        Assert.Equal(hash, pack.Hash.ToString(), ignoreCase: true);
    }

    [Theory]
    [InlineData(1.0, false)]
    [InlineData(1.6, true)]
    public void Outliers_ShiftedLevelAndWell_AreNamedAndStayInTheFit(double factor, bool isNamed)
    {
        AnalyticalRun level = Noisy(TestPlate.FourParameter(), (concentration, _) => concentration == 16 ? factor : 1).Analyze();
        AnalyticalRun well = Noisy(TestPlate.FourParameter(), (concentration, replicate) => concentration == 16 && replicate == 0 ? factor : 1).Analyze();

        QcFlag[] levels = [.. level.Flags.Where(flag => flag.Code == FlagCodes.CalibratorOutlier)];
        QcFlag[] wells = [.. well.Flags.Where(flag => flag.Code == FlagCodes.WellOutlier)];
        Assert.Equal(isNamed ? ["CAL16"] : [], levels.Select(flag => flag.Subject));
        Assert.Equal(isNamed ? ["CAL16"] : [], wells.Select(flag => flag.Subject));
        Assert.All(levels.Concat(wells), flag => Assert.Equal(FlagSeverity.Warning, flag.Severity));
        Assert.All(levels.Concat(wells), flag => Assert.True(flag.Observed < 0.01 && flag.Limit == 0.01));
        Assert.All(level.Curves[0].Calibrators, calibrator => Assert.True(calibrator.InFit));
        Assert.Equal(16, well.Curves[0].Fit.DegreesOfFreedom + 4);
    }

    [Fact]
    public void Outliers_ZeroCalibratorUnderFixedWeights_IsNotJudgedByThem()
    {
        TestPlate Plate(string weights) => Noisy(TestPlate.FourParameter() with { Weights = weights }, (_, _) => 1)
            .Add(TestPlate.CalibratorOf(0, CalibratorKind.Zero), 40).Add(TestPlate.CalibratorOf(0, CalibratorKind.Zero), 160);

        Assert.DoesNotContain(Plate("1/y2").Analyze().Flags, flag => flag.Code is FlagCodes.WellOutlier or FlagCodes.CalibratorOutlier);
        Assert.Contains(Plate("variance:1,0.02,1").Analyze().Flags, flag => flag is { Code: FlagCodes.WellOutlier, Subject: "CAL0" });
    }

    [Fact]
    public void LackOfFit_LineThroughASigmoid_IsNoticed()
    {
        AnalyticalRun bent = Noisy(TestPlate.Line() with { FixedParameters = new Dictionary<string, double>() }, (_, _) => 1).Analyze();
        AnalyticalRun right = Noisy(TestPlate.FourParameter(), (_, _) => 1).Analyze();

        QcFlag flag = Assert.Single(bent.Flags, flag => flag.Code == FlagCodes.LackOfFit);
        Assert.Equal((FlagSeverity.Notice, 0.01, bent.Curves[0].Diagnosis!.LackOfFit!.PValue), (flag.Severity, flag.Limit!.Value, flag.Observed!.Value));
        Assert.DoesNotContain(right.Flags, one => one.Code == FlagCodes.LackOfFit);
    }

    [Fact]
    public void Asymptotes_CurveWithoutAPlateau_IsNoticedAtItsResults()
    {
        // The top calibrator of 128 on a curve whose middle is 5,000.
        static double Convex(double x) => 100 + (1_000_000 / (1 + Math.Pow(x / 5000, -1.2)));
        AnalyticalRun run = Noisy(TestPlate.FourParameter(), (_, _) => 1, Convex).AddSample("S", Convex(20)).Analyze();

        QcFlag flag = Assert.Single(run.Flags, flag => flag.Code == FlagCodes.AsymptoteNotReached);
        Assert.Equal(CurveParameters.UpperAsymptote, flag.Subject);
        Assert.Contains(FlagCodes.AsymptoteNotReached, run.Results[0].FlagCodes);
        Assert.Equal(RangeStatus.Quantified, run.Results[0].RangeStatus);
    }

    [Theory]
    [InlineData(10.82, 2, "variance:0,0.05,1", false)] // chi-square(1; 0.999) = 10.828
    [InlineData(10.84, 2, "variance:0,0.05,1", true)]
    [InlineData(6.90, 3, "variance:0,0.05,1", false)] // chi-square(2; 0.999) / 2 = 6.908
    [InlineData(6.92, 3, "variance:0,0.05,1", true)]
    [InlineData(13.87, 2, "variance:0,0.05,1,25", false)] // F(1, 25; 0.999) = 13.877
    [InlineData(13.89, 2, "variance:0,0.05,1,25", true)]
    [InlineData(100, 2, "shape:0,0.05,1", false)] // the plate's own scatter is no known variance
    [InlineData(100, 2, "1/y2", false)]
    public void ReplicateVariance_AroundItsQuantile_Decides(double ratio, int wells, string weights, bool isFlagged)
    {
        if (ratio < 20)
        {
            double quantile = weights.EndsWith(",25", StringComparison.Ordinal) ? FisherSnedecor.InvCDF(wells - 1, 25, 0.999) : ChiSquared.InvCDF(wells - 1, 0.999) / (wells - 1);
            Assert.Equal(ratio > quantile, isFlagged);
        }

        // The line is response = concentration, so V at a mean of 10 is 0.25. Deviations -d, +d (and 0) have the variance 2 d^2 / (wells - 1).
        double d = Math.Sqrt(ratio * 0.25 * (wells - 1) / 2);
        TestPlate plate = new TestPlate(TestPlate.Line() with { Weights = weights }).AddCalibrators(level => level);
        AnalyticalRun run = (wells == 2 ? plate.AddSample("S", 10 - d, 10 + d) : plate.AddSample("S", 10 - d, 10, 10 + d)).Analyze();

        Assert.Equal(isFlagged, run.Flags.Any(flag => flag is { Code: FlagCodes.ReplicateVariance, Severity: FlagSeverity.Notice }));
        Assert.Equal(isFlagged, run.Results[0].FlagCodes.Contains(FlagCodes.ReplicateVariance));
    }

    [Fact]
    public void IntervalWidth_AroundItsLimit_Decides()
    {
        // On the exact line with a known CV the interval is that of the sample's wells and the curve; V = (b f)^2 sets its width.
        foreach (double cv in (double[])[0.02, 0.05, 0.1, 0.2])
        {
            AnalyticalRun run = new TestPlate(TestPlate.Line() with { Weights = FormattableString.Invariant($"variance:0,{cv},1") })
                .AddCalibrators(level => level).AddSample("S", 10, 10).Analyze();
            SampleResult result = run.Results[0];
            double halfWidth = 50 * (result.Upper!.Value - result.Lower!.Value) / result.Concentration!.Value;
            QcFlag[] flags = [.. run.Flags.Where(flag => flag.Code == FlagCodes.IntervalWide)];
            Assert.Equal(halfWidth > 20 ? 1 : 0, flags.Length);
            Assert.Equal(cv >= 0.2, halfWidth > 20);
            Assert.All(flags, flag => Assert.Equal((halfWidth, 20d), (flag.Observed!.Value, flag.Limit!.Value)));
            double above = 100 * ((result.Upper.Value / result.Concentration.Value) - 1);
            string wide = FormattableString.Invariant($"reaches {above:F1} % above the concentration");
            Assert.All(flags, flag => Assert.Contains(wide, flag.Text, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PrecisionLimits_PlateWithoutPrecisionAtItsBottom_IsSaidAndNarrowsOnlyWhereThePackSaysSo(bool narrows)
    {
        // A floor of 60 under a curve that starts at 100: at 1 and 2 pg/mL, where it has risen by 1,600 and 3,700, the CV is a few percent; so the limit is 3 %.
        RulePack pack = With(RulePacks.IchM10Lba, "precision-limits@1", ("cvPercent", 3), ("wells", 2), ("narrows", narrows ? 1 : 0));
        AnalyteSpecification analyte = TestPlate.FourParameter() with { Weights = "variance:60,0.02,1" };
        TestPlate plate = new TestPlate(analyte) { Pack = pack };
        AnalyticalRun run = plate.AddCalibrators(level => TestPlate.Sigmoid(level)).AddSample("low", TestPlate.Sigmoid(1.05)).AddSample("mid", TestPlate.Sigmoid(20)).Analyze();

        StandardCurve curve = run.Curves[0];
        double own = curve.Precision!.Lowest!.Value;
        Assert.InRange(own, 1.1, 20);
        QcFlag flag = Assert.Single(run.Flags, flag => flag.Rule == "precision-limits@1" && flag.Subject == "LLOQ");
        Assert.Equal((narrows ? FlagCodes.LimitMoved : FlagCodes.PrecisionLimit, own, 1d), (flag.Code, flag.Observed!.Value, flag.Limit!.Value));
        Assert.Equal(narrows ? own : 1, curve.Range!.Lloq);
        Assert.True(curve.Range.Uloq <= 128);
        Assert.Equal(narrows ? RangeStatus.BelowLloq : RangeStatus.Quantified, run.Results[0].RangeStatus);
        Assert.Equal(RangeStatus.Quantified, run.Results[1].RangeStatus);
        Assert.DoesNotContain(run.Flags, one => one.Rule == "quantification-limits@1");
    }

    [Fact]
    public void PrecisionLimits_PreciseFarBeyondTheRange_NeverWidenIt()
    {
        RulePack pack = With(RulePacks.IchM10Lba, "precision-limits@1", ("cvPercent", 20), ("wells", 2), ("narrows", 1));
        AnalyteSpecification analyte = TestPlate.FourParameter() with { Weights = "variance:1,0.01,1", Lloq = 4, Uloq = 32 };
        AnalyticalRun run = new TestPlate(analyte) { Pack = pack }.AddCalibrators(level => TestPlate.Sigmoid(level)).Analyze();

        Assert.Equal((1d, 128d), (run.Curves[0].Precision!.Lowest!.Value, run.Curves[0].Precision!.Highest!.Value));
        Assert.Equal(new QuantificationRange(4, 32), run.Curves[0].Range);
        Assert.DoesNotContain(run.Flags, flag => flag.Rule == "precision-limits@1");
    }

    [Fact]
    public void PrecisionLimits_NothingPrecise_LeavesNoRangeWhereThePackNarrows()
    {
        RulePack pack = With(RulePacks.IchM10Lba, "precision-limits@1", ("cvPercent", 20), ("wells", 2), ("narrows", 1));
        AnalyticalRun run = new TestPlate(TestPlate.FourParameter() with { Weights = "variance:1,2,1" }) { Pack = pack }
            .AddCalibrators(level => TestPlate.Sigmoid(level)).AddSample("S", TestPlate.Sigmoid(20)).Analyze();

        Assert.Null(run.Curves[0].Range);
        Assert.Equal((RangeStatus.NotDetermined, RunVerdict.Rejected), (run.Results[0].RangeStatus, run.Verdict));
        Assert.Contains(run.Flags, flag => flag is { Code: FlagCodes.LimitMoved, Rule: "precision-limits@1" });
        Assert.Contains(run.Flags, flag => flag.Code == FlagCodes.CurveRejected && flag.Text.Contains("precise", StringComparison.Ordinal));
    }

    /// <summary>A pack with other limits of one rule.</summary>
    internal static RulePack With(RulePack pack, string rule, params (string Name, double Value)[] limits) => pack with
    {
        Rules =
        [
            .. pack.Rules.Select(entry => entry.Rule == rule ? entry with { Limits = limits.ToDictionary(limit => limit.Name, limit => limit.Value) } : entry),
        ],
    };

    /// <summary>Calibrators in duplicate 1 % to either side of the curve, in turns, times a factor of one's own.</summary>
    private static TestPlate Noisy(AnalyteSpecification analyte, Func<double, int, double> factor, Func<double, double>? curve = null)
    {
        var plate = new TestPlate(analyte);
        for (int i = 0; i < TestPlate.Levels.Count; i++)
        {
            double level = TestPlate.Levels[i], response = curve?.Invoke(level) ?? TestPlate.Sigmoid(level), shift = 0.002 * ((i * 3 % 5) - 2);
            plate.Add(TestPlate.CalibratorOf(level), response * (1.01 + shift) * factor(level, 0)).Add(TestPlate.CalibratorOf(level), response * (0.99 + shift) * factor(level, 1));
        }

        return plate;
    }
}
