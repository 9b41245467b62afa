using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.QualityControl;
using Xunit;

namespace Biomarkers.Tests.Immunoassay;

/// <summary>Hashes rest on the canonical form; the expected ones were made by another program from the text written by hand. When one of these
/// changes, stored hashes no longer meet the content: that needs a migration, so change an expected value only together with one.</summary>
public class CanonicalJsonTests
{
    [Fact]
    public void HashOf_SmallAssay_StaysAsItIsStored()
    {
        var assay = new AssayDefinition("a", 1, "A", Biomarkers.Immunoassay.Plates.ResponseKind.Luminescence, "clinical@1", [
            new AnalyteSpecification
            {
                Analyte = "a",
                DisplayName = "A",
                Unit = ConcentrationUnit.PgPerMl,
                Lloq = 0.1,
                Uloq = 100,
                CurveModel = "4pl",
                Weights = "1/y2",
                FixedParameters = new Dictionary<string, double> { ["slope"] = -1 },
            },
        ]);

        Assert.Equal("7325f961b39ea50c0536c21f1f3a0d3e0daa24b10d19996b890a13a9768b4bc9", CanonicalJson.HashOf(assay).Hex);
    }

    /// <summary>An assay that came before a choice of release, and one that leaves it to reviewers, are the same bytes.</summary>
    [Fact]
    public void Serialize_ReleaseOfAnAssay_IsWrittenWhereItIsNotByReviewAlone()
    {
        byte[] review = CanonicalJson.Serialize(BuiltInAssays.Il6);
        byte[] automatic = CanonicalJson.Serialize(BuiltInAssays.Il6 with { Release = ResultRelease.Automatic });

        Assert.EndsWith("}]}", Encoding.UTF8.GetString(review), StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetString(review)[..^1] + ",\"release\":\"automatic\"}", Encoding.UTF8.GetString(automatic));
        Assert.Equal(ResultRelease.Automatic, CanonicalJson.Deserialize<AssayDefinition>(automatic).Release);
        byte[] spelt = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(review)[..^1] + ",\"release\":\"by-review\"}");
        Assert.Equal(review, CanonicalJson.Serialize(CanonicalJson.Deserialize<AssayDefinition>(spelt)));
    }

    [Fact]
    public void HashOf_SmallRulePack_StaysAsItIsStored()
    {
        var pack = new RulePack("lab@1", "Lab", [
            new RuleEntry("bead-count@1", new Dictionary<string, double> { ["minimumBeads"] = 50 }, FlagSeverity.Reject, null),
            new RuleEntry("run-verdict@1", new Dictionary<string, double>(), FlagSeverity.Reject, "SOP 7"),
        ]);

        Assert.Equal("29f502474bd9c63fc8385ca5e571ff682079cd81c410d7126f16ee451b01b096", pack.Hash.Hex);
        Assert.NotEqual(pack.Hash, (pack with { Rules = [pack.Rules[1], pack.Rules[0]] }).Hash);
    }
}
