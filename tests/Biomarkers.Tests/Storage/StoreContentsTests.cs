using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>What is put in comes out, whatever it is: texts of any script, doubles to the last bit, bytes of any value, and order by bytes.</summary>
public abstract class StoreContentsTests : StoreContract
{
    // Quotes, a statement, wildcards, a line of right-to-left, combining and composed forms (which differ and must stay so), beyond the basic plane, trailing blanks.
    private static readonly string[] OddTexts =
    [
        "o'Neill \"x\" \\ %_", "'; DROP TABLE plate; --", "  blanks  ", "Gru\u0308\u00dfe", "Gr\u00fc\u00dfe", "\u05e9\u05dc\u05d5\u05dd", "\ud83e\uddea", "\ufeffmark", "\u200d", "{\"a\":null}", "$1 :name @p",
    ];

    [StoreFact]
    public async Task Texts_OfAnyKind_ComeBackAsTheyWere()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        for (int n = 0; n < OddTexts.Length; n++)
        {
            WholePlateRead whole = TestPlates.Whole($"P-{n}") with { Origin = new ReadOrigin("r1", OddTexts[n], null) };
            await host.SendAsync(stream, n, whole);
            await host.Intake.CreateAssayAsync(new CreateAssay(TestPlates.Assay with { Id = $"own-{n}", DisplayName = OddTexts[n] }, OddTexts[n]), CancellationToken.None);
        }

        for (int n = 0; n < OddTexts.Length; n++)
        {
            Assert.Equal(OddTexts[n], (await host.Store.Queries.GetPlateAsync($"P-{n}", CancellationToken.None))!.Reads[0].Operator);
            Assert.Equal(OddTexts[n], (await host.Store.Queries.GetAssayAsync($"own-{n}", null, CancellationToken.None))!.DisplayName);
        }

        Assert.Superset(OddTexts.ToHashSet(), (await Database.ReadAsync("SELECT actor FROM audit_event", row => row.GetString(0))).ToHashSet());
        await LedgerLine.VerifyAsync(Database);
    }

    [StoreFact]
    public async Task Error_OfAnyText_ParksItsPlate()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        // An exception may quote anything: a NUL, half a pair of surrogates, and a pair where the text is cut.
        string[] errors = [.. OddTexts, "a\0b", "half \ud83e", new string('x', 1999) + "\ud83e\uddea"];
        for (int n = 0; n < errors.Length; n++)
        {
            ReadyWork work = Assert.Single((await host.SendAsync(stream, n, TestPlates.Whole($"P-{n}"))).Works);

            Assert.True(await host.Writer.WriteAsync(new ParkWork(work, errors[n]), CancellationToken.None));

            PlateSummary parked = (await host.Store.Queries.GetPlateAsync($"P-{n}", CancellationToken.None))!;
            Assert.Equal(PlateState.Parked, parked.State);
            Assert.StartsWith(errors[n][..1], parked.ParkedError, StringComparison.Ordinal);
        }

        await LedgerLine.VerifyAsync(Database);
    }

    [StoreFact]
    public async Task Bytes_OfAnyValue_ComeBackAsTheyWere()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        byte[][] contents = [[], [0], [.. Enumerable.Range(0, 256).Select(value => (byte)value)], new byte[1 << 20]];
        for (int n = 0; n < contents.Length; n++)
        {
            await host.SendAsync(stream, n, new List<Fault> { new("a", FaultReasons.NonFinite, "x") }, contents[n]);
        }

        Assert.Equal(contents, await Database.ReadAsync("SELECT content FROM stream_event ORDER BY event_offset", row => (byte[])row[0]));
    }

    [StoreFact]
    public async Task Doubles_OfARun_ComeBackToTheLastBit()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        ReadyWork work = Assert.Single((await host.SendAsync(stream, 0, TestPlates.Whole("P-1"))).Works);
        AnalyticalRun run = PlateAnalyzer.Analyze(work.Inputs);
        // The ends of what a double can be, in the columns of results and controls that hold one; but SQLite keeps no sign of zero.
        double[] hard = [double.Epsilon, double.MaxValue, double.MinValue, 0.1 + 0.2, 1e-308, Math.BitIncrement(1)];
        var odd = run with
        {
            Results = [.. run.Results.Select((result, i) => result with { MeanResponse = hard[i], ExtrapolatedConcentration = hard[^(i + 1)] })],
            Controls = [.. run.Controls.Select((control, i) => control with { MeanResponse = hard[i], RecoveryPercent = hard[^(i + 1)] })],
        };

        SavedRun saved = (await host.Writer.WriteAsync(new SaveRun(work, odd), CancellationToken.None)).Run!;

        StoredRun stored = (await host.Store.Queries.GetRunAsync(saved.RunKey, CancellationToken.None))!;
        Assert.Equal(BitsOf(odd), BitsOf(stored.Run with { Results = [.. stored.Results.Select(result => result.Result)] }));
        Assert.Equal(odd.Curves[0].Fit.Parameters, stored.Run.Curves[0].Fit.Parameters);
        Assert.Equal(odd.Curves[0].Fit.ConditionNumber, stored.Run.Curves[0].Fit.ConditionNumber);
    }

    [StoreFact]
    public async Task Responses_OfAnyFiniteValue_ComeBackToTheLastBit()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        double[] hard = [double.Epsilon, 1e100, -1e100, 1e-308, 0.1 + 0.2];
        WellPosition[] wells = [.. hard.Select((_, i) => new WellPosition(0, i))];
        var column = new ResponseColumn(TestPlates.Assay.Analytes[0].Analyte, ColumnPurpose.Measurement, 450, wells, hard, [], []);
        PlateRead read = PlateRead.Create("P-1", 96, TestPlates.Assay.ResponseKind, [column]).ValueOrThrow();

        await host.SendAsync(stream, 0, new WholePlateRead(new ReadOrigin("r1", null, null), read, null));

        PlateRead stored = PlateReadEncoding.Decode((await Database.ReadAsync("SELECT content FROM plate_read", row => (byte[])row[0])).Single());
        Assert.Equal(hard.Select(BitConverter.DoubleToInt64Bits), stored.Columns[0].Responses.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal(read.Hash, stored.Hash);
    }

    [StoreFact]
    public async Task Names_AreListedByTheirBytes()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        // A language would put a before B and ignore the hyphen; both engines must give the same pages.
        string[] names = ["B", "a", "a-b", "ab", "a.c", "A", "0", "z", "Z"];
        foreach (string name in names)
        {
            await host.Intake.CreateAssayAsync(new CreateAssay(TestPlates.Assay with { Id = name }, "people/kim"), CancellationToken.None);
        }

        var listed = new List<string>();
        IReadOnlyList<AssayDefinition> page;
        do
        {
            page = await host.Store.Queries.ListAssaysAsync(listed.LastOrDefault(), 2, CancellationToken.None);
            listed.AddRange(page.Select(assay => assay.Id));
        }
        while (page.Count > 0);

        Assert.Equal(names.Concat(BuiltInAssays.All.Select(assay => assay.Id)).Order(StringComparer.Ordinal), listed);
    }

    [StoreFact]
    public async Task Barcodes_ThatDifferInCaseOnly_AreTwoPlates()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole("p-1", withLayout: false));
        await host.SendAsync(stream, 1, TestPlates.Whole("P-1", withLayout: false));

        Assert.Equal(2, await Database.CountAsync("SELECT COUNT(*) FROM plate"));
        Assert.Null(await host.Store.Queries.GetPlateAsync("P-1 ", CancellationToken.None));
    }

    private static string BitsOf(AnalyticalRun run) => string.Join(' ', run.Results
        .SelectMany(result => new[]
        {
            result.MeanResponse, result.ExtrapolatedConcentration, result.Concentration, result.Lower, result.Upper, result.ResponseVariance, result.CvPercent,
        })
        .Concat(run.Controls.SelectMany(control => new double?[] { control.Nominal, control.MeanResponse, control.Concentration, control.RecoveryPercent, control.CvPercent }))
        .Select(value => value is { } number ? BitConverter.DoubleToInt64Bits(number).ToString("x16") : "absent"));
}

[OnSqlite]
public sealed class SqliteStoreContentsTests : StoreContentsTests;

[OnPostgres]
public sealed class PostgresStoreContentsTests : StoreContentsTests;
