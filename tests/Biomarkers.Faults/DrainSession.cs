using System.Diagnostics;

namespace Biomarkers.Faults;

/// <summary>One run: a burst from all streams, SIGTERM in its middle, the end timed, a restart, over and over; then everything is counted.</summary>
internal sealed class DrainSession(DrainPlan plan, StoreUnderTest store, Action<string> tell)
{
    // Enough that some wait for their acknowledgement whenever the signal comes.
    private const int EventsPerStream = 4;

    private const double LongestDelaySeconds = 0.5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    // Longer than the limit, so that a server that is ended in it is late.
    private static readonly TimeSpan Hang = DrainReport.Limit + TimeSpan.FromSeconds(1);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(plan.Seed);

    public async Task<DrainReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await using Trial trial = await Trial.StartAsync(store, replicas: 1, plan.Streams, plan.Seed, cancellationToken);
        var seconds = new List<double>();
        int unfinished = 0, leastOpen = plan.Streams;
        for (int cycle = 0; cycle < plan.Cycles; cycle++)
        {
            int open = await BurstAsync(trial, cancellationToken);
            int waiting = trial.NoteBreak();
            seconds.Add((await EndAsync(trial, hang: TimeSpan.Zero, cancellationToken)).TotalSeconds);
            await trial.Replicas.StartAgainAsync(0, cancellationToken);
            trial.Load.ThrowIfStopped();
            // The next burst meets a server that has nothing left to do, and not the work of all bursts before it.
            await trial.RecoverAsync(Patience, cancellationToken);
            (unfinished, leastOpen) = (unfinished + waiting, Math.Min(leastOpen, open));
            tell($"cycle {cycle + 1} of {plan.Cycles}: ended {seconds[^1]:F2} s after SIGTERM with {open} streams and {waiting} events unacknowledged; {trial.Progress()}");
        }

        await BurstAsync(trial, cancellationToken);
        trial.NoteBreak();
        TimeSpan control = await EndAsync(trial, Hang, cancellationToken);
        await trial.Replicas.StartAgainAsync(0, cancellationToken);
        await trial.RecoverAsync(Patience, cancellationToken);
        await trial.Load.StopAsync();
        TrialOutcome outcome = await trial.CountAsync(cancellationToken);
        seconds.Sort();
        return new DrainReport(
            plan, outcome, unfinished, leastOpen, seconds[seconds.Count / 2], seconds[^1], control.TotalSeconds, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    // Every stream has had an answer of this server, so that all are open, and is at work.
    private async Task<int> BurstAsync(Trial trial, CancellationToken cancellationToken)
    {
        LoadSender[] senders = [.. trial.Load.Senders.Cast<LoadSender>()];
        int[] before = [.. senders.Select(sender => sender.AcknowledgedCount)];
        trial.Load.Allow(plan.Streams * EventsPerStream);
        while (senders.Where((sender, i) => sender.AcknowledgedCount == before[i]).Any())
        {
            trial.Load.ThrowIfStopped();
            trial.Load.Allow(plan.Streams * EventsPerStream);
            await Task.Delay(Poll, cancellationToken);
        }

        await Task.Delay(TimeSpan.FromSeconds(LongestDelaySeconds * random.NextDouble()), cancellationToken);
        trial.Load.Allow(plan.Streams * EventsPerStream);
        await Task.Delay(Poll, cancellationToken);
        return senders.Count(sender => sender.IsOpen);
    }
#pragma warning restore CA5394

    /// <exception cref="InvalidOperationException">The server did not end with 0.</exception>
    private static async Task<TimeSpan> EndAsync(Trial trial, TimeSpan hang, CancellationToken cancellationToken)
    {
        ServerProcess server = trial.Replicas.Servers[0];
        long signalled = Stopwatch.GetTimestamp();
        if (hang > TimeSpan.Zero)
        {
            await server.HangAsync(hang, cancellationToken);
        }

        await server.StopAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(signalled);
    }
}
