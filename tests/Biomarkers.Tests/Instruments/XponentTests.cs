using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Instruments;

public class XponentTests(ITestOutputHelper output)
{
    private const string Valid = """
        "Program","xPONENT","","MAGPIX"
        "SN","MAGPX1"
        "Batch","Plate 12"
        "Operator",""
        "BatchStartTime","3/23/2024 10:43:37 AM"
        "ProtocolPlate","Name","x","Type","96","Plates","1"
        "Results"

        "DataType:","Median"
        "Location","Sample","IL-6","CRP","Total Events"
        "1(1,A1)","Background0","4","9","1060"
        "2(1,B1)","Standard1","6500","7000","900"
        "3(1,C1)","Standard2","2000","2500","900"
        "4(1,D1)","Standard3","600","800","900"
        "5(1,E1)","Control1","650","810","900"
        "6(1,F1)","P-1","55.5","NaN","900"

        "DataType:","Count"
        "Location","Sample","IL-6","CRP","Total Events"
        "1(1,A1)","Background0","50","60","1060"
        "2(1,B1)","Standard1","51","61","900"
        "3(1,C1)","Standard2","52","62","900"
        "4(1,D1)","Standard3","53","63","900"
        "5(1,E1)","Control1","54","64","900"
        "6(1,F1)","P-1","55","0","900"

        "DataType:","Units"
        "Analyte:","IL-6","CRP"
        "BeadID:","1","2"
        "Units:","pg/mL","pg/mL"

        "DataType:","Standard Expected Concentration"
        "Sample","IL-6","CRP"
        "Standard1","1462.5","300"
        "Standard2","731.25","100"
        "Standard3","365.625","30"

        "DataType:","Control Expected Concentration"
        "Sample","IL-6","CRP"
        "Control1","400","0"

        "DataType:","Dilution Factor"
        "Location","Sample","Dilution Factor"
        "6(1,F1)","P-1","2"
        -- CRC --
        """;

    public static TheoryData<string> Files() => [.. Paths()];

    public static TheoryData<string> FilesWithDocument() => [.. Paths().Where(path => File.Exists(Path.ChangeExtension(SharedData.PathOf(path), ".json")))];

    [SharedDataTheory]
    [MemberData(nameof(Files))]
    public void Parse_VendorFile_KeepsEveryWellOrSaysWhyNot(string path)
    {
        byte[] content = File.ReadAllBytes(SharedData.PathOf(path));
        Checked<PlateFile> parsed = PlateFile.Parse(path, content, new PlateFileOptions());
        if (content.Length == 0)
        {
            Assert.Equal("The file is empty (0 bytes); expected one of Luminex xPONENT CSV, plain CSV of a plate.", Assert.Single(parsed.Faults).Description);
            return;
        }

        PlateFile file = parsed.ValueOrThrow();
        output.WriteLine($"{file.LayoutWells.Count} wells, {file.Columns.Count} analytes, {file.Columns.Sum(column => column.Exceptions.Count)} cells without a number");
        string[] expected = MedianLocations(Encoding.Latin1.GetString(content));
        Assert.NotEmpty(expected);
        Assert.All(file.Columns, column => Assert.Equal(
            expected,
            column.Positions.Concat(column.Exceptions.Select(exception => exception.Position)).Order().Select(well => well.ToString())));
        Assert.Equal(expected, file.LayoutWells.Select(well => well.Position).Order().Select(well => well.ToString()));
        Assert.NotNull(file.InstrumentSerial);
        Assert.Equal(ResponseKind.MedianFluorescence, file.ToPlateRead().ValueOrThrow().ResponseKind);
        file.ToLayout("any", 1).ValueOrThrow();
    }

    [SharedDataTheory]
    [MemberData(nameof(FilesWithDocument))]
    public void Parse_VendorFileWithAllotropeDocument_HasItsMediansAndCounts(string path)
    {
        string expectedPath = Path.ChangeExtension(SharedData.PathOf(path), ".json");
        PlateFile file = PlateFile.Parse(path, File.ReadAllBytes(SharedData.PathOf(path)), new PlateFileOptions()).ValueOrThrow();
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(expectedPath));
        int compared = 0;
        foreach (JsonElement measurement in document.RootElement.GetProperty("multi analyte profiling aggregate document")
            .GetProperty("multi analyte profiling document").EnumerateArray()
            .SelectMany(item => item.GetProperty("measurement aggregate document").GetProperty("measurement document").EnumerateArray()))
        {
            JsonElement sample = measurement.GetProperty("sample document");
            WellPosition well = WellPosition.Parse(sample.GetProperty("location identifier").GetString()!);
            WellContent content = file.LayoutWells.Single(item => item.Position == well).Content;
            Assert.Equal(sample.GetProperty("sample identifier").GetString(), content is UnknownSample unknown ? unknown.SampleId : ((Blank)content).Name);
            foreach (JsonElement analyte in measurement.GetProperty("analyte aggregate document").GetProperty("analyte document").EnumerateArray())
            {
                string name = file.Analytes.Single(item => item.Original == analyte.GetProperty("analyte name").GetString()).Name;
                ResponseColumn column = file.Columns.Single(item => item.Analyte == name);
                int index = column.Positions.ToList().IndexOf(well);
                Assert.Equal(MedianOf(analyte), column.Responses[index]);
                Assert.Equal(analyte.GetProperty("assay bead count").GetProperty("value").GetDouble(), column.BeadCounts[index]);
                compared++;
            }
        }

        output.WriteLine($"{compared} medians and bead counts equal");
        Assert.Equal(file.Columns.Sum(column => column.Positions.Count), compared);
    }

    [SharedDataFact]
    public void Parse_FileWithNaNAndEmptyCells_KeepsTheirTokens()
    {
        PlateFile file = ParseShared("luminex_xponent/luminex_xPONENT_NaN_and_not_reported_values.csv", new PlateFileOptions());
        Assert.All(file.Columns, column => Assert.Equal(96, column.Positions.Count + column.Exceptions.Count));
        WellException empty = Assert.Single(file.Columns.SelectMany(column => column.Exceptions), exception => exception.Status == WellStatus.Missing);
        Assert.Equal("A01", empty.Position.ToString()); // analyte3 of the first line is the one empty cell of block Median
        Assert.All(
            file.Columns.SelectMany(column => column.Exceptions).Where(exception => exception != empty),
            exception => Assert.Equal((WellStatus.Unreadable, "NaN"), (exception.Status, exception.Token)));
        Assert.Contains(file.Notices, notice => notice.Reason == PlateFileNoticeReasons.InstrumentMessage && notice.Description.Contains("H12", StringComparison.Ordinal));
    }

    [SharedDataFact]
    public void Parse_SerologyFile_TakesHeaderDilutionsAndNetResponses()
    {
        PlateFile file = ParseShared("luminex_xponent_serolyzer/Chul_IgG3_1.csv", new PlateFileOptions { BeadResponse = BeadResponse.NetMedian });
        Assert.Equal(("MAGPX15265701", "MAGPIX", "3/23/2024 10:43:37 AM"), (file.InstrumentSerial, file.InstrumentModel, file.PrintedReadTime));
        Assert.Null(file.Operator);
        Assert.Equal("Chul.-SET1-_RTSS_23_March_2024_IgG3_AK", file.SuggestedBarcode);
        Assert.Equal(-0.5, file.Columns.Single(column => column.Analyte == "bsa").Responses[0]); // net MFI of A1, negative and kept
        Assert.IsType<Blank>(file.LayoutWells[0].Content);
        var mix = Assert.IsType<UnknownSample>(file.LayoutWells.Single(well => well.Position.ToString() == "B01").Content);
        Assert.Equal(("African-Mix-Standard01", 100.0), (mix.SampleId, mix.DilutionFactor));
    }

    [Fact]
    public void Parse_ListsOfStandardsAndControls_GiveRolesAndConcentrations()
    {
        PlateFile file = Parse(Valid);
        Assert.Equal(["il-6", "crp"], file.Analytes.Select(analyte => analyte.Name));
        Assert.Equal("Plate-12", file.SuggestedBarcode);
        Assert.Equal(new Blank("Background0"), file.LayoutWells[0].Content);
        var standard = Assert.IsType<Calibrator>(file.LayoutWells[3].Content);
        Assert.Equal([365.625, 30], standard.Nominals.Select(nominal => nominal.Value));
        var control = Assert.IsType<Control>(file.LayoutWells[4].Content);
        Assert.Equal(400, Assert.Single(control.Nominals).Value); // 0 for CRP is no assignment
        Assert.Equal(new UnknownSample("P-1", 2, null), file.LayoutWells[5].Content);
        Assert.Equal("NaN", Assert.Single(file.Columns[1].Exceptions).Token);
        Assert.Equal([50, 51, 52, 53, 54], file.Columns[1].BeadCounts.Select(count => count - 10));
    }

    [Fact]
    public void Parse_StandardWithALostDecimalPoint_IsAFaultThatNamesTheValues()
    {
        Fault fault = Assert.Single(PlateFile.Parse("x.csv", Bytes(Valid.Replace("365.625", "365625", StringComparison.Ordinal)), new PlateFileOptions()).Faults);
        Assert.Contains("365625", fault.Description, StringComparison.Ordinal);
        Assert.Contains("Standard2 731.25", fault.Description, StringComparison.Ordinal);
        byte[] damaged = Bytes(Valid.Replace("365.625", "365625", StringComparison.Ordinal));
        PlateFile without = PlateFile.Parse("x.csv", damaged, new PlateFileOptions { TakeExpectedConcentrations = false }).ValueOrThrow();
        Assert.Empty(Assert.IsType<Calibrator>(without.LayoutWells[1].Content).Nominals);
    }

    [Theory]
    [InlineData("\"6(1,F1)\",\"P-1\",\"55\",\"0\",\"900\"", "", FaultReasons.WellConflict)] // Count lacks a well: cut off
    [InlineData("\"6(1,F1)\",\"P-1\",\"55\"", "\"6(1,F1)\",\"P-2\",\"55\"", FaultReasons.WellConflict)] // two samples in one well
    [InlineData("\"55.5\"", "\"55,5\"", FaultReasons.AmbiguousNumber)] // decimal comma
    [InlineData("\"6500\"", "\"65oo\"", FaultReasons.NonFinite)] // a damaged number is no word
    [InlineData("\"6(1,F1)\",\"P-1\",\"55.5\",\"NaN\",\"900\"", "\"6(1,F1)\",\"P-1\"", FaultReasons.LengthMismatch)] // a line cut off
    [InlineData("\"5(1,E1)\",\"Control1\",\"650\"", "\"5(1,D1)\",\"Control1\",\"650\"", FaultReasons.WellConflict)] // a well twice
    [InlineData("\"5(1,E1)\",\"Control1\",\"650\"", "\"5(2,E1)\",\"Control1\",\"650\"", FaultReasons.LimitExceeded)] // a second plate
    [InlineData("\"5(1,E1)\",\"Control1\",\"650\"", "\"5(1,I1)\",\"Control1\",\"650\"", FaultReasons.WellOutOfRange)] // off 96 wells
    [InlineData("\"5(1,E1)\",\"Control1\",\"650\"", "\"E one\",\"Control1\",\"650\"", FaultReasons.InvalidWell)]
    [InlineData("\"DataType:\",\"Median\"", "\"DataType:\",\"Mean\"", FaultReasons.Required)] // no raw and no net responses
    [InlineData("\"Units:\",\"pg/mL\"", "\"Units:\",\"Bead\"", FaultReasons.Required)] // concentrations without a unit
    [InlineData("\"54\",\"64\"", "\"54.5\",\"64\"", FaultReasons.OutOfRange)] // half a bead
    [InlineData("\"P-1\",\"2\"", "\"P-1\",\"0.5\"", FaultReasons.OutOfRange)] // sample / final, upside down
    [InlineData("\"Location\",\"Sample\",\"IL-6\",\"CRP\",\"Total Events\"", "\"Location\",\"Sample\",\"IL-6\",\"il 6\",\"Total Events\"", FaultReasons.Duplicate)] // both il-6
    public void Parse_DamagedFile_NamesTheReason(string original, string damaged, string reason)
    {
        string text = Valid.Replace(original, damaged, StringComparison.Ordinal);
        Assert.NotEqual(Valid, text);
        Assert.Contains(PlateFile.Parse("x.csv", Bytes(text), new PlateFileOptions()).Faults, fault => fault.Reason == reason);
    }

    [Fact]
    public void Parse_SemicolonFile_IsNamedAndReadByOption()
    {
        string text = Valid.Replace("\",\"", "\";\"", StringComparison.Ordinal).Replace("55.5", "55,5", StringComparison.Ordinal)
            .Replace("365.625", "365,625", StringComparison.Ordinal).Replace("1462.5", "1462,5", StringComparison.Ordinal).Replace("731.25", "731,25", StringComparison.Ordinal);
        Fault fault = Assert.Single(PlateFile.Parse("x.csv", Bytes(text), new PlateFileOptions()).Faults);
        Assert.Contains("';'", fault.Description, StringComparison.Ordinal);
        PlateFile file = PlateFile.Parse("x.csv", Bytes(text), new PlateFileOptions { Delimiter = ';', DecimalSeparator = ',' }).ValueOrThrow();
        Assert.Equal(Parse(Valid).ToPlateRead().ValueOrThrow().Hash, file.ToPlateRead().ValueOrThrow().Hash);
    }

    [Fact]
    public void Parse_AnyMutation_NeverThrows()
    {
        byte[] xponent = Bytes(Valid);
        byte[] plain = Bytes("well,content,name,set,nominal_concentration,unit,dilution_factor,analyte,response,bead_count\n"
            + "A1,control,LQC,2,1.5,pg/mL,2,x,1,3\nA2,unknown,\"S,1\",,,,10,x,OVRFLW,\n");
        Gen<(int Kind, int At, int Length, byte Value)> edit = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 100_000], Gen.Int[1, 60], Gen.Byte);
        Gen.Select(Gen.Bool, edit.Array[1, 6]).Sample(
            (isPlain, edits) =>
            {
                byte[] content = edits.Aggregate(isPlain ? plain : xponent, Mutated);
                Checked<PlateFile> parsed = PlateFile.Parse("f.csv", content, new PlateFileOptions());
                Assert.True(parsed.Value is null == parsed.Faults.Count > 0);
                if (parsed.Value is { } file)
                {
                    // What parses passes the checks of the domain.
                    Assert.NotNull((file with { SuggestedBarcode = "p" }).ToPlateRead(ResponseKind.OpticalDensity).Value);
                }
            },
            iter: 3000,
            threads: 1);
    }

    private static IEnumerable<string> Paths() =>
        SharedData.Folder is null
            ? []
            : new[] { "luminex_xponent", "luminex_xponent_serolyzer" }
                .SelectMany(folder => Directory.GetFiles(SharedData.PathOf("instrument-exports/" + folder), "*.csv"))
                .Select(path => Path.GetRelativePath(SharedData.Folder, path));

    private static byte[] Mutated(byte[] content, (int Kind, int At, int Length, byte Value) edit)
    {
        if (content.Length == 0)
        {
            return [edit.Value];
        }

        int at = edit.At % content.Length;
        int end = Math.Min(content.Length, at + edit.Length);
        return edit.Kind switch
        {
            0 => [.. content[..at], edit.Value, .. content[(at + 1)..]], // another byte
            1 => [.. content[..at], .. content[end..]], // a piece lost
            2 => [.. content[..end], .. content[at..]], // a piece twice
            _ => content[..at], // cut off
        };
    }

    private static double MedianOf(JsonElement analyte) =>
        analyte.GetProperty("statistics aggregate document").GetProperty("statistics document").EnumerateArray()
            .SelectMany(item => item.GetProperty("statistic dimension aggregate document").GetProperty("statistic dimension document").EnumerateArray())
            .Select(item => item.GetProperty("statistical value"))
            .Single(value => value.GetProperty("has statistic datum role").GetString() == "median role")
            .GetProperty("value").GetDouble();

    // A second, cruder reader: the wells between the headings of Median and of the next block.
    private static string[] MedianLocations(string text) =>
    [
        .. text.Split('\n').Select(line => line.Replace("\"", "", StringComparison.Ordinal))
            .SkipWhile(line => !line.StartsWith("DataType:,Median", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("DataType:", StringComparison.Ordinal))
            .Where(line => line.Contains("(1,", StringComparison.Ordinal))
            .Select(line => line.Split("(1,")[1].Split(')')[0])
            .Select(well => $"{well[0]}{int.Parse(well[1..], CultureInfo.InvariantCulture):00}")
            .Order(StringComparer.Ordinal),
    ];

    private static PlateFile ParseShared(string path, PlateFileOptions options) =>
        PlateFile.Parse(path, File.ReadAllBytes(SharedData.PathOf("instrument-exports/" + path)), options).ValueOrThrow();

    private static PlateFile Parse(string text) => PlateFile.Parse("x.csv", Bytes(text), new PlateFileOptions()).ValueOrThrow();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
