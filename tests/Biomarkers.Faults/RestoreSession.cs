using System.Data.Common;
using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;

namespace Biomarkers.Faults;

/// <summary>One drill: senders stream, a backup is made meanwhile, more is sent, the server is killed, the backup restored, the server started again;
/// the senders come back by themselves. Then everything is counted.</summary>
internal sealed class RestoreSession(RestorePlan plan, string folder, IRestoreEngine engine, int maximumKeptEvents, Action<string> tell) : IDisposable
{
    private const double LongestDelaySeconds = 0.5;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(plan.Seed);
#pragma warning restore CA5394
    private readonly SemaphoreSlim permits = new(0);
    private readonly List<LoadSender> senders = [];
    private readonly HashSet<long> generations = [];
    private readonly RestoreFigures figures = new();

    private string DataDirectory => Path.Combine(folder, "data");

    public async Task<RestoreFigures> RunAsync(CancellationToken cancellationToken)
    {
        ServerProcess server = await ServerProcess.StartAsync(DataDirectory, 0, 0, cancellationToken, engine.ServerOptions);
        var options = new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(DataDirectory, "client.key") };
        using BiomarkersConnection connection = BiomarkersConnection.Open(options);
        using var stopSending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            senders.AddRange(Enumerable.Range(0, plan.Senders).Select(number => new LoadSender(options, number, (ulong)plan.Seed, maximumKeptEvents)));
            Task[] sending = [.. senders.Select(sender => sender.RunAsync(permits, stopSending.Token))];
            for (int cycle = 0; cycle < plan.Cycles; cycle++)
            {
                server = await BackUpAndRestoreAsync(server, cycle, connection, cancellationToken);
                Array.Find(sending, task => task.IsFaulted)?.GetAwaiter().GetResult();
            }

            await stopSending.CancelAsync();
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (LoadSender sender in senders)
            {
                await sender.FinishAsync(cancellationToken);
            }

            await server.StopAsync(cancellationToken);
            await using DbConnection connected = await engine.OpenAsync(cancellationToken);
            RestoreCheck.Run(connected, senders, figures);
            return figures;
        }
        finally
        {
            foreach (LoadSender sender in senders)
            {
                await sender.DisposeAsync();
            }

            await server.DisposeAsync();
        }
    }

    public void Dispose() => permits.Dispose();

    private async Task<ServerProcess> BackUpAndRestoreAsync(ServerProcess server, int cycle, BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        string backup = Path.Combine(folder, $"backup-{cycle}.db");
        permits.Release(plan.PlatesPerCycle / 2);
        await UntilPermitsAreUsedAsync(cancellationToken);
        permits.Release(plan.PlatesPerCycle / 4);
        long began = Stopwatch.GetTimestamp();
        await engine.BackUpAsync(backup, cancellationToken);
        figures.LongestBackupSeconds = Math.Max(figures.LongestBackupSeconds, Stopwatch.GetElapsedTime(began).TotalSeconds);
        // Something that the backup lacks is acknowledged before the server dies, and something is on its way.
        int enough = AcknowledgedCount() + Math.Max(1, plan.PlatesPerCycle / 8);
        permits.Release(plan.PlatesPerCycle - (plan.PlatesPerCycle / 2) - (plan.PlatesPerCycle / 4));
        while (AcknowledgedCount() < enough)
        {
            await FailOrWaitAsync(cancellationToken);
        }

#pragma warning disable CA5394
        await Task.Delay(TimeSpan.FromSeconds(LongestDelaySeconds * random.NextDouble()), cancellationToken);
#pragma warning restore CA5394
        (int grpcPort, int webPort) = (server.GrpcAddress.Port, server.WebAddress.Port);
        await server.DisposeAsync();

        (long backedUp, long generation, long lacking) = await engine.RestoreAsync(backup, cancellationToken);
        generations.Add(backedUp);
        if (!generations.Add(generation))
        {
            figures.AddGenerationRepeated($"cycle {cycle + 1}: {generation}");
        }

        figures.Lacking += lacking;
        long restarted = Stopwatch.GetTimestamp();
        ServerProcess next = await ServerProcess.StartAsync(DataDirectory, grpcPort, webPort, cancellationToken, engine.ServerOptions);
        await RecoverAsync(connection, generation, cancellationToken);
        double recovery = Stopwatch.GetElapsedTime(restarted).TotalSeconds;
        figures.LongestRecoverySeconds = Math.Max(figures.LongestRecoverySeconds, recovery);
        tell($"cycle {cycle + 1} of {plan.Cycles}: the backup lacked {lacking} events; all finished {recovery:F1} s after the restart");
        return next;
    }

    // Until every sender has met the restored database, everything is acknowledged, anew where it was before, and no plate waits for its analysis.
    private async Task RecoverAsync(BiomarkersConnection connection, long generation, CancellationToken cancellationToken)
    {
        while (permits.CurrentCount > 0
            || senders.Any(sender => sender.LastRestoration is not { OutstandingCount: 0 } met || met.Generation != generation)
            || senders.SelectMany(sender => sender.Snapshot()).Any(sent => !sent.IsAcknowledged)
            || (await connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 1, State = PlateState.Ready }, cancellationToken: cancellationToken)).Plates.Count > 0)
        {
            await FailOrWaitAsync(cancellationToken);
        }
    }

    private int AcknowledgedCount() => senders.SelectMany(sender => sender.Snapshot()).Count(sent => sent.IsAcknowledged);

    private async Task UntilPermitsAreUsedAsync(CancellationToken cancellationToken)
    {
        while (permits.CurrentCount > 0)
        {
            await FailOrWaitAsync(cancellationToken);
        }
    }

    private async Task FailOrWaitAsync(CancellationToken cancellationToken)
    {
        if (senders.Select(sender => sender.Fault).OfType<Exception>().FirstOrDefault() is { } fault)
        {
            throw new InvalidOperationException($"A sender stopped for good: {fault.Message}", fault);
        }

        await Task.Delay(Poll, cancellationToken);
    }
}
