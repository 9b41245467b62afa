using Biomarkers.Client;
using Biomarkers.Faults.Disks;

namespace Biomarkers.Faults.Power;

/// <summary>What the real server did to its disk while senders sent by one pattern, and what they saw acknowledged.</summary>
/// <param name="Calls">In the order in which they returned, from an empty folder on.</param>
/// <param name="Events">Everything that was sent; all of it was acknowledged.</param>
internal sealed record DiskRecord(IReadOnlyList<DiskCall> Calls, IReadOnlyList<TimedEvent> Events)
{
    private const string DatabaseName = "biomarkers.db";

    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    /// <summary>Syncs of the log.</summary>
    public int LogSyncs => Calls.Count(call => call.Kind == DiskCallKind.Sync && IsLog(call));

    /// <summary>Places of the first write of each checkpoint, and of the last call before the log is begun anew.</summary>
    public IReadOnlyList<(int From, int To)> Checkpoints { get; } = FindCheckpoints(Calls);

    /// <summary>Runs a server under the recorder and sends.</summary>
    public static async Task<DiskRecord> MakeAsync(PowerPattern pattern, string folder, int seed, CancellationToken cancellationToken)
    {
        string data = Path.Combine(folder, "recorded");
        string record = Path.Combine(folder, "record");
        var events = new List<TimedEvent>();
        await using (ServerProcess server = await ServerProcess.StartAsync(new ServerStart(data) { Before = SystemCalls.Command(record) }, cancellationToken))
        {
            var options = new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(data, "client.key") };
            TimedSender[] senders = [.. Enumerable.Range(0, pattern.Senders).Select(number => new TimedSender(options, number, seed))];
            for (int round = 0; round < pattern.Rounds; round++)
            {
                foreach (IReadOnlyList<TimedEvent> sent in await Task.WhenAll(senders.Select(sender => sender.SendAsync(pattern.Burst, cancellationToken))))
                {
                    events.AddRange(sent);
                }
            }

            // Runs of the last plates are saved too.
            await Task.Delay(Settling, cancellationToken);
            foreach (TimedSender sender in senders)
            {
                await sender.DisposeAsync();
            }

            await server.StopAsync(cancellationToken);
        }

        List<DiskCall> calls = SystemCalls.Read(record, data, DatabaseName);
        File.Delete(record);
        Directory.Delete(data, recursive: true);
        // The index of the log is memory; SQLite makes it anew.
        calls.RemoveAll(call => call.Path.EndsWith("-shm", StringComparison.Ordinal) && call.Kind != DiskCallKind.Sync);
        return new DiskRecord(calls, events);
    }

    /// <summary>Whether a call is on the database's log.</summary>
    public static bool IsLog(DiskCall call) => call.Path.EndsWith("-wal", StringComparison.Ordinal);

    // Only the last one, at the stop, is followed by no new log.
    private static List<(int From, int To)> FindCheckpoints(IReadOnlyList<DiskCall> calls)
    {
        var found = new List<(int From, int To)>();
        int? from = null;
        bool hasLog = false;
        for (int i = 0; i < calls.Count; i++)
        {
            hasLog |= IsLog(calls[i]);
            if (hasLog && calls[i].Kind == DiskCallKind.Write && Path.GetFileName(calls[i].Path) == DatabaseName)
            {
                from ??= i;
            }
            else if (from is { } first && IsLog(calls[i]) && calls[i].Kind != DiskCallKind.Sync && calls[i].Offset == 0)
            {
                found.Add((first, i));
                from = null;
            }
        }

        return found;
    }
}
