using System.Data.Common;
using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Faults.Clocks;

/// <summary>Servers on one store under load, the clock of the first of which is moved there and back, over and over; then everything is counted.</summary>
internal sealed class ClockSession(ClockPlan plan, StoreUnderTest store, int replicas, MovedClock clock, Action<string> tell)
{
    private const int LongestDelayMilliseconds = 300;

    // The plates of a move go in three bursts: as the clock is moved, while it is off, and as it is moved back.
    private const int Bursts = 3;

    // At every so many moves the server is stopped for it; it does not divide the number of moves, so that in time each is made in both ways.
    private const int MovesPerStop = 3;

    // Far above what is allowed, so that what is slow is measured and what is stuck is told.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(12);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(plan.Seed);
    private readonly List<string> findings = [];
    private readonly List<MadeMove> made = [];
    private double longest;
    private int keyCalls;

    public async Task<ClockOutcome> RunAsync(CancellationToken cancellationToken)
    {
        await using Trial trial = await Trial.StartAsync(store, replicas, plan.Senders, plan.Seed, cancellationToken);
        string endingKey = await MakeKeyAsync(trial, cancellationToken);
        // Compiles what the server runs, too: no figure of a clock.
        await BurstAsync(trial, "before the first move", cancellationToken);
        longest = 0;
        for (int i = 0; i < plan.Moves && findings.Count == 0; i++)
        {
            ClockMove move = ClockMove.All[(int)(((long)plan.Seed + i) % ClockMove.All.Count)];
            await MoveAsync(trial, move, whileRunning: i % MovesPerStop != MovesPerStop - 1, endingKey, cancellationToken);
            trial.Load.ThrowIfStopped();
            trial.Replicas.ThrowIfEnded();
            tell($"{store.Name}: move {i + 1} of {plan.Moves}: {made[^1].Name}; {trial.Progress()}");
        }

        await trial.Load.StopAsync();
        TrialOutcome outcome = await trial.CountAsync(cancellationToken);
        await using DbConnection connection = await store.OpenAsync(cancellationToken);
        int told = await ClockCheck.RunAsync(connection, made, replicas == 1, findings, cancellationToken);
        int running = made.Count(move => move.WhileRunning);
        return new ClockOutcome($"{store.Name}, {replicas}", running, made.Count - running, longest, told, keyCalls, outcome, findings);
    }

    private async Task MoveAsync(Trial trial, ClockMove move, bool whileRunning, string endingKey, CancellationToken cancellationToken)
    {
        string name = $"{move.Name}, {(whileRunning ? "running" : "at the start")}";
        (int opened, int broken) = (OpeningsOf(trial), trial.WatchBreaks);
        await BeginBurstAsync(trial, cancellationToken);
        DateTimeOffset began = TimeProvider.System.GetUtcNow();
        TimeSpan offset = move.Target(began) - began;
        await SetAsync(trial, offset, whileRunning, cancellationToken);
        long moved = Stopwatch.GetTimestamp();
        await FinishAsync(trial, name, moved, cancellationToken);
        await CheckKeyAsync(trial, name, endingKey, offset < KeyLife, cancellationToken);
        if (Stopwatch.GetElapsedTime(moved) < move.Hold)
        {
            await Task.Delay(move.Hold - Stopwatch.GetElapsedTime(moved), cancellationToken);
        }

        await BurstAsync(trial, name, cancellationToken);
        await BeginBurstAsync(trial, cancellationToken);
        await SetAsync(trial, TimeSpan.Zero, whileRunning, cancellationToken);
        moved = Stopwatch.GetTimestamp();
        made.Add(new MadeMove(name, offset, began, TimeProvider.System.GetUtcNow(), whileRunning));
        await FinishAsync(trial, $"back from {name}", moved, cancellationToken);
        await CheckKeyAsync(trial, $"back from {name}", endingKey, isAccepted: true, cancellationToken);
        if (whileRunning && (OpeningsOf(trial) != opened || trial.WatchBreaks != broken))
        {
            findings.Add($"{name}: {OpeningsOf(trial) - opened} streams and {trial.WatchBreaks - broken} watches were cut");
        }

        if (!whileRunning && replicas > 1)
        {
            // Whoever was with the server that stopped is with another one now.
            for (int i = 0; i < plan.Senders; i++)
            {
                trial.Balancer.MoveOne(random);
            }

            await BurstAsync(trial, "after connections were moved", cancellationToken);
        }
    }

    private async Task SetAsync(Trial trial, TimeSpan offset, bool whileRunning, CancellationToken cancellationToken)
    {
        if (whileRunning)
        {
            clock.Set(offset);
            return;
        }

        await trial.Replicas.Servers[0].StopAsync(cancellationToken);
        clock.Set(offset);
        await trial.Replicas.StartAgainAsync(0, cancellationToken);
    }

    private async Task BeginBurstAsync(Trial trial, CancellationToken cancellationToken)
    {
        trial.Load.Allow(plan.PlatesPerMove / Bursts);
        await Task.Delay(random.Next(LongestDelayMilliseconds), cancellationToken);
    }

    private async Task BurstAsync(Trial trial, string when, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        trial.Load.Allow(plan.PlatesPerMove / Bursts);
        await FinishAsync(trial, when, began, cancellationToken);
    }

    // Nothing is stuck: all that was sent is acknowledged, and all that is acknowledged has its run.
    private async Task FinishAsync(Trial trial, string when, long since, CancellationToken cancellationToken)
    {
        bool isDone = await trial.RecoverAsync(Patience, cancellationToken);
        longest = Math.Max(longest, isDone ? Stopwatch.GetElapsedTime(since).TotalSeconds : double.PositiveInfinity);
        if (!isDone)
        {
            findings.Add($"{when}: stuck after {Patience.TotalSeconds} s; {trial.Progress()}");
        }
    }

    private static int OpeningsOf(Trial trial) => trial.Load.Senders.OfType<LoadSender>().Sum(sender => sender.OpeningCount);

    // A key of half a day: its end follows the server's clock on purpose, there and back.
    private async Task<string> MakeKeyAsync(Trial trial, CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = Connect(trial, store.KeyFile);
        CreateKeyResponse key = await connection.Access.CreateKeyAsync(
            new CreateKeyRequest { DisplayName = "clock", Roles = { Role.Analyst }, ValidFor = KeyLife.ToDuration() }, cancellationToken: cancellationToken);
        string file = $"{store.KeyFile}.ending";
        await File.WriteAllTextAsync(file, key.Secret, cancellationToken);
        return file;
    }

    private async Task CheckKeyAsync(Trial trial, string when, string keyFile, bool isAccepted, CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = Connect(trial, keyFile);
        StatusCode answer = StatusCode.OK;
        try
        {
            await connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 1 }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception)
        {
            answer = exception.StatusCode;
        }

        keyCalls++;
        StatusCode expected = isAccepted ? StatusCode.OK : StatusCode.Unauthenticated;
        if (answer != expected)
        {
            findings.Add($"{when}: the key that ends after {KeyLife.TotalHours} h is answered with {answer}; expected {expected}");
        }
    }
#pragma warning restore CA5394

    // To the server whose clock is moved.
    private static BiomarkersConnection Connect(Trial trial, string keyFile) =>
        BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = trial.Replicas.Servers[0].GrpcAddress, KeyFile = keyFile });
}
