using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;

namespace Biomarkers.Faults;

/// <summary>One run of the kill test: load, kill, restart, over and over; then everything is counted.</summary>
internal sealed class KillSession(KillPlan plan, string folder, Action<string> tell) : IDisposable
{
    private const double LongestDelaySeconds = 1;

    // Every other cycle the next kill may fall into the recovery from the last one.
    private const int CyclesPerRecovery = 2;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(plan.Seed);
#pragma warning restore CA5394
    private readonly SemaphoreSlim permits = new(0);
    private readonly List<LoadSender> senders = [];
    private int unfinishedAtKill;
    private TimeSpan longestRecovery;

    private string DataDirectory => Path.Combine(folder, "data");

    private string DatabaseFile => Path.Combine(DataDirectory, "biomarkers.db");

    public async Task<KillReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        ServerProcess server = await ServerProcess.StartAsync(DataDirectory, 0, 0, cancellationToken);
        string keyFile = Path.Combine(DataDirectory, "client.key");
        using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = keyFile });
        using var stopSending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            senders.AddRange(Enumerable.Range(0, plan.Senders).Select(number => new LoadSender(connection, number, (ulong)plan.Seed)));
            Task[] sending = [.. senders.Select(sender => sender.RunAsync(permits, stopSending.Token))];
            for (int cycle = 0; cycle < plan.Cycles; cycle++)
            {
                permits.Release(Math.Max(0, plan.PlatesPerCycle - permits.CurrentCount));
                server = await KillAndRestartAsync(server, cycle, connection, cancellationToken);
                Array.Find(sending, task => task.IsFaulted)?.GetAwaiter().GetResult();
            }

            await stopSending.CancelAsync();
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await CountAsync(server, connection, began, cancellationToken);
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

    private async Task<ServerProcess> KillAndRestartAsync(ServerProcess server, int cycle, BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        (int grpcPort, int webPort) = (server.GrpcAddress.Port, server.WebAddress.Port);
#pragma warning disable CA5394
        var delay = TimeSpan.FromSeconds(LongestDelaySeconds * random.NextDouble());
#pragma warning restore CA5394
        await Task.Delay(delay, cancellationToken);
        await server.DisposeAsync();
        int unfinished = Snapshot().Count(sent => !sent.IsAcknowledged);
        unfinishedAtKill += unfinished;
        long restarted = Stopwatch.GetTimestamp();
        ServerProcess next = await ServerProcess.StartAsync(DataDirectory, grpcPort, webPort, cancellationToken);
        TimeSpan start = Stopwatch.GetElapsedTime(restarted);
        if (cycle % CyclesPerRecovery == CyclesPerRecovery - 1 || cycle == plan.Cycles - 1)
        {
            await RecoverAsync(connection, cancellationToken);
            TimeSpan took = Stopwatch.GetElapsedTime(restarted);
            longestRecovery = took > longestRecovery ? took : longestRecovery;
        }

        int acknowledged = Snapshot().Count(sent => sent.IsAcknowledged);
        tell($"cycle {cycle + 1} of {plan.Cycles}: killed after {delay.TotalSeconds:F3} s with {unfinished} events unacknowledged; "
            + $"serving again after {start.TotalSeconds:F1} s; {acknowledged} acknowledged by now");
        return next;
    }

    // Until every permit is used, everything sent is acknowledged and no plate waits for its analysis.
    private async Task RecoverAsync(BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        while (permits.CurrentCount > 0 || Snapshot().Any(sent => !sent.IsAcknowledged) || await AnyReadyAsync(connection, cancellationToken))
        {
            if (senders.Select(sender => sender.Fault).OfType<Exception>().FirstOrDefault() is { } fault)
            {
                throw new InvalidOperationException($"A sender stopped for good: {fault.Message}", fault);
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    private static async Task<bool> AnyReadyAsync(BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        ListPlatesResponse ready = await connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 1, State = PlateState.Ready }, cancellationToken: cancellationToken);
        return ready.Plates.Count > 0;
    }

    private async Task<KillReport> CountAsync(ServerProcess server, BiomarkersConnection connection, long began, CancellationToken cancellationToken)
    {
        foreach (LoadSender sender in senders)
        {
            await sender.FinishAsync(cancellationToken);
        }

        var figures = new KeptFigures();
        await WireCheck.RunAsync(connection, senders, figures, cancellationToken);
        await server.StopAsync(cancellationToken);
        DatabaseCheck.Run(DatabaseFile, senders, figures);
        IReadOnlyDictionary<string, bool> controls = DamageControls.Run(DatabaseFile, folder, senders);
        SentEvent[] acknowledged = [.. Snapshot().Where(sent => sent.IsAcknowledged)];
        return new KillReport(
            plan,
            acknowledged.Count(sent => sent.PlateBarcode is not null),
            acknowledged.Sum(sent => (long)sent.WellCount),
            acknowledged.Count(sent => sent.PlateBarcode is null),
            unfinishedAtKill,
            figures,
            controls,
            longestRecovery.TotalSeconds,
            Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private SentEvent[] Snapshot() => [.. senders.SelectMany(sender => sender.Snapshot())];
}
