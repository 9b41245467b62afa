using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.Faults.Disks;
using Biomarkers.Faults.Power;
using Biomarkers.V1;

namespace Biomarkers.Faults.Io;

/// <summary>One life of a plate (a server starts, takes it, analyses it, and stops) for every call on the disk that can fail in it.</summary>
internal sealed class IoSession(IoPlan plan, string folder, Action<string> tell)
{
    private const int AtOnce = 2;

    // Longer than a start and an analysis take on a machine at other work; a server that fails ends within a moment.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // A disk that stays full: the server goes on refusing, and nothing else comes.
    private static readonly TimeSpan PatienceWithFullDisk = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly Lock gate = new();
    private readonly KeptFigures figures = new();
    private readonly Dictionary<IoEnd, int> ends = [];
    private int done;
    private int notReached;
    private int finishedAgain;

    public async Task<IoReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        FailingDisk disk = await FailingDisk.CompileAsync(folder, cancellationToken);
        string prepared = Path.Combine(folder, "prepared");
        await using (ServerProcess server = await ServerProcess.StartAsync(new ServerStart(prepared), cancellationToken))
        {
            await server.StopAsync(cancellationToken);
        }

        // Without a fault: how many calls there are, and what is sent.
        var life = new PlateLife(disk, prepared, folder, plan.Seed, Patience);
        LifeOutcome whole = await life.RunAsync("whole", new DiskFault(0, DiskError.Io, IsForGood: false), cancellationToken);
        TimedEvent plate = whole.Acknowledged ?? throw new InvalidOperationException("The plate was not acknowledged although nothing failed.");
        int points = whole.Calls.Length;
        tell($"one life of a plate makes {points} calls: {string.Join(", ", whole.Calls.GroupBy(call => call).Select(kind => $"{kind.Count()} {kind.Key}"))}");
        DiskFault[] faults =
        [
            .. from at in Enumerable.Range(1, points).Where(at => (at - 1) % plan.Step == 0 && at >= plan.First && at <= plan.Last)
               from error in new[] { DiskError.Io, DiskError.NoSpace }
               from isForGood in new[] { false, true }
               select new DiskFault(at, error, isForGood),
        ];
        await Parallel.ForEachAsync(
            faults.Select((fault, number) => (fault, number)),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (point, token) => await TryAsync(life, point.fault, point.number, plate, faults.Length, token));
        bool isControlFound = await ControlAsync(whole.Folder, plate, cancellationToken);
        return new IoReport(
            plan, points, faults.Length, new Dictionary<IoEnd, int>(ends), notReached, finishedAgain, figures, isControlFound, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private async Task TryAsync(PlateLife life, DiskFault fault, int number, TimedEvent plate, int count, CancellationToken cancellationToken)
    {
        TimeSpan patience = fault is { Error: DiskError.NoSpace, IsForGood: true } ? PatienceWithFullDisk : Patience;
        long began = Stopwatch.GetTimestamp();
        LifeOutcome outcome = await (life with { Patience = patience }).RunAsync($"point-{number}", fault, cancellationToken);
        var found = new KeptFigures();
        var sent = new Dictionary<(string, long), TimedEvent> { [(plate.Instrument, plate.Offset)] = plate };
        await StateCheck.RunAsync(outcome.Folder, sent, outcome.Acknowledged is null ? [] : [plate], found, cancellationToken);
        Judge(fault, outcome, found);
        bool isFinished = number % plan.FinishEvery == 0 && await FinishAsync(outcome.Folder, cancellationToken);
        Directory.Delete(outcome.Folder, recursive: true);
        lock (gate)
        {
            ends[outcome.End] = ends.GetValueOrDefault(outcome.End) + 1;
            notReached += outcome.Failed == 0 ? 1 : 0;
            finishedAgain += isFinished ? 1 : 0;
            foreach (string finding in found.Findings)
            {
                string text = $"call {fault.At}, {fault.Error}{(fault.IsForGood ? " for good" : string.Empty)}, {outcome.End}: {finding}";
                tell(text);
                figures.AddOther(text);
            }

            done++;
            tell($"{done} of {count} faults: call {fault.At}, {fault.Error}{(fault.IsForGood ? " for good" : string.Empty)}: {outcome.End} after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        }
    }

    // No acknowledgement without storage is the state's check; here: the server ends with an error, or goes on and works.
    private static void Judge(DiskFault fault, LifeOutcome outcome, KeptFigures found)
    {
        if (outcome.End == IoEnd.Stuck)
        {
            found.AddOther("the server neither ended nor answered");
        }
        else if (outcome.End == IoEnd.Refuses && !(fault is { Error: DiskError.NoSpace, IsForGood: true }))
        {
            found.AddOther("the server still refuses although the disk has room again");
        }
        else if (outcome.End is IoEnd.Failed or IoEnd.NotStarted && outcome.ExitCode is null or 0)
        {
            found.AddOther($"the server ended with {outcome.ExitCode}; expected an exit code that says so");
        }
    }

    // A whole server on what the fault left, without a fault: the sender sends again, and the plate gets its run.
    private async Task<bool> FinishAsync(string data, CancellationToken cancellationToken)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(new ServerStart(data), cancellationToken);
        var options = new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(data, "client.key") };
        await using var sender = new TimedSender(options, 0, plan.Seed);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        // This sender knows nothing of the one before: what it sends is a duplicate where the plate is there already.
        await sender.SendAsync(1, limit.Token);
        using BiomarkersConnection connection = BiomarkersConnection.Open(options);
        while ((await connection.Plates.GetPlateAsync(new GetPlateRequest { Name = "plates/P0-0" }, cancellationToken: limit.Token)).State != PlateState.Analyzed)
        {
            await Task.Delay(Poll, limit.Token);
        }

        await server.TerminateAsync(cancellationToken);
        return await server.WaitForEndAsync(StopLimit, cancellationToken) == 0;
    }

    // The check must be able to complain: an acknowledged event is taken out of the database.
    private static async Task<bool> ControlAsync(string data, TimedEvent plate, CancellationToken cancellationToken)
    {
        string file = Path.Combine(data, "biomarkers.db");
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(
            new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder { DataSource = file, Pooling = false, ForeignKeys = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await connection.ExecuteAsync("DROP TRIGGER stream_event_no_delete", cancellationToken);
        await connection.ExecuteAsync("DELETE FROM stream_event", cancellationToken);
        var found = new KeptFigures();
        await StateCheck.CheckAsync(connection, new Dictionary<(string, long), TimedEvent> { [(plate.Instrument, plate.Offset)] = plate }, [plate], found, cancellationToken);
        return found.Lost == 1;
    }
}
