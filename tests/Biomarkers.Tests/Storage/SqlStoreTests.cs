using System.Data.Common;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Review;
using Biomarkers.Storage;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>What stands in the tables, seen behind the store's back.</summary>
public abstract class SqlStoreTests : StoreContract
{
    // The tables that change in place; every other one is append-only. A new table must be put on one side or the other.
    private static readonly string[] MutableTables =
    [
        "access_key", "control_series", "database_identity", "delivery_item", "instrument", "key_sequence", "ledger_head", "pending_read", "pending_read_part", "plate", "read_stream",
        "schema_version", "signing_pin", "subscription", "work_holder", "work_item",
    ];

    [StoreFact]
    public async Task EveryTableOfOriginalsAndResults_UpdateAndDelete_AreRefused()
    {
        await FillAsync();
        string[] appendOnly = [.. (await Database.ListTablesAsync()).Except(MutableTables)];

        Assert.Equal(27, appendOnly.Length);
        foreach (string table in appendOnly)
        {
            string column = (await Database.ListColumnsAsync(table))[0];
            Assert.True(await Database.CountAsync($"SELECT COUNT(*) FROM {table}") > 0, $"{table} has no row, so the trigger would not be tried.");
            foreach (string change in Database.ChangesOf(table, column))
            {
                var refused = await Assert.ThrowsAnyAsync<DbException>(() => Database.ExecuteAsync(change));
                Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [StoreFact]
    public async Task Ledger_RecomputedFromItsRows_IsUnbroken()
    {
        await FillAsync();

        IReadOnlyList<LedgerLine> lines = await LedgerLine.VerifyAsync(Database);

        Assert.Contains(lines, line => line.Action == "RUN_SAVED");
    }

    [StoreFact]
    public async Task Open_NewerSchema_IsRefusedAndNothingChanges()
    {
        await FillAsync();
        await Database.ExecuteAsync("INSERT INTO schema_version (number, name, apply_time) VALUES (999, 'of the future', 0)");
        List<string> tables = await Database.ListTablesAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqlStore.OpenAsync(Database.Connect(), TimeProvider.System, CancellationToken.None));

        Assert.Contains("schema 999", refused.Message, StringComparison.Ordinal);
        Assert.Equal(tables, await Database.ListTablesAsync());
    }

    [StoreFact]
    public async Task StreamChain_RecomputedFromTheEvents_IsWhatTheStreamSays()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        byte[] chain = new byte[32];
        for (int offset = 0; offset < 4; offset++)
        {
            await host.SendAsync(stream, offset, TestPlates.Whole($"P-{offset}"));
            chain = SHA256.HashData([.. chain, .. SHA256.HashData([(byte)offset])]);
        }

        StreamSummary summary = (await host.Store.Queries.GetStreamAsync("reader-1", "s1", CancellationToken.None))!;

        Assert.Equal(Convert.ToHexStringLower(chain), summary.ChainHash.Hex);
    }

    // One row at least in every append-only table.
    private async Task FillAsync()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole("P-1", factor: 1.5));
        await host.SendAsync(stream, 1, new List<Fault> { new("a", FaultReasons.NonFinite, "x") }, [1]);
        await host.UntilAsync(async () => (await host.Store.Queries.GetPlateAsync("P-1", CancellationToken.None))?.NewestRunKey is not null ? "there" : null);
        await FlagsAsync(host, stream);
        await host.SendAsync(stream, 3, TestPlates.Whole(WholePlateRead.StandInBarcode) with { LacksBarcode = true });
        HeldPlateSummary held = (await host.Store.Queries.ListHeldPlatesAsync(new WaitingFilter(), new PageRequest(1), CancellationToken.None)).Rows[0];
        await host.Intake.SubmitAsync(new ResolveHeldPlate(held.HeldKey, false, null, false, "a test plate", "people/kim"), CancellationToken.None);
        QuarantinedEvent refused = (await host.Store.Queries.ListQuarantinedEventsAsync(new WaitingFilter(), new PageRequest(1), CancellationToken.None)).Rows[0];
        await host.Intake.SubmitAsync(new DismissQuarantinedEvent(refused.QuarantineKey, "a test plate", "people/kim"), CancellationToken.None);
        await WavelengthHalvesTests.JoinAsync(host, stream, 4);
        await ReviewAsync(host);
        await host.Writer.WriteAsync(new EnrollInstrument("reader-1", "", "keys/local", null), CancellationToken.None);
        await host.Writer.WriteAsync(new RevokeCertificate("reader-1", new string('A', 64), "keys/local", "stolen"), CancellationToken.None);
    }

    private static async Task ReviewAsync(PipelineHost host)
    {
        StoredResult result = (await host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: "P-1"), new PageRequest(1), CancellationToken.None)).Rows[0];
        PlacedHolds placed = await host.Writer.WriteAsync(new HoldResults([result.ResultKey], "a test plate", "people/kim"), CancellationToken.None);
        await host.Writer.WriteAsync(new LiftHold(placed.Holds[0].HoldKey, "a test plate", "people/kim"), CancellationToken.None);
        var signing = new Signing("Kim Lee", SignatureMeaning.Approval, SigningMethod.KeyAndPin);
        var named = new NamedVersion(result.ResultKey, result.Version, "results[0]");
        await host.Writer.WriteAsync(new TakeReviewStep(ReviewStep.Release, [named], null, "people/kim", signing, NeedsSignature: true), CancellationToken.None);
        var same = new ResultFilter(SampleId: result.Result.SampleId, Analyte: result.Result.Analyte);
        IReadOnlyList<StoredResult> all = (await host.Store.Queries.ListResultsAsync(same, new PageRequest(10), CancellationToken.None)).Rows;
        StoredResult other = all.First(row => row.PlateBarcode != result.PlateBarcode);
        LinkedRepeat linked = await host.Writer.WriteAsync(new LinkRepeat(other.ResultKey, result.ResultKey, "a test plate", "people/kim"), CancellationToken.None);
        await host.Writer.WriteAsync(new UnlinkRepeat(linked.Link!.LinkKey, "a test plate", "people/kim"), CancellationToken.None);
    }

    // A plate that surely has a finding: its control wells read twice too high.
    private static async Task FlagsAsync(PipelineHost host, OpenedStream stream)
    {
        WholePlateRead whole = TestPlates.Whole("P-2");
        ResponseColumn column = whole.Read.Columns[0];
        var shifted = new ResponseColumn(
            column.Analyte,
            column.Purpose,
            column.WavelengthNm,
            column.Positions,
            [.. column.Responses.Select((response, i) => column.Positions[i].Column == 4 ? 2 * response : response)],
            [],
            []);
        PlateRead read = PlateRead.Create("P-2", 96, whole.Read.ResponseKind, [shifted]).ValueOrThrow();
        await host.SendAsync(stream, 2, whole with { Read = read });
        await host.UntilAsync(async () => (await host.Store.Queries.GetPlateAsync("P-2", CancellationToken.None))?.NewestRunKey is not null ? "there" : null);
    }
}

[OnSqlite]
public sealed class SqliteSqlStoreTests : SqlStoreTests;

[OnPostgres]
public sealed class PostgresSqlStoreTests : SqlStoreTests;
