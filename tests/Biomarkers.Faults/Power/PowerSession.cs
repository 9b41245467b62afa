using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;

namespace Biomarkers.Faults.Power;

/// <summary>Records the real server's calls to its disk, cuts the power at many places of the record, and looks what is there.</summary>
internal sealed class PowerSession(PowerPlan plan, string folder, Action<string> tell)
{
    private const int PageSize = 1000;
    private const int StatesPerLine = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<PowerReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        var outcomes = new List<PatternOutcome>();
        foreach (PowerPattern pattern in PowerPattern.All)
        {
            string place = Path.Combine(folder, $"pattern-{outcomes.Count}");
            Directory.CreateDirectory(place);
            outcomes.Add(await RunAsync(pattern, place, cancellationToken));
            Directory.Delete(place, recursive: true);
        }

        return new PowerReport(plan, outcomes, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<PatternOutcome> RunAsync(PowerPattern pattern, string place, CancellationToken cancellationToken)
    {
        DiskRecord record = await DiskRecord.MakeAsync(pattern, place, plan.Seed, cancellationToken);
        tell($"{pattern.Name}: recorded {record.Calls.Count} calls, {record.LogSyncs} syncs of the log, {record.Checkpoints.Count} checkpoints, {record.Events.Count} events acknowledged");
        if (pattern.IsAroundCheckpoints && record.Checkpoints.Count == 0)
        {
            throw new InvalidOperationException("The server's log was never begun anew; the pattern needs more plates.");
        }

        var sent = record.Events.ToDictionary(one => (one.Instrument, one.Offset));
        var figures = new KeptFigures();
        int acknowledged = 0;
        int[] served = [.. Enumerable.Range(1, plan.Servers).Select(i => (i * plan.States / (plan.Servers + 1)) - 1)];
        foreach (CrashState state in CrashState.Of(record, pattern, plan.States, plan.Seed, isSafe: true))
        {
            int before = figures.Findings.Count;
            await CheckAsync(state, place, sent, figures, cancellationToken);
            acknowledged += state.Acknowledged.Count;
            if (served.Contains(state.Number))
            {
                await ServeAsync(state, place, figures, cancellationToken);
            }

            Tell(pattern.Name, state, figures.Findings.Skip(before));
        }

        var control = new KeptFigures();
        int losing = 0;
        foreach (CrashState state in CrashState.Of(record, pattern, plan.States, plan.Seed, isSafe: false))
        {
            int lost = control.Lost;
            await CheckAsync(state, place, sent, control, cancellationToken);
            losing += control.Lost > lost ? 1 : 0;
            Tell($"{pattern.Name}, control", state, []);
        }

        return new PatternOutcome(
            pattern.Name, record.Events.Count, record.LogSyncs, record.Checkpoints.Count, plan.States, acknowledged, plan.Servers, figures, control.Lost, losing);
    }

    private void Tell(string name, CrashState state, IEnumerable<string> findings)
    {
        foreach (string finding in findings)
        {
            tell($"{name}: state {state.Number}, after {state.Place} calls, {state.Acknowledged.Count} acknowledged: {finding}");
        }

        if ((state.Number + 1) % StatesPerLine == 0)
        {
            tell($"{name}: {state.Number + 1} of {plan.States} states");
        }
    }

    private static async Task CheckAsync(
        CrashState state, string place, Dictionary<(string, long), TimedEvent> sent, KeptFigures figures, CancellationToken cancellationToken)
    {
        string disk = Path.Combine(place, "disk");
        state.WriteTo(disk);
        await StateCheck.RunAsync(disk, sent, state.Acknowledged, figures, cancellationToken);
        Directory.Delete(disk, recursive: true);
    }

    // A whole server on the rebuilt disk: it names the offset to go on from, and finishes what was begun.
    private static async Task ServeAsync(CrashState state, string place, KeptFigures figures, CancellationToken cancellationToken)
    {
        string disk = Path.Combine(place, "disk");
        state.WriteTo(disk);
        await using (ServerProcess server = await ServerProcess.StartAsync(new ServerStart(disk), cancellationToken))
        {
            using BiomarkersConnection connection = BiomarkersConnection.Open(
                new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(disk, "client.key") });
            foreach (IGrouping<string, TimedEvent> instrument in state.Acknowledged.GroupBy(one => one.Instrument))
            {
                ReadStream stream = await connection.Ingest.GetReadStreamAsync(
                    new GetReadStreamRequest { Name = $"instruments/{instrument.Key}/readStreams/{TimedSender.StreamId}" }, cancellationToken: cancellationToken);
                long last = instrument.Max(one => one.Offset);
                if (stream.NextOffset <= last)
                {
                    figures.AddLost($"the server goes on from event {stream.NextOffset} of {instrument.Key}; {last} was acknowledged");
                }
            }

            await FinishAsync(connection, figures, cancellationToken);
            await server.StopAsync(cancellationToken);
        }

        Directory.Delete(disk, recursive: true);
    }

    private static async Task FinishAsync(BiomarkersConnection connection, KeptFigures figures, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        Plate[] open;
        do
        {
            ListPlatesResponse page = await connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = PageSize }, cancellationToken: cancellationToken);
            open = [.. page.Plates.Where(plate => plate.State != PlateState.Analyzed)];
        }
        while (open.Length > 0 && Stopwatch.GetElapsedTime(began) < Patience);
        foreach (Plate plate in open)
        {
            figures.AddRunMissing($"{plate.Name} is {plate.State} after {Patience.TotalSeconds} s");
        }
    }
}
