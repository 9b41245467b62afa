using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Results.Review;

/// <summary>The life of one result, held against rows of the design and against a second description of it.</summary>
public class ResultLifeTests
{
    // Each letter is a version: p preliminary with a value, o preliminary without, f final, c corrected, w withdrawn, x cancelled.
    [Theory]
    [InlineData("p", ReviewStep.Release, 1, ResultStatus.Final, 1, null)]
    [InlineData("o", ReviewStep.Release, 1, ResultStatus.Cancelled, 1, null)]
    [InlineData("pp", ReviewStep.Release, 2, ResultStatus.Final, 2, null)]
    [InlineData("pfp", ReviewStep.Correct, 3, ResultStatus.Corrected, 3, 2)]
    [InlineData("pfo", ReviewStep.Correct, 3, ResultStatus.Cancelled, 3, 2)]
    [InlineData("pfpcp", ReviewStep.Correct, 5, ResultStatus.Corrected, 5, 4)]
    [InlineData("oxp", ReviewStep.Correct, 3, ResultStatus.Corrected, 3, 2)]
    [InlineData("pfwp", ReviewStep.Correct, 4, ResultStatus.Corrected, 4, 3)]
    [InlineData("pf", ReviewStep.Withdraw, 2, ResultStatus.Withdrawn, 2, 2)]
    [InlineData("pfp", ReviewStep.Withdraw, 2, ResultStatus.Withdrawn, 2, 2)]
    // What waited before a withdrawal still waits after it.
    [InlineData("pfpw", ReviewStep.Correct, 3, ResultStatus.Corrected, 3, 4)]
    public void Take_StepThatIsAllowed_MakesTheNextVersion(string life, ReviewStep step, int named, ResultStatus status, int basis, int? supersedes)
    {
        NextVersion next = Of(life).Take(step, named, "results[0]").ValueOrThrow();

        Assert.Equal(new NextVersion(life.Length + 1, status, basis, supersedes), next);
    }

    [Theory]
    [InlineData("pf", ReviewStep.Release, 1, ReviewReasons.StepNotAllowed)]
    [InlineData("p", ReviewStep.Correct, 1, ReviewReasons.StepNotAllowed)]
    [InlineData("p", ReviewStep.Withdraw, 1, ReviewReasons.StepNotAllowed)]
    [InlineData("pfw", ReviewStep.Withdraw, 3, ReviewReasons.StepNotAllowed)]
    [InlineData("pfw", ReviewStep.Correct, 3, ReviewReasons.StepNotAllowed)]
    [InlineData("pfp", ReviewStep.Release, 3, ReviewReasons.StepNotAllowed)]
    [InlineData("pp", ReviewStep.Release, 1, ReviewReasons.VersionChanged)]
    [InlineData("pfpc", ReviewStep.Withdraw, 2, ReviewReasons.VersionChanged)]
    public void Take_StepThatIsNot_SaysWhy(string life, ReviewStep step, int named, string reason)
    {
        Fault fault = Assert.Single(Of(life).Take(step, named, "results[0]").Faults);

        Assert.Equal(("results[0]", reason), (fault.Field, fault.Reason));
    }

    [Fact]
    public void Take_WhatAnOlderRunComputed_NeverLeaves()
    {
        var life = new ResultLife([new LifeVersion(1, ResultStatus.Preliminary, HasValue: true, IsOfNewestRun: false)], isHeld: false);

        Assert.Empty(life.AllowedSteps);
        Assert.Equal(ReviewReasons.StepNotAllowed, life.Take(ReviewStep.Release, 1, "").Faults[0].Reason);
    }

    [Fact]
    public void Take_WhileAHoldIsOpen_LetsNothingLeaveButAWithdrawal()
    {
        Assert.Equal(ReviewReasons.ResultHeld, Of("p", isHeld: true).Take(ReviewStep.Release, 1, "").Faults[0].Reason);
        Assert.Equal(ReviewReasons.ResultHeld, Of("pfp", isHeld: true).Take(ReviewStep.Correct, 3, "").Faults[0].Reason);
        Assert.Equal(ResultStatus.Withdrawn, Of("pf", isHeld: true).Take(ReviewStep.Withdraw, 2, "").ValueOrThrow().Status);
    }

    // Whatever is done in whatever order: the first that leaves supersedes nothing, each after it the one before, and no computation leaves twice.
    [Fact]
    public void Take_AnySteps_KeepTheChainOfWhatLeft() => Gen.Int[0, 4].Array[1, 40].Sample(steps =>
    {
        var versions = new List<LifeVersion>();
        var left = new List<NextVersion>();
        foreach (int step in steps)
        {
            if (versions.Count == 0 || step >= 3)
            {
                versions.Add(new LifeVersion(versions.Count + 1, ResultStatus.Preliminary, step == 3, IsOfNewestRun: true));
                continue;
            }

            var life = new ResultLife(versions, isHeld: false);
            var wanted = (ReviewStep)(step + 1);
            int named = (wanted == ReviewStep.Withdraw ? life.Current : life.Pending)?.Version ?? 1;
            Checked<NextVersion> next = life.Take(wanted, named, "");
            Assert.Equal(life.AllowedSteps.Contains(wanted), next.Faults.Count == 0);
            if (next.Value is { } made)
            {
                versions.Add(new LifeVersion(made.Version, made.Status, versions[made.Basis - 1].HasValue, IsOfNewestRun: true));
                left.Add(made);
            }
        }

        Assert.Equal(left.Select(made => made.Supersedes), left.Select((_, i) => i == 0 ? (int?)null : left[i - 1].Version));
        NextVersion[] computed = [.. left.Where(made => made.Status != ResultStatus.Withdrawn)];
        Assert.Equal(computed.Length, computed.Select(made => made.Basis).Distinct().Count());
        Assert.DoesNotContain(left.Zip(left.Skip(1)), pair => pair is { First.Status: ResultStatus.Withdrawn, Second.Status: ResultStatus.Withdrawn });
    });

    private static ResultLife Of(string letters, bool isHeld = false) => new(
        [.. letters.Select((letter, i) => new LifeVersion(i + 1, StatusOf(letter), letter is not ('o' or 'x'), IsOfNewestRun: true))], isHeld);

    private static ResultStatus StatusOf(char letter) => letter switch
    {
        'f' => ResultStatus.Final,
        'c' => ResultStatus.Corrected,
        'w' => ResultStatus.Withdrawn,
        'x' => ResultStatus.Cancelled,
        _ => ResultStatus.Preliminary,
    };
}
