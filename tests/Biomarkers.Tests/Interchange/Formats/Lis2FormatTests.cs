using Biomarkers.Results.Delivery;
using Xunit;

namespace Biomarkers.Tests.Interchange.Formats;

public sealed class Lis2FormatTests
{
    private static readonly SampleResults Sample = new();

    /// <summary>Records and fields in the order of LIS2-A2 and the table of fields; written by hand.</summary>
    [Fact]
    public void Encode_OneResult_IsOneMessage()
    {
        string expected = $"""
            H|\^&|C-1||Biomarkers^Laboratory 1|||||LIMS^Hospital||P|LIS2-A2|20261122120005+0000
            P|1|1007
            O|1|S-0001|PLATE-0042^A03 A04|26881-3^Interleukin 6^LN^il-6|||20261120083000+0100|||||||20261120100000+0100|serum|||||||20261122120000+0000||analyticalRuns/5|F
            R|1|26881-3^Interleukin 6^LN^il-6|1.235|pg/mL||S_REP_CV||F||kim^Dr. Roe|20261121091530+0100|20261121091530+0100|reader-1
            C|1|I|RESULT^result version: results/17@2|G
            C|2|I|STATUS^status: final|G
            C|3|I|FLAG^flag: S_REP_CV Replicates differ by more than the limit|I
            C|4|I|PLATE^plate: PLATE-0042|G
            C|5|I|WELL-COUNT^number of wells: 2|G
            C|6|I|WELLS^wells: A03 A04|G
            C|7|I|DILUTION^dilution factor, multiplied already: 2|G
            C|8|I|LOWER^95 % within-plate interval, lower end: 1.100|G
            C|9|I|UPPER^95 % within-plate interval, upper end: 1.400|G
            C|10|I|CV^CV of the wells, percent: 4.50000|G
            C|11|I|RESPONSE^mean response: 0.510000|G
            C|12|I|STUDY^study: ANA-1|G
            C|13|I|VISIT^visit: week 13|G
            C|14|I|TIMEPOINT^time point: OGTT 30 min|G
            C|15|I|ANTICOAGULANT^anticoagulant: none|G
            C|16|I|HAEMOLYSIS^haemolysis index: 0.1|G
            C|17|I|FASTING^fasting: yes|G
            C|18|I|FREEZE-THAW^freeze-thaw cycles: 1|G
            C|19|I|RUN^run: analyticalRuns/5|G
            C|20|I|METHOD^method: il-6@1|G
            C|21|I|METHOD-HASH^method hash: {new string('a', 64)}|G
            C|22|I|LOT^lot: kit 2027-03-31 K-1|G
            C|23|I|SIGNED-BY^signed by: Dr. Roe|G
            C|24|I|SIGNED-TIME^signed at: 2026-11-22T11:59:58.000000+00:00|G
            C|25|I|SIGNED-MEANING^meaning of the signature: reviewed and released|G
            C|26|I|LEDGER^place and hash in the ledger: 4711 {new string('b', 64)}|G
            L|1|N

            """;
        Assert.Equal(expected, Written.Text("lis2-a2", Sample.Make()).Replace('\r', '\n'));
    }

    [Fact]
    public void Encode_SeveralResults_EachHasItsOwnSubjectOrNone()
    {
        ReportedResult nobody = Sample.WithSpecimen(specimen => specimen with { SubjectId = null }).Make();
        string[] records = Written.Text("lis2-a2", [Sample.Make(), nobody], SampleResults.Options).Split('\r');
        Assert.Equal(["P|1|1007", "P|2"], records.Where(record => record[..Math.Min(2, record.Length)] == "P|"));
        Assert.Single(records, record => record.StartsWith("H|", StringComparison.Ordinal));
        Assert.Equal(["L|1|N", ""], records[^2..]);
    }

    [Theory]
    [InlineData("007 01", "007 01")]
    [InlineData("a|b^c\\d&e~f", "a&F&b&S&c&R&d&E&e~f")]
    [InlineData("&F&", "&E&F&E&")] // looks like an escape sequence and is none
    [InlineData("Müller-中文-💧", "Müller-中文-💧")]
    public void Encode_SampleId_IsEscapedAndNothingElse(string sampleId, string expected) =>
        Assert.Equal(expected, Written.Lis2((Sample with { Sample = Sample.Sample with { SampleId = sampleId } }).Make())["O.3"]);

    [Fact]
    public void Encode_LineEndsInAReason_MakeNoRecord()
    {
        string text = Written.Text("lis2-a2", Sample.As(Biomarkers.Results.ResultStatus.Withdrawn, "wrong tube\r\nL|1|N").Make());
        Assert.Contains("REASON^reason: wrong tube&X0D&&X0A&L&F&1&F&N|", text, StringComparison.Ordinal);
        Assert.Single(text.Split('\r'), record => record.StartsWith("L|", StringComparison.Ordinal));
    }
}
