using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Proves that what is stored is what was stored: the ledger's chain, the checkpoints that were kept elsewhere, the streams' chains, every run and every other
/// content that the ledger vouches for.</summary>
/// <remarks>It sees every change of what is covered by whoever has not the key and all checkpoints. It can't see a ledger that was cut or made anew behind the newest
/// checkpoint that was kept elsewhere, and not what was never sent.</remarks>
public static class DatabaseVerification
{
    /// <summary>Verifies a stopped SQLite database, and changes no byte of it.</summary>
    /// <param name="file">The database.</param>
    /// <param name="request">What to look at beside it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="VerificationException">It can't be read, a server uses it, or its schema is not this program's.</exception>
    public static Task<VerificationReport> RunAsync(string file, VerificationRequest request, CancellationToken cancellationToken) =>
        StoredMoment.ReadAsync(file, connection => RunAsync(connection, request, cancellationToken), cancellationToken);

    /// <summary>Verifies a database that servers may be using, as it is at one moment.</summary>
    /// <param name="database">The database; owned by the caller.</param>
    /// <param name="request">What to look at beside it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="VerificationException">It can't be read, or its schema is not this program's.</exception>
    public static Task<VerificationReport> RunAsync(SqlDatabase database, VerificationRequest request, CancellationToken cancellationToken) =>
        StoredMoment.ReadAsync(database, connection => RunAsync(connection, request, cancellationToken), cancellationToken);

    internal static Task<VerificationReport> RunAsync(DataConnection connection, VerificationRequest request, CancellationToken cancellationToken) =>
        RunAsync(connection, request, cut: null, cancellationToken);

    /// <summary>Verifies rows.</summary>
    /// <param name="connection">One moment of a database, or what was cut out of one.</param>
    /// <param name="request">What to look at beside it.</param>
    /// <param name="cut">What there is of the ledger and the streams; null for all.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal static async Task<VerificationReport> RunAsync(DataConnection connection, VerificationRequest request, LedgerCut? cut, CancellationToken cancellationToken)
    {
        var checkpoints = new CheckpointCheck(request.Checkpoints, request.PublicKeys);
        var progress = new VerificationProgress(request.Progress);
        var scan = new LedgerScan(connection, progress, cut);
        Tampering? broken = await scan.RunAsync(checkpoints.Places, cancellationToken);
        long generation = await connection.GetTable<DatabaseIdentityTable>().Where(row => row.Id == 1).Select(row => row.Generation).FirstOrDefaultAsync(cancellationToken);
        checkpoints.HoldAgainst(scan, broken is null, generation, cut);
        var streams = new StreamScan(connection, progress, cut);
        await streams.RunAsync(checkpoints.Fitting, cancellationToken);
        var runs = new RunCheck(connection, scan.Index, progress, request.Recomputes);
        EventCheck[] contents = [new ContentCheck(connection, scan.Index), new ReviewCheck(connection, scan.Index)];
        var feed = new FeedCheck(connection, scan.Index);
        if (broken is null)
        {
            await runs.RunAsync(cancellationToken);
            await feed.RunAsync(cancellationToken);
            foreach (EventCheck check in contents)
            {
                await check.RunAsync(cancellationToken);
            }
        }

        IEnumerable<Tampering> findings =
        [
            .. broken is null ? [] : new[] { Narrow(broken, Math.Max(checkpoints.VouchedSequence, cut?.SequenceBefore ?? 0), scan.EventCount) },
            .. checkpoints.Findings, .. streams.Findings, .. runs.Findings, .. feed.Findings, .. contents.SelectMany(check => check.Findings),
        ];
        return new VerificationReport
        {
            EventCount = scan.EventCount,
            PrecedingEventCount = cut?.SequenceBefore ?? 0,
            NewestHash = scan.EventCount == 0 ? null : scan.Hash,
            FirstTime = scan.FirstTime,
            NewestTime = scan.NewestTime,
            Generation = generation,
            CheckpointCount = checkpoints.Fitting.Count,
            CheckpointedSequence = checkpoints.VouchedSequence,
            ReplacedCheckpointCount = checkpoints.ReplacedCount,
            OutsideCheckpointCount = checkpoints.OutsideCount,
            Restores = [.. scan.Index.ByAction[Results.AuditActions.DatabaseRestored].Select(stored => stored.Sequence)],
            StreamCount = streams.StreamCount,
            StreamEventCount = streams.EventCount,
            OriginalEventCount = streams.OriginalCount,
            RunCount = runs.RunCount,
            CoveredRunCount = runs.CoveredCount,
            CoveredContentCount = contents.Sum(check => check.CoveredCount),
            UncoveredContentCount = contents.Sum(check => check.UncoveredCount),
            RecomputedRunCount = runs.RecomputedCount,
            OtherEngineRunCount = runs.OtherEngineCount,
            // What the ledger is first: what it vouches for can't be judged where it is not whole. An exact place goes before a range that holds it.
            Findings =
            [
                .. findings.OrderBy(finding => finding.Target != Tampering.Ledger)
                    .ThenBy(finding => finding.LatestSequence ?? finding.Sequence ?? long.MaxValue)
                    .Take(request.FindingLimit),
            ],
        };
    }

    // Rewritten events: a checkpoint that fits says that those before it were not. Where it vouches for all that fit, what follows them was changed, or the head alone.
    private static Tampering Narrow(Tampering broken, long vouched, long fitting) => broken.LatestSequence is not { } latest
        ? broken
        : vouched < latest ? broken with { Sequence = vouched + 1 } : broken with { Sequence = broken.IsAtHead ? fitting : fitting + 1, LatestSequence = null };
}
