using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Server.Wire;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class AssayMapperTests
{
    public static TheoryData<string> BuiltIn => [.. BuiltInAssays.All.Select(assay => assay.Id)];

    public static TheoryData<string, string, Action<V1.CreateAssayRequest>> Faults => new()
    {
        { "assay_id", "REQUIRED", request => request.AssayId = "" }, // the proto3 default
        { "assay_id", "INVALID_TEXT", request => request.AssayId = "il-6@1" }, // the server numbers versions
        { "assay.display_name", "REQUIRED", request => request.Assay.DisplayName = "" }, // the proto3 default
        { "assay.response_kind", "REQUIRED", request => request.Assay.ResponseKind = V1.ResponseKind.Unspecified }, // the proto3 default
        { "assay.rule_pack", "UNKNOWN_WORD", request => request.Assay.RulePack = "none@1" }, // nobody could judge a run
        { "assay.release", "UNKNOWN_WORD", request => request.Assay.Release = (V1.ResultRelease)9 }, // a newer sender's word
        { "assay.analytes", "LIMIT_EXCEEDED", request => request.Assay.Analytes.Clear() }, // measures nothing
        { "assay.analytes[0].unit", "UNIT_MISMATCH", request => request.Assay.Analytes[0].Unit = "pg" }, // no concentration
        { "assay.analytes[0].lloq", "OUT_OF_RANGE", request => request.Assay.Analytes[0].Lloq = 0 }, // the proto3 default
        { "assay.analytes[0].uloq", "OUT_OF_RANGE", request => request.Assay.Analytes[0].Uloq = request.Assay.Analytes[0].Lloq }, // an empty range
        { "assay.analytes[0].curve_model", "UNKNOWN_WORD", request => request.Assay.Analytes[0].CurveModel = "6pl" }, // nobody could fit it
        { "assay.analytes[0].weights", "UNKNOWN_WORD", request => request.Assay.Analytes[0].Weights = "power:5" }, // beyond the limit of K
        { "assay.analytes[0].fixed_parameters[wobble]", "UNKNOWN_WORD", request => request.Assay.Analytes[0].FixedParameters["wobble"] = 1 }, // no such parameter
        { "assay.analytes[0].form", "UNKNOWN_WORD", request => request.Assay.Analytes[0].Form = (V1.AnalyteForm)9 }, // a newer sender's word
        { "assay.analytes[0].fit_basis", "UNKNOWN_WORD", request => request.Assay.Analytes[0].FitBasis = (V1.FitBasis)9 }, // a newer sender's word
        { "assay.analytes[0].blank_treatment", "UNKNOWN_WORD", request => request.Assay.Analytes[0].BlankTreatment = (V1.BlankTreatment)9 }, // a newer sender's word
        { "assay.analytes[0].minimum_required_dilution", "OUT_OF_RANGE", request => request.Assay.Analytes[0].MinimumRequiredDilution = 0 }, // 0 is no "none"
        { "assay.analytes[0].significant_digits", "OUT_OF_RANGE", request => request.Assay.Analytes[0].SignificantDigits = 0 }, // shows nothing
        { "assay.analytes[0].source", "INVALID_TEXT", request => request.Assay.Analytes[0].Source = new string('x', 1025) }, // one more than the limit
        { "assay", "REQUIRED", request => request.Assay = null }, // an empty body
    };

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void ToDomain_WrittenAssay_IsTheSameAssay(string assayId)
    {
        AssayDefinition assay = BuiltInAssays.All.Single(candidate => candidate.Id == assayId);

        AssayDefinition read = AssayMapper.ToDomain(Request(assay)).ValueOrThrow();

        Assert.Equal(assay.ContentHash, read.ContentHash);
        Assert.Equal($"assays/{assay.Name}", AssayMapper.ToWire(assay).Name);
    }

    [Fact]
    public void ToDomain_Release_IsByReviewUnlessTheSenderSaysOtherwise()
    {
        V1.CreateAssayRequest request = Request(BuiltInAssays.Il6);
        Assert.Equal(V1.ResultRelease.ByReview, request.Assay.Release);
        request.Assay.Release = V1.ResultRelease.Unspecified;
        Assert.Equal(BuiltInAssays.Il6.ContentHash, AssayMapper.ToDomain(request).ValueOrThrow().ContentHash);

        AssayDefinition automatic = AssayMapper.ToDomain(Request(BuiltInAssays.Il6 with { Release = ResultRelease.Automatic })).ValueOrThrow();

        Assert.Equal(ResultRelease.Automatic, automatic.Release);
        Assert.NotEqual(BuiltInAssays.Il6.ContentHash, automatic.ContentHash);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void ToDomain_OneFault_SaysThatOneAlone(string field, string reason, Action<V1.CreateAssayRequest> spoil)
    {
        V1.CreateAssayRequest request = Request(BuiltInAssays.All[0]);
        spoil(request);

        Checked<AssayDefinition> made = AssayMapper.ToDomain(request);

        Assert.Equal([(field, reason)], made.Faults.Select(fault => (fault.Field, fault.Reason)).Distinct());
    }

    private static V1.CreateAssayRequest Request(AssayDefinition assay) => new() { AssayId = assay.Id, Assay = AssayMapper.ToWire(assay) };
}
