using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Assays;

public class AssayDefinitionTests
{
    [Fact]
    public void All_BuiltInAssays_PassTheCheckAndReadBack()
    {
        Assert.Equal(["il-6", "hs-crp", "c-peptide", "proinsulin", "insulin"], BuiltInAssays.All.Select(assay => assay.Id));
        foreach (AssayDefinition assay in BuiltInAssays.All)
        {
            Assert.Empty(AssayDefinition.Check(assay).Faults);
            byte[] bytes = CanonicalJson.Serialize(assay);
            Assert.Equal(bytes, CanonicalJson.Serialize(CanonicalJson.Deserialize<AssayDefinition>(bytes)));
            // Eight calibrators in twofold steps from the ULOQ must hold the six that a curve needs, LLOQ and ULOQ included.
            AnalyteSpecification analyte = assay.Analytes[0];
            double[] kit = [.. Enumerable.Range(0, 8).Select(step => analyte.Uloq / Math.Pow(2, step))];
            Assert.True(kit.Count(level => level >= analyte.Lloq * 0.9) >= 6);
            Assert.Contains(kit, level => level <= analyte.Lloq);
            Assert.NotNull(analyte.Source);
        }
    }

    // As databases have them; made by another program from texts written by hand.
    [Theory]
    [InlineData("il-6", "4bc2fdae6c863e6dbe760976b8b6386184eaf1cf5ec46e993e8d4fbb805379c2")]
    [InlineData("hs-crp", "1cce7fe859d4079d0237d8dbb20ab7d33e79d1fc463f81485c11d74f99288dc7")]
    [InlineData("c-peptide", "e9ffd5d9b33f475c3ddc23c3e6980782c3297522b725e8cb2ce98505d61674a8")]
    [InlineData("proinsulin", "24609282822988dbff74f5bfed25779b89aab1f21b3c52ba9af7611af737e49f")]
    [InlineData("insulin", "5a95c07f9217dc5aa1edcb347859c294cb4f79ea301fd113678a6121bcb2dbbf")]
    public void ContentHash_BuiltInAssay_StaysAsItIsStored(string id, string hash)
    {
        Assert.True(BuiltInAssays.TryFind(id, out AssayDefinition? assay));
        Assert.Equal((ResultRelease.ByReview, hash), (assay.Release, assay.ContentHash.Hex));
    }

    [Fact]
    public void Proinsulin_BuiltIn_NamesItsForm() => Assert.Equal(AnalyteForm.Intact, BuiltInAssays.Proinsulin.Analytes[0].Form);

    [Fact]
    public void Check_AssayWithManyFaults_NamesThemAll()
    {
        AnalyteSpecification wrong = BuiltInAssays.Il6.Analytes[0] with
        {
            Lloq = 10,
            Uloq = 10,
            Weights = "1/x",
            CurveModel = "6pl",
            MinimumRequiredDilution = 0.5,
            SignificantDigits = 0,
            Loinc = "IL6",
            FitBasis = (FitBasis)7,
        };
        AnalyteSpecification fixedWrong = BuiltInAssays.Il6.Analytes[0] with
        {
            Lloq = double.NaN,
            FixedParameters = new Dictionary<string, double> { ["hill"] = 1, ["asymmetry"] = -1, ["slope"] = double.NaN },
        };
        AssayDefinition assay = new("il 6", 0, "", (ResponseKind)99, "none@1", [wrong, fixedWrong]) { Release = (ResultRelease)7 };

        Assert.Equal(
            [
                ("id", FaultReasons.InvalidText), ("display_name", FaultReasons.Required), ("version", FaultReasons.OutOfRange), ("response_kind", FaultReasons.UnknownWord),
                ("release", FaultReasons.UnknownWord), ("rule_pack", FaultReasons.UnknownWord), ("analytes[0].fit_basis", FaultReasons.UnknownWord), ("analytes[0].minimum_required_dilution", FaultReasons.OutOfRange),
                ("analytes[0].significant_digits", FaultReasons.OutOfRange), ("analytes[0].loinc", FaultReasons.InvalidText), ("analytes[0].uloq", FaultReasons.OutOfRange),
                ("analytes[0].weights", FaultReasons.UnknownWord), ("analytes[0].curve_model", FaultReasons.UnknownWord), ("analytes[1].analyte", FaultReasons.Duplicate),
                ("analytes[1].lloq", FaultReasons.OutOfRange), ("analytes[1].uloq", FaultReasons.OutOfRange), ("analytes[1].fixed_parameters[hill]", FaultReasons.UnknownWord),
                ("analytes[1].fixed_parameters[asymmetry]", FaultReasons.OutOfRange), ("analytes[1].fixed_parameters[slope]", FaultReasons.NonFinite),
            ],
            AssayDefinition.Check(assay).Faults.Select(fault => (fault.Field, fault.Reason)));
    }

    [Theory]
    [InlineData("variance:12,0.06,1,320", FitBasis.ReplicateMeans, true)]
    [InlineData("shape:0,0.06,0.9", FitBasis.Wells, true)]
    [InlineData("replicates", FitBasis.Wells, true)]
    [InlineData("replicates", FitBasis.ReplicateMeans, false)] // a mean has no variance
    [InlineData("variance:0,0,1", FitBasis.Wells, false)]
    public void Check_Weights_AreKnownAndFitTheBasis(string weights, FitBasis basis, bool expected)
    {
        AnalyteSpecification analyte = BuiltInAssays.Il6.Analytes[0] with { Weights = weights, FitBasis = basis };
        IReadOnlyList<Fault> faults = AssayDefinition.Check(BuiltInAssays.Il6 with { Analytes = [analyte] }).Faults;
        Assert.Equal(expected, faults.Count == 0);
        Assert.All(faults, fault => Assert.Equal("analytes[0].weights", fault.Field));
    }

    [Fact]
    public void Check_AssayWithoutAnalytes_IsAFault() =>
        Assert.Equal("analytes", Assert.Single(AssayDefinition.Check(BuiltInAssays.Il6 with { Analytes = [] }).Faults).Field);

    [Fact]
    public void ContentHash_VersionAlone_DoesNotChangeIt()
    {
        Assert.Equal(BuiltInAssays.Il6.ContentHash, (BuiltInAssays.Il6 with { Version = 2 }).ContentHash);
        Assert.NotEqual(BuiltInAssays.Il6.ContentHash, (BuiltInAssays.Il6 with { DisplayName = "IL-6" }).ContentHash);
    }
}
