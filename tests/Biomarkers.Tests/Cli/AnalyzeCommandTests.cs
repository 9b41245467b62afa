using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Cli;

public sealed class AnalyzeCommandTests(ITestOutputHelper output) : IDisposable
{
    private const string Header = "well,content,name,nominal_concentration,unit,dilution_factor,analyte,response,bead_count\n";

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [SharedDataFact]
    public async Task Analyze_PlateOfXponent_MeetsEveryVendorConcentration()
    {
        string plate = line.Write("plate1.csv", VendorPlate.Csv());
        string assay = line.Write("assay.json", VendorPlate.AssayJson());

        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", plate, "--assay", assay, "--json");

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        JsonElement run = document.RootElement;
        Assert.Equal("il-6-luminex@1", run.GetProperty("assay").GetString());
        Assert.Equal("accepted", run.GetProperty("verdict").GetString());
        JsonElement curve = Assert.Single(run.GetProperty("curves").EnumerateArray());
        Assert.Equal(("il-6", "5pl", "1/y2"), (curve.GetProperty("analyte").GetString(), curve.GetProperty("model").GetString(), curve.GetProperty("weights").GetString()));
        // xPONENT recovers its two lowest standards to 146 % and 73 %, so that the third (0.714 pg/mL) is the LLOQ of this run.
        JsonElement range = curve.GetProperty("range");
        Assert.Equal(0.7141113281, range.GetProperty("lloq").GetDouble(), 1e-9);

        (int inside, int outside, int offCurve, double worst) = VendorPlate.Compare(
            run.GetProperty("results"), range.GetProperty("lloq").GetDouble(), range.GetProperty("uloq").GetDouble());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inside} inside, {outside} extrapolated, {offCurve} off the curve, largest deviation {worst:E1}"));
        Assert.True(inside > 20, "The comparison must see the plate.");
        Assert.InRange(worst, 0, 1e-6);
    }

    [Theory]
    [InlineData("il-6")] // 5PL
    [InlineData("hs-crp")] // predilution that is never multiplied
    [InlineData("c-peptide")] // nmol/L
    [InlineData("proinsulin")] // luminescence, which the plain CSV does not say
    [InlineData("insulin")]
    public async Task Analyze_BuiltInAssay_GivesWhatTheAnalyzerGives(string id)
    {
        Assert.True(BuiltInAssays.TryFind(id, out AssayDefinition? assay));
        SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, 7);
        string path = line.Write("P7.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));

        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", path, "--assay", id, "--json");

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        JsonElement run = document.RootElement;
        Assert.Equal("P7", run.GetProperty("plate").GetString());
        Assert.All(run.GetProperty("criteria").EnumerateArray(), criterion => Assert.True(criterion.GetProperty("passed").GetBoolean()));
        // The truth that was planted, within the interval's usual misses.
        Dictionary<string, double> truths = plate.Samples.Where(sample => sample.RangeStatus == RangeStatus.Quantified)
            .ToDictionary(sample => sample.SampleId, sample => sample.Concentration);
        JsonElement[] quantified = [.. run.GetProperty("results").EnumerateArray().Where(result => truths.ContainsKey(result.GetProperty("sampleId").GetString()!))];
        Assert.NotEmpty(quantified);
        Assert.All(quantified, result => Assert.InRange(result.GetProperty("concentration").GetDouble() / truths[result.GetProperty("sampleId").GetString()!], 0.75, 1.3));
        Assert.All(run.GetProperty("curves")[0].GetProperty("calibrators").EnumerateArray(), calibrator => Assert.True(calibrator.GetProperty("nominal").GetDouble() >= 0));
    }

    [Theory]
    [InlineData(PlateScenario.BadCalibrator)]
    [InlineData(PlateScenario.FailingControl)]
    public async Task Analyze_RejectedRun_AnswersWithOneAndSaysWhy(PlateScenario scenario)
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, scenario, 11);
        string path = line.Write("P.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));

        CommandLine.Outcome people = await CommandLine.RunAsync("analyze", path, "--assay", "il-6");
        CommandLine.Outcome machine = await CommandLine.RunAsync("analyze", path, "--assay", "il-6", "--json");

        Assert.Equal((1, 1), (people.Code, machine.Code));
        Assert.Contains("Verdict: rejected", people.Output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(machine.Output);
        JsonElement run = document.RootElement;
        Assert.Contains(run.GetProperty("criteria").EnumerateArray(), criterion => criterion.TryGetProperty("passed", out JsonElement passed) && !passed.GetBoolean());
        Assert.Contains(run.GetProperty("flags").EnumerateArray(), flag => flag.GetProperty("severity").GetString() == "reject" && flag.GetProperty("text").GetString()!.Length > 0);
        Assert.All(run.GetProperty("results").EnumerateArray(), result =>
            Assert.Contains("R_REJECTED", result.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString())));
        Assert.All(plate.Faults, fault => Assert.Contains(fault.ExpectedFlag, people.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Analyze_NamesOfTheFile_AreFoundInTheAssay()
    {
        string two = """
            {"id":"pair","displayName":"Pair","responseKind":"optical-density","rulePack":"clinical@1","analytes":[
             {"analyte":"il-6","displayName":"IL-6","unit":"pg/mL","lloq":1,"uloq":64,"curveModel":"4pl","weights":"1/y2"},
             {"analyte":"crp","displayName":"CRP","unit":"mg/L","lloq":1,"uloq":64,"curveModel":"4pl","weights":"1/y2"}]}
            """;
        string assay = line.Write("pair.json", two);
        string alike = line.Write("alike.csv", Header + Lines("IL6", "pg/mL") + Lines("C.R.P", "mg/L"));
        string other = line.Write("other.csv", Header + Lines("IL6", "pg/mL") + Lines("C-reactive", "mg/L"));

        Assert.Equal(0, (await CommandLine.RunAsync("analyze", alike, "--assay", assay)).Code);
        CommandLine.Outcome refused = await CommandLine.RunAsync("analyze", other, "--assay", assay);
        Assert.Equal(2, refused.Code);
        Assert.Contains("no counterpart of C-reactive. The file holds IL6, C-reactive; the assay measures il-6, crp. Name counterparts by --map", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.RunAsync("analyze", other, "--assay", assay, "--map", "C-reactive=crp")).Code);
    }

    [Theory]
    [InlineData("CRP", "")] // a whole other protein
    [InlineData("Interleukin", "")] // perhaps the same one: a person says so
    [InlineData("il-6r", "")] // one letter more is the receptor
    [InlineData("CRP", "CRP=crp")] // mapped to what the assay does not measure
    public async Task Analyze_OneAnalyteOfAnotherName_IsNeverRenamed(string analyte, string map)
    {
        string path = line.Write("single.csv", Header + Lines(analyte, "pg/mL"));
        string[] mapped = map.Length == 0 ? [] : ["--map", map];

        CommandLine.Outcome refused = await CommandLine.RunAsync(["analyze", path, "--assay", "il-6", "--json", .. mapped]);

        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.Contains($"The file holds {analyte}; the assay measures il-6. Name counterparts by --map FILEANALYTE=ANALYTE.", refused.Error, StringComparison.Ordinal);
        CommandLine.Outcome named = await CommandLine.RunAsync("analyze", path, "--assay", "il-6", "--json", "--map", $"{analyte}=il-6");
        Assert.Contains("\"analyte\": \"il-6\"", named.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0)] // a file that names no analyte holds the assay's only one
    [InlineData("IL 6", 2)] // no name at all
    [InlineData("IL6", 0)]
    [InlineData("crp", 2)] // --analyte says what the file holds, and the assay does not measure it
    public async Task Analyze_FileWithoutAnalyteColumn_HoldsTheAssaysOnlyOne(string analyte, int code)
    {
        string unnamed = (Header + Lines("il-6", "pg/mL")).Replace(",analyte", "", StringComparison.Ordinal).Replace(",il-6", "", StringComparison.Ordinal);
        string[] named = analyte.Length == 0 ? [] : ["--analyte", analyte];

        CommandLine.Outcome outcome = await CommandLine.RunAsync(["analyze", line.Write("unnamed.csv", unnamed), "--assay", "il-6", .. named]);

        Assert.Equal(code, outcome.Code);
    }

    [Fact]
    public async Task Analyze_XponentOfOneOtherAnalyte_IsRefusedWithAHint()
    {
        const string Text = """
            "Program","xPONENT","","MAGPIX"
            "Batch","Plate 12"
            "Results"

            "DataType:","Median"
            "Location","Sample","CRP","Total Events"
            "1(1,A1)","P-1","55.5","1060"
            """;

        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", line.Write("x.csv", Text), "--assay", "il-6");

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("no counterpart of CRP. The file holds CRP; the assay measures il-6. Name counterparts by --map", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_LayoutOfAnotherFile_DescribesTheWells()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.CPeptide, PlateScenario.Clean, 3);
        string whole = line.Write("whole.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string responses = line.Write("responses.csv", PlainPlateCsv.Write(plate.Read, null));

        CommandLine.Outcome none = await CommandLine.RunAsync("analyze", responses, "--assay", "c-peptide");
        CommandLine.Outcome named = await CommandLine.RunAsync("analyze", responses, "--assay", "c-peptide", "--layout", whole, "--barcode", "P3", "--json");
        CommandLine.Outcome both = await CommandLine.RunAsync("analyze", whole, "--assay", "c-peptide", "--barcode", "P3", "--json");

        Assert.Equal(2, none.Code);
        Assert.Contains("--layout", none.Error, StringComparison.Ordinal);
        Assert.Equal(0, named.Code);
        Assert.Equal(both.Output, named.Output);
    }

    [Fact]
    public async Task Analyze_LayoutOfAnotherPlateSize_IsRefused()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.CPeptide, PlateScenario.Clean, 3);
        string responses = line.Write("responses.csv", PlainPlateCsv.Write(plate.Read, null));
        var wide = new StringBuilder(Header);
        for (int i = 0; i < 384; i++)
        {
            wide.Append(CultureInfo.InvariantCulture, $"{(char)('A' + (i / 24))}{(i % 24) + 1},unknown,S{i},,,,c-peptide,,\n");
        }

        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", responses, "--assay", "c-peptide", "--layout", line.Write("wide.csv", wide.ToString()));

        Assert.Equal(2, outcome.Code);
        Assert.Contains("layout.well_count: The layout describes 384 wells and the read has 96 wells; expected the same.", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("well;content;response\nA1;blank;1\n", "a semicolon")] // wrong delimiter
    [InlineData("well,response,analyte\nA1,\"1,5\",x\n", "line 2, column response: '1,5' may mean a fraction or thousands")] // decimal comma
    [InlineData("well,response,analyte\nA13,1,x\n", "Well A13 is off the plate")]
    [InlineData("well,response,analyte\nZZ1,1,x\n", "line 2, column well: 'ZZ1' is no well")]
    [InlineData("well,response,analyte\nA1,1,x\nA01,2,x\n", "line 3, column well: Well A01 has two responses of analyte 'x', first in line 2")]
    [InlineData("well,response,analyte\nA1,1e999,x\n", "line 2, column response: '1e999' is no number")] // more than a number holds
    [InlineData("well,response,analyte\nA1,1,il-6\n", "does not say what is in the wells")]
    [InlineData("{}", "begins no file of a known format")]
    public async Task Analyze_BadFile_IsRefusedWithPlaceAndExpectation(string text, string expected)
    {
        string path = line.Write("bad.csv", text);
        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", path, "--assay", "il-6", "--json");
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.All(outcome.Error.Trim().Split('\n'), told => Assert.StartsWith(path, told, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NaN", 1, "W_NAN")] // a word, kept as the state of its well
    [InlineData("OVRFLW", 1, "W_SATURATED")]
    [InlineData("-0.5", 1, "W_NEGATIVE_SIGNAL")] // net responses may be negative
    [InlineData("1e99", 1, "C_")] // a number still, and no curve goes through it
    [InlineData("-1e99", 1, "C_")]
    public async Task Analyze_StrangeResponse_IsDataOfTheRun(string response, int count, string expected)
    {
        string[] lines = Lines("il-6", "pg/mL").Split('\n');
        for (int i = 0; i < count; i++)
        {
            lines[8 + i] = string.Join(',', lines[8 + i].Split(',').Select((cell, at) => at == 7 ? response : cell));
        }

        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", line.Write("P.csv", Header + string.Join('\n', lines)), "--assay", "il-6", "--json");

        Assert.InRange(outcome.Code, 0, 1);
        Assert.Equal("", outcome.Error);
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Contains(document.RootElement.GetProperty("flags").EnumerateArray(), flag => flag.GetProperty("code").GetString()!.StartsWith(expected, StringComparison.Ordinal));
        CommandLine.Outcome people = await CommandLine.RunAsync("analyze", line.Write("P.csv", Header + string.Join('\n', lines)), "--assay", "il-6");
        Assert.Equal(outcome.Code, people.Code);
    }

    [Fact]
    public async Task Analyze_NoCalibratorsEqualCalibratorsOrOneReplicate_AreDataOfTheRun()
    {
        string none = line.Write("none.csv", Header + "A1,unknown,S1,,,,il-6,1.2,\n");
        string equal = line.Write("equal.csv", Header + string.Concat(Enumerable.Range(0, 8).Select(i => $"{(char)('A' + i)}1,calibrator,C{i},{0.16 * Math.Pow(2, i):R},pg/mL,,il-6,1.5,\n")));
        string single = line.Write("single.csv", Header + string.Join('\n', Lines("il-6", "pg/mL").Split('\n').Where((_, i) => i % 2 == 0)));

        foreach (string path in new[] { none, equal })
        {
            CommandLine.Outcome rejected = await CommandLine.RunAsync("analyze", path, "--assay", "il-6", "--json");
            Assert.Equal((1, ""), (rejected.Code, rejected.Error));
            Assert.Contains("C_NOT_CONVERGED", rejected.Output, StringComparison.Ordinal);
            Assert.Contains("\"outcome\": \"not-assessed\"", rejected.Output, StringComparison.Ordinal);
        }

        CommandLine.Outcome accepted = await CommandLine.RunAsync("analyze", single, "--assay", "il-6", "--json");
        Assert.Equal((0, ""), (accepted.Code, accepted.Error));
        using var document = JsonDocument.Parse(accepted.Output);
        JsonElement sample = document.RootElement.GetProperty("results").EnumerateArray().First();
        Assert.Equal(1, sample.GetProperty("wells").GetArrayLength());
        Assert.False(sample.TryGetProperty("cvPercent", out _));
    }

    [Theory]
    [InlineData("il-7", "There is no such assay; expected one of il-6")]
    [InlineData("none.json", "No such file; expected an assay as JSON")]
    public async Task Analyze_UnknownAssay_IsRefused(string assay, string expected)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", line.Write("P.csv", Header + Lines("il-6", "pg/mL")), "--assay", assay);
        Assert.Equal(2, outcome.Code);
        Assert.Contains($"--assay {assay}: {expected}", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "The file is empty")]
    [InlineData("{", "line 1, $")]
    [InlineData("[]", "line 1, $")]
    [InlineData("null", "$")]
    [InlineData("{\"id\":\"x\",\"version\":1}", "$.displayName: The value is missing or null")]
    [InlineData("{\"id\":\"x\",\"colour\":1}", "$.colour: Unknown key 'colour' at $; expected one of id, version, displayName")] // a key that is not known is a slip
    [InlineData("{\"analytes\":[{\"loq\":1}]}", "Unknown key 'loq' at $.analytes[0]; expected one of analyte, displayName")]
    [InlineData("{\"analytes\":[{\"analyte\":\"a\"}]}", "$.analytes[0]: These keys are missing: 'displayName', 'unit'")]
    [InlineData("{\"id\":\"x\",\"responseKind\":\"absorbance\"}", "$.responseKind: \"absorbance\" is no responseKind; expected one of optical-density, luminescence")]
    [InlineData("{\"id\":\"x\",\"version\":\"one\"}", "$.version: \"one\" does not fit here")]
    [InlineData("{\"id\":\"x\",\"displayName\":\"X\",\"responseKind\":\"luminescence\",\"rulePack\":\"clinical@1\",\"analytes\":[null]}", "$.analytes[0]: The value is missing or null")]
    [InlineData("{\"analytes\":[{\"analyte\":\"a\",\"displayName\":\"A\",\"unit\":\"pg/ml\",\"lloq\":1,\"uloq\":2,\"curveModel\":\"4pl\",\"weights\":\"1/y2\"}]}", "$.analytes[0].unit: \"pg/ml\" is no unit; expected one of pg/mL")]
    [InlineData("{\"id\":\"x\",\"displayName\":\"X\",\"responseKind\":\"luminescence\",\"rulePack\":\"lab@1\",\"analytes\":[{\"analyte\":\"a\",\"displayName\":\"A\",\"unit\":\"pg/mL\",\"lloq\":3,\"uloq\":2,\"curveModel\":\"6pl\",\"weights\":\"1/y2\"}]}", "$.analytes[0].curveModel: Curve model '6pl' is not known")]
    public async Task Analyze_BadAssayFile_IsRefusedWithItsPlace(string json, string expected)
    {
        string assay = line.Write("assay.json", json);
        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", line.Write("P.csv", Header + Lines("il-6", "pg/mL")), "--assay", assay);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Biomarkers.", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--format", "xlsx", "--format")]
    [InlineData("--format", "luminex-xponent", "The file is of format plain-csv")]
    [InlineData("--response", "mean", "expected median or net-mfi")]
    [InlineData("--response-kind", "absorbance", "expected one of optical-density")]
    [InlineData("--response-kind", "luminescence", "The read holds Luminescence")] // not what the assay counts
    [InlineData("--map", "IL6", "Expected FILEANALYTE=ANALYTE")]
    [InlineData("--unit", "pg/ml", "expected one of pg/mL")]
    [InlineData("--well-count", "97", "A plate of 97 wells is not known")]
    [InlineData("--well-count", "many", "'--well-count' as a whole number.")]
    [InlineData("--delimiter", "x", "cannot stand between fields")]
    [InlineData("--delimiter", ";", "line 1")]
    [InlineData("--decimal-separator", ";", "is no decimal separator")]
    [InlineData("--barcode", "a b", "is no name")]
    [InlineData("--layout", "none.csv", "No such file")]
    public async Task Analyze_BadOption_IsRefused(string option, string value, string expected)
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", line.Write("P.csv", Header + Lines("il-6", "pg/mL")), "--assay", "il-6", option, value);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output.StartsWith("Description", StringComparison.Ordinal) ? "" : outcome.Output));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>Eight calibrators and two samples in duplicate, on a 4PL with slope 1 between 0.05 and 3 and inflection 20 (in the units of the axis).</summary>
    private static string Lines(string analyte, string unit)
    {
        var text = new StringBuilder();
        for (int i = 0; i < 9; i++)
        {
            double x = i < 7 ? 0.16 * Math.Pow(2, i) : i == 7 ? 1.5 : 4;
            for (int replicate = 0; replicate < 2; replicate++)
            {
                double y = (0.05 + (2.95 * x / (x + 5))) * (replicate == 0 ? 1.005 : 0.995);
                string well = $"{(char)('A' + (i % 8))}{(i / 8 * 2) + replicate + 1}";
                string what = i < 7 ? string.Create(CultureInfo.InvariantCulture, $"calibrator,C{i},{x:R},{unit},") : $"unknown,S{i},,,1";
                text.Append(CultureInfo.InvariantCulture, $"{well},{what},{analyte},{y:R},\n");
            }
        }

        return text.ToString();
    }
}
