using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Xunit;

namespace Biomarkers.Tests.Interchange.Codes;

/// <summary>The status map and the flag map, row by row, as they stand in messages.</summary>
public sealed class StatusAndFlagTests
{
    private static readonly SampleResults Sample = new();

    [Theory]
    [InlineData(ResultStatus.Final, "F", "F", "F", ObservationStatus.Final)]
    [InlineData(ResultStatus.Corrected, "C", "C", "C", ObservationStatus.Corrected)]
    [InlineData(ResultStatus.Withdrawn, "X", "W", "C", ObservationStatus.EnteredInError)] // LIS2's W means another thing
    [InlineData(ResultStatus.Cancelled, "X", "X", "X", ObservationStatus.Cancelled)]
    public void Status_OfAVersion_IsThatOfTheMap(ResultStatus status, string lis2, string observation, string order, ObservationStatus fhir)
    {
        ReportedResult result = Sample.As(status).Make();
        Assert.Equal(lis2, Written.Lis2(result)["R.9"]);
        Assert.Equal(lis2, Written.Lis2(result)["O.26"]);
        Assert.Equal(observation, Written.Hl7(result)["OBX-11"]);
        Assert.Equal(order, Written.Hl7(result)["OBR-25"]);
        Assert.Equal(fhir, Written.Observation(result).Status);
    }

    public static TheoryData<ResultStatus, string, string, string?, string> Flags => new()
    {
        // status, flag, OBX-8, code of the interpretation beside ours, R.7
        { ResultStatus.Final, FlagCodes.ReplicateCv, "S_REP_CV^^99BIO", null, "S_REP_CV" },
        { ResultStatus.Final, FlagCodes.CalibratorRecovery, "C_STD_RECOVERY^^99BIO", null, "C_STD_RECOVERY" },
        { ResultStatus.Final, FlagCodes.WellSaturated, "W_SATURATED^^99BIO", null, "W_SATURATED" },
        { ResultStatus.Final, "S_OF_A_LATER_VERSION", "S_OF_A_LATER_VERSION^^99BIO", null, "S_OF_A_LATER_VERSION" }, // not known here
        { ResultStatus.Final, FlagCodes.ControlsOverall, "R_QC_67^^99BIO", null, "R_QC_67" }, // a pack that only warns: QCF never goes with F
        { ResultStatus.Cancelled, FlagCodes.ControlsOverall, "QCF^^99BIO~R_QC_67^^99BIO", "QCF", "R_QC_67" },
        { ResultStatus.Cancelled, FlagCodes.ControlsPerLevel, "QCF^^99BIO~R_QC_50^^99BIO", "QCF", "R_QC_50" },
        { ResultStatus.Cancelled, FlagCodes.RunRejected, "QCF^^99BIO~R_REJECTED^^99BIO", "QCF", "R_REJECTED" },
        { ResultStatus.Cancelled, FlagCodes.BelowLloq, "S_BELOW_LLOQ^^99BIO", null, "S_BELOW_LLOQ" }, // no comparator where there is no value
    };

    [Theory]
    [MemberData(nameof(Flags))]
    public void Flag_OfAResult_IsThatOfTheMap(ResultStatus status, string flag, string hl7, string? interpretation, string lis2)
    {
        ReportedResult result = Sample.WithFlags(flag).As(status).Make();
        Assert.Equal(hl7, Written.Hl7(result)["OBX-8"]);
        Assert.Equal(lis2, Written.Lis2(result)["R.7"]);
        Coding[] codings = [.. Assert.Single(Written.Observation(result).Interpretation).Coding];
        Assert.Equal(flag, codings[^1].Code);
        Assert.Equal(interpretation, codings.Length > 1 ? codings[0].Code : null);
    }

    [Theory]
    [InlineData(RangeStatus.BelowLloq, 0.32, "<")]
    [InlineData(RangeStatus.AboveUloq, 20, ">")]
    public void ResultBeyondTheRange_IsALimitWithItsComparator(RangeStatus status, double limit, string comparator)
    {
        ReportedResult result = Sample.Beyond(status, limit).Make();
        string digits = comparator == "<" ? "0.3200" : "20.00";
        Assert.Equal("SN", Written.Hl7(result)["OBX-2"]);
        Assert.Equal($"{comparator}^{digits}", Written.Hl7(result)["OBX-5"]);
        Assert.StartsWith($"{comparator}~S_", Written.Hl7(result)["OBX-8"], StringComparison.Ordinal);
        Assert.Equal(comparator + digits, Written.Lis2(result)["R.4"]);
        Assert.StartsWith($"{comparator}\\S_", Written.Lis2(result)["R.7"], StringComparison.Ordinal);
        Observation observation = Written.Observation(result);
        Assert.Equal(comparator == "<" ? Quantity.QuantityComparator.LessThan : Quantity.QuantityComparator.GreaterThan, ((Quantity)observation.Value!).Comparator);
        Assert.Equal(comparator, Assert.Single(observation.Interpretation).Coding[0].Code);
        Assert.Contains($",{comparator},{digits},pg/mL,,{limit},4,", Written.Text("csv", result), StringComparison.Ordinal);
        Assert.Contains($"\"reported\":{{\"comparator\":\"{comparator}\",\"value\":\"{digits}\"}},\"unit\":\"pg/mL\",\"limit\":{limit},", Written.Text("json", result), StringComparison.Ordinal);
    }

    /// <summary>A result that was below the range and is corrected to a number has no trace of the comparator left, whatever it replaces.</summary>
    [Fact]
    public void CorrectionOfAResultBelowTheRange_InheritsNoComparator()
    {
        ReportedResult result = Sample.As(ResultStatus.Corrected).Make();
        Assert.Equal(("NM", "1.235", "S_REP_CV^^99BIO"), (Written.Hl7(result)["OBX-2"], Written.Hl7(result)["OBX-5"], Written.Hl7(result)["OBX-8"]));
        Assert.Equal(("1.235", "S_REP_CV"), (Written.Lis2(result)["R.4"], Written.Lis2(result)["R.7"]));
        Assert.Null(((Quantity)Written.Observation(result).Value!).Comparator);
    }

    [Theory]
    [InlineData(ResultStatus.Withdrawn, "S_REP_CV", "error")] // post original as wrong
    [InlineData(ResultStatus.Cancelled, "R_REJECTED", "error")]
    [InlineData(ResultStatus.Cancelled, "W_MISSING", "unknown")]
    public void VersionWithoutValue_HasAReasonAndNoNumber(ResultStatus status, string flag, string reason)
    {
        ReportedResult result = Sample.WithFlags(flag).As(status).Make();
        Assert.Equal(("", ""), (Written.Hl7(result)["OBX-2"], Written.Hl7(result)["OBX-5"]));
        Assert.Equal("", Written.Lis2(result)["R.4"]);
        Observation observation = Written.Observation(result);
        Assert.Null(observation.Value);
        Assert.Equal(reason, observation.DataAbsentReason!.Coding[0].Code);
        Assert.Contains("\"rangeStatus\":\"not-determined\",\"unit\"", Written.Text("json", result), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ResultStatus.Corrected)]
    [InlineData(ResultStatus.Withdrawn)]
    public void Correction_NamesWhatItSupersedesAndWhy(ResultStatus status)
    {
        ReportedResult result = Sample.As(status).Make();
        Assert.Contains("NTE|3|L|supersedes: results/17@1|SUPERSEDES^^99BIO\rNTE|4|L|reason: sample was swapped|REASON^^99BIO\r", Written.Text("hl7-v2.5.1", result), StringComparison.Ordinal);
        Assert.Contains("C|3|I|SUPERSEDES^supersedes: results/17@1|G\rC|4|I|REASON^reason: sample was swapped|G\r", Written.Text("lis2-a2", result), StringComparison.Ordinal);
        Assert.Contains($",results/17,2,{status.ToString().ToLowerInvariant()},1,sample was swapped,", Written.Text("csv", result), StringComparison.Ordinal);
        Assert.Contains("\"supersededVersion\":1,\"reason\":\"sample was swapped\",", Written.Text("json", result), StringComparison.Ordinal);
        Provenance provenance = Written.Resource<Provenance>(result);
        Assert.Equal("sample was swapped", Assert.Single(provenance.Reason).Text);
        Assert.Equal("results/17@1", Assert.Single(provenance.Entity).What!.Identifier!.Value);
        Assert.Equal($"{status.ToString().ToLowerInvariant()}, supersedes results/17@1: sample was swapped", Assert.Single(Written.Observation(result).Note).Text);
    }

    [Fact]
    public void Flags_OfTheCatalogue_HaveATextForPeople()
    {
        string[] codes = [.. typeof(FlagCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!)];
        Assert.NotEmpty(codes);
        ReportedResult result = Sample.WithFlags(codes).As(ResultStatus.Cancelled).Make();
        Assert.Equal(codes.Length, Written.Observation(result).Interpretation.Count(finding => finding.Text!.Contains(' ', StringComparison.Ordinal)));
    }

    [Fact]
    public void HoldAfterTheRelease_LeavesTheVersionFinalWithANotice()
    {
        var hold = new HoldNotice(new DateTimeOffset(2026, 11, 25, 9, 0, 0, TimeSpan.Zero), "control lot is questioned");
        ReportedResult result = (Sample with { Assurance = Sample.Assurance with { Holds = [hold] } }).Make();
        Assert.Equal(("F", "1.235"), (Written.Hl7(result)["OBX-11"], Written.Hl7(result)["OBX-5"]));
        const string Notice = "on hold since: 2026-11-25T09:00:00.000000+00:00 control lot is questioned";
        Assert.Contains($"|{Notice}|HOLD^^99BIO\r", Written.Text("hl7-v2.5.1", result), StringComparison.Ordinal);
        Assert.Contains($"|HOLD^{Notice}|G\r", Written.Text("lis2-a2", result), StringComparison.Ordinal);
        Assert.Contains("control lot is questioned", Assert.Single(Written.Observation(result).Note).Text, StringComparison.Ordinal);
        Assert.EndsWith("\"holds\":[{\"placedTime\":\"2026-11-25T09:00:00.000000+00:00\",\"reason\":\"control lot is questioned\"}]}\n", Written.Text("json", result), StringComparison.Ordinal);
    }
}
