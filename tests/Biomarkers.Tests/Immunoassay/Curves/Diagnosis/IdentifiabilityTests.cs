using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using MathNet.Numerics.Distributions;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves.Diagnosis;

public class IdentifiabilityTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, double> Free = [];

    /// <summary>Two columns of length 1 with the cosine c between them have the singular values sqrt(1 +- |c|) and, whatever c, the directions (1, +-1).</summary>
    [Fact]
    public void Of_LineFarFromItsIntercept_NamesBothParametersAlike()
    {
        double[] x = [1000, 1001, 1002, 1003];
        double[] y = [5, 5.1, 4.9, 5.05];
        Identifiability identifiability = Diagnose("loglog", "none", x, y, Free)!.Identifiability;

        double[] ln = [.. x.Select(value => Math.Log(value))];
        double cosine = ln.Sum() / Math.Sqrt(x.Length * ln.Sum(value => value * value));
        FlatDirection direction = Assert.Single(identifiability.FlatDirections);
        Assert.Equal(Math.Sqrt((1 - cosine) / (1 + cosine)), direction.RelativeSingularValue, 1e-7);
        Assert.Equal(1 / direction.RelativeSingularValue, identifiability.ConditionNumber, identifiability.ConditionNumber * 1e-9);
        Assert.Equal(["intercept", "logLogSlope"], direction.Leading.Select(component => component.Parameter).Order());
        Assert.All(direction.Components, component => Assert.Equal(0.5, component.Share, 1e-6));
        Assert.Equal(-direction.Components[0].Value, direction.Components[1].Value, 1e-6);
        Assert.Empty(identifiability.Asymptotes);
    }

    [Theory]
    [InlineData(3000, false)] // top calibrator at 99 % of the amplitude
    [InlineData(30, true)] // falling
    public void Of_NoiselessCurve_SaysHowFarTheCalibratorsReach(double top, bool isFalling)
    {
        double[] x = [.. Enumerable.Range(0, 8).Select(i => top / Math.Pow(3, i))];
        double Share(double value) => 1 / (1 + Math.Pow(value / 30, -1.2));
        double[] y = [.. x.Select(value => 10 + (990 * (isFalling ? 1 - Share(value) : Share(value))))];
        IReadOnlyList<AsymptoteDiagnosis> asymptotes = Diagnose("4pl", "none", x, y, Free)!.Identifiability.Asymptotes;

        double high = Share(x[0]), low = 1 - Share(x[^1]);
        Assert.Equal([CurveParameters.LowerAsymptote, CurveParameters.UpperAsymptote], asymptotes.Select(asymptote => asymptote.Parameter));
        Assert.Equal(isFalling ? high : low, asymptotes[0].Reach, 1e-6);
        Assert.Equal(isFalling ? low : high, asymptotes[1].Reach, 1e-6);
        Assert.All(asymptotes, asymptote => Assert.True(asymptote.IsDetermined));
        Assert.Equal((10, 1000), (Math.Round(asymptotes[0].Value, 3), Math.Round(asymptotes[1].Value, 3)));
    }

    [Fact]
    public void Of_FixedAsymptote_IsDeterminedWithoutAnError()
    {
        double[] x = [1, 2, 4, 8, 16, 32, 64];
        double[] y = [.. x.Select((value, i) => (100 / (1 + Math.Pow(value / 500, -1))) * (i % 2 == 0 ? 1.02 : 0.98))];
        AsymptoteDiagnosis[] free = [.. Diagnose("4pl", "none", x, y, Free)!.Identifiability.Asymptotes];
        AsymptoteDiagnosis[] held = [.. Diagnose("4pl", "none", x, y, new Dictionary<string, double> { ["upperAsymptote"] = 100 })!.Identifiability.Asymptotes];

        Assert.False(free[1].IsDetermined);
        Assert.Equal((true, true, 0d), (held[1].IsDetermined, held[1].IsFixed, held[1].RelativeStandardError!.Value));
        Assert.False(held[0].IsFixed);
    }

    [Theory]
    [InlineData(1.0, null, false, "no standard error")]
    [InlineData(1.0, 0.31, false, "its standard error is 31 % of the amplitude, expected below 20 %")]
    [InlineData(0.1, 0.05, false, "the calibrators cover 10 % of the fitted amplitude towards it, so that it is extrapolated")]
    [InlineData(1.0, 0.05, true, "it ended on a bound")]
    [InlineData(1.0, 0.05, false, "")]
    public void WhyNotBy_EachReason_IsTheOneThatHolds(double reach, double? error, bool isAtBound, string expected)
    {
        string why = new AsymptoteDiagnosis(CurveParameters.UpperAsymptote, 3, reach, error, false, isAtBound).WhyNotBy(0.2, 0.25);
        Assert.Contains(expected, why, StringComparison.Ordinal);
        Assert.Equal(expected.Length == 0, why.Length == 0);
        Assert.Equal(reach < 0.25, why.Contains("extrapolated", StringComparison.Ordinal));
    }

    /// <summary>A curve without a plateau, on plates whose own scatter gives the standard error: the worst case for a false "determined".</summary>
    [Theory]
    [InlineData("shape:0,1,1")]
    [InlineData("variance:0,0.03,1")]
    public void Of_TopCalibratorAtATenthOfTheAmplitude_IsHardlyEverCalledDetermined(string weights)
    {
        const int plates = 600;
        var random = new Random(9);
        int determined = 0, byErrorAlone = 0;
        for (int plate = 0; plate < plates; plate++)
        {
            double slope = 1.1 + (0.5 * random.NextDouble());
            double middle = 1000 * Math.Pow(9, 1 / slope);
            double[] x = [.. Enumerable.Range(0, 16).Select(i => 1000 / Math.Pow(3, i / 2))];
            double[] y = [.. x.Select(value => (50 + (100_000 / (1 + Math.Pow(value / middle, -slope)))) * (1 + (0.03 * Normal.Sample(random, 0, 1))))];
            if (Diagnose("4pl", weights, x, y, Free) is { } diagnosis)
            {
                AsymptoteDiagnosis upper = diagnosis.Identifiability.Asymptotes[1];
                determined += upper.IsDetermined ? 1 : 0;
                byErrorAlone += upper.RelativeStandardError < AsymptoteDiagnosis.DeterminedBelow ? 1 : 0;
            }
        }

        output.WriteLine($"{weights}: determined {100.0 * determined / plates:F2} %, by the standard error alone {100.0 * byErrorAlone / plates:F2} %");
        Assert.True(determined < 0.01 * plates);
    }

    /// <summary>Rows on which independent programs disagree, that none could fit, or whose optimum is flat.</summary>
    [SharedDataFact]
    public void Of_EveryReferenceFitThatProgramsDisputeOrLeave_IsNotUsableOrFlagged()
    {
        var misses = new List<string>();
        int disputed = 0, unflaggedAgreed = 0, agreed = 0;
        foreach (Dictionary<string, string> row in ReferenceFits.Rows("fits/reference_fits.csv"))
        {
            (double[] x, double[] y) = ReferenceFits.InputOf(row["id"]);
            string model = row["model"] switch { "4PL" => "4pl", "5PL" => "5pl", _ => "5pl-ad" };
            bool isFlagged = Diagnose(model, row["weight"], x, y, Free) is not { } diagnosis
                || diagnosis.Identifiability.ParametersAtBound.Count > 0
                || diagnosis.Identifiability.ConditionNumber > CurveFitter.IllConditionedFrom
                || diagnosis.Identifiability.Asymptotes.Any(asymptote => !asymptote.IsDetermined);
            bool isDisputed = row["verdict"].StartsWith("DISAGREE", StringComparison.Ordinal) || row["verdict"].StartsWith("flat_optimum", StringComparison.Ordinal)
                || row["verdict"].StartsWith("not_fitted", StringComparison.Ordinal);
            disputed += isDisputed ? 1 : 0;
            agreed += row["verdict"] == "agree" ? 1 : 0;
            unflaggedAgreed += row["verdict"] == "agree" && !isFlagged ? 1 : 0;
            if (isDisputed && !isFlagged)
            {
                misses.Add($"{ReferenceFits.Name(row)} ({row["verdict"]}; {row["flags"]}; cond {row["cond"]})");
            }
        }

        output.WriteLine($"{disputed} disputed, {misses.Count} of them without a flag; {agreed} agreed, {unflaggedAgreed} of them without a flag");
        misses.ForEach(output.WriteLine);
        Assert.True(unflaggedAgreed > agreed / 2);
        Assert.Empty(misses);
    }

    [SharedDataTheory]
    [InlineData("gtools_ELISA_Plate3_Day2_read1", "4pl", "none", "inflection upperAsymptote")] // a curve without a plateau
    [InlineData("drLumi_plate1_HGF", "5pl", "1/y2", "asymmetry slope")] // a plateau reached in a corner, which two parameters share
    public void Of_KnownUndeterminedPlates_NameTheParametersThatMoveTogether(string id, string model, string weights, string parameters)
    {
        (double[] x, double[] y) = ReferenceFits.InputOf(id);
        Identifiability identifiability = Diagnose(model, weights, x, y, Free)!.Identifiability;

        output.WriteLine($"{id}: condition {identifiability.ConditionNumber:G3}; "
            + string.Join("; ", identifiability.FlatDirections.Select(direction => string.Join(", ", direction.Leading.Select(one => $"{one.Parameter} {100 * one.Share:F0} %")))));
        Assert.Equal(parameters.Split(' '), identifiability.FlatDirections[0].Leading.Select(component => component.Parameter).Order(StringComparer.Ordinal));
        Assert.All(identifiability.Asymptotes, asymptote => Assert.False(asymptote.IsDetermined && parameters.Contains(asymptote.Parameter, StringComparison.Ordinal)));
    }

    private static CurveDiagnosis? Diagnose(string model, string weights, double[] x, double[] y, Dictionary<string, double> held)
    {
        var problem = new CurveFitProblem(ReferenceFits.Model(model), ReferenceFits.Weights(weights), x, y, held);
        bool hasPlace = y.All(value => problem.Weighting.IsDefinedFor(value));
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        return hasPlace ? CurveDiagnosis.Of(fit, problem) : null;
    }
}
