using System.Diagnostics;
using System.Security.Cryptography;
using Biomarkers.Faults.Rot;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;
using TamperingFound = Biomarkers.Results.Ledger.Tampering;

namespace Biomarkers.Faults.Tampering;

/// <summary>Tampers with a database that a real server wrote, in every way that the plan's seed gives, and has it verified after each.</summary>
internal sealed class TamperSession(TamperPlan plan, string folder, Action<string> tell)
{
    private const int ConstraintViolated = 19;
    private const int CheckpointEvery = 4;
    private const double VouchedShare = 0.8;
    private const int ControlEvery = 20;
    private const int OlderCopyEvery = 100;
    private const int TampersPerLine = 500;
    private const int FindingsKept = 10;

    private readonly List<string> findings = [];
    private readonly Dictionary<string, TamperCount> kinds = new(StringComparer.Ordinal);
    private int controlMade;
    private int controlMissed;

    public async Task<TamperReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        string data = Path.Combine(folder, "server");
        string older = Path.Combine(folder, "older.db");
        File.Copy(await StoredPlates.MakeAsync(data, Math.Max(1, plan.Plates / 2), plan.Seed, cancellationToken), older);
        string whole = await StoredPlates.MakeAsync(data, plan.Plates, plan.Seed, cancellationToken);
        using var key = CheckpointKey.ReadOrCreate(Path.Combine(data, "checkpoint.key"));
        using var publicKey = ECDsa.Create();
        publicKey.ImportFromPem(key.PublicPem);
        string file = Path.Combine(folder, "tampered.db");
        File.Copy(whole, file);
        await using SqliteConnection connection = await OpenAsync(file, cancellationToken);
        await using DataConnection rows = SqliteDatabase.Over(connection);
        List<StoredAuditEvent> events = await EventsAsync(connection, cancellationToken);
        HeldCheckpoint[] held = await CheckpointsAsync(connection, events, key, cancellationToken);
        var request = new VerificationRequest { Checkpoints = held, PublicKeys = [publicKey] };
        long vouched = held[^1].Signed.ToCheckpoint().Sequence;
        VerificationReport clean = await DatabaseVerification.RunAsync(rows, request with { Recomputes = true }, cancellationToken);
        if (!clean.IsIntact)
        {
            throw new InvalidOperationException($"The database is not intact before anything was done to it: {clean.Findings[0]}");
        }

        long timed = Stopwatch.GetTimestamp();
        await DatabaseVerification.RunAsync(rows, request, cancellationToken);
        double milliseconds = Stopwatch.GetElapsedTime(timed).TotalMilliseconds;
        tell($"{events.Count} audit events, {held.Length} checkpoints up to event {vouched}, {clean.RunCount} runs");
        await TamperAsync(connection, rows, request, older, new LedgerTampers(events, vouched, RandomOf(1)), cancellationToken);
        (int grown, int alarms) = await new CleanDatabases(plan, whole, folder, key, publicKey, findings, tell).RunAsync(cancellationToken);
        double speed = await LargeLedger.EventsPerSecondAsync(Path.Combine(folder, "large.db"), plan.Events, cancellationToken);
        return new TamperReport(
            plan, events.Count, vouched, clean.RunCount, kinds, grown, alarms, controlMade, controlMissed, speed, milliseconds, findings,
            Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private Random RandomOf(int part) => new(unchecked((plan.Seed * 31) + part));

    private async Task TamperAsync(
        SqliteConnection connection, DataConnection rows, VerificationRequest request, string older, LedgerTampers ledger, CancellationToken cancellationToken)
    {
        Random random = RandomOf(2);
        var contents = new ContentTampers(connection, RandomOf(3));
        for (int made = 0; made < plan.Count;)
        {
            if (made % OlderCopyEvery == OlderCopyEvery - 1)
            {
                await PutOlderCopyAsync(request, older, random, cancellationToken);
                made++;
                continue;
            }

            Tamper? tamper = random.Next(2) == 0 ? ledger.Next() : await contents.NextAsync(cancellationToken);
            if (tamper is null || !await TryAsync(connection, tamper, cancellationToken))
            {
                continue;
            }

            if (tamper.SequencesAfterwards is { } sql)
            {
                tamper = tamper with { Sequences = tamper.Sequences.Union(await connection.ReadAsync(sql, row => row.GetInt64(0), cancellationToken)).ToHashSet() };
            }

            Note(tamper, await DatabaseVerification.RunAsync(rows, request, cancellationToken));
            if (made % ControlEvery == 0)
            {
                // A verifier that follows the chain, and looks at neither checkpoints nor what the events vouch for.
                controlMade++;
                controlMissed += await new LedgerScan(rows, new VerificationProgress(null)).RunAsync(new HashSet<long>(), cancellationToken) is null ? 1 : 0;
            }

            await connection.ExecuteAsync("ROLLBACK TO tamper", cancellationToken);
            await connection.ExecuteAsync("RELEASE tamper", cancellationToken);
            if (++made % TampersPerLine == 0)
            {
                tell($"{made} tamperings");
            }
        }
    }

    // Only checkpoints that were kept of a later time tell that the database is an older one.
    private async Task PutOlderCopyAsync(VerificationRequest request, string older, Random random, CancellationToken cancellationToken)
    {
        int kept = random.Next(1, request.Checkpoints.Count + 1);
        VerificationReport report = await DatabaseVerification.RunAsync(older, request with { Checkpoints = [.. request.Checkpoints.Take(kept)] }, cancellationToken);
        bool isBeyond = request.Checkpoints[kept - 1].Signed.ToCheckpoint().Sequence <= report.EventCount;
        Note(new Tamper("older copy in place of the database", [$"{kept} checkpoints"]) { Sequences = new HashSet<long> { report.EventCount + 1 }, IsBeyond = isBeyond }, report);
    }
#pragma warning restore CA5394

    // Some changes the engine itself refuses.
    private static async Task<bool> TryAsync(SqliteConnection connection, Tamper tamper, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("SAVEPOINT tamper", cancellationToken);
        try
        {
            int changed = 0;
            foreach (string statement in tamper.Statements)
            {
                changed += await connection.ExecuteAsync(statement, cancellationToken);
            }

            if (changed > 0)
            {
                return true;
            }
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == ConstraintViolated)
        {
            // Undone below.
        }

        await connection.ExecuteAsync("ROLLBACK TO tamper", cancellationToken);
        await connection.ExecuteAsync("RELEASE tamper", cancellationToken);
        return false;
    }

    private void Note(Tamper tamper, VerificationReport report)
    {
        TamperCount count = kinds.GetValueOrDefault(tamper.Kind) ?? new TamperCount(0, 0, 0, 0);
        bool isFound = !report.IsIntact;
        bool isRight = isFound && (IsRight(tamper, report.Findings) || tamper.IsBeyond);
        kinds[tamper.Kind] = new TamperCount(
            count.Made + 1, count.Found + (isFound ? 1 : 0), count.Right + (isRight ? 1 : 0), count.Beyond + (!isFound && tamper.IsBeyond ? 1 : 0));
        if ((isFound ? !isRight : !tamper.IsBeyond) && findings.Count < FindingsKept)
        {
            findings.Add($"{tamper}; expected {string.Join(' ', tamper.Sequences)} {tamper.Stream} {tamper.Offset}, found {(isFound ? report.Findings[0].ToString() : "nothing")}");
        }
    }

    private static bool IsRight(Tamper tamper, IReadOnlyList<TamperingFound> found)
    {
        if (tamper.Stream is { } stream)
        {
            return found.Any(finding => finding.Target == stream && (tamper.Offset is null || finding.Offset == tamper.Offset));
        }

        TamperingFound first = found[0];
        return first.Sequence is { } sequence && (tamper.Sequences.Contains(sequence)
            || (tamper.MayBeRange && first.LatestSequence is { } latest && tamper.Sequences.Any(expected => expected >= sequence && expected <= latest)));
    }

    private static async Task<SqliteConnection> OpenAsync(string file, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, ForeignKeys = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        foreach (string trigger in await connection.ReadAsync("SELECT name FROM sqlite_master WHERE type = 'trigger'", row => row.GetString(0), cancellationToken))
        {
            await connection.ExecuteAsync($"DROP TRIGGER {trigger}", cancellationToken);
        }

        await connection.ExecuteAsync("PRAGMA synchronous = OFF", cancellationToken);
        return connection;
    }

    private static async Task<List<StoredAuditEvent>> EventsAsync(SqliteConnection connection, CancellationToken cancellationToken) =>
        await connection.ReadAsync(
            "SELECT sequence, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event ORDER BY sequence",
            row => new StoredAuditEvent(
                row.GetInt64(0),
                new Results.AuditEvent(
                    Results.Instant.FromMicroseconds(row.GetInt64(1)),
                    row.GetString(2),
                    row.GetString(3),
                    row.GetString(4),
                    row.IsDBNull(5) ? null : row.GetString(5),
                    row.IsDBNull(6) ? null : row.GetString(6)),
                ContentHash.FromBytes(row.GetFieldValue<byte[]>(7)),
                ContentHash.FromBytes(row.GetFieldValue<byte[]>(8))),
            cancellationToken);

    // As a server that wrote one every few events would have left them elsewhere, by its own key; streams as they were in the end.
    private static async Task<HeldCheckpoint[]> CheckpointsAsync(SqliteConnection connection, List<StoredAuditEvent> events, CheckpointKey key, CancellationToken cancellationToken)
    {
        List<StreamHead> streams = await connection.ReadAsync(
            "SELECT stream_key, instrument_id, stream_id, next_offset, chain_hash FROM read_stream ORDER BY stream_key",
            row => new StreamHead(row.GetInt64(0), StreamScan.NameOf(row.GetString(1), row.GetString(2)), row.GetInt64(3), ContentHash.FromBytes(row.GetFieldValue<byte[]>(4))),
            cancellationToken);
        var held = new List<HeldCheckpoint>();
        for (int sequence = CheckpointEvery; sequence <= events.Count * VouchedShare; sequence += CheckpointEvery)
        {
            bool isNewest = sequence + CheckpointEvery > events.Count * VouchedShare;
            StoredAuditEvent at = events[sequence - 1];
            var checkpoint = new Checkpoint(events[0].Hash, 1, sequence, at.Hash, at.Audit.Time, isNewest ? streams : []);
            held.Add(new HeldCheckpoint($"checkpoint-{sequence}.json", key.Sign(checkpoint)));
        }

        return [.. held];
    }
}
