using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Results.Review;

/// <summary>What leaves without a reviewer: a whole plate of which nothing stands against it, and one condition after the other that does.</summary>
public class AutomaticReleaseTests
{
    private static readonly AnalysisInputs Inputs = AnalysisInputs.Check(
        TestPlates.Read("P-1"),
        TestPlates.Layout().WithAssayVersion(1),
        TestPlates.Assay,
        RulePackOf(TestPlates.Assay),
        TestPlates.ReadTime).ValueOrThrow();

    private static readonly AnalyticalRun Run = PlateAnalyzer.Analyze(Inputs);

    private static ReleaseCandidate Candidate => new(Run, Run.Results[0], Life("p"), Inputs.Layout, IsLayoutChanged: false, NeedsSignature: false);

    public static TheoryData<string, string, Func<ReleaseCandidate, ReleaseCandidate>> Obstacles => new()
    {
        { "RUN_REJECTED", "", candidate => candidate with { Run = candidate.Run with { Verdict = RunVerdict.Rejected } } }, // nobody cancels but a person
        { "NO_VALUE", "", candidate => candidate with { Result = candidate.Result with { RangeStatus = RangeStatus.NotDetermined } } }, // as above
        { "FLAG_REJECTS", "R_NEW", candidate => Flagged(candidate, FlagLevel.Run, null) }, // about the whole run
        { "FLAG_REJECTS", "R_NEW", candidate => Flagged(candidate, FlagLevel.Curve, "il-6") }, // about the result's curve
        { "FLAG_REJECTS", "R_NEW", candidate => Flagged(candidate, FlagLevel.Sample, "il-6") }, // about the result
        { "FLAG_REJECTS", "R_NEW", candidate => Unnamed(Flagged(candidate, FlagLevel.Calibrator, "il-6")) }, // codes of results don't name calibrators
        { "FLAG_REJECTS", "R_NEW", candidate => Flagged(candidate, FlagLevel.Sample, "il-6", (FlagSeverity)3) }, // a severity that comes later
        { "NOT_ASSESSED", "R_NEW", candidate => Judged(candidate, null, CriterionOutcome.NotAssessed) }, // a rule of the whole run
        { "NOT_ASSESSED", "R_NEW", candidate => Judged(candidate, "il-6", CriterionOutcome.NotAssessed) }, // a rule of the analyte
        { "RESULT_HELD", "", candidate => candidate with { Life = Life("p", isHeld: true) } }, // somebody doubts it
        { "LEFT_BEFORE", "", candidate => candidate with { Life = Life("pfp") } }, // would be a correction
        { "LEFT_BEFORE", "", candidate => candidate with { Life = Life("pfwp") } }, // so would this be
        { "LEFT_BEFORE", "", candidate => candidate with { Life = Life("oxp") } }, // what was cancelled left, too
        { "COMPUTED_BEFORE", "", candidate => candidate with { Life = Life("pp") } }, // the better of two reads is nobody's choice but a person's
        { "WELLS_LEFT_OUT", "A03", candidate => candidate with { Layout = Excluding("A03") } }, // a person's exclusion, of whatever well
        { "WELLS_LEFT_OUT", "A01 B02", candidate => Masked(candidate, "il-6", "B02", "A01") }, // as the instrument or its operator said
        { "LAYOUT_CHANGED", "", candidate => candidate with { IsLayoutChanged = true } }, // what the numbers are of was decided by a person
        { "SIGNATURE_REQUIRED", "", candidate => candidate with { NeedsSignature = true } }, // a server can't sign
    };

    public static TheoryData<string, Func<ReleaseCandidate, ReleaseCandidate>> Harmless => new()
    {
        { "a value beyond a limit", candidate => candidate with { Result = candidate.Result with { RangeStatus = RangeStatus.AboveUloq, Concentration = null, Limit = 10 } } },
        { "a warning about the result", candidate => Flagged(candidate, FlagLevel.Sample, "il-6", FlagSeverity.Warning) },
        { "a notice about the run", candidate => Flagged(candidate, FlagLevel.Run, null, FlagSeverity.Notice) },
        { "a rejecting flag about another sample", candidate => Unnamed(Flagged(candidate, FlagLevel.Sample, "il-6")) },
        { "a rejecting flag about another analyte", candidate => Unnamed(Flagged(candidate, FlagLevel.Curve, "crp")) },
        { "a criterion of another analyte that was not assessed", candidate => Judged(candidate, "crp", CriterionOutcome.NotAssessed) },
        { "a criterion that was met", candidate => Judged(candidate, null, CriterionOutcome.Passed) },
        { "a masked well of another analyte", candidate => Masked(candidate, "crp", "A01") },
    };

    [Fact]
    public void ObstaclesOf_WholePlate_NothingStandsAgainstIt()
    {
        Assert.Equal((RunVerdict.Accepted, RangeStatus.Quantified), (Run.Verdict, Run.Results[0].RangeStatus));

        Assert.All(Run.Results, result => Assert.Empty(AutomaticRelease.ObstaclesOf(Candidate with { Result = result })));
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void ObstaclesOf_OneConditionThatIsNotMet_NamesThatOneAlone(string code, string subjects, Func<ReleaseCandidate, ReleaseCandidate> change)
    {
        ReleaseObstacle obstacle = Assert.Single(AutomaticRelease.ObstaclesOf(change(Candidate)));

        Assert.Equal((code, subjects), (obstacle.Code, string.Join(' ', obstacle.Subjects)));
        Assert.Equal(subjects.Length == 0 ? code : $"{code} ({subjects})", obstacle.ToString());
    }

    [Theory]
    [MemberData(nameof(Harmless))]
    public void ObstaclesOf_WhatIsNoObstacle_IsNotNamed(string why, Func<ReleaseCandidate, ReleaseCandidate> change) =>
        Assert.True(AutomaticRelease.ObstaclesOf(change(Candidate)) is [], why);

    [Fact]
    public void ObstaclesOf_SeveralConditionsThatAreNotMet_NamesThemAll()
    {
        ReleaseCandidate candidate = Judged(Flagged(Candidate, FlagLevel.Run, null), null, CriterionOutcome.NotAssessed) with
        {
            Life = Life("pfp", isHeld: true),
            Layout = Excluding("A03"),
            IsLayoutChanged = true,
            NeedsSignature = true,
        };
        candidate = candidate with { Run = candidate.Run with { Verdict = RunVerdict.Rejected }, Result = candidate.Result with { RangeStatus = RangeStatus.NotDetermined } };

        Assert.Equal(
            "RUN_REJECTED, NO_VALUE, FLAG_REJECTS (R_NEW), NOT_ASSESSED (R_NEW), RESULT_HELD, LEFT_BEFORE, WELLS_LEFT_OUT (A03), LAYOUT_CHANGED, SIGNATURE_REQUIRED",
            string.Join(", ", AutomaticRelease.ObstaclesOf(candidate)));
    }

    private static ReleaseCandidate Flagged(ReleaseCandidate candidate, FlagLevel level, string? analyte, FlagSeverity severity = FlagSeverity.Reject) => candidate with
    {
        Run = candidate.Run with { Flags = [.. candidate.Run.Flags, new QcFlag("R_NEW", level, severity, "new@1", analyte, null, null, null, null, [], "It is new.")] },
        Result = candidate.Result with { FlagCodes = [.. candidate.Result.FlagCodes, "R_NEW"] },
    };

    private static ReleaseCandidate Unnamed(ReleaseCandidate candidate) => candidate with { Result = Run.Results[0] };

    private static ReleaseCandidate Judged(ReleaseCandidate candidate, string? analyte, CriterionOutcome outcome) => candidate with
    {
        Run = candidate.Run with { Criteria = [.. candidate.Run.Criteria, new AcceptanceCriterion("R_NEW", analyte, outcome, null, null, null, "It is new.")] },
    };

    private static ReleaseCandidate Masked(ReleaseCandidate candidate, string analyte, params string[] wells)
    {
        var flag = new QcFlag(FlagCodes.WellMasked, FlagLevel.Well, FlagSeverity.Warning, "well-status@1", analyte, null, null, null, null, [.. wells.Select(Well)], "It was masked.");
        return candidate with { Run = candidate.Run with { Flags = [.. candidate.Run.Flags, flag] } };
    }

    private static PlateLayout Excluding(string well) => Inputs.Layout.WithExclusions(new Dictionary<WellPosition, string> { [Well(well)] = "bubble" });

    private static WellPosition Well(string text)
    {
        Assert.True(WellPosition.TryParse(text, out WellPosition well));
        return well;
    }

    private static RulePack RulePackOf(AssayDefinition assay)
    {
        Assert.True(RulePacks.TryFind(assay.RulePack, out RulePack? pack));
        return pack;
    }

    // As in the tests of a result's life: p preliminary, o preliminary without a value, f final, w withdrawn, x cancelled.
    private static ResultLife Life(string letters, bool isHeld = false) => new(
        [.. letters.Select((letter, i) => new LifeVersion(i + 1, StatusOf(letter), letter is not ('o' or 'x'), IsOfNewestRun: true))], isHeld);

    private static ResultStatus StatusOf(char letter) => letter switch
    {
        'f' => ResultStatus.Final,
        'w' => ResultStatus.Withdrawn,
        'x' => ResultStatus.Cancelled,
        _ => ResultStatus.Preliminary,
    };
}
