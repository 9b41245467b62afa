using System.Security.Cryptography;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Ledger;
using Biomarkers.Results.Review;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Verification;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Whatever the ledger vouches for is found when it is not as it was, at the event that vouches for it.</summary>
public abstract class VerificationTests : StoreContract
{
    [StoreFact]
    public async Task Verify_UntouchedDatabase_IsIntactAndRecomputedBitForBit()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        using CheckpointKey key = MakeKey();
        HeldCheckpoint held = await CheckpointAsync(host, key);

        VerificationReport report = await VerifyAsync(host, recomputes: true, key, held);

        Assert.Empty(report.Findings);
        Assert.Equal(await Database.CountAsync("SELECT sequence FROM ledger_head"), report.EventCount);
        Assert.Equal((3, 3, 3, 0), (report.RunCount, report.CoveredRunCount, report.RecomputedRunCount, report.OtherEngineRunCount));
        Assert.Equal((1, report.EventCount, 0L), (report.CheckpointCount, report.CheckpointedSequence, report.UncheckpointedEventCount));
        Assert.Equal((0, await Database.CountAsync("SELECT COUNT(*) FROM stream_event")), (report.UncoveredContentCount, report.StreamEventCount));
        Assert.True(report.CoveredContentCount >= 9, $"{report.CoveredContentCount} contents are covered.");
    }

    /// <summary>Each row of a table is changed behind the server; the finding is of the row's own event.</summary>
    [StoreFact]
    public async Task Verify_CoveredRowChangedAnywhere_IsFoundAtItsEvent()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        // The first plate's run has two seals, by two events; the other's has one.
        (long first, long second) = await RunKeysAsync();
        long saved = await Database.CountAsync($"SELECT MAX(sequence) FROM audit_event WHERE action IN ('RUN_SAVED', 'RUN_REINSTATED') AND target = 'analyticalRuns/{first}'");
        long other = await Database.CountAsync($"SELECT sequence FROM audit_event WHERE action = 'RUN_SAVED' AND target = 'analyticalRuns/{second}'");
        long layout = await Database.CountAsync("SELECT MIN(sequence) FROM audit_event WHERE action = 'LAYOUT_SUBMITTED'");
        long layoutKey = await Database.CountAsync("SELECT MIN(layout_key) FROM plate_layout");
        long readKey = await Database.CountAsync($"SELECT read_key FROM analytical_run WHERE run_key = {second}");
        long streamKey = await Database.CountAsync("SELECT MIN(stream_key) FROM read_stream");
        (string Table, string Change, string Back, long? Sequence)[] changes =
        [
            ("result_version", $"concentration = concentration * 2 WHERE run_key = {first}", $"concentration = concentration / 2 WHERE run_key = {first}", saved),
            ("standard_curve", $"iteration_count = iteration_count + 1 WHERE run_key = {first}", $"iteration_count = iteration_count - 1 WHERE run_key = {first}", saved),
            ("analytical_run", $"verdict = 3 - verdict WHERE run_key = {first}", $"verdict = 3 - verdict WHERE run_key = {first}", saved),
            ("plate_read", $"operator_name = 'mallory' WHERE read_key = {readKey}", $"operator_name = 'kim' WHERE read_key = {readKey}", other),
            ("plate_layout", $"actor = 'mallory' WHERE layout_key = {layoutKey}", $"actor = 'instruments/reader-1' WHERE layout_key = {layoutKey}", layout),
            ("change_feed", $"target_key = -1 WHERE target_key = {first}", $"target_key = {first} WHERE target_key = -1", null),
            ("read_stream", $"next_offset = next_offset + 1 WHERE stream_key = {streamKey}", $"next_offset = next_offset - 1 WHERE stream_key = {streamKey}", null),
        ];
        foreach ((string table, string change, string back, long? sequence) in changes)
        {
            await AllowChangesAsync(table);
            await Database.ExecuteAsync($"UPDATE {table} SET {change}");
            VerificationReport report = await VerifyAsync(host);
            Assert.True(report.Findings.Count > 0, $"{table} {change}");
            Assert.Equal((table, sequence ?? report.Findings[0].Sequence), (table, report.Findings[0].Sequence));
            await Database.ExecuteAsync($"UPDATE {table} SET {back}");
            Assert.True((await VerifyAsync(host)).IsIntact, $"{table} is as it was, and {string.Join(' ', (await VerifyAsync(host)).Findings)}");
        }
    }

    /// <summary>As above, of what reviewers did.</summary>
    [StoreFact]
    public async Task Verify_ReviewRowChangedAddedOrGone_IsFoundAtItsEvent()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        await ReviewAsync(host);
        VerificationReport whole = await VerifyAsync(host, recomputes: true);
        Assert.Empty(whole.Findings);
        long held = await EventAsync("RESULT_HELD");
        long lifted = await EventAsync("RESULT_HOLD_LIFTED");
        long signed = await EventAsync("RESULT_SIGNED");
        long linked = await EventAsync("REPEAT_LINKED");
        long unlinked = await EventAsync("REPEAT_UNLINKED");
        long released = await EventAsync("RESULT_RELEASED");
        long resealed = await EventAsync("RUN_SEALED");
        (string Change, string Back, TamperingKind Kind, long? Sequence)[] changes =
        [
            ("UPDATE result_hold SET reason = 'none'", "UPDATE result_hold SET reason = 'was it spun?'", TamperingKind.Changed, held),
            ("UPDATE result_hold SET place_time = place_time + 1", "UPDATE result_hold SET place_time = place_time - 1", TamperingKind.Changed, held),
            ("UPDATE result_hold_lift SET actor = 'people/mallory'", "UPDATE result_hold_lift SET actor = 'people/kim'", TamperingKind.Changed, lifted),
            ("DELETE FROM result_hold_lift", "INSERT INTO result_hold_lift SELECT * FROM before_result_hold_lift", TamperingKind.Deleted, lifted),
            ("INSERT INTO result_hold_lift SELECT hold_key + 1, reason, actor, lift_time FROM result_hold_lift",
                "DELETE FROM result_hold_lift WHERE hold_key > (SELECT MIN(hold_key) FROM result_hold)", TamperingKind.Inserted, null),
            ("UPDATE result_signature SET signer_name = 'Mallory'", "UPDATE result_signature SET signer_name = 'Kim Lee'", TamperingKind.Changed, signed),
            ("UPDATE result_signature SET meaning = 3", "UPDATE result_signature SET meaning = 2", TamperingKind.Changed, signed),
            ("UPDATE result_signature SET sign_time = 9223372036854775807 - sign_time", "UPDATE result_signature SET sign_time = 9223372036854775807 - sign_time", TamperingKind.Changed, signed),
            ("DELETE FROM result_signature", "INSERT INTO result_signature SELECT * FROM before_result_signature", TamperingKind.Deleted, signed),
            ("INSERT INTO result_signature SELECT signature_key + 1, version_key, version_hash, actor, signer_name, meaning, method, sign_time FROM result_signature",
                "DELETE FROM result_signature WHERE signature_key > (SELECT MIN(signature_key) FROM result_signature)", TamperingKind.Inserted, null),
            ("UPDATE repeat_link SET reason = 'none'", "UPDATE repeat_link SET reason = 'was above the range'", TamperingKind.Changed, linked),
            ("UPDATE repeat_link SET original_key = repeat_key",
                "UPDATE repeat_link SET original_key = (SELECT b.original_key FROM before_repeat_link b WHERE b.link_key = repeat_link.link_key)", TamperingKind.Changed, linked),
            ("UPDATE repeat_link SET repeat_key = original_key",
                "UPDATE repeat_link SET repeat_key = (SELECT b.repeat_key FROM before_repeat_link b WHERE b.link_key = repeat_link.link_key)", TamperingKind.Changed, linked),
            ("UPDATE repeat_unlink SET unlink_time = unlink_time + 1", "UPDATE repeat_unlink SET unlink_time = unlink_time - 1", TamperingKind.Changed, unlinked),
            ("DELETE FROM repeat_unlink", "INSERT INTO repeat_unlink SELECT * FROM before_repeat_unlink", TamperingKind.Deleted, unlinked),
            ("INSERT INTO repeat_unlink SELECT (SELECT MAX(link_key) FROM repeat_link), reason, actor, unlink_time FROM repeat_unlink",
                "DELETE FROM repeat_unlink WHERE link_key > (SELECT MIN(link_key) FROM repeat_link)", TamperingKind.Inserted, null),
            ("INSERT INTO repeat_link SELECT link_key + 100, repeat_key, original_key, reason, actor, link_time FROM repeat_link WHERE link_key = (SELECT MIN(link_key) FROM repeat_link)",
                "DELETE FROM repeat_link WHERE link_key >= (SELECT MIN(link_key) FROM repeat_link) + 100", TamperingKind.Inserted, null),
            ("UPDATE result_version SET status = 4 WHERE status = 2", "UPDATE result_version SET status = 2 WHERE status = 4", TamperingKind.Changed, resealed),
            ($"UPDATE change_feed SET target_key = -target_key WHERE sequence = {released}", $"UPDATE change_feed SET target_key = -target_key WHERE sequence = {released}", TamperingKind.Changed, released),
            ($"DELETE FROM change_feed WHERE sequence = {lifted}", $"INSERT INTO change_feed SELECT * FROM before_change_feed WHERE sequence = {lifted}", TamperingKind.Deleted, lifted),
        ];
        foreach (string table in new[] { "result_hold", "result_hold_lift", "result_signature", "repeat_link", "repeat_unlink", "result_version", "change_feed" })
        {
            await AllowChangesAsync(table);
            await Database.ExecuteAsync($"CREATE TABLE before_{table} AS SELECT * FROM {table}");
        }

        foreach ((string change, string back, TamperingKind kind, long? sequence) in changes)
        {
            await Database.ExecuteAsync(change);
            Tampering found = (await VerifyAsync(host)).Findings[0];
            Assert.Equal((change, kind, sequence), (change, found.Kind, found.Sequence));
            await Database.ExecuteAsync(back);
            Assert.True((await VerifyAsync(host)).IsIntact, $"after {change} was undone");
        }
    }

    /// <summary>What the seal alone can't show: the row and its seal are made anew, and the ledger names the seal as it was.</summary>
    [StoreFact]
    public async Task Verify_RunSealedAnewWithAnotherValue_IsFoundByItsAuditEvent()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        await AllowChangesAsync("result_version");
        await AllowChangesAsync("run_seal");
        (_, long run) = await RunKeysAsync();
        await Database.ExecuteAsync($"UPDATE result_version SET concentration = concentration * 2 WHERE run_key = {run}");
        await Database.ExecuteAsync($"DELETE FROM run_seal WHERE run_key = {run}");
        await SealAnewAsync(run);

        Assert.NotNull(await host.Store.Queries.GetRunAsync(run, CancellationToken.None));
        Tampering first = (await VerifyAsync(host)).Findings[0];
        Assert.Equal((TamperingKind.Changed, $"analyticalRuns/{run}"), (first.Kind, first.Target));
        Assert.Equal(await Database.CountAsync($"SELECT sequence FROM audit_event WHERE action = 'RUN_SAVED' AND target = 'analyticalRuns/{run}'"), first.Sequence);
    }

    /// <summary>The whole chain is computed anew: only a checkpoint that was kept elsewhere tells, between which events.</summary>
    [StoreFact]
    public async Task Verify_ChainMadeAnew_IsForkedForWhoHasACheckpointAndIntactForWhoHasNone()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        using CheckpointKey key = MakeKey();
        HeldCheckpoint held = await CheckpointAsync(host, key);
        await AllowChangesAsync("audit_event");

        await LedgerRewriting.RewriteAsync(Database, host, from: 6);

        Assert.True((await VerifyAsync(host)).IsIntact);
        Tampering found = Assert.Single((await VerifyAsync(host, recomputes: false, key, held)).Findings);
        Assert.Equal((TamperingKind.Forked, (long?)1, held.Signed.ToCheckpoint().Sequence), (found.Kind, found.Sequence, found.LatestSequence));
    }

    [StoreFact]
    public async Task Verify_LedgerCutBelowACheckpoint_IsTruncatedAndAboveItIsNotSeen()
    {
        await using PipelineHost host = await StartAsync();
        await FillAsync(host);
        using CheckpointKey key = MakeKey();
        HeldCheckpoint held = await CheckpointAsync(host, key);
        long vouched = held.Signed.ToCheckpoint().Sequence;
        await host.Intake.OpenAsync("reader-1", "s0", "instruments/reader-1", CancellationToken.None);
        await AllowChangesAsync("audit_event");

        await CutAsync(vouched);
        Assert.True((await VerifyAsync(host, recomputes: false, key, held)).IsIntact);
        await CutAsync(vouched - 1);

        Tampering found = (await VerifyAsync(host, recomputes: false, key, held)).Findings[0];
        Assert.Equal((TamperingKind.Truncated, (long?)vouched), (found.Kind, found.Sequence));
    }

    [StoreFact]
    public async Task Verify_CheckpointOfAnotherKey_IsABadSignature()
    {
        await using PipelineHost host = await StartAsync();
        using CheckpointKey key = MakeKey();
        using CheckpointKey other = MakeKey();
        HeldCheckpoint forged = await CheckpointAsync(host, other);

        Assert.Equal(TamperingKind.BadSignature, Assert.Single((await VerifyAsync(host, recomputes: false, key, forged)).Findings).Kind);
    }

    private static CheckpointKey MakeKey() => CheckpointKey.ReadOrCreate(Path.Combine(Directory.CreateTempSubdirectory("biomarkers-key-").FullName, "checkpoint.key"));

    private static async Task<HeldCheckpoint> CheckpointAsync(PipelineHost host, CheckpointKey key) =>
        new("kept.json", key.Sign((await host.Store.Queries.MakeCheckpointAsync(DateTimeOffset.UnixEpoch, CancellationToken.None))!));

    private static async Task<VerificationReport> VerifyAsync(PipelineHost host, bool recomputes = false, CheckpointKey? key = null, params HeldCheckpoint[] held)
    {
        using var trusted = ECDsa.Create();
        if (key is not null)
        {
            trusted.ImportFromPem(key.PublicPem);
        }

        var request = new VerificationRequest { Recomputes = recomputes, Checkpoints = held, PublicKeys = key is null ? [] : [trusted] };
        return await host.Store.Queries.VerifyAsync(request, CancellationToken.None);
    }

    // Two plates; the first has a second run by another layout, then the first run again.
    private static async Task FillAsync(PipelineHost host)
    {
        for (int i = 1; i <= 2; i++)
        {
            OpenedStream opened = await host.Intake.OpenAsync("reader-1", $"s{i}", "instruments/reader-1", CancellationToken.None);
            await host.SendAsync(opened, 0, TestPlates.Whole($"P-{i}"), [(byte)i]);
            await RunsAsync(host, i);
        }

        foreach (int samples in new[] { 5, 0 })
        {
            await host.Intake.SubmitAsync(new SubmitPlateLayout("P-1", TestPlates.Layout(samples), "samples were swapped", "people/kim"), CancellationToken.None);
            await RunsAsync(host, 3);
        }
    }

    // Two results of the second plate are held; one of them no longer, and released with a signature.
    private static async Task ReviewAsync(PipelineHost host)
    {
        IReadOnlyList<StoredResult> results = (await host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: "P-2"), new PageRequest(2), CancellationToken.None)).Rows;
        StoredResult result = results[0];
        PlacedHolds placed = await host.Writer.WriteAsync(new HoldResults([.. results.Select(row => row.ResultKey)], "was it spun?", "people/kim"), CancellationToken.None);
        await host.Writer.WriteAsync(new LiftHold(placed.Holds[0].HoldKey, "it was", "people/kim"), CancellationToken.None);
        var signing = new Signing("Kim Lee", SignatureMeaning.Approval, SigningMethod.KeyAndPin);
        var named = new NamedVersion(result.ResultKey, result.Version, "results[0]");
        Reviewed released = await host.Writer.WriteAsync(new TakeReviewStep(ReviewStep.Release, [named], null, "people/kim", signing, NeedsSignature: true), CancellationToken.None);
        Assert.Empty(released.Faults);
        // And the first plate's is its repeat, which was said before and taken back.
        StoredResult repeat = (await host.Store.Queries.ListResultsAsync(
            new ResultFilter(PlateBarcode: "P-1", SampleId: result.Result.SampleId), new PageRequest(1), CancellationToken.None)).Rows[0];
        for (int i = 0; i < 2; i++)
        {
            LinkedRepeat linked = await host.Writer.WriteAsync(new LinkRepeat(repeat.ResultKey, result.ResultKey, "was above the range", "people/kim"), CancellationToken.None);
            Assert.NotNull(linked.Link);
            if (i == 0)
            {
                await host.Writer.WriteAsync(new UnlinkRepeat(linked.Link.LinkKey, "another draw", "people/kim"), CancellationToken.None);
            }
        }
    }

    private Task<long> EventAsync(string action) => Database.CountAsync($"SELECT MIN(sequence) FROM audit_event WHERE action = '{action}'");

    private static Task<string> RunsAsync(PipelineHost host, int count) => host.UntilAsync(async () =>
        (await host.Store.Queries.ListRunsAsync(new RunFilter(), new PageRequest(10), CancellationToken.None)).Rows.Count >= count ? "there" : null);

    // Keys may have gaps.
    private async Task<(long First, long Second)> RunKeysAsync()
    {
        List<long> keys = await Database.ReadAsync("SELECT run_key FROM analytical_run ORDER BY run_key", row => row.GetInt64(0));
        return (keys[0], keys[1]);
    }

    private async Task CutAsync(long last)
    {
        await Database.ExecuteAsync($"DELETE FROM audit_event WHERE sequence > {last}");
        await Database.ExecuteAsync($"UPDATE ledger_head SET sequence = {last}, hash = (SELECT hash FROM audit_event WHERE sequence = {last})");
    }

    private async Task SealAnewAsync(long runKey)
    {
        await using SqlDatabase behind = Database.Connect();
        await behind.OpenAsync(CancellationToken.None);
        await using SqlWriteTransaction write = await behind.BeginWriteAsync(CancellationToken.None);
        await SealedRuns.SealAsync(write.Connection, [runKey], CancellationToken.None);
        await write.Transaction.CommitAsync();
    }

    private Task AllowChangesAsync(string table) => Database.ExecuteAsync(Database.IsShared
        ? $"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"
        : $"DROP TRIGGER IF EXISTS {table}_no_update; DROP TRIGGER IF EXISTS {table}_no_delete");
}

[OnSqlite]
public sealed class SqliteVerificationTests : VerificationTests;

[OnPostgres]
public sealed class PostgresVerificationTests : VerificationTests;
