using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Biomarkers.Faults;

/// <summary>One run of the rolling restart: load through the balancer, servers restarted one after the other, then everything is counted; at the
/// end the control, where servers are killed at once and a caller does not retry.</summary>
internal sealed class RollingSession(RollingPlan plan, string folder, Action<string> tell) : IDisposable
{
    private const int RetryingCallers = 2;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim permits = new(0);

    public async Task<RollingReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await using NativeTopology topology = await NativeTopology.StartAsync(folder, plan.Servers, plan.DrainSeconds, cancellationToken);
        tell($"{plan.Servers} servers behind {topology.GrpcAddress} after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        var options = new BiomarkersConnectionOptions { Server = topology.GrpcAddress, KeyFile = topology.KeyFile, CertificateAuthorityFile = topology.AuthorityFile };
        using BiomarkersConnection connection = BiomarkersConnection.Open(options);
        BiomarkersConnection[] own = [.. Enumerable.Range(0, RetryingCallers).Select(_ => BiomarkersConnection.Open(options))];
        // Each with a connection of its own, as in a laboratory: they spread over the servers.
        List<LoadSender> senders = [.. Enumerable.Range(0, plan.Senders).Select(number => new LoadSender(options, number, (ulong)plan.Seed))];
        UnaryCaller[] retrying = [.. own.Select((client, number) => UnaryCaller.Of(client, $"caller-{number}", (ulong)plan.Seed + ((ulong)number << 48)))];
        using GrpcChannel channel = OpenPlain(topology);
        UnaryCaller plain = Plain(channel, topology, "plain");
        UnaryCaller control = Plain(channel, topology, "control");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task[] streaming = [PermitAsync(stop.Token), .. senders.Select(sender => sender.RunAsync(permits, stop.Token))];
            int opened = await UnderLoadAsync([.. retrying, plain], () => RestartAllAsync(topology, senders, cancellationToken));
            int resumptions = senders.Sum(sender => sender.OpeningCount) - opened;
            if (plan.ControlCycles > 0)
            {
                await UnderLoadAsync([control], () => KillAllAsync(topology, cancellationToken));
            }

            await stop.CancelAsync();
            await Task.WhenAll(streaming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            string[] submitted = [.. retrying.Append(plain).Append(control).SelectMany(caller => caller.Acknowledged)];
            KeptFigures kept = await CountAsync(connection, senders, submitted, cancellationToken);
            return new RollingReport(
                plan,
                plan.Cycles * plan.Servers,
                CallerFigures.Of(retrying),
                CallerFigures.Of([plain]),
                resumptions,
                senders.Sum(sender => sender.Events.Count(sent => sent.IsAcknowledged && sent.PlateBarcode is not null)),
                submitted.Length,
                kept,
                plan.ControlCycles > 0 ? CallerFigures.Of([control]) : null,
                Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        finally
        {
            foreach (LoadSender sender in senders)
            {
                await sender.DisposeAsync();
            }

            Array.ForEach(own, client => client.Dispose());
        }
    }

    public void Dispose() => permits.Dispose();

    // The result of the work, while callers call.
    private static async Task<int> UnderLoadAsync(UnaryCaller[] callers, Func<Task<int>> work)
    {
        using var stop = new CancellationTokenSource();
        Task[] calling = [.. callers.Select(caller => caller.RunAsync(stop.Token))];
        try
        {
            return await work();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(calling);
        }
    }

    // The number of openings before the first restart.
    private async Task<int> RestartAllAsync(NativeTopology topology, List<LoadSender> senders, CancellationToken cancellationToken)
    {
        while (senders.Exists(sender => !sender.Snapshot().Any(sent => sent.IsAcknowledged)))
        {
            await Task.Delay(Tick, cancellationToken);
        }

        int opened = senders.Sum(sender => sender.OpeningCount);
        for (int cycle = 1; cycle <= plan.Cycles; cycle++)
        {
            for (int number = 1; number <= plan.Servers; number++)
            {
                await topology.RestartAsync(number, cancellationToken);
            }

            tell($"cycle {cycle} of {plan.Cycles}: all servers restarted; {senders.Sum(sender => sender.Snapshot().Count(sent => sent.IsAcknowledged))} events acknowledged by now");
        }

        return opened;
    }

    private async Task<int> KillAllAsync(NativeTopology topology, CancellationToken cancellationToken)
    {
        for (int cycle = 1; cycle <= plan.ControlCycles; cycle++)
        {
            for (int number = 1; number <= plan.Servers; number++)
            {
                await topology.KillAsync(number, cancellationToken);
                // Until the balancer has noticed that it is there again.
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            }

            tell($"control {cycle} of {plan.ControlCycles}: all servers killed");
        }

        return plan.ControlCycles;
    }

    private async Task PermitAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick);
        double due = 0;
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            due += plan.PlatesPerSecond * Tick.TotalSeconds;
            // What waited while a server was away does not pile up.
            int more = Math.Min((int)due, Math.Max(0, plan.PlatesPerSecond - permits.CurrentCount));
            due -= (int)due;
            if (more > 0)
            {
                permits.Release(more);
            }
        }
    }

    private static async Task<KeptFigures> CountAsync(BiomarkersConnection connection, List<LoadSender> senders, string[] submitted, CancellationToken cancellationToken)
    {
        foreach (LoadSender sender in senders)
        {
            await sender.FinishAsync(cancellationToken);
        }

        ListPlatesResponse ready;
        do
        {
            await Task.Delay(Tick, cancellationToken);
            ready = await connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 1, State = PlateState.Ready }, cancellationToken: cancellationToken);
        }
        while (ready.Plates.Count > 0);

        var figures = new KeptFigures();
        await WireCheck.RunAsync(connection, senders, figures, cancellationToken);
        foreach (string barcode in submitted)
        {
            try
            {
                await connection.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{barcode}" }, cancellationToken: cancellationToken);
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
            {
                figures.AddLost($"plate {barcode}, by a unary call");
            }
        }

        return figures;
    }

    private static GrpcChannel OpenPlain(NativeTopology topology)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(topology.AuthorityFile);
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        return GrpcChannel.ForAddress(topology.GrpcAddress, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private UnaryCaller Plain(GrpcChannel channel, NativeTopology topology, string name)
    {
        string key = File.ReadAllText(topology.KeyFile).Trim();
        CallInvoker invoker = channel.Intercept(metadata =>
        {
            metadata.Add("authorization", $"Bearer {key}");
            return metadata;
        });
        return new UnaryCaller(
            new PlateReadIngestService.PlateReadIngestServiceClient(invoker),
            new PlateService.PlateServiceClient(invoker),
            new AnalyticalRunService.AnalyticalRunServiceClient(invoker),
            name,
            (ulong)plan.Seed + (7UL << 48));
    }
}
