using System.Buffers.Binary;
using System.Text;
using System.Xml.Linq;
using Biomarkers.Cli;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Cli.Plots;

/// <summary>Pictures of curves in files and in the terminal. What a font makes of them differs from machine to machine and is not looked at.</summary>
public sealed class PicturesTests : IDisposable
{
    private const string Curve =
        """
        concentration,response
        0,0.05
        0,0.06
        0.1,0.11
        0.1,0.12
        1,0.51
        1,0.55
        10,1.6
        10,1.7
        100,2.4
        100,2.5
        1000,2.6
        1000,2.7
        """;

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("4pl")]
    [InlineData("quadratic")]
    public async Task Plot_Svg_ShowsEveryCalibratorAndSaysWhatItIs(string model)
    {
        string file = Path.Combine(line.Folder, "curve.svg");
        CommandLine.Outcome outcome = await CommandLine.RunAsync("fit", line.Write("a <b>.csv", Curve), "--model", model, "--plot", file);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        var root = XDocument.Load(file).Root!;
        XNamespace svg = "http://www.w3.org/2000/svg";
        Assert.Equal(svg + "svg", root.Name);
        Assert.Equal($"a <b>.csv: {model}, weights none", root.Element(svg + "title")!.Value);
        Assert.Equal("Response (unit of the file) against Concentration (unit of the file): 12 calibrators", root.Element(svg + "desc")!.Value);

        // Calibrators are the only circles: one each, and one in the legend.
        Assert.Equal(12 + 1, root.Descendants(svg + "ellipse").Count());
        Assert.True(root.Descendants(svg + "path").Count() > 10);
    }

    [Fact]
    public async Task Plot_Png_IsAPictureOfTheStatedSize()
    {
        string file = Path.Combine(line.Folder, "CURVE.PNG");
        CommandLine.Outcome outcome = await CommandLine.RunAsync("fit", line.Write("points.csv", Curve), "--plot", file, "--predict", "0.5,2.2", "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        byte[] bytes = await File.ReadAllBytesAsync(file);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], bytes[..8]);
        Assert.Equal((1800, 1200), (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20))));
        Assert.True(bytes.Length > 20_000, "An empty page is smaller.");
    }

    [Fact]
    public async Task Plot_UnusableFit_ShowsThePointsAlone()
    {
        string file = Path.Combine(line.Folder, "flat.svg");
        CommandLine.Outcome outcome = await CommandLine.RunAsync("fit", line.Write("flat.csv", "concentration,response\n1,2\n2,2\n4,2\n8,2\n16,2\n"), "--plot", file, "--draw");
        Assert.Equal(1, outcome.Code);
        Assert.Equal(5 + 1, XDocument.Load(file).Descendants().Count(element => element.Name.LocalName == "ellipse"));
        Assert.Contains("calibrators (5)", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_Plot_ShowsThePointsOfTheFitAndTheUnit()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 7);
        string path = line.Write("P7.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string file = Path.Combine(line.Folder, "run.svg");
        CommandLine.Outcome outcome = await CommandLine.RunAsync("analyze", path, "--assay", "il-6", "--plot", file, "--draw");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        XElement root = XDocument.Load(file).Root!;
        int wells = plate.Layout.Wells.Count(well => well.Content is Biomarkers.Immunoassay.Plates.Calibrator);
        Assert.Equal(wells + 1, root.Descendants().Count(element => element.Name.LocalName == "ellipse"));
        Assert.Contains($"Response (optical density) against il-6 (pg/mL): {wells} calibrators", root.Value, StringComparison.Ordinal);
        Assert.Contains($"calibrators ({wells})", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("vertical dots LLOQ and ULOQ", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draw_OnAPageOfUnicode_HasCurveCalibratorsAndAxes()
    {
        CommandLine.Outcome outcome = await CommandLine.RunAsync("fit", line.Write("points.csv", Curve), "--draw", "--predict", "1");
        string drawing = outcome.Output[outcome.Output.IndexOf("Response (unit of the file)", StringComparison.Ordinal)..];
        Assert.Contains(drawing, sign => sign is > '\u2800' and <= '\u28FF');
        // Duplicates may share a cell; every level has one at least.
        Assert.InRange(drawing.Split("calibrators")[0].Count(sign => sign == '○'), 6 + 1, 12 + 1);
        string labels = drawing.Split('\n').Single(text => text.TrimStart().StartsWith("0 ", StringComparison.Ordinal) && text.Contains("1000", StringComparison.Ordinal));
        Assert.Equal(["0", "0.1", "1", "10", "100", "1000"], labels.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.DoesNotContain("Response (unit", (await CommandLine.RunAsync("fit", line.Write("points.csv", Curve))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draw_OnAPageOfAscii_KeepsToIt()
    {
        var output = new AsciiWriter();
        int code = await Program.RunAsync(["fit", line.Write("points.csv", Curve), "--draw"], output, TextWriter.Null, CancellationToken.None);
        string text = output.ToString();
        string drawing = text[text.IndexOf("Response (unit of the file)", StringComparison.Ordinal)..];
        Assert.Equal(0, code);
        Assert.DoesNotContain(drawing, sign => sign > '~');
        Assert.Contains("+--", drawing, StringComparison.Ordinal);
        Assert.Contains("....", drawing, StringComparison.Ordinal);
    }

    private sealed class AsciiWriter : StringWriter
    {
        public override Encoding Encoding => Encoding.ASCII;
    }
}
