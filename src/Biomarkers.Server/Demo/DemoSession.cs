using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.Simulation.Readers;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Server.Demo;

/// <summary>Readers stream their plates over real gRPC; then everything is asked back as an analyst would ask.</summary>
internal sealed class DemoSession(BiomarkersConnection connection, IReadOnlyList<DemoReader> readers, Action<DemoProgress> progress)
{
    private const int PageSize = 500;

    private int sent;
    private int analysed;

    private int PlateCount => readers.Sum(reader => reader.Plates.Count);

    /// <summary>Sends everything, waits for every run, and collects the answers.</summary>
    public async Task<DemoReport> RunAsync(long startTimestamp, List<DemoOutcome> outcomes, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<WatchAnalyticalRunsResponse> watch = connection.AnalyticalRuns.WatchAnalyticalRuns(
            new WatchAnalyticalRunsRequest(), deadline: null, cancellationToken: cancellationToken);
        // Headers come when the watch has begun: no run can be missed after this.
        await watch.ResponseHeadersAsync;
        Task<Dictionary<string, string>> runs = AwaitRunsAsync(watch, cancellationToken);
        await Task.WhenAll(readers.Select(reader => SendAsync(reader, cancellationToken)));
        Dictionary<string, string> runOfPlate = await runs;
        foreach (Simulation.Plates.SimulatedPlate plate in readers.SelectMany(reader => reader.Plates))
        {
            string name = runOfPlate[$"plates/{plate.Read.PlateBarcode}"];
            AnalyticalRun run = await connection.AnalyticalRuns.GetAnalyticalRunAsync(new GetAnalyticalRunRequest { Name = name }, cancellationToken: cancellationToken);
            ListResultsResponse results = await connection.AnalyticalRuns.ListResultsAsync(
                new ListResultsRequest { AnalyticalRun = name, PageSize = PageSize, Order = ListOrder.OldestFirst }, cancellationToken: cancellationToken);
            outcomes.Add(new DemoOutcome(plate, run, results.Results));
        }

        return new DemoReport(
            outcomes.Count,
            new DemoRunCounts(outcomes.Count(outcome => outcome.Run.Verdict == RunVerdict.Accepted), outcomes.Count(outcome => outcome.Run.Verdict == RunVerdict.Rejected)),
            new SortedDictionary<string, int>(outcomes.SelectMany(outcome => outcome.Results).CountBy(result => result.Analyte).ToDictionary()),
            new SortedDictionary<string, int>(outcomes.SelectMany(outcome => outcome.Run.Flags).CountBy(flag => flag.Code).ToDictionary()),
            DemoTruth.Of(outcomes),
            Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds);
    }

    private async Task SendAsync(DemoReader reader, CancellationToken cancellationToken)
    {
        await using var simulated = new SimulatedReader(connection, reader.InstrumentId, TimeProvider.System);
        foreach (Simulation.Plates.SimulatedPlate plate in reader.Plates)
        {
            SendOutcome outcome = await simulated.SendAsync(plate, reader.InParts, cancellationToken);
            if (outcome.Kind == SendOutcomeKind.Quarantined)
            {
                throw new InvalidOperationException($"The server refused plate {plate.Read.PlateBarcode}: {outcome.Fault}");
            }

            Interlocked.Increment(ref sent);
            Report();
        }

        await simulated.CompleteAsync(cancellationToken);
    }

    private async Task<Dictionary<string, string>> AwaitRunsAsync(AsyncServerStreamingCall<WatchAnalyticalRunsResponse> watch, CancellationToken cancellationToken)
    {
        var runOfPlate = new Dictionary<string, string>();
        while (runOfPlate.Count < PlateCount && await watch.ResponseStream.MoveNext(cancellationToken))
        {
            AnalyticalRun run = watch.ResponseStream.Current.AnalyticalRun;
            runOfPlate[run.Plate] = run.Name;
            Interlocked.Exchange(ref analysed, runOfPlate.Count);
            Report();
        }

        return runOfPlate;
    }

    private void Report() => progress(new DemoProgress(Volatile.Read(ref sent), Volatile.Read(ref analysed), PlateCount));
}

/// <summary>How far a demo is.</summary>
/// <param name="Sent">Plates that the server has acknowledged.</param>
/// <param name="Analysed">Plates with a run.</param>
/// <param name="Total">Plates in all.</param>
internal readonly record struct DemoProgress(int Sent, int Analysed, int Total);
