using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Bundles;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage.Bundles;

/// <summary>A bundle of one run out of a database, on every engine: it holds all that was made of the plate, proves it without the database, and shows what was done to
/// it.</summary>
public abstract class BundleVerificationTests : StoreContract
{
    [StoreFact]
    public async Task Verify_UntouchedBundle_IsIntactAndRecomputedBitForBit()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.ReviewAsync();
        await plate.CheckpointAsync();

        (string file, ExportedBundle made) = await plate.ExportAsync();
        BundleReport report = await plate.VerifyAsync(file, recomputes: true);

        Assert.Empty(report.Findings);
        Assert.Equal((2, 2, 2), (report.Rows!.RunCount, report.Rows.CoveredRunCount, report.Rows.RecomputedRunCount));
        Assert.Equal((CheckpointTrust.GivenKey, true), (report.Trust, report.IsVouchedFor));
        // The assays were made before the plate: events of before the first are not there, and said not to be.
        Assert.True(report.Rows.PrecedingEventCount > 0);
        Assert.Equal((1, report.Rows.PrecedingEventCount + 1), (report.Rows.UncoveredContentCount, made.Manifest.Ledger.FirstSequence));
        Assert.Equal(await Database.CountAsync("SELECT sequence FROM ledger_head"), report.Rows.EventCount);
        Assert.Equal(made.Manifest.Ledger.NewestAboutPlate, report.NewestAboutPlate);
        Assert.Equal(CheckpointTrust.KeyOfTheBundle, (await plate.VerifyAsync(file, hasKey: false)).Trust);
    }

    [StoreFact]
    public async Task Export_CorrectedResult_HoldsEveryVersionHoldSignatureAndReason()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.ReviewAsync();
        await plate.CheckpointAsync();

        // Of either run: what one computed, the other one replaced.
        foreach (long runKey in await plate.RunKeysAsync())
        {
            (string file, _) = await plate.ExportAsync(runKey);

            foreach (string table in new[] { "result_version", "result_hold", "result_hold_lift", "result_signature" })
            {
                string ofPlate = table switch
                {
                    "result_signature" => "version_key IN (SELECT version_key FROM result_version v JOIN result r ON r.result_key = v.result_key JOIN plate p ON p.plate_key = r.plate_key WHERE p.barcode = 'P-2')",
                    "result_hold_lift" => "1 = 1",
                    _ => "result_key IN (SELECT result_key FROM result r JOIN plate p ON p.plate_key = r.plate_key WHERE p.barcode = 'P-2')",
                };
                long expected = await Database.CountAsync($"SELECT COUNT(*) FROM {table} WHERE {ofPlate}");
                Assert.Equal((table, expected), (table, (await BundleFile.QueryAsync(file, $"SELECT COUNT(*) FROM {table}", row => row.GetInt64(0)))[0]));
            }

            string summary = Encoding.UTF8.GetString(BundleFile.Read(file)["summary.txt"]);
            string results = Encoding.UTF8.GetString(BundleFile.Read(file)["results.csv"]);
            foreach (string word in new[] { "Kim Lee, approval", "a bubble, see A03", "was it spun?", "ask the ward", "wrong tube", "RESULT_CORRECTED", "RESULT_WITHDRAWN" })
            {
                Assert.Contains(word, summary, StringComparison.Ordinal);
            }

            // Three results: all released, computed anew, one corrected, one withdrawn.
            Assert.Equal(1 + 3 + 3 + 3 + 1 + 1, results.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
            Assert.Contains(",corrected,2,\"a bubble, see A03\",", results, StringComparison.Ordinal);
        }
    }

    [StoreFact]
    public async Task Export_OfAStreamWithOtherPlates_HoldsNoBytesAndNoRowsOfTheirs()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.CheckpointAsync();

        (string file, ExportedBundle made) = await plate.ExportAsync();

        BundleStream stream = Assert.Single(made.Manifest.Streams);
        Assert.Equal((1L, 1L), (stream.FirstOffset, Assert.Single(stream.Originals)));
        List<(long, string)> events = await BundleFile.QueryAsync(file, "SELECT event_offset, hex(content) FROM stream_event ORDER BY event_offset", row => (row.GetInt64(0), row.GetString(1)));
        Assert.Equal([(1, "0207"), (2, "")], events);
        Assert.Equal(["P-2"], await BundleFile.QueryAsync(file, "SELECT barcode FROM plate", row => row.GetString(0)));
        Assert.Equal([1L], await BundleFile.QueryAsync(file, "SELECT COUNT(*) FROM analytical_run", row => row.GetInt64(0)));
        Assert.Equal(1, (await plate.VerifyAsync(file)).Rows!.OriginalEventCount);
    }

    [StoreFact]
    public async Task Export_ReadThatCameInParts_HoldsAllOfThemAsSent()
    {
        await using PipelineHost host = await StartAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "parts", "instruments/reader-1", CancellationToken.None);
        EventContent[] events =
        [
            new PlateReadStarted(new ReadOrigin("other", null, null), "P-9", PlateFormat.Wells96, TestPlates.Assay.ResponseKind, null),
            new PlateReadStarted(new ReadOrigin("r1", "kim", null), BundledPlate.Barcode, PlateFormat.Wells96, TestPlates.Assay.ResponseKind, TestPlates.Layout()),
            .. Enumerable.Range(0, 5).Select(column => new WellsRead("r1", [TestPlates.Part(column)])),
            new WellsRead("other", [TestPlates.Part(0)]),
            new PlateReadCompleted("r1", null),
        ];
        for (int i = 0; i < events.Length; i++)
        {
            Assert.Equal(EventOutcomeKind.Stored, (await host.SendAsync(stream, i, events[i], Encoding.ASCII.GetBytes($"{(i is 0 or 7 ? "other" : "r1")} {i}"))).Kind);
        }

        await BundledPlate.RunsAsync(host, 1);
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host, plates: 0);
        await plate.CheckpointAsync();

        (string file, ExportedBundle made) = await plate.ExportAsync(
            parse: bytes => Encoding.ASCII.GetString(bytes).Split(' ') is [var read, var place] ? new SentPart(read, place is "0" or "1") : null);

        Assert.Equal([1, 2, 3, 4, 5, 6, 8], Assert.Single(made.Manifest.Streams).Originals);
        Assert.Equal(7, (await plate.VerifyAsync(file)).Rows!.OriginalEventCount);
        string without = await BundleFile.ChangeRowsAsync(file, "UPDATE stream_event SET content = x'' WHERE event_offset = 3");
        Tampering found = Assert.Single((await plate.VerifyAsync(without)).Findings);
        Assert.Equal((TamperingKind.Deleted, (long?)3), (found.Kind, found.Offset));
    }

    [StoreFact]
    public async Task Export_WithoutACheckpointOfTheNewestEvents_SaysSoAndVerifies()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);

        BundleReport none = await plate.VerifyAsync((await plate.ExportAsync()).File);
        await plate.CheckpointAsync();
        await plate.ReviewAsync();
        BundleReport early = await plate.VerifyAsync((await plate.ExportAsync()).File);

        Assert.Equal((true, CheckpointTrust.None, false), (none.IsIntact, none.Trust, none.IsVouchedFor));
        Assert.Equal((true, CheckpointTrust.GivenKey, false), (early.IsIntact, early.Trust, early.IsVouchedFor));
        Assert.True(early.Rows!.CheckpointedSequence < early.NewestAboutPlate);
    }

    [StoreFact]
    public async Task Export_Short_EndsAtTheFirstCheckpointAfterThePlateAndHoldsAgainstOthers()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.CheckpointAsync();
        await plate.ReviewAsync();
        await plate.CheckpointAsync();
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 3, TestPlates.Whole("P-4"), [4]);
        await BundledPlate.RunsAsync(host, 5);
        await plate.CheckpointAsync();

        (string file, ExportedBundle made) = await plate.ExportAsync(isShort: true);
        BundleReport report = await plate.VerifyAsync(file, recomputes: true, hasKey: true, [.. plate.Kept]);

        Assert.Empty(report.Findings);
        Assert.Equal(plate.Kept[1].Signed.ToCheckpoint().Sequence, made.Manifest.Ledger.LastSequence);
        Assert.Equal((3, 1), (report.Rows!.CheckpointCount, report.Rows.OutsideCheckpointCount));
        (string whole, _) = await plate.ExportAsync();
        Assert.Equal((4, 0), ((await plate.VerifyAsync(whole, false, true, [.. plate.Kept])).Rows!.CheckpointCount, 0));
    }

    /// <summary>What the laboratory itself could do: make the history anew and sign it. Whoever has a checkpoint from before sees it.</summary>
    [StoreFact]
    public async Task Verify_HistoryMadeAnewAndSigned_IsForkedForWhoKeptACheckpoint()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.CheckpointAsync();
        await Database.ExecuteAsync(Database.IsShared ? "DROP TRIGGER audit_event_append_only ON audit_event" : "DROP TRIGGER audit_event_no_update");
        HeldCheckpoint[] before = [.. plate.Kept];
        await LedgerRewriting.RewriteAsync(Database, host, from: before[0].Signed.ToCheckpoint().Sequence - 2);
        plate.Kept.Clear();
        await plate.CheckpointAsync();

        (string file, _) = await plate.ExportAsync();

        Assert.True((await plate.VerifyAsync(file)).IsIntact);
        Assert.Equal(TamperingKind.Forked, (await plate.VerifyAsync(file, false, true, before)).Findings[0].Kind);
    }

    [StoreFact]
    public async Task Export_OfADamagedRun_SaysWhatAndMakesNoFile()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        long runKey = (await plate.RunKeysAsync())[0];
        await Database.ExecuteAsync(Database.IsShared ? "DROP TRIGGER result_version_append_only ON result_version" : "DROP TRIGGER result_version_no_update");
        await Database.ExecuteAsync($"UPDATE result_version SET concentration = concentration * 2 WHERE run_key = {runKey}");

        (string file, ExportedBundle made) = await plate.ExportAsync();

        Assert.Equal((TamperingKind.Changed, $"analyticalRuns/{runKey}"), (made.Report.Findings[0].Kind, made.Report.Findings[0].Target));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(file)!, $"{Path.GetFileName(file)}*"));
    }

    /// <summary>A directory of any size behind an end record that looks small, and a manifest whose lists hold nothing.</summary>
    [StoreFact]
    public async Task Verify_FileMadeToMislead_IsNoBundle()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        (string file, _) = await plate.ExportAsync();
        byte[] elsewhere = await File.ReadAllBytesAsync(file);
        elsewhere.AsSpan(elsewhere.Length - 14, 4).Fill(0xFF);
        string misleading = $"{file}.misleading";
        await File.WriteAllBytesAsync(misleading, elsewhere);
        string hollow = BundleFile.Change(file, parts =>
        {
            JsonNode manifest = JsonNode.Parse(parts[BundleFile.Manifest])!;
            manifest["streams"]!.AsArray().Add(null);
            parts[BundleFile.Manifest] = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        });

        BundleException noArchive = await Assert.ThrowsAsync<BundleException>(() => plate.VerifyAsync(misleading));
        BundleException noManifest = await Assert.ThrowsAsync<BundleException>(() => plate.VerifyAsync(hollow));

        Assert.Contains("no bundle", noArchive.Message, StringComparison.Ordinal);
        Assert.Contains("names nothing", noManifest.Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Export_OfWhatIsNotThereOrOverAFile_IsRefused()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);

        BundleException unknown = await Assert.ThrowsAsync<BundleException>(() => plate.ExportAsync(4711));

        Assert.StartsWith("There is no run analyticalRuns/4711 ", unknown.Message, StringComparison.Ordinal);
    }

    /// <summary>Somebody changes rows of a bundle and makes its manifest fit: what the signed chain vouches for is found at its event.</summary>
    [StoreFact]
    public async Task Verify_CoveredRowChangedGoneOrAdded_IsFound()
    {
        await using PipelineHost host = await StartAsync();
        using BundledPlate plate = await BundledPlate.AnalyseAsync(Database, host);
        await plate.ReviewAsync();
        await plate.CheckpointAsync();
        (string file, ExportedBundle made) = await plate.ExportAsync();
        List<string> missed = [];
        foreach ((string sql, TamperingKind kind, string target) in BundleTamperings.Of(made.Manifest))
        {
            BundleReport report = await plate.VerifyAsync(await BundleFile.ChangeRowsAsync(file, sql));
            if (!report.Findings.Any(found => found.Kind == kind && found.Target.StartsWith(target, StringComparison.Ordinal)))
            {
                missed.Add($"{sql}: {string.Join(' ', report.Findings)}");
            }
        }

        // Whatever row is gone, of whatever table.
        foreach (string table in await BundleFile.QueryAsync(file, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", row => row.GetString(0)))
        {
            if ((await BundleFile.QueryAsync(file, $"SELECT COUNT(*) FROM {table}", row => row.GetInt64(0)))[0] > 0)
            {
                BundleReport report = await plate.VerifyAsync(await BundleFile.ChangeRowsAsync(file, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {table} WHERE rowid = (SELECT MAX(rowid) FROM {table})")));
                missed.AddRange(report.IsIntact ? [$"a row of {table} is gone"] : Array.Empty<string>());
            }
        }

        Assert.Equal([], missed);
    }
}

[OnSqlite]
public sealed class SqliteBundleVerificationTests : BundleVerificationTests;

[OnPostgres]
public sealed class PostgresBundleVerificationTests : BundleVerificationTests;
