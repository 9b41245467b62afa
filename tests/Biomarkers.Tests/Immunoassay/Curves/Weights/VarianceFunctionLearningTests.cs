using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Weights;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Weights;

public class VarianceFunctionLearningTests
{
    private static readonly double[] Means = [200, 210, 260, 400, 820, 2000, 5200, 11_000, 16_000, 18_500];
    private static readonly VarianceLearningOptions WithoutPrior = new() { Prior = new VarianceFunctionPrior { DegreesOfFreedom = 0, ThetaStandardDeviation = 1e6 } };

    [Theory]
    [InlineData(0, 0.06, 1)]
    [InlineData(30, 0.06, 1)]
    [InlineData(3, 0.8, 0.6)] // nearly counting noise
    [InlineData(0, 0.004, 1.3)]
    public void Learn_ManyGroups_FindsTheTruthWithinItsOwnError(double a, double b, double theta)
    {
        var truth = new VarianceFunction(a, b, theta);
        LearnedVarianceFunction learned = VarianceFunctionLearning.Learn(Draw(truth, 400, 3), VarianceLearningOptions.Default).ValueOrThrow();
        Assert.True(learned.IsDetermined);
        Assert.Equal(8000, learned.PooledDegreesOfFreedom);
        foreach (double mean in Means)
        {
            // Four of its own standard errors, and a little for the means, at which V is taken instead of at the truth.
            double ratio = Math.Sqrt(learned.Function.VarianceAt(mean) / truth.VarianceAt(mean));
            Assert.Equal(1, ratio, (4 * learned.LargestRelativeError) + 0.003);
        }
    }

    [Fact]
    public void Learn_AnyGroups_IsTheMaximumOfTheLikelihood()
    {
        List<ReplicateGroup> groups = Draw(new VarianceFunction(25, 0.07, 0.95), 12, 4);
        VarianceFunction found = VarianceFunctionLearning.Learn(groups, WithoutPrior).ValueOrThrow().Function;
        double best = Deviance(found);
        foreach (double factorA in (double[])[0.98, 1, 1.02])
        {
            foreach (double factorB in (double[])[0.99, 1, 1.01])
            {
                foreach (double shift in (double[])[-0.003, 0, 0.003])
                {
                    Assert.True(Deviance(new VarianceFunction(found.A * factorA, found.B * factorB, found.Theta + shift)) >= best - 1e-6);
                }
            }
        }

        double Deviance(VarianceFunction v) =>
            groups.Sum(group => group.DegreesOfFreedom * (Math.Log(v.VarianceAt(group.MeanResponse)) + (group.Variance / v.VarianceAt(group.MeanResponse))));
    }

    [Fact]
    public void Learn_ConstantCv_IsThePooledCvInClosedForm()
    {
        List<ReplicateGroup> groups = Draw(new VarianceFunction(0, 0.05, 1), 3, 5);
        VarianceLearningOptions options = WithoutPrior with { HeldTheta = 1, HasFloor = false };
        LearnedVarianceFunction learned = VarianceFunctionLearning.Learn(groups, options).ValueOrThrow();
        double pooled = groups.Sum(group => group.DegreesOfFreedom * group.Variance / (group.MeanResponse * group.MeanResponse)) / groups.Sum(group => group.DegreesOfFreedom);
        Assert.Equal(Math.Sqrt(pooled), learned.Function.B, 1e-5 * learned.Function.B);
        Assert.Equal((0.0, 1.0), (learned.Function.A, learned.Function.Theta));

        // One parameter takes all degrees of freedom.
        Assert.Equal(60, learned.PooledDegreesOfFreedom);
        Assert.Equal(60, learned.EffectiveDegreesOfFreedom, 1e-6);
        Assert.Equal(Math.Sqrt(2.0 / 60) / 2, learned.LargestRelativeError, 1e-9);
        Assert.Equal($"variance:0,{learned.Function.B},1,60", learned.Weighting.Id);
    }

    [Fact]
    public void Learn_FewGroups_StaysNearThePriorByItsDegreesOfFreedom()
    {
        // One parameter: the sum of df/2 (1 - ratio / B) over the groups plus 10/2 ln(B / 0.01) of the prior is 0.
        var prior = new VarianceFunctionPrior { RelativeStandardDeviation = 0.1, DegreesOfFreedom = 10 };
        var options = new VarianceLearningOptions { Prior = prior, HeldTheta = 1, HasFloor = false };
        ReplicateGroup[] groups = [new(1000, 400, 1), new(50, 1, 2)];
        LearnedVarianceFunction learned = VarianceFunctionLearning.Learn(groups, options).ValueOrThrow();
        double square = learned.Function.B * learned.Function.B;
        Assert.Equal(0, (3 * (1 - (0.0004 / square))) + (10 * Math.Log(square / 0.01)), 1e-3);
        Assert.InRange(learned.Function.B, 0.07, 0.1);
        Assert.Equal(3, learned.PooledDegreesOfFreedom);

        // Theta too stays where the prior has it, with one group that says nothing of it.
        LearnedVarianceFunction single = VarianceFunctionLearning.Learn([new(1000, 6400, 1)], VarianceLearningOptions.Default).ValueOrThrow();
        Assert.Equal(1, single.Function.Theta, 0.01);
        Assert.Equal(0.08, Math.Sqrt(single.Function.VarianceAt(1000)) / 1000, 1e-5);
        Assert.False(single.IsDetermined);
    }

    [Fact]
    public void Learn_ResponsesInAnotherUnit_IsTheSameFunctionInThatUnit()
    {
        List<ReplicateGroup> groups = Draw(new VarianceFunction(25, 0.07, 0.95), 30, 6);
        const double factor = 1e-4;
        List<ReplicateGroup> scaled = [.. groups.Select(group => new ReplicateGroup(group.MeanResponse * factor, group.Variance * factor * factor, group.DegreesOfFreedom))];
        VarianceFunction first = VarianceFunctionLearning.Learn(groups, VarianceLearningOptions.Default).ValueOrThrow().Function;
        VarianceFunction second = VarianceFunctionLearning.Learn(scaled, VarianceLearningOptions.Default).ValueOrThrow().Function;
        foreach (double mean in Means)
        {
            Assert.Equal(1, second.VarianceAt(mean * factor) / factor / factor / first.VarianceAt(mean), 1e-4);
        }
    }

    [Fact]
    public void Learn_ResponsesThatTheReaderRounded_DoNotTeachAVarianceOfZero()
    {
        // Optical densities to three digits: near the blank most duplicates are equal.
        var random = new SeededGenerator(7);
        List<ReplicateGroup> groups = [];
        for (int i = 0; i < 400; i++)
        {
            double mean = 0.05 * Math.Pow(40, (i % 8) / 7.0);
            double[] wells = [.. Enumerable.Range(0, 2).Select(_ => Math.Round(mean * (1 + (0.005 * random.NextNormal())), 3))];
            groups.Add(ReplicateGroup.Of(wells)!.Value);
        }

        LearnedVarianceFunction learned = VarianceFunctionLearning.Learn(groups, new VarianceLearningOptions { ResponseResolution = 0.001 }).ValueOrThrow();
        Assert.True(learned.ZeroVarianceCount > 100);
        Assert.True(learned.Function.A >= 0.001 / Math.Sqrt(12) * (1 - 1e-5));
        Assert.Equal(0.005, Math.Sqrt(learned.Function.VarianceAt(2)) / 2, 0.0008);
    }

    [Fact]
    public void Learn_NothingToLearnFrom_IsAReason()
    {
        Assert.Contains("0 groups", VarianceFunctionLearning.Learn([], VarianceLearningOptions.Default).Faults[0].Description, StringComparison.Ordinal);
        Assert.Contains("2 groups", VarianceFunctionLearning.Learn([new(1, 0, 1), new(2, 0, 1)], VarianceLearningOptions.Default).Faults[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Learn_JunkGroups_AreNamedAndLeftOutOnlyWhenAsked()
    {
        var truth = new VarianceFunction(0, 0.05, 1);
        List<ReplicateGroup> groups = Draw(truth, 20, 8);
        groups[17] = groups[17] with { Variance = 0.25 * groups[17].MeanResponse * groups[17].MeanResponse }; // an empty well
        groups[60] = groups[60] with { Variance = 1 * groups[60].MeanResponse * groups[60].MeanResponse };
        LearnedVarianceFunction kept = VarianceFunctionLearning.Learn(groups, VarianceLearningOptions.Default).ValueOrThrow();
        LearnedVarianceFunction left = VarianceFunctionLearning.Learn(groups, new VarianceLearningOptions { LeavesOutOutlyingGroups = true }).ValueOrThrow();
        Assert.Contains(60, kept.OutlyingGroups);
        Assert.Equal(groups.Count, kept.GroupCount);
        Assert.Equal([17, 60], left.OutlyingGroups);
        Assert.Equal(groups.Count - 2, left.GroupCount);
        Assert.Equal(0.05, Math.Sqrt(left.Function.VarianceAt(2000)) / 2000, 0.006);
    }

    [Theory]
    [InlineData(double.NaN, 1, 1)]
    [InlineData(1, -1, 1)]
    [InlineData(1, double.PositiveInfinity, 1)]
    [InlineData(1, 1, 0)]
    public void Learn_GroupThatIsNone_Throws(double mean, double variance, int df) =>
        Assert.Throws<ArgumentException>(() => VarianceFunctionLearning.Learn([new(mean, variance, df)], VarianceLearningOptions.Default));

    [Fact]
    public void Learn_ExtremeGroups_IsAlwaysAnAnswer()
    {
        ReplicateGroup[][] sets =
        [
            [new(0, 1, 1), new(0, 2, 1)],
            [new(0, 1, 1), new(1e5, 0, 1), new(-40, 3, 2)],
            [new(1e-300, 1e-300, 1), new(1e300, 1e300, 1)],
            [new(5, 1, 1), new(5, 1, 1), new(5, 1, 1)],
            [new(1e-8, 1e8, 1), new(1e8, 1e-8, 1)],
        ];
        foreach (ReplicateGroup[] set in sets)
        {
            Checked<LearnedVarianceFunction> learned = VarianceFunctionLearning.Learn(set, VarianceLearningOptions.Default);
            Assert.True(learned.Value is null
                ? learned.Faults.Count > 0
                : Weighting.TryParse(learned.Value.Weighting.Id, out Weighting? read) && read == learned.Value.Weighting);
        }
    }

    [Fact]
    public void Artefact_ReadBack_IsTheSameAndTellsAChange()
    {
        LearnedVarianceFunction learned = VarianceFunctionLearning.Learn(Draw(new VarianceFunction(25, 0.07, 1), 20, 9), VarianceLearningOptions.Default).ValueOrThrow();
        ContentHash[] reads = [ContentHash.Of([2]), ContentHash.Of([1]), ContentHash.Of([2])];
        var artefact = VarianceFunctionArtefact.Of("il6-elisa", 3, "il-6", "0.1.0", reads, VarianceLearningOptions.Default, learned);
        byte[] json = artefact.ToJson();
        VarianceFunctionArtefact read = VarianceFunctionArtefact.Read(json).ValueOrThrow();
        Assert.Equal(json, read.ToJson());
        Assert.Equal(artefact.ComputeHash(), read.ComputeHash());
        Assert.Equal(2, read.ReadHashes.Count);
        Assert.Equal(learned.Weighting.Id, read.Weights);
        Assert.NotEqual(artefact.ComputeHash(), (artefact with { EngineVersion = "0.2.0" }).ComputeHash());

        string text = System.Text.Encoding.UTF8.GetString(json);
        foreach (string changed in (string[])[
            text.Replace("\"weights\":\"variance:", "\"weights\":\"shape:", StringComparison.Ordinal),
            text.Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal),
            text.Replace("\"assayVersion\":3", "\"assayVersion\":0", StringComparison.Ordinal),
            text.Replace("\"theta\":", "\"thetas\":", StringComparison.Ordinal),
            text[..^5]])
        {
            Assert.NotEqual(text, changed);
            Assert.NotEmpty(VarianceFunctionArtefact.Read(System.Text.Encoding.UTF8.GetBytes(changed)).Faults);
        }
    }

    private static List<ReplicateGroup> Draw(VarianceFunction truth, int plates, ulong seed)
    {
        var random = new SeededGenerator(seed);
        List<ReplicateGroup> groups = [];
        for (int plate = 0; plate < plates; plate++)
        {
            for (int i = 0; i < Means.Length; i++)
            {
                double[] wells = [.. Enumerable.Range(0, 3).Select(_ => Means[i] + (Math.Sqrt(truth.VarianceAt(Means[i])) * random.NextNormal()))];
                groups.Add(ReplicateGroup.Of(wells)!.Value);
            }
        }

        return groups;
    }
}
