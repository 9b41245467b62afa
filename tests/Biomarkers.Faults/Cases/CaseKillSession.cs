using System.Collections.Concurrent;
using System.Globalization;

namespace Biomarkers.Faults.Cases;

/// <summary>What is done.</summary>
/// <param name="Rows">The cases.</param>
/// <param name="MiddleOnly">Whether each is killed in its middle only.</param>
/// <param name="Seed">Seed of the order in which the last events before the kill are sent.</param>
internal sealed record CasesPlan(IReadOnlyList<IngestCase> Rows, bool MiddleOnly, int Seed);

/// <summary>Cases side by side against one server that is killed once and started again.</summary>
/// <param name="plan">What is done.</param>
/// <param name="store">The database, nobody's yet.</param>
/// <param name="certificates">Folder of the laboratory's authority and of the server's certificate; null without TLS.</param>
internal sealed class CaseKillSession(CasesPlan plan, StoreUnderTest store, string? certificates)
{
    // Runs that act at the same moment; all of them stay open side by side.
    private const int AtOnce = 16;

    private static readonly TimeSpan BetweenLastEvents = TimeSpan.FromMilliseconds(1);

    /// <summary>Brings every run to its place, kills, starts again, goes on, and compares.</summary>
    /// <param name="losesDatabase">Whether the database is gone with the server: the control, in which what was acknowledged must be missed.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public async Task<CaseBatch> RunAsync(bool losesDatabase, CancellationToken cancellationToken)
    {
        var failures = new ConcurrentBag<string>();
        ServerProcess process = await StartAsync(cancellationToken);
        try
        {
            await using CaseServer server = ServerOf(process);
            Place[] places = [.. Places(server)];
            await EachAsync(places, place => place.Run.BringToAsync(place.Step), failures, cancellationToken);
            Place[] standing = [.. places.Where(place => !place.HasFailed)];
            await KillAsync(process, standing);
            int unanswered = standing.Sum(place => place.Run.UnansweredCount);
            Place[] acknowledged = [.. standing.Where(place => place.Run.HasAcknowledged)];
            if (losesDatabase)
            {
                Directory.Delete(store.ServerAt(0).DataDirectory, recursive: true);
            }

            await process.DisposeAsync();
            process = await StartAsync(cancellationToken);
            await using CaseServer again = ServerOf(process);
            (int onDisk, int notOnDisk) = (0, 0);
            await EachAsync(
                standing,
                async place =>
                {
                    (int found, int lacking) = await place.Run.ResumeAsync(again);
                    Interlocked.Add(ref onDisk, found);
                    Interlocked.Add(ref notOnDisk, lacking);
                },
                failures,
                cancellationToken);
            await EachAsync([.. standing.Where(place => !place.HasFailed)], place => place.Run.FinishAsync(place.Step), failures, cancellationToken);
            foreach (Place place in places)
            {
                await place.Run.DisposeAsync();
            }

            string name = $"{store.Name}, {(certificates is null ? "loopback" : "TLS")}";
            int missed = acknowledged.Count(place => place.HasFailed);
            return new CaseBatch(name, places.Length, acknowledged.Length, missed, unanswered, onDisk, notOnDisk, [.. failures.Order(StringComparer.Ordinal)]);
        }
        finally
        {
            await process.DisposeAsync();
        }
    }

    private IEnumerable<Place> Places(CaseServer server)
    {
        foreach (IngestCase row in plan.Rows)
        {
            // The clock of another process is out of reach here.
            IReadOnlyList<CaseStep> steps = row.ReadSteps();
            if (steps.Any(step => step.Verb == "clock"))
            {
                continue;
            }

            IEnumerable<int> places = plan.MiddleOnly ? [(steps.Count + 1) / 2] : Enumerable.Range(1, steps.Count);
            foreach (int place in places)
            {
                yield return new Place(new CaseRun(row, place.ToString(CultureInfo.InvariantCulture), server), place);
            }
        }
    }

    // The last events of all runs, in an order by the seed: those that were sent first are on disk when the kill comes, those that were sent last are not.
    private async Task KillAsync(ServerProcess process, Place[] standing)
    {
        Place[] order = [.. standing];
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        new Random(plan.Seed).Shuffle(order);
#pragma warning restore CA5394
        foreach (Place place in order)
        {
            await place.Run.SendLastAsync(place.Step);
            await Task.Delay(BetweenLastEvents);
        }

        await process.KillAsync();
    }

    private static Task EachAsync(Place[] places, Func<Place, Task> act, ConcurrentBag<string> failures, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        places,
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
        async (place, _) =>
        {
            try
            {
                await act(place);
            }
            catch (Exception exception) when (exception is CaseFailureException or Grpc.Core.RpcException)
            {
                place.HasFailed = true;
                failures.Add($"killed after step {place.Step}: {exception.Message}");
            }
        });

    private async Task<ServerProcess> StartAsync(CancellationToken cancellationToken)
    {
        ServerStart start = store.ServerAt(0);
        string[] tls = certificates is null ? [] : ["--certificate", Path.Combine(certificates, "server.crt"), "--certificate-key", Path.Combine(certificates, "server.key"), "--client-ca", Path.Combine(certificates, "ca.crt")];
        return await ServerProcess.StartAsync(start with { Further = [.. start.Further, .. tls] }, cancellationToken);
    }

    private CaseServer ServerOf(ServerProcess process) =>
        new(process.GrpcAddress, store.KeyFile, certificates, store.OpenAsync, MoveClock: null);

    private sealed record Place(CaseRun Run, int Step)
    {
        public bool HasFailed { get; set; }
    }
}
