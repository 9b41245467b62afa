using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Cli;

public sealed class ServerCommandTests(CommandServer server, ITestOutputHelper output) : IClassFixture<CommandServer>, IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [SharedDataFact]
    public async Task Send_PlateOfXponent_ResultsMeetEveryVendorConcentration()
    {
        string plate = line.Write("vendor1.csv", VendorPlate.Csv());
        Assert.Equal(0, (await server.RunAsync("assays", "create", line.Write("assay.json", VendorPlate.AssayJson("il-6-vendor")))).Code);

        CommandLine.Outcome sent = await server.RunAsync("send", plate, "--instrument", "lx200", "--assay", "il-6-vendor", "--wait", "--json");

        Assert.Equal(0, sent.Code);
        JsonElement file = Assert.Single(Array(sent.Output));
        Assert.Equal("stored", file.GetProperty("outcome").GetString());
        Assert.Equal("accepted", file.GetProperty("run").GetProperty("verdict").GetString());
        string run = file.GetProperty("run").GetProperty("name").GetString()!;
        CommandLine.Outcome results = await server.RunAsync("results", "--plate", "vendor1", "--limit", "1000", "--json");
        using var whole = JsonDocument.Parse((await server.RunAsync("run", run, "--json")).Output);
        JsonElement range = whole.RootElement.GetProperty("curves")[0].GetProperty("range");
        using var listed = JsonDocument.Parse(results.Output);
        (int inside, int outside, int offCurve, double worst) = VendorPlate.Compare(
            listed.RootElement, range.GetProperty("lloq").GetDouble(), range.GetProperty("uloq").GetDouble());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inside} inside, {outside} extrapolated, {offCurve} off the curve, largest deviation {worst:E1}"));
        Assert.True(inside > 20, "The comparison must see the plate.");
        Assert.InRange(worst, 0, 1e-6);
    }

    [Fact]
    public async Task Send_SameFileAgain_ChangesNothing()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Insulin, PlateScenario.Clean, 5);
        string path = line.Write("again.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string[] send = ["send", path, "--instrument", "reader-2", "--assay", "insulin", "--wait"];

        CommandLine.Outcome first = await server.RunAsync(send);
        CommandLine.Outcome second = await server.RunAsync(send);

        Assert.Contains("STORED, plate again", first.Output, StringComparison.Ordinal);
        Assert.Contains("DUPLICATE, plate again", second.Output, StringComparison.Ordinal);
        Assert.Equal((0, 0), (first.Code, second.Code));
        Assert.Equal(first.Output.Split(": ")[2], second.Output.Split(": ")[2]);
        Assert.Single(Array((await server.RunAsync("runs", "--plate", "again", "--json")).Output));
    }

    [Fact]
    public async Task Send_BadPlateAmongGoodOnes_IsToldAndStopsNobody()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Insulin, PlateScenario.Clean, 6);
        string good = line.Write("good.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string bad = line.Write("bad.csv", "well,content,name,dilution_factor,analyte,response\nA1,unknown,S1,1,insulin,1.5\nA13,unknown,S2,1,insulin,1.5\nB1,unknown,S3,1,insulin,\"1,5\"\n");
        // The reading of this name is there with other responses: the server keeps the bytes and uses them for nothing.
        string other = line.Write("other.csv", PlainPlateCsv.Write(PlateSimulator.Create(BuiltInAssays.Insulin, PlateScenario.Clean, 7).Read, null));
        Assert.Equal(0, (await server.RunAsync("send", good, "--instrument", "reader-3", "--assay", "insulin", "--barcode", "mixed", "--read-id", "r1")).Code);

        CommandLine.Outcome conflict = await server.RunAsync(
            "send", other, "--instrument", "reader-3", "--assay", "insulin", "--no-layout", "--barcode", "mixed", "--read-id", "r1");
        CommandLine.Outcome several = await server.RunAsync("send", bad, good, line.Write("empty.csv", ""), "--instrument", "reader-3", "--assay", "insulin", "--wait");

        Assert.Equal(1, conflict.Code);
        Assert.Contains("QUARANTINED, plate mixed, read r1", conflict.Output, StringComparison.Ordinal);
        Assert.Contains("read_id: Plate 'mixed' has a read 'r1' with other responses", conflict.Error, StringComparison.Ordinal);
        Assert.Equal(2, several.Code);
        Assert.Contains($"[1/3] {bad}: REFUSED", several.Output, StringComparison.Ordinal);
        Assert.Contains($"[2/3] {good}: STORED", several.Output, StringComparison.Ordinal);
        Assert.Contains("Well A13 is off the plate", several.Error, StringComparison.Ordinal);
        Assert.Contains("line 4, column response: '1,5' may mean", several.Error, StringComparison.Ordinal);
        Assert.Contains("empty", several.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_PlateWithALayout_AsksForItsAssay()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 8);
        string path = line.Write("asks.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string[] send = ["send", path, "--instrument", "reader-4", "--response-kind", "optical-density"];

        CommandLine.Outcome asked = await server.RunAsync(send);
        CommandLine.Outcome apart = await server.RunAsync([.. send, "--no-layout", "--wait"]);
        CommandLine.Outcome later = await server.RunAsync("send", path, "--instrument", "reader-4", "--assay", "il-6@1", "--wait");

        Assert.Equal(2, asked.Code);
        Assert.Contains("name its assay by --assay", asked.Error, StringComparison.Ordinal);
        // Stored, and no run can come of it: what was waited for is not there.
        Assert.Equal(1, apart.Code);
        Assert.Contains("STORED, plate asks", apart.Output, StringComparison.Ordinal);
        Assert.Contains("waiting-for-layout", apart.Output, StringComparison.Ordinal);
        Assert.Equal(0, later.Code);
        Assert.Contains("STORED, plate asks", later.Output, StringComparison.Ordinal);
        Assert.Contains("accepted", later.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_LargePlate_ArrivesInPartsWithEveryWell()
    {
        const int Wells = 1536;
        const int Analytes = 64;
        var random = new Random(3);
        var text = new StringBuilder("well,analyte,response,bead_count\n");
        for (int i = 0; i < Wells * Analytes; i++)
        {
            WellPosition well = PlateFormat.Wells1536.WellAt(i / Analytes);
            string reading = random.Next(50) == 0 ? "OVRFLW," : string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble() * 30_000:R},{random.Next(200, 900)}");
            text.Append(CultureInfo.InvariantCulture, $"{well},A{i % Analytes},{reading}\n");
        }

        string path = line.Write("large.csv", text.ToString());
        CommandLine.Outcome sent = await server.RunAsync("send", path, "--instrument", "reader-5", "--no-layout", "--response-kind", "median-fluorescence", "--json");
        CommandLine.Outcome again = await server.RunAsync("send", path, "--instrument", "reader-5", "--no-layout", "--response-kind", "median-fluorescence", "--json");

        JsonElement file = Assert.Single(Array(sent.Output));
        Assert.Equal("stored", file.GetProperty("outcome").GetString());
        Assert.True(file.GetProperty("offset").GetInt64() >= 4, "A start, parts and an end.");
        Assert.Equal("duplicate", Array(again.Output)[0].GetProperty("outcome").GetString());
        // The server's hash of what it put together is that of the file read here.
        var options = new PlateFileOptions { ResponseKind = ResponseKind.MedianFluorescence };
        PlateRead read = PlateFile.Parse(path, await File.ReadAllBytesAsync(path), options).ValueOrThrow().ToPlateRead().ValueOrThrow();
        JsonElement plate = Array((await server.RunAsync("plates", "--json", "--limit", "1000")).Output).Single(row => row.GetProperty("plate").GetString() == "large");
        Assert.Equal(read.Hash.Hex, Assert.Single(plate.GetProperty("reads").EnumerateArray()).GetProperty("contentSha256").GetString());
    }

    [SharedDataTheory]
    [InlineData("luminex_xPONENT_example02.csv")]
    [InlineData("luminex_xPONENT_example03.csv")]
    [InlineData("luminex_xPONENT_NaN_and_not_reported_values.csv")] // wells without a number
    public async Task Send_XponentExport_ArrivesWithEveryWell(string name)
    {
        string path = SharedData.PathOf(Path.Combine("instrument-exports", "luminex_xponent", name));
        CommandLine.Outcome sent = await server.RunAsync("send", path, "--instrument", "lx300", "--no-layout", "--json");

        Assert.Equal(0, sent.Code);
        string barcode = Array(sent.Output)[0].GetProperty("plate").GetString()!;
        PlateRead read = PlateFile.Parse(path, await File.ReadAllBytesAsync(path), new PlateFileOptions()).ValueOrThrow().ToPlateRead().ValueOrThrow();
        JsonElement plate = Array((await server.RunAsync("plates", "--json", "--limit", "1000")).Output).Single(row => row.GetProperty("plate").GetString() == barcode);
        Assert.Contains(plate.GetProperty("reads").EnumerateArray(), reading => reading.GetProperty("contentSha256").GetString() == read.Hash.Hex);
    }

    [Fact]
    public async Task Lists_OfASentPlate_ShowIt()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.HsCrp, PlateScenario.AboveUloq, 9);
        string path = line.Write("lists.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        await server.RunAsync("send", path, "--instrument", "reader-6", "--assay", "hs-crp", "--wait");

        CommandLine.Outcome plates = await server.RunAsync("plates", "--state", "analyzed", "--limit", "1000");
        CommandLine.Outcome runs = await server.RunAsync("runs", "--plate", "plates/lists", "--assay", "hs-crp", "--verdict", "accepted", "--json");
        CommandLine.Outcome above = await server.RunAsync("results", "--plate", "lists", "--range-status", "above-uloq", "--json");
        CommandLine.Outcome sample = await server.RunAsync("results", "--plate", "lists", "--sample", plate.Samples[0].SampleId, "--analyte", "hs-crp");
        CommandLine.Outcome two = await server.RunAsync("results", "--plate", "lists", "--limit", "2", "--json");

        Assert.Contains("lists", plates.Output, StringComparison.Ordinal);
        JsonElement run = Assert.Single(Array(runs.Output));
        Assert.Equal("hs-crp@1", run.GetProperty("assay").GetString());
        Assert.Equal(
            plate.Faults.Select(fault => fault.Subject).Distinct().Order(),
            Array(above.Output).Select(result => result.GetProperty("sampleId").GetString()).Order());
        Assert.All(Array(above.Output), result =>
        {
            Assert.Equal(20 * result.GetProperty("dilutionFactor").GetDouble(), result.GetProperty("limit").GetDouble());
            Assert.False(result.TryGetProperty("concentration", out _));
        });
        Assert.Contains(plate.Samples[0].SampleId, sample.Output, StringComparison.Ordinal);
        Assert.Equal(2, Array(two.Output).Count);
        Assert.Contains("--limit asks for more", two.Error, StringComparison.Ordinal);
        Assert.Contains("Verdict: accepted", (await server.RunAsync("run", run.GetProperty("name").GetString()!)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_OverSeveralPages_AreAllThereOnce()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.CPeptide, PlateScenario.Clean, 10);
        string csv = PlainPlateCsv.Write(plate.Read, plate.Layout);
        string[] files = [.. Enumerable.Range(0, 40).Select(i => line.Write($"page{i}.csv", csv))];
        CommandLine.Outcome sent = await server.RunAsync(["send", .. files, "--instrument", "reader-7", "--assay", "c-peptide", "--wait"]);
        Assert.Equal(0, sent.Code);

        IReadOnlyList<JsonElement> results = Array((await server.RunAsync("results", "--analyte", "c-peptide", "--limit", "5000", "--json")).Output);

        // More than the 1,000 of one page.
        int expected = 40 * plate.Samples.Count;
        Assert.True(expected > 1000);
        Assert.Equal(expected, results.Count(result => result.GetProperty("plate").GetString()!.StartsWith("page", StringComparison.Ordinal)));
        Assert.Equal(results.Count, results.Select(result => result.GetProperty("name").GetString()).Distinct().Count());
    }

    [Theory]
    [InlineData("runs")]
    [InlineData("plates")]
    public async Task Watch_WhileAPlateComes_PrintsItAsALine(string what)
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 12);
        string path = line.Write($"watched-{what}.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        var begun = new TaskCompletionSource();
        var lines = new StringWriter();
        var notes = new SignallingWriter(begun);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string[] watch = ["watch", what, "--plate", $"watched-{what}", "--count", "1", "--json", "--server", server.Address, "--key-file", server.KeyFile];
        Task<int> watching = Biomarkers.Cli.Program.RunAsync(watch, lines, notes, patience.Token);
        await begun.Task.WaitAsync(patience.Token);

        await server.RunAsync("send", path, "--instrument", "reader-8", "--assay", "il-6");

        Assert.Equal(0, await watching);
        using var document = JsonDocument.Parse(Assert.Single(lines.ToString().Trim().Split('\n')));
        Assert.Equal($"watched-{what}", document.RootElement.GetProperty("plate").GetString());
    }

    [Fact]
    public async Task Watch_Interrupted_EndsWell()
    {
        var begun = new TaskCompletionSource();
        using var interrupt = new CancellationTokenSource();
        Task<int> watching = Biomarkers.Cli.Program.RunAsync(["watch", "--server", server.Address, "--key-file", server.KeyFile], TextWriter.Null, new SignallingWriter(begun), interrupt.Token);
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await interrupt.CancelAsync();

        Assert.Equal(0, await watching);
    }

    [Fact]
    public async Task Assays_CreateGetAndAnalyze_AgreeOnOneForm()
    {
        CommandLine.Outcome builtIn = await server.RunAsync("assays", "get", "il-6", "--json");
        string file = line.Write("mine.json", builtIn.Output.Replace("\"il-6\",\n  \"version\"", "\"il-6-mine\",\n  \"version\"", StringComparison.Ordinal));

        CommandLine.Outcome created = await server.RunAsync("assays", "create", file, "--json");
        CommandLine.Outcome repeated = await server.RunAsync("assays", "create", file, "--json");
        string changed = line.Write("changed.json", created.Output.Replace("\"1/y2\"", "\"power:1.5\"", StringComparison.Ordinal).Replace("\"fixedParameters\": {}", "\"fixedParameters\": {\"asymmetry\": 1}", StringComparison.Ordinal));
        CommandLine.Outcome second = await server.RunAsync("assays", "create", changed, "--json");

        Assert.Equal((0, 0, 0), (created.Code, repeated.Code, second.Code));
        Assert.Contains("\"id\": \"il-6-mine\"", created.Output, StringComparison.Ordinal);
        Assert.Equal(created.Output, repeated.Output);
        Assert.Contains("\"version\": 2", second.Output, StringComparison.Ordinal);
        Assert.Contains("\"asymmetry\": 1", second.Output, StringComparison.Ordinal);
        Assert.Equal(second.Output, (await server.RunAsync("assays", "get", "il-6-mine", "--json")).Output);
        Assert.Equal(created.Output, (await server.RunAsync("assays", "get", "il-6-mine@1", "--json")).Output);
        Assert.Contains("il-6-mine@2", (await server.RunAsync("assays", "list")).Output, StringComparison.Ordinal);
        Assert.Contains(Array((await server.RunAsync("assays", "list", "--json")).Output), assay => assay.GetProperty("id").GetString() == "il-6-mine");
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 13);
        Assert.Equal(0, (await CommandLine.RunAsync("analyze", line.Write("P.csv", PlainPlateCsv.Write(plate.Read, plate.Layout)), "--assay", file)).Code);
    }

    [Theory]
    [InlineData("biomarkers run: NotFound (ANALYTICAL_RUN_NOT_FOUND)", "run", "999999")]
    [InlineData("biomarkers assays get: NotFound (ASSAY_NOT_FOUND)", "assays", "get", "none")]
    [InlineData("No such file", "assays", "create", "none.json")]
    [InlineData("expected one of receiving, waiting-for-layout", "plates", "--state", "lost")]
    [InlineData("expected one of accepted, rejected", "runs", "--verdict", "maybe")]
    [InlineData("expected one of quantified, below-lloq", "results", "--range-status", "high")]
    [InlineData("--limit: 0 is no number of lines", "results", "--limit", "0")]
    [InlineData("expected runs or plates", "watch", "wells")]
    [InlineData("--count: 0", "watch", "runs", "--count", "0")]
    [InlineData("plate: 'plates/a b'", "runs", "--plate", "a b")]
    [InlineData("ASSAY_NOT_FOUND", "send", "none.csv", "--instrument", "r", "--assay", "none")]
    [InlineData("No such file", "send", "none.csv", "--instrument", "r")]
    [InlineData("--instrument: 'a b' is no name", "send", "none.csv", "--instrument", "a b")]
    [InlineData("--barcode: 'B' names one plate; expected one file.", "send", "a.csv", "b.csv", "--instrument", "r", "--barcode", "B")]
    [InlineData("--patience: 0 is no number of seconds", "send", "a.csv", "--instrument", "r", "--patience", "0")]
    [InlineData("--no-layout: --layout names a layout", "send", "a.csv", "--instrument", "r", "--no-layout", "--layout", "l.csv")]
    public async Task Command_BadInput_IsRefused(string expected, params string[] args)
    {
        CommandLine.Outcome outcome = await server.RunAsync(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WrongKey_SaysWhereItWasLookedFor()
    {
        string wrong = line.Write("wrong.key", "a-key-that-the-server-does-not-know");
        string plate = line.Write("P.csv", "well,analyte,response\nA1,il-6,1\n");
        string[] rest = ["--server", server.Address, "--key-file", wrong];

        CommandLine.Outcome list = await CommandLine.RunAsync(["plates", .. rest]);
        CommandLine.Outcome send = await CommandLine.RunAsync(["send", plate, "--instrument", "r", "--no-layout", "--response-kind", "luminescence", .. rest]);
        CommandLine.Outcome none = await CommandLine.RunAsync("plates", "--server", server.Address, "--key-file", Path.Combine(line.Folder, "none.key"));

        Assert.Equal($"biomarkers plates: {server.Address} does not accept the key. The key is that of --key-file '{wrong}'.\n", list.Error);
        Assert.Equal($"biomarkers send: {server.Address} does not accept the key. The key is that of --key-file '{wrong}'.\n", send.Error);
        Assert.Contains("Unable to read the key file", none.Error, StringComparison.Ordinal);
        Assert.Equal((2, 2, 2), (list.Code, send.Code, none.Code));
    }

    [Fact]
    public async Task Command_NobodyListens_SaysSoInOneLine()
    {
        // Port 1 is reserved for a service that no machine runs.
        string plate = line.Write("P.csv", "well,analyte,response\nA1,il-6,1\n");
        CommandLine.Outcome send = await CommandLine.RunAsync(
            "send", plate, "--instrument", "r", "--no-layout", "--response-kind", "luminescence", "--patience", "0.5", "--server", "http://127.0.0.1:1", "--key-file", server.KeyFile);
        CommandLine.Outcome list = await CommandLine.RunAsync("plates", "--server", "http://127.0.0.1:1", "--key-file", server.KeyFile);
        CommandLine.Outcome open = await CommandLine.RunAsync("plates", "--server", "http://192.0.2.1:5080", "--key-file", server.KeyFile);
        CommandLine.Outcome nothing = await CommandLine.RunAsync("plates", "--server", "nowhere", "--key-file", server.KeyFile);

        Assert.Equal((2, 2, 2, 2), (send.Code, list.Code, open.Code, nothing.Code));
        Assert.StartsWith("biomarkers send: Unable to reach http://127.0.0.1:1/", send.Error.Trim().Split('\n')[^1], StringComparison.Ordinal);
        Assert.StartsWith("biomarkers plates: Unable to reach http://127.0.0.1:1/", Assert.Single(list.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("expected https", open.Error, StringComparison.Ordinal);
        Assert.Contains("'nowhere' is no address", nothing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_FileWithoutContents_AsksForALayoutOrNone()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 14);
        string bare = line.Write("bare.csv", PlainPlateCsv.Write(plate.Read, null));
        string whole = line.Write("bare-layout.csv", PlainPlateCsv.Write(plate.Read, plate.Layout));
        string[] send = ["send", bare, "--instrument", "reader-9", "--assay", "il-6"];

        CommandLine.Outcome refused = await server.RunAsync(send);
        CommandLine.Outcome sent = await server.RunAsync([.. send, "--layout", whole]);

        Assert.Equal(2, refused.Code);
        Assert.Contains("--layout", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--no-layout", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"{bare}: REFUSED", refused.Output, StringComparison.Ordinal);
        Assert.Contains("STORED, plate bare", sent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_OneAnalyteOfAnotherName_IsNeverRenamed()
    {
        string path = line.Write("renamed.csv", "well,content,name,analyte,response\nA1,unknown,S1,CRP,1.5\n");

        CommandLine.Outcome refused = await server.RunAsync("send", path, "--instrument", "reader-9", "--assay", "il-6");

        Assert.Equal(2, refused.Code);
        Assert.Contains("The file holds CRP; the assay measures il-6. Name counterparts by --map", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WrongPortOrScheme_NamesTheLikelyCause()
    {
        CommandLine.Outcome json = await CommandLine.RunAsync("plates", "--server", server.WebAddress, "--key-file", server.KeyFile);
        CommandLine.Outcome tls = await CommandLine.RunAsync("plates", "--server", server.Address.Replace("http:", "https:", StringComparison.Ordinal), "--key-file", server.KeyFile);

        Assert.Equal((2, 2), (json.Code, tls.Code));
        // "Is probably", or "may be" where the server's reason is lost with the connection.
        Assert.Contains("the JSON port", Assert.Single(json.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("speaks no TLS", Assert.Single(tls.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Single((await server.RunAsync("runs", "--plate", "a b")).Error.Trim().Split('\n'));
    }

    private static List<JsonElement> Array(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    /// <summary>Says when the first line is there.</summary>
    private sealed class SignallingWriter(TaskCompletionSource first) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            first.TrySetResult();
        }
    }
}
