using Biomarkers.Immunoassay;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;
using Xunit;

namespace Biomarkers.Tests.Interchange.Formats;

public sealed class Hl7V2FormatTests
{
    private static readonly SampleResults Sample = new();

    /// <summary>Segments and fields by HL7 v2.5.1, chapters 2, 4 and 7, and the table of fields; written by hand.</summary>
    [Fact]
    public void Encode_OneResult_IsOneMessage()
    {
        const string Analyte = "26881-3^Interleukin 6^LN^il-6^Interleukin 6^99BIO";
        string expected = $"""
            MSH|^~\&|Biomarkers|Laboratory 1|LIMS|Hospital|20261122120005.0000+0000||ORU^R01^ORU_R01|C-1|P|2.5.1||||||UNICODE UTF-8
            PID|1||1007^^^ANA-1^PI||^^^^^^S
            ORC|RE||results/17^Biomarkers
            OBR|1||results/17^Biomarkers|{Analyte}|||20261120083000.0000+0100|||||||||||||||20261122120000.0000+0000|||F
            OBX|1|NM|{Analyte}||1.235|pg/mL^pg/mL^UCUM||S_REP_CV^^99BIO|||F|||20261120083000.0000+0100||kim~Dr. Roe|il-6@1^^99BIO|reader-1|20261121091530.1234+0100
            NTE|1|L|result version: results/17@2|RESULT^^99BIO
            NTE|2|L|status: final|STATUS^^99BIO
            NTE|3|L|flag: S_REP_CV Replicates differ by more than the limit|FLAG^^99BIO
            NTE|4|L|plate: PLATE-0042|PLATE^^99BIO
            NTE|5|L|number of wells: 2|WELL-COUNT^^99BIO
            NTE|6|L|wells: A03 A04|WELLS^^99BIO
            NTE|7|L|dilution factor, multiplied already: 2|DILUTION^^99BIO
            NTE|8|L|95 % within-plate interval, lower end: 1.100|LOWER^^99BIO
            NTE|9|L|95 % within-plate interval, upper end: 1.400|UPPER^^99BIO
            NTE|10|L|CV of the wells, percent: 4.50000|CV^^99BIO
            NTE|11|L|mean response: 0.510000|RESPONSE^^99BIO
            NTE|12|L|study: ANA-1|STUDY^^99BIO
            NTE|13|L|visit: week 13|VISIT^^99BIO
            NTE|14|L|time point: OGTT 30 min|TIMEPOINT^^99BIO
            NTE|15|L|anticoagulant: none|ANTICOAGULANT^^99BIO
            NTE|16|L|haemolysis index: 0.1|HAEMOLYSIS^^99BIO
            NTE|17|L|fasting: yes|FASTING^^99BIO
            NTE|18|L|freeze-thaw cycles: 1|FREEZE-THAW^^99BIO
            NTE|19|L|run: analyticalRuns/5|RUN^^99BIO
            NTE|20|L|method: il-6@1|METHOD^^99BIO
            NTE|21|L|method hash: {new string('a', 64)}|METHOD-HASH^^99BIO
            NTE|22|L|lot: kit 2027-03-31 K-1|LOT^^99BIO
            NTE|23|L|signed by: Dr. Roe|SIGNED-BY^^99BIO
            NTE|24|L|signed at: 2026-11-22T11:59:58.000000+00:00|SIGNED-TIME^^99BIO
            NTE|25|L|meaning of the signature: reviewed and released|SIGNED-MEANING^^99BIO
            NTE|26|L|place and hash in the ledger: 4711 {new string('b', 64)}|LEDGER^^99BIO
            SPM|1|S-0001||SER^Serum^HL70487^serum^^99BIO||none^^99BIO|||||P^Patient^HL70369||||||20261120083000.0000+0100|20261120100000.0000+0100

            """;
        Assert.Equal(expected, Written.Text("hl7-v2.5.1", Sample.Make()).Replace('\r', '\n'));
    }

    /// <summary>A batch holds messages of one result each, so that a result without a subject is ascribed to nobody.</summary>
    [Fact]
    public void Encode_SeveralResults_IsABatchOfMessages()
    {
        ReportedResult nobody = Sample.WithSpecimen(specimen => specimen with { SubjectId = null, StudyId = null }).Make();
        string[] segments = Written.Text("hl7-v2.5.1", [Sample.Make(), nobody], SampleResults.Options).Split('\r');
        Assert.Equal(@"BHS|^~\&|Biomarkers|Laboratory 1|LIMS|Hospital|20261122120005.0000+0000||||C-1", segments[0]);
        Assert.Equal(["BTS|2", ""], segments[^2..]);
        Assert.Equal(["C-1.1", "C-1.2"], segments.Where(segment => segment.StartsWith("MSH|", StringComparison.Ordinal)).Select(segment => segment.Split('|')[9]));
        Assert.Single(segments, segment => segment.StartsWith("PID|", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> Escapes => new()
    {
        { "007 01", "007 01" }, // byte for byte: no zero and no blank is lost
        { "a|b^c~d\\e&f", @"a\F\b\S\c\R\d\E\e\T\f" },
        { "\\F\\", @"\E\F\E\" }, // looks like an escape sequence and is none
        { "\"\"", "\\X22\\\"" }, // two quotation marks alone would say "delete"
        { "Müller-中文-💧", "Müller-中文-💧" },
    };

    [Theory]
    [MemberData(nameof(Escapes))]
    public void Encode_SampleId_IsEscapedAndNothingElse(string sampleId, string expected) =>
        Assert.Equal(expected, Written.Hl7((Sample with { Sample = Sample.Sample with { SampleId = sampleId } }).Make())["SPM-2"]);

    [Fact]
    public void Encode_LineEndsInAReason_MakeNoSegment()
    {
        string text = Written.Text("hl7-v2.5.1", Sample.As(Biomarkers.Results.ResultStatus.Corrected, "wrong tube\r\nOBX|2|NM|x\tend").Make());
        Assert.Contains(@"|reason: wrong tube\X0D\\X0A\OBX\F\2\F\NM\F\x\X09\end|", text, StringComparison.Ordinal);
        Assert.Single(text.Split('\r'), segment => segment.StartsWith("OBX|", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1e-9, "0.000000001000")]
    [InlineData(1e9, "1000000000")]
    public void Encode_Magnitudes_HaveNoExponent(double value, string expected)
    {
        SampleResults sample = Sample with { Measurement = Sample.Measurement with { Concentration = value, Lower = null, Upper = null } };
        Assert.Equal(expected, Written.Hl7(sample.Make())["OBX-5"]);
        Assert.Equal(expected, Written.Lis2(sample.Make())["R.4"]);
    }

    [Theory]
    [InlineData(null, "UNK^Unknown^NULLFL")]
    [InlineData("urine", "urine^^99BIO")]
    [InlineData("Serum", "SER^Serum^HL70487^Serum^^99BIO")]
    public void Encode_SpecimenType_IsThatOfTheTableOrOurs(string? type, string expected) =>
        Assert.Equal(expected, Written.Hl7(Sample.WithSpecimen(specimen => specimen with { SpecimenType = type }).Make())["SPM-4"]);

    /// <summary>Where the time of collection is not known, no other time stands in for it.</summary>
    [Fact]
    public void Encode_UnknownCollection_IsEmpty()
    {
        Written.Fields fields = Written.Hl7(Sample.WithSpecimen(specimen => specimen with { CollectionTime = null }).Make());
        Assert.Equal(("", "", "", "20261121091530.1234+0100"), (fields["OBX-14"], fields["OBR-7"], fields["SPM-17"], fields["OBX-19"]));
    }

    [Theory]
    [InlineData(MessagePurpose.Training, "T")]
    [InlineData(MessagePurpose.Debugging, "D")]
    public void Encode_MessageThatIsNoResult_SaysSo(MessagePurpose purpose, string expected)
    {
        InterchangeOptions options = SampleResults.Options with { Purpose = purpose };
        Assert.Contains($"|C-1|{expected}|2.5.1|", Written.Text("hl7-v2.5.1", [Sample.Make()], options), StringComparison.Ordinal);
        Assert.Contains($"||{expected}|LIS2-A2|", Written.Text("lis2-a2", [Sample.Make()], options), StringComparison.Ordinal);
        Assert.Equal("HTEST", FhirDecoder.Parse(Written.Bytes("fhir-r4", [Sample.Make()], options)).Meta!.Security[0].Code);
    }

    [Fact]
    public void Options_ThatDoNotFitAMessage_AreRefused()
    {
        Checked<InterchangeOptions> made = InterchangeOptions.Create(new MessageParty("", ""), new MessageParty("LIMS", "a\rb"), default, "C|1 and much too long");
        Assert.Equal(["sender.application", "sender.facility", "receiver.facility", "control_id", "control_id"], made.Faults.Select(fault => fault.Field));
        Assert.Throws<ArgumentException>(() => SampleResults.Options with { SystemBase = "not a uri" });
        Assert.Throws<ArgumentException>(() => SampleResults.Options with { SystemBase = "" });
    }

    [Fact]
    public void Encode_ResultWithTheLeast_HasOnlyWhatIsKnown()
    {
        ReportedResult result = (Sample with
        {
            Sample = new ReportedSample("S-1", "P-1", [], 1, null),
            Origin = new ReportedOrigin("reader-1", null, "analyticalRuns/5", "il-6@1", default, []),
            Times = Sample.Times with { Received = null, Measured = null },
            Assurance = new ReportedAssurance(null, null, []),
        }).As(Biomarkers.Results.ResultStatus.Cancelled, "no well could be read", null).Make();
        string[] segments = Written.Text("hl7-v2.5.1", result).Split('\r');
        Assert.Equal("OBX|1||il-6^Interleukin 6^99BIO|||pg/mL^pg/mL^UCUM||S_REP_CV^^99BIO|||X||||||il-6@1^^99BIO|reader-1", segments.Single(segment => segment.StartsWith("OBX|", StringComparison.Ordinal)));
        Assert.Equal("SPM|1|S-1||UNK^Unknown^NULLFL|||||||P^Patient^HL70369", segments[^2]);
    }
}
