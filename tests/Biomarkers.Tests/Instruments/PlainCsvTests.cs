using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using Xunit;

namespace Biomarkers.Tests.Instruments;

public class PlainCsvTests
{
    private const string Valid = """
        well,content,name,nominal_concentration,unit,dilution_factor,analyte,response,bead_count
        A01,zero,ZERO,,,,IL6,12.5,101
        A02,calibrator,CAL1,0.5,pg/mL,,IL6,20,99
        A03,anchor,TOP,500,pg/mL,,IL6,22000,87
        A04,control,LQC:2,1.5,pg/mL,2,IL6,60.25,90
        A05,unknown,"AN-0123, W13",,,10,IL6,1e3,55
        A06,blank,,,,,IL6,11,120
        A07,unused,,,,,IL6,9,70
        A08,unknown,S2,,,,IL6,OVRFLW,
        """;

    private static readonly PlateFileOptions Mapped = new() { AnalyteMapping = new Dictionary<string, string> { ["IL6"] = "il-6" } };

    [Fact]
    public void Parse_EveryContent_GivesItsWell()
    {
        PlateFile file = Parse(Valid, Mapped).ValueOrThrow();

        Assert.Equal("plain-csv", file.FormatId);
        Assert.Equal("Plate-7", file.SuggestedBarcode);
        Assert.Equal(96, file.WellCount);
        Assert.Equal(new FileAnalyte("il-6", "IL6"), Assert.Single(file.Analytes));
        ResponseColumn column = Assert.Single(file.Columns);
        Assert.Equal([12.5, 20, 22000, 60.25, 1000, 11, 9], column.Responses);
        Assert.Equal([101, 99, 87, 90, 55, 120, 70], column.BeadCounts);
        Assert.Equal(new WellException(WellPosition.Parse("A08"), WellStatus.Saturated, "OVRFLW"), Assert.Single(column.Exceptions));

        WellContent[] contents = [.. file.LayoutWells.Select(well => well.Content)];
        Assert.Equal(0, Assert.Single(Assert.IsType<Calibrator>(contents[0]).Nominals).Value); // a zero needs no printed concentration
        Assert.Equal(CalibratorKind.Anchor, Assert.IsType<Calibrator>(contents[2]).Kind);
        Control control = Assert.IsType<Control>(contents[3]);
        Assert.Equal(("LQC", 2, 2.0), (control.Level, control.SetNumber, control.DilutionFactor));
        Assert.Equal(new UnknownSample("AN-0123, W13", 10, null), contents[4]);
        Assert.Equal(new Blank("BLANK"), contents[5]);
        Assert.IsType<Unused>(contents[6]);
        Assert.Equal(96, file.ToLayout("il-6", 1).ValueOrThrow().WellCount);
        Assert.Equal(ResponseKind.MedianFluorescence, file.ToPlateRead(ResponseKind.MedianFluorescence).ValueOrThrow().ResponseKind);
        Assert.Equal("response_kind", Assert.Single(file.ToPlateRead().Faults).Field); // never guessed
    }

    [Fact]
    public void Parse_ColumnsInOtherOrderAndCase_GivesTheSamePlate()
    {
        PlateFile file = Parse("Response,WELL,Analyte\n1.5,a1,il-6\n", new PlateFileOptions()).ValueOrThrow();
        Assert.Equal([1.5], file.Columns[0].Responses);
        Assert.Empty(file.LayoutWells);
        Assert.Equal(FaultReasons.Required, Assert.Single(file.ToLayout("il-6", 1).Faults).Reason);
    }

    [Theory]
    [InlineData("OVRFLW", WellStatus.Saturated)] // SoftMax Pro, Gen5: past the detector's range
    [InlineData(">65000", WellStatus.Saturated)] // a reader's scale ends there
    [InlineData("####", WellStatus.Unreadable)] // the number was wider than its column
    [InlineData("Path?", WellStatus.Unreadable)] // path-length correction failed
    [InlineData("NaN", WellStatus.Unreadable)]
    [InlineData("masked", WellStatus.Masked)] // case does not matter
    [InlineData("", WellStatus.Missing)]
    [InlineData("blorp", WellStatus.Unreadable)] // an unknown word is kept, with a notice
    public void Parse_WordForAResponse_IsKeptAsStatusWithItsToken(string token, WellStatus status)
    {
        PlateFile file = Parse($"well,analyte,response\nA1,x,{token}\nA2,x,1\n", new PlateFileOptions()).ValueOrThrow();
        Assert.Equal(new WellException(WellPosition.Parse("A01"), status, token), Assert.Single(file.Columns[0].Exceptions));
        Assert.Equal(token == "blorp", file.Notices.Any(notice => notice.Reason == PlateFileNoticeReasons.UnknownToken));
    }

    [Theory]
    [InlineData("A1,unknown,S1,,,1,x,\"1,234\"", "line 2, column response", FaultReasons.AmbiguousNumber)] // 1234 or 1.234
    [InlineData("A1,unknown,S1,,,1,x,1,234", "line 2", FaultReasons.InvalidFile)] // a decimal comma makes a field too many
    [InlineData("A1,unknown,S1,,,1,x,12a3", "line 2, column response", FaultReasons.NonFinite)] // a damaged number is no word
    [InlineData("A1,unknown,S1,,,1,x,1e999", "line 2, column response", FaultReasons.NonFinite)] // infinite
    [InlineData("A13,unknown,S1,,,1,x,1", "line 2, column well", FaultReasons.WellOutOfRange)] // off 96 wells
    [InlineData("Z99,unknown,S1,,,1,x,1", "line 2, column well", FaultReasons.InvalidWell)] // off every plate
    [InlineData("A1,unknown,S1,,,1,x,1\nA01,unknown,S1,,,1,x,2", "line 3, column well", FaultReasons.WellConflict)] // same well and analyte
    [InlineData("A1,unknown,S1,,,1,x,1\nA1,unknown,S2,,,1,y,2", "line 3, column content", FaultReasons.WellConflict)] // one well, two samples
    [InlineData("A1,unknown,S1,,,1,x,1\nA1,unknown,S1,,,2,y,2", "line 3, column content", FaultReasons.WellConflict)] // one well, two dilutions
    [InlineData("A1,standard,S1,1,pg/mL,1,x,1", "line 2, column content", FaultReasons.UnknownWord)] // the word is calibrator
    [InlineData("A1,unknown,,,,1,x,1", "line 2, column name", FaultReasons.Required)]
    [InlineData("A1,unknown,S1,,,0.1,x,1", "line 2, column dilution_factor", FaultReasons.OutOfRange)] // sample / final, upside down
    [InlineData("A1,calibrator,C1,1,pg/ml,1,x,1", "line 2, column unit", FaultReasons.UnitMismatch)] // UCUM minds case
    [InlineData("A1,calibrator,C1,1,,1,x,1", "line 2, column unit", FaultReasons.Required)]
    [InlineData("A1,calibrator,C1,0,pg/mL,1,x,1", "line 2, column nominal_concentration", FaultReasons.OutOfRange)] // that is a zero
    [InlineData("A1,zero,Z,5,pg/mL,1,x,1", "line 2, column nominal_concentration", FaultReasons.OutOfRange)]
    [InlineData("A1,control,LQC:0,1,pg/mL,1,x,1", "line 2, column name", FaultReasons.OutOfRange)] // sets count from 1
    [InlineData("A1,unknown,\"S1,,,1,x,1", "line 2", FaultReasons.InvalidFile)] // an open quote
    [InlineData("A1,unknown,S1,,,1,,1", "line 2, column analyte", FaultReasons.Required)]
    [InlineData("A1,unknown,S1,,,1,IL-6,1\nA2,unknown,S1,,,1,il 6,1", "line 3, column analyte", FaultReasons.Duplicate)] // both become il-6
    public void Parse_DamagedLine_NamesPlaceAndReason(string lines, string field, string reason)
    {
        Checked<PlateFile> file = Parse($"well,content,name,nominal_concentration,unit,dilution_factor,analyte,response\n{lines}\n", new PlateFileOptions());
        Assert.Contains(file.Faults, fault => fault.Field == field && fault.Reason == reason);
    }

    [Theory]
    [InlineData("", "empty")] // nothing
    [InlineData("  \r\n\r\n", "empty")] // white space only
    [InlineData("well,analyte,response\n", "no well")] // a header alone
    [InlineData("well;analyte;response\nA1;x;1,5\n", "semicolon")] // German export
    [InlineData("well\tanalyte\tresponse\nA1\tx\t1\n", "tab")]
    [InlineData("A1,x,1\n", "header")] // no header
    [InlineData("well,analyte\nA1,x\n", "'response'")]
    [InlineData("well,analyte,response,Well\nA1,x,1,A1\n", "twice")]
    [InlineData("well,response\nA1,1\n", "option")] // one analyte, not named
    [InlineData("PK\u0003\u0004....", "ZIP")] // a workbook
    public void Parse_FileOfAnotherShape_SaysWhatIsWrong(string text, string expected)
    {
        Checked<PlateFile> file = Parse(text, new PlateFileOptions());
        Assert.Contains(file.Faults, fault => fault.Description.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dilution", "dilution_factor")] // its first word
    [InlineData("Nominal", "nominal_concentration")]
    [InlineData("concentration", "nominal_concentration")] // another usual name
    [InlineData("signal", "response")]
    [InlineData("dilution factr", "dilution_factor")] // a slip
    [InlineData("conetnt", "content")] // two neighbours swapped
    [InlineData("lot", "lot_number")]
    [InlineData("sets", "set")]
    [InlineData("operator", null)] // something else
    [InlineData("date", null)] // two letters from name, and a word of its own
    [InlineData("site", null)]
    [InlineData("sex", null)]
    [InlineData("well_id", null)]
    public void Parse_ColumnNearAKnownOne_IsAFaultThatNamesIt(string column, string? near)
    {
        Checked<PlateFile> file = Parse($"well,analyte,response,{column}\nA1,x,1,2\n", new PlateFileOptions());
        if (near is null || near == "response") // beside the column itself, another name of it is another column
        {
            Assert.Equal(PlateFileNoticeReasons.NotUsed, Assert.Single(file.ValueOrThrow().Notices).Reason);
        }
        else
        {
            Fault fault = Assert.Single(file.Faults);
            Assert.Equal(("line 1", FaultReasons.UnknownWord), (fault.Field, fault.Reason));
            Assert.Contains($"expected '{near}'", fault.Description, StringComparison.Ordinal);
        }

        if (near == "response")
        {
            Assert.Contains(Parse($"well,analyte,{column}\nA1,x,1\n", new PlateFileOptions()).Faults, fault => fault.Description.Contains("expected 'response'", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("A1,x,1,5", true)] // 1.5 in a German export
    [InlineData("A1,x,-1,5", true)]
    [InlineData("A1,x,1.5,late", false)] // a remark beside the table
    [InlineData("A1,x,1.5,,,2", false)]
    public void Parse_LineWithTooManyFields_SaysHowManyAndOnlyThenADecimalComma(string line, bool isSplit)
    {
        Fault fault = Assert.Single(Parse($"well,analyte,response\nA2,x,1\n{line}\n", new PlateFileOptions()).Faults);
        Assert.Equal(("line 3", FaultReasons.InvalidFile), (fault.Field, fault.Reason));
        Assert.Contains($"The line has {line.Split(',').Length} fields; expected at most 3", fault.Description, StringComparison.Ordinal);
        Assert.Equal(isSplit, fault.Description.Contains("decimal comma", StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_SeveralFaults_AreAllThere()
    {
        const string Text = "well,content,name,analyte,response\nA99,unknown,S,x,1\nA1,nonsense,S,x,1\nA2,unknown,,x,\"1,0\"\n";
        Checked<PlateFile> file = Parse(Text, new PlateFileOptions());
        Assert.Equal(4, file.Faults.Count);
    }

    [Fact]
    public void Parse_SemicolonAndDecimalCommaByOption_ReadsNumbers()
    {
        var options = new PlateFileOptions { Delimiter = ';', DecimalSeparator = ',', Analyte = "il-6", PlateBarcode = "P1", WellCount = 384 };
        PlateFile file = Parse("well;response\nP24;1,5\n", options).ValueOrThrow();
        Assert.Equal((1.5, 384, "P1"), (file.Columns[0].Responses[0], file.WellCount, file.SuggestedBarcode));
        Assert.Equal(FaultReasons.AmbiguousNumber, Assert.Single(Parse("well;response\nP24;1.500\n", options).Faults).Reason);
    }

    [Fact]
    public void Parse_MoreThanTheLimits_IsRefused()
    {
        Assert.Equal(FaultReasons.LimitExceeded, PlateFile.Parse("p.csv", new byte[PlateFileLimits.MaximumBytes + 1], new PlateFileOptions()).Faults[0].Reason);
        var text = new StringBuilder("well,analyte,response\n");
        for (int i = 0; i <= PlateFileLimits.MaximumRows; i++)
        {
            text.Append("A1,x,1\n");
        }

        Checked<PlateFile> file = Parse(text.ToString(), new PlateFileOptions());
        Assert.Contains(file.Faults, fault => fault.Reason == FaultReasons.LimitExceeded);
        Assert.Equal(PlateFileLimits.MaximumFaults + 1, file.Faults.Count);
    }

    [Fact]
    public void Parse_BytesThatAreNotUtf8_ReadsThemWithANotice()
    {
        byte[] content = Encoding.Latin1.GetBytes("well,content,name,analyte,response\nA1,unknown,M\u00FCller,x,1\n");
        PlateFile file = PlateFile.Parse("p.csv", content, new PlateFileOptions()).ValueOrThrow();
        Assert.Equal("M\u00FCller", Assert.IsType<UnknownSample>(file.LayoutWells[0].Content).SampleId);
        Assert.Equal(PlateFileNoticeReasons.NotUtf8, Assert.Single(file.Notices).Reason);
    }

    private static Checked<PlateFile> Parse(string text, PlateFileOptions options) =>
        PlateFile.Parse("/exports/Plate 7.csv", Encoding.UTF8.GetBytes(text), options);
}
