using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults;

/// <summary>What is run.</summary>
/// <param name="Seconds">Time of the measurement, and of the overload.</param>
/// <param name="Senders">Instruments of the measurement; the overload has ten times as many.</param>
/// <param name="Seed">Seed of the plates.</param>
internal sealed record OverloadPlan(int Seconds, int Senders, int Seed);

/// <summary>Measures what a server takes, offers it ten times as much by single calls, with ten times the streams beside them, and counts what became of it.</summary>
internal sealed class OverloadSession(OverloadPlan plan, string folder, Action<string> tell)
{
    private const int Factor = 10;

    // More at once than one caller may write.
    private const int FloodCalls = 160;

    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly List<string> floodAcknowledged = [];
    private readonly Dictionary<string, int> refusals = [];
    private readonly Lock gate = new();
    private int runCount;

    public async Task<OverloadReport> RunAsync(CancellationToken cancellationToken)
    {
        string data = Path.Combine(folder, "data");
        await using ServerProcess server = await ServerProcess.StartAsync(data, 0, 0, cancellationToken);
        string keyFile = Path.Combine(data, "client.key");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // What is acknowledged first fills a queue; what a server takes for long is what it analyses.
        Task watching = new RunWatcher(server.GrpcAddress, keyFile, _ => Interlocked.Increment(ref runCount)).RunAsync(stop.Token);
        await using var load = new Load(server.GrpcAddress, keyFile, plan.Senders, plan.Seed);
        await MeasureAsync(server, load, null, WarmUp, cancellationToken);
        (double capacity, _) = await MeasureAsync(server, load, null, TimeSpan.FromSeconds(plan.Seconds), cancellationToken);
        if (capacity == 0)
        {
            throw new InvalidOperationException($"No plate was analysed within {plan.Seconds} s: expected a longer measurement, by --seconds.");
        }

        tell($"{plan.Senders} senders: {capacity:F1} plates a second are analysed");
        await using var more = new Load(server.GrpcAddress, keyFile, Math.Min(64, (Factor - 1) * plan.Senders), plan.Seed + 1, firstNumber: plan.Senders);
        using BiomarkersConnection flooding = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = keyFile, Deadline = Patience });
        PlateRead[] plates = [.. Enumerable.Range(0, BuiltInAssays.All.Count).Select(Simulate)];
        var pace = TimeSpan.FromSeconds(FloodCalls / (Factor * capacity));
        Task[] flood = [.. Enumerable.Range(0, FloodCalls).Select(caller => FloodAsync(flooding, plates, caller, pace, stop.Token))];
        await MeasureAsync(server, load, more, WarmUp, cancellationToken);
        (double goodput, List<(double Seconds, double Mebibytes)> memory) = await MeasureAsync(server, load, more, TimeSpan.FromSeconds(plan.Seconds), cancellationToken);
        tell($"with {Factor} times as many senders and {FloodCalls} calls at once: {goodput:F1}");
        await stop.CancelAsync();
        await Task.WhenAll([.. flood, watching]);
        return await CountAsync(server, keyFile, [load, more], capacity, goodput, memory, cancellationToken);
    }

    private PlateRead Simulate(int number)
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.All[number], PlateScenario.Clean, (ulong)(plan.Seed + number), "template");
        return PlateMessages.ToWire(plate.Read, "r1", plate.Layout);
    }

    // Plates whose run is saved, a second, while more is offered than can be taken, and the server's memory.
    private async Task<(double Rate, List<(double Seconds, double Mebibytes)> Memory)> MeasureAsync(
        ServerProcess server, Load load, Load? more, TimeSpan duration, CancellationToken cancellationToken)
    {
        var memory = new List<(double, double)>();
        long began = Stopwatch.GetTimestamp();
        int before = Volatile.Read(ref runCount);
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            load.Allow(1000);
            more?.Allow(1000);
            await Task.Delay(Sample, cancellationToken);
            memory.Add((Stopwatch.GetElapsedTime(began).TotalSeconds, server.ResidentBytes() / (1024.0 * 1024)));
            load.ThrowIfStopped();
            more?.ThrowIfStopped();
        }

        return ((Volatile.Read(ref runCount) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds, memory);
    }

    // Calls at its pace, whatever the answer is and whatever it is told to wait: it is no polite caller.
    private async Task FloodAsync(BiomarkersConnection connection, PlateRead[] plates, int caller, TimeSpan pace, CancellationToken cancellationToken)
    {
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            PlateRead read = plates[i % plates.Length].Clone();
            read.PlateBarcode = $"F{caller}-{i}";
            try
            {
                await connection.Ingest.SubmitPlateReadAsync(
                    new SubmitPlateReadRequest { Instrument = $"instruments/flood-{caller}", PlateRead = read }, cancellationToken: CancellationToken.None);
                lock (gate)
                {
                    floodAcknowledged.Add(read.PlateBarcode);
                }
            }
            catch (RpcException exception)
            {
                var fault = RpcFault.Of(exception);
                lock (gate)
                {
                    string what = $"{fault.Code} {fault.Reason}".TrimEnd();
                    refusals[what] = refusals.GetValueOrDefault(what) + 1;
                }

            }

            await Task.Delay(pace, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<OverloadReport> CountAsync(
        ServerProcess server, string keyFile, Load[] loads, double capacity, double goodput, List<(double Seconds, double Mebibytes)> memory, CancellationToken cancellationToken)
    {
        var figures = new KeptFigures();
        foreach (Load load in loads)
        {
            await load.StopAsync();
            await load.FinishAsync(cancellationToken);
        }

        using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = keyFile, Deadline = Patience });
        ILoadSender[] senders = [.. loads.SelectMany(load => load.Senders)];
        IEnumerable<string> streamed = senders.SelectMany(sender => sender.Events).Where(sent => sent.IsAcknowledged).Select(sent => sent.PlateBarcode).OfType<string>();
        string[] plates = [.. streamed, .. floodAcknowledged];
        await AnalyzedAsync(connection, plates, cancellationToken);
        await WireCheck.RunAsync(connection, senders, figures, cancellationToken);
        var listed = new HashSet<string>();
        var request = new ListPlatesRequest { PageSize = 1000 };
        do
        {
            ListPlatesResponse page = await connection.Plates.ListPlatesAsync(request, cancellationToken: cancellationToken);
            listed.UnionWith(page.Plates.Select(plate => plate.Name));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        foreach (string barcode in floodAcknowledged.Where(barcode => !listed.Contains($"plates/{barcode}")))
        {
            figures.AddLost($"plates/{barcode} of a single call");
        }

        return new OverloadReport(
            plan, capacity, goodput, memory[0].Mebibytes, memory.Max(sample => sample.Mebibytes), OverloadReport.SlopeOf(memory), plates.Length, floodAcknowledged.Count,
            refusals.ToDictionary(), figures);
    }

    // Every plate is analysed before it is counted.
    private static async Task AnalyzedAsync(BiomarkersConnection connection, string[] plates, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        foreach (string barcode in plates.Reverse())
        {
            while ((await connection.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{barcode}" }, cancellationToken: cancellationToken)).State != PlateState.Analyzed
                && Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Sample, cancellationToken);
            }
        }
    }
}
