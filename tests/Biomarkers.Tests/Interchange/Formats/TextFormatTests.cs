using Biomarkers.Immunoassay.Analysis;
using Xunit;

namespace Biomarkers.Tests.Interchange.Formats;

/// <summary>CSV and JSON as they stand in a file.</summary>
public sealed class TextFormatTests
{
    private static readonly SampleResults Sample = new();

    [Fact]
    public void EncodeCsv_OneResult_IsAHeaderAndALine()
    {
        string[] lines = Written.Text("csv", Sample.Make()).Split("\r\n");
        Assert.Equal(
            "control_id,message_time,result,version,status,superseded_version,reason,sample_id,plate_barcode,wells,well_count,dilution_factor,analyte,display_name,loinc,range_status,comparator,reported_value,unit,"
            + "concentration,limit,significant_digits,lower,upper,cv_percent,mean_response,flag_codes,study_id,subject_id,visit,timepoint,specimen_type,anticoagulant,haemolysis_index,fasting,freeze_thaw_count,"
            + "collected_time,received_time,measured_time,reported_time,instrument,operator,run,assay,method_hash,lots,signed_by,signed_time,signature_meaning,ledger_sequence,ledger_hash,holds",
            lines[0]);
        Assert.Equal(
            "C-1,2026-11-22T12:00:05.000000+00:00,results/17,2,final,,,S-0001,PLATE-0042,A03 A04,2,2,il-6,Interleukin 6,26881-3,quantified,,1.235,pg/mL,1.23456,,4,1.1,1.4,4.5,0.51,S_REP_CV,ANA-1,1007,week 13,"
            + "OGTT 30 min,serum,none,0.1,yes,1,2026-11-20T08:30:00.000000+01:00,2026-11-20T10:00:00.000000+01:00,2026-11-21T09:15:30.123456+01:00,2026-11-22T12:00:00.000000+00:00,reader-1,kim,"
            + $"analyticalRuns/5,il-6@1,{new string('a', 64)},\"[{{\"\"kind\"\":\"\"kit\"\",\"\"lotNumber\"\":\"\"K-1\"\",\"\"expiryDate\"\":\"\"2027-03-31\"\"}}]\",Dr. Roe,2026-11-22T11:59:58.000000+00:00,"
            + $"reviewed and released,4711,{new string('b', 64)},",
            lines[1]);
        Assert.Equal("", Assert.Single(lines[2..]));
    }

    [Theory]
    [InlineData("007", ",007,")] // a number would lose its zeros
    [InlineData(" 7 ", ",\" 7 \",")]
    [InlineData("a,b", ",\"a,b\",")]
    [InlineData("a\"b", ",\"a\"\"b\",")]
    [InlineData("=1+1", ",=1+1,")] // byte for byte, whatever a spreadsheet makes of it
    [InlineData("Müller;中文", ",Müller;中文,")]
    public void EncodeCsv_SampleId_IsQuotedWhereItHasToBe(string sampleId, string expected) =>
        Assert.Contains(expected, Written.Text("csv", (Sample with { Sample = Sample.Sample with { SampleId = sampleId } }).Make()), StringComparison.Ordinal);

    [Fact]
    public void EncodeJson_OneResult_IsOneCanonicalObject()
    {
        string expected = $$$"""
            {"message":{"controlId":"C-1","time":"2026-11-22T12:00:05.000000+00:00","sender":{"application":"Biomarkers","facility":"Laboratory 1"},
            "receiver":{"application":"LIMS","facility":"Hospital"},"purpose":"production"},
            "result":"results/17","version":2,"status":"final",
            "sampleId":"S-0001","plateBarcode":"PLATE-0042","wells":["A03","A04"],"dilutionFactor":2,
            "analyte":"il-6","displayName":"Interleukin 6","loinc":"26881-3",
            "rangeStatus":"quantified","reported":{"value":"1.235"},"unit":"pg/mL","concentration":1.23456,"significantDigits":4,
            "lower":1.1,"upper":1.4,"cvPercent":4.5,"meanResponse":0.51,"flagCodes":["S_REP_CV"],
            "specimen":{"studyId":"ANA-1","subjectId":"1007","visit":"week 13","timepoint":"OGTT 30 min","specimenType":"serum","anticoagulant":"none",
            "haemolysisIndex":0.1,"fasting":true,"freezeThawCount":1},
            "times":{"collected":"2026-11-20T08:30:00.000000+01:00","received":"2026-11-20T10:00:00.000000+01:00",
            "measured":"2026-11-21T09:15:30.123456+01:00","reported":"2026-11-22T12:00:00.000000+00:00"},
            "instrument":"reader-1","operator":"kim","run":"analyticalRuns/5","assay":"il-6@1","methodHash":"{{{new string('a', 64)}}}",
            "lots":[{"kind":"kit","lotNumber":"K-1","expiryDate":"2027-03-31"}],
            "signature":{"name":"Dr. Roe","time":"2026-11-22T11:59:58.000000+00:00","meaning":"reviewed and released"},
            "verificationToken":{"sequence":4711,"hash":"{{{new string('b', 64)}}}"},"holds":[]}
            """;
        Assert.Equal(expected.Replace("\n", "", StringComparison.Ordinal) + "\n", Written.Text("json", Sample.Make()));
    }

    [Fact]
    public void EncodeJson_SeveralResults_IsALineEach() =>
        Assert.Equal(["final", "below"], Written.Text("json", [Sample.Make(), Sample.Beyond(RangeStatus.BelowLloq, 0.32).Make()], SampleResults.Options)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Contains("below-lloq", StringComparison.Ordinal) ? "below" : "final"));
}
