using System.Data.Common;
using System.Diagnostics;
using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>One run of the database test: load, a fault of PostgreSQL or of the way to it, over and over; then everything is counted.</summary>
internal sealed class DatabaseSession
{
    private const string Database = "biomarkers";

    private const double LongestDelaySeconds = 1;

    // Every other cycle the next fault may fall into the recovery from the last one.
    private const int CyclesPerRecovery = 2;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // A living server commits at least its own sign of life well within this.
    private static readonly TimeSpan LongestWaitForCommit = TimeSpan.FromSeconds(60);

    private readonly DatabasePlan plan;
    private readonly LocalPostgres server;
    private readonly string folder;
    private readonly Action<string> tell;
    private readonly Random random;
    private readonly (string Name, Func<CancellationToken, Task> Make)[] faults;
    private readonly CommitCutter cutter;
    private int caughtCommitting;

    public DatabaseSession(DatabasePlan plan, LocalPostgres server, CommitCutter cutter, string folder, Action<string> tell)
    {
        this.plan = plan;
        this.server = server;
        this.folder = folder;
        this.tell = tell;
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        random = new Random(plan.Seed);
#pragma warning restore CA5394
        this.cutter = cutter;
        faults =
        [
            ("stopped at once, started again", StopAtOnceAsync),
            ("backend ended", EndBackendAsync),
            ("backend killed, all restarted", KillBackendAsync),
            ("cut before COMMIT", limited => CutAsync(CommitCut.BeforeCommit, limited)),
            ("cut after COMMIT", limited => CutAsync(CommitCut.AfterCommit, limited)),
            ("cut before its answer", limited => CutAsync(CommitCut.BeforeAnswer, limited)),
        ];
    }

    public async Task<DatabaseReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        await using var store = new PostgresUnderTest(folder, server, Database, cutter.Address.Port);
        await using Trial trial = await Trial.StartAsync(store, plan.Replicas, plan.Senders, plan.Seed, cancellationToken);
        var made = faults.ToDictionary(fault => fault.Name, _ => 0);
        int unfinished = 0;
        for (int cycle = 0; cycle < plan.Cycles; cycle++)
        {
            (string name, int open) = await BreakAsync(trial, cycle, cancellationToken);
            made[name]++;
            unfinished += open;
            trial.Load.ThrowIfStopped();
            trial.Replicas.ThrowIfEnded();
        }

        await trial.RecoverAsync(Patience, cancellationToken);
        await trial.Load.StopAsync();
        TrialOutcome outcome = await trial.CountAsync(cancellationToken);
        (double median, double longest, _) = trial.Recoveries.Figures(Patience);
        return new DatabaseReport(plan, made, outcome, unfinished, caughtCommitting, cutter.Commits, median, longest, 0, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<(string Name, int Unfinished)> BreakAsync(Trial trial, int cycle, CancellationToken cancellationToken)
    {
#pragma warning disable CA5394
        (string name, Func<CancellationToken, Task> make) = faults[random.Next(faults.Length)];
        var delay = TimeSpan.FromSeconds(LongestDelaySeconds * random.NextDouble());
#pragma warning restore CA5394
        trial.Load.Allow(plan.PlatesPerCycle);
        await Task.Delay(delay, cancellationToken);
        int unfinished = trial.NoteBreak();
        long broke = Stopwatch.GetTimestamp();
        await make(cancellationToken);
        TimeSpan took = Stopwatch.GetElapsedTime(broke);
        if (cycle % CyclesPerRecovery == CyclesPerRecovery - 1)
        {
            await trial.RecoverAsync(Patience, cancellationToken);
        }

        tell($"cycle {cycle + 1} of {plan.Cycles}: {name}, {delay.TotalSeconds:F3} s into a burst with {unfinished} events unacknowledged, in {took.TotalSeconds:F1} s; "
            + $"{trial.Progress()}");
        return (name, unfinished);
    }

    private async Task StopAtOnceAsync(CancellationToken cancellationToken)
    {
        await server.StopAsync(PostgresStop.Immediate, cancellationToken);
        await server.StartAgainAsync(cancellationToken);
    }

    private async Task EndBackendAsync(CancellationToken cancellationToken)
    {
        await using DbConnection administrator = await ConnectAsync(cancellationToken);
        int backend = await BackendAsync(administrator, cancellationToken);
        await administrator.ReadAsync("SELECT pg_terminate_backend(@backend)", row => row.GetBoolean(0), cancellationToken, ("backend", backend));
    }

    private async Task KillBackendAsync(CancellationToken cancellationToken)
    {
        int backend;
        await using (DbConnection administrator = await ConnectAsync(cancellationToken))
        {
            backend = await BackendAsync(administrator, cancellationToken);
        }

        using Process signal = Process.Start("kill", ["-KILL", backend.ToString(CultureInfo.InvariantCulture)]);
        await signal.WaitForExitAsync(cancellationToken);
    }

    // It may still recover from the fault before.
    private async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        var store = new PostgresUnderTest(folder, server, Database, port: null);
        while (true)
        {
            try
            {
                return await store.OpenAsync(cancellationToken);
            }
            catch (DbException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    // One that is just committing, where one can be caught at it; otherwise whichever worked last.
    private async Task<int> BackendAsync(DbConnection administrator, CancellationToken cancellationToken)
    {
        const int Attempts = 200;
        for (int attempt = 0; ; attempt++)
        {
            List<(int Backend, bool IsCommitting)> backends = await administrator.ReadAsync(
                $"""
                SELECT pid, state = 'active' AND query ILIKE 'COMMIT%' FROM pg_stat_activity WHERE usename = '{LocalPostgres.User}'
                ORDER BY 2 DESC, state_change DESC LIMIT 1
                """,
                row => (row.GetInt32(0), row.GetBoolean(1)),
                cancellationToken);
            if (backends.Count > 0 && (backends[0].IsCommitting || attempt >= Attempts))
            {
                caughtCommitting += backends[0].IsCommitting ? 1 : 0;
                return backends[0].Backend;
            }

            if (attempt >= Attempts)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    private Task CutAsync(CommitCut cut, CancellationToken cancellationToken) => cutter.CutNext(cut).WaitAsync(LongestWaitForCommit, cancellationToken);
}
