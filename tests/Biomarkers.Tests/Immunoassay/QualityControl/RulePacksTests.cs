using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Tests.Immunoassay.Analysis;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.QualityControl;

public class RulePacksTests
{
    [Fact]
    public void All_PacksOfTheProduct_PassTheirOwnCheckAndReadBack()
    {
        foreach (RulePack pack in RulePacks.All)
        {
            Assert.Empty(RulePack.Check(pack).Faults);
            Assert.Equal(pack.Hash, CanonicalJson.Deserialize<RulePack>(CanonicalJson.Serialize(pack)).Hash);
            Assert.True(RulePacks.TryFind(pack.Name, out RulePack? found));
            Assert.Same(pack, found);
        }
    }

    [Fact]
    public void All_KnownRules_AreEachInAPackAndHaveAnIdOfTheirOwn()
    {
        Assert.Equal(QcRules.All.Count, QcRules.All.Select(rule => rule.Id).Distinct().Count());
        Assert.All(QcRules.All, rule => Assert.Contains(RulePacks.All, pack => pack.Find(rule.Id) is not null));
    }

    [Fact]
    public void Analyze_EveryCriterionOfThePack_StandsInTheRun()
    {
        TestPlate Plate(RulePack pack) => new TestPlate(TestPlate.Line()) { Pack = pack }.AddCalibrators(level => level);

        Assert.Equal(
            [FlagCodes.NotConverged, FlagCodes.FewLevels, FlagCodes.CurveRejected, FlagCodes.ControlsOverall, FlagCodes.ControlsPerLevel],
            Plate(RulePacks.IchM10Lba).Analyze().Criteria.Select(criterion => criterion.Code));
        Assert.Equal(
            [FlagCodes.NotConverged, FlagCodes.FewLevels, FlagCodes.CurveRejected],
            Plate(RulePacks.Clinical).Analyze().Criteria.Select(criterion => criterion.Code));
    }

    [Fact]
    public void Check_PackWithManyFaults_NamesThemAll()
    {
        var none = new Dictionary<string, double>();
        var pack = new RulePack("no version", "", [
            new RuleEntry("bead-count@1", none, FlagSeverity.Warning, null),
            new RuleEntry("bead-count@1", new Dictionary<string, double> { ["minimumBeads"] = -1, ["beads"] = 3 }, (FlagSeverity)9, null),
            new RuleEntry("astrology@1", none, FlagSeverity.Notice, null),
        ]);

        Assert.Equal(
            [
                ("rule_pack.name", FaultReasons.InvalidText), ("rule_pack.display_name", FaultReasons.Required), ("rule_pack.rules[0].limits", FaultReasons.Required),
                ("rule_pack.rules[1].rule", FaultReasons.Duplicate), ("rule_pack.rules[1].limits", FaultReasons.OutOfRange),
                ("rule_pack.rules[1].limits", FaultReasons.UnknownWord),
                ("rule_pack.rules[1].severity", FaultReasons.UnknownWord), ("rule_pack.rules[2].rule", FaultReasons.UnknownWord), ("rule_pack.rules", FaultReasons.Required),
            ],
            RulePack.Check(pack).Faults.Select(fault => (fault.Field, fault.Reason)));
    }

    [Fact]
    public void Analyze_ClinicalPack_DoesNotRejectForControls()
    {
        TestPlate Plate(RulePack pack) => new TestPlate(TestPlate.Line()) { Pack = pack }.AddCalibrators(level => level).Add(TestPlate.ControlOf("LQC", 1), 20);

        Assert.Equal(Biomarkers.Immunoassay.Analysis.RunVerdict.Rejected, Plate(RulePacks.IchM10Lba).Analyze().Verdict);
        Assert.Equal(Biomarkers.Immunoassay.Analysis.RunVerdict.Accepted, Plate(RulePacks.Clinical).Analyze().Verdict);
    }
}
