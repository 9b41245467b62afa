using System.Diagnostics;

namespace Biomarkers.Faults;

/// <summary>One run of the kill test: load, kill, restart, over and over; then everything is counted.</summary>
internal sealed class KillSession(KillPlan plan, StoreUnderTest store, Action<string> tell)
{
    private const double LongestDelaySeconds = 1;

    // With one server, every other cycle the next kill may fall into the recovery from the last one; with more, every one may.
    private const int CyclesPerRecovery = 2;

    private const int ControlEvents = 10;

    // A port where nobody listens.
    private static readonly Uri Nobody = new("http://127.0.0.1:1");

    // Far above what is allowed for a recovery, so that a slow one is measured and a missing one is told.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(plan.Seed);

    public async Task<KillReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await using Trial trial = await Trial.StartAsync(store, plan.Replicas, plan.Senders, plan.Seed, cancellationToken, plan.Spools);
        int unfinishedAtKill = 0;
        for (int cycle = 0; cycle < plan.Cycles; cycle++)
        {
            unfinishedAtKill += await KillAndRestartAsync(trial, cycle, cancellationToken);
            trial.Load.ThrowIfStopped();
            trial.Replicas.ThrowIfEnded();
        }

        await trial.RecoverAsync(Patience, cancellationToken);
        await trial.Load.StopAsync();
        TrialOutcome outcome = await trial.CountAsync(cancellationToken);
        (double median, double longest, int tooLong) = trial.Recoveries.Figures(KillReport.RecoveryLimit);
        return new KillReport(
            plan,
            outcome,
            unfinishedAtKill,
            trial.Recoveries.BreaksWithWaiting,
            median,
            longest,
            tooLong,
            Stopwatch.GetElapsedTime(began).TotalSeconds,
            plan.Spools is null ? null : await ClientFiguresAsync(trial.Load, cancellationToken));
    }

    // The same loss is made where nothing keeps it: the adapter holds its events in memory, nobody answers, and it is killed.
    private async Task<ClientFigures> ClientFiguresAsync(Load load, CancellationToken cancellationToken)
    {
        AdapterProcess[] adapters = [.. load.Adapters];
        await using var control = new AdapterProcess(Nobody, store.KeyFile, plan.Senders, plan.Seed, spool: null);
        await control.StartAsync(cancellationToken);
        await control.RequestAsync(ControlEvents, cancellationToken);
        while (control.AcceptedCount < ControlEvents)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
        }

        await control.KillAndStartAgainAsync(cancellationToken);
        return new ClientFigures(
            adapters.Sum(adapter => adapter.KillCount),
            adapters.Sum(adapter => adapter.AcceptedCount),
            adapters.Sum(adapter => adapter.LostCount),
            ControlEvents,
            control.LostCount);
    }

    private async Task<int> KillAndRestartAsync(Trial trial, int cycle, CancellationToken cancellationToken)
    {
        int victim = random.Next(plan.Replicas);
        var delay = TimeSpan.FromSeconds(LongestDelaySeconds * random.NextDouble());
        if (plan.SecondsBetweenKills > 0)
        {
            // Half of the load comes evenly, the other half at once before the kill: there is work in hand when it comes.
            var between = TimeSpan.FromSeconds(plan.SecondsBetweenKills * (0.5 + random.NextDouble()));
            await trial.Load.AllowOverAsync(plan.PlatesPerCycle / 2, between, cancellationToken);
            trial.Balancer.MoveOne(random);
        }

        trial.Load.Allow(plan.PlatesPerCycle);
        AdapterProcess[] adapters = [.. trial.Load.Adapters];
        double share = random.NextDouble();
        await Task.Delay(delay * share, cancellationToken);
        Task adapterRestarts = adapters.Length == 0 ? Task.CompletedTask : adapters[random.Next(adapters.Length)].KillAndStartAgainAsync(cancellationToken);
        await Task.Delay(delay * (1 - share), cancellationToken);
        await trial.Replicas.KillAsync(victim);
        int unfinished = trial.NoteBreak();
        long restarted = Stopwatch.GetTimestamp();
        await trial.Replicas.StartAgainAsync(victim, cancellationToken);
        await adapterRestarts;
        TimeSpan start = Stopwatch.GetElapsedTime(restarted);
        if (plan.Replicas == 1 && cycle % CyclesPerRecovery == CyclesPerRecovery - 1)
        {
            await trial.RecoverAsync(Patience, cancellationToken);
        }

        tell($"cycle {cycle + 1} of {plan.Cycles}: killed server {victim} {delay.TotalSeconds:F3} s into a burst with {unfinished} events unacknowledged; "
            + $"serving again after {start.TotalSeconds:F1} s; {trial.Progress()}");
        return unfinished;
    }
#pragma warning restore CA5394
}
