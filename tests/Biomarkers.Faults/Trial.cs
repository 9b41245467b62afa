using System.Data.Common;
using Biomarkers.Client;

namespace Biomarkers.Faults;

/// <summary>Servers on one store under load, watched from both sides, until everything is counted. What is broken meanwhile is the caller's.</summary>
internal sealed class Trial : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly StoreUnderTest store;
    private readonly CancellationTokenSource stopWatching = new();
    private readonly FeedWatcher? feedWatcher;
    private readonly RunWatcher runWatcher;
    private readonly Task[] watching;

    /// <summary>How long a list may take when everything is counted: the contents are judged here, on a machine that may be at other work, and not the time.</summary>
    private static readonly TimeSpan ListPatience = TimeSpan.FromMinutes(2);

    private Trial(StoreUnderTest store, ReplicaSet replicas, int senders, int seed, string? spools)
    {
        this.store = store;
        Replicas = replicas;
        Balancer = new ReplicaBalancer(() => replicas.Addresses);
        runWatcher = new RunWatcher(Balancer.Server, store.KeyFile, Recoveries.SawPlate);
        feedWatcher = store.MayBeReadWhileServed ? new FeedWatcher(store) : null;
        watching = [runWatcher.RunAsync(stopWatching.Token), feedWatcher?.RunAsync(stopWatching.Token) ?? Task.CompletedTask];
        Load = new Load(Balancer.Server, store.KeyFile, senders, seed, spools);
    }

    public ReplicaSet Replicas { get; }

    public ReplicaBalancer Balancer { get; }

    public Load Load { get; }

    public Recoveries Recoveries { get; } = new();

    /// <summary>Calls of the watcher over gRPC that broke.</summary>
    public int WatchBreaks => runWatcher.Breaks;

    /// <summary>Starts servers, watchers and instruments.</summary>
    public static async Task<Trial> StartAsync(StoreUnderTest store, int replicas, int senders, int seed, CancellationToken cancellationToken, string? spools = null) =>
        new(store, await ReplicaSet.StartAsync(store, replicas, cancellationToken), senders, seed, spools);

    /// <summary>What came of the load by now, for a line of progress.</summary>
    public string Progress()
    {
        string[] acknowledged = [.. Load.AcknowledgedPlates()];
        return $"{Figures.Text(Load.AcknowledgedCount)} acknowledged by now, {Figures.Text(Recoveries.Waiting(acknowledged).Length)} of them without a run";
    }

    /// <summary>Notes a break, from which everything that is acknowledged by now must recover.</summary>
    /// <returns>Events that are not acknowledged.</returns>
    public int NoteBreak()
    {
        Recoveries.Broke(Load.AcknowledgedPlates());
        return Load.UnacknowledgedCount;
    }

    /// <summary>Waits until everything that may be sent is acknowledged and every acknowledged plate has its run.</summary>
    /// <returns>Whether that came to be within the limit.</returns>
    public async Task<bool> RecoverAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var tooLong = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        tooLong.CancelAfter(limit);
        while (!Load.IsIdle || Recoveries.Waiting(Load.AcknowledgedPlates()).Length > 0)
        {
            Load.ThrowIfStopped();
            await Task.Delay(Poll, tooLong.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (tooLong.IsCancellationRequested)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Stops instruments, servers and watchers, and counts everything: over gRPC, in the database, and in damaged copies of it.</summary>
    public async Task<TrialOutcome> CountAsync(CancellationToken cancellationToken)
    {
        var figures = new KeptFigures();
        List<(bool IsTakenOver, double Seconds)> works;
        await Load.FinishAsync(cancellationToken);
        var options = new BiomarkersConnectionOptions { Server = Balancer.Server, KeyFile = store.KeyFile, Deadline = ListPatience };
        using (BiomarkersConnection connection = BiomarkersConnection.Open(options))
        {
            await WireCheck.RunAsync(connection, Load.Senders, figures, cancellationToken);
        }

        Replicas.ThrowIfEnded();
        await Replicas.StopAsync(cancellationToken);
        await stopWatching.CancelAsync();
        await Task.WhenAll(watching);
        await using (DbConnection connection = await store.OpenAsync(cancellationToken))
        {
            while (feedWatcher is not null && await feedWatcher.ReadOnAsync(connection, cancellationToken))
            {
                // Its cursors reach the end: what the last commits left is there now.
            }

            foreach (string damage in await store.FindDamageAsync(connection, cancellationToken))
            {
                figures.AddOther($"{store.Name} finds damage: {damage}");
            }

            await CheckAsync(connection, figures);
            works = await connection.ReadAsync(
                "SELECT generation, update_time - create_time FROM work_item WHERE state = 2",
                row => (row.GetInt64(0) > 1, row.GetInt64(1) / 1e6),
                cancellationToken);
        }

        await using DbConnection copy = await store.OpenCopyAsync(cancellationToken);
        IReadOnlyDictionary<string, bool> controls = await DamageControls.RunAsync(copy, CheckAsync, cancellationToken);
        return Outcome(figures, controls, works);

        async Task CheckAsync(DbConnection connection, KeptFigures into)
        {
            await DatabaseCheck.RunAsync(connection, Load.Senders, into, cancellationToken);
            await FeedCheck.RunAsync(connection, feedWatcher, runWatcher, into, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopWatching.CancelAsync();
        await Load.DisposeAsync();
        await Task.WhenAll(watching);
        await Balancer.DisposeAsync();
        await Replicas.DisposeAsync();
        stopWatching.Dispose();
    }

    private TrialOutcome Outcome(KeptFigures figures, IReadOnlyDictionary<string, bool> controls, List<(bool IsTakenOver, double Seconds)> works)
    {
        SentEvent[] acknowledged = [.. Load.Snapshot().Where(sent => sent.IsAcknowledged)];
        return new TrialOutcome(
            acknowledged.Count(sent => sent.PlateBarcode is not null),
            acknowledged.Sum(sent => (long)sent.WellCount),
            acknowledged.Count(sent => sent.PlateBarcode is null),
            Balancer.Moves,
            works.Count(work => work.IsTakenOver),
            LongestOf(isTakenOver: false),
            LongestOf(isTakenOver: true),
            runWatcher.Seen.Count,
            runWatcher.Breaks,
            feedWatcher?.Feed.Count,
            feedWatcher?.Ledger.Count,
            feedWatcher?.Breaks,
            figures,
            controls);

        double LongestOf(bool isTakenOver) => works.Where(work => work.IsTakenOver == isTakenOver).Select(work => work.Seconds).DefaultIfEmpty().Max();
    }
}

/// <summary>What was counted at the end.</summary>
/// <param name="PlatesAcknowledged">Plates that the server said are durable.</param>
/// <param name="WellsAcknowledged">Their wells with a response.</param>
/// <param name="GarbageAcknowledged">Events that are no message, which must be kept as well.</param>
/// <param name="Moves">Connections that were cut to make their clients go to another living replica.</param>
/// <param name="TakenOver">Plates whose work another server, or a later start, took over and finished.</param>
/// <param name="LongestOwnSeconds">Longest time from a read to its run where no server died in between.</param>
/// <param name="LongestTakenOverSeconds">Longest such time where one did.</param>
/// <param name="RunsSeen">Runs that the watcher over gRPC saw.</param>
/// <param name="WatchBreaks">Its calls that broke.</param>
/// <param name="FeedRowsSeen">Rows of the change feed that a cursor over the table passed; null where none could be there.</param>
/// <param name="LedgerRowsSeen">Audit events that a cursor over the table passed; null likewise.</param>
/// <param name="CursorBreaks">Connections of those cursors that broke; null likewise.</param>
/// <param name="Kept">What the check found.</param>
/// <param name="Controls">Damage that was done to a copy of the database, and whether the check found it.</param>
internal sealed record TrialOutcome(
    int PlatesAcknowledged,
    long WellsAcknowledged,
    int GarbageAcknowledged,
    int Moves,
    int TakenOver,
    double LongestOwnSeconds,
    double LongestTakenOverSeconds,
    int RunsSeen,
    int WatchBreaks,
    int? FeedRowsSeen,
    int? LedgerRowsSeen,
    int? CursorBreaks,
    KeptFigures Kept,
    IReadOnlyDictionary<string, bool> Controls)
{
    /// <summary>Whether nothing was lost, repeated or changed, and the check was shown to be able to say otherwise.</summary>
    public bool IsClean => Kept.IsClean && Controls.Values.All(found => found) && PlatesAcknowledged > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("plates acknowledged", Figures.Text(PlatesAcknowledged));
        yield return ("wells acknowledged", Figures.Text(WellsAcknowledged));
        yield return ("garbage events acknowledged", Figures.Text(GarbageAcknowledged));
        yield return ("connections cut to move a client", Figures.Text(Moves));
        yield return ("lost", Figures.Text(Kept.Lost));
        yield return ("twice", Figures.Text(Kept.Twice));
        yield return ("changed", Figures.Text(Kept.Changed));
        yield return ("runs missing", Figures.Text(Kept.RunsMissing));
        yield return ("runs double", Figures.Text(Kept.RunsDouble));
        yield return ("results missing", Figures.Text(Kept.ResultsMissing));
        yield return ("work left open", Figures.Text(Kept.WorkOpen));
        yield return ("plates taken over", Figures.Text(TakenOver));
        yield return ("read to run, longest, s: own; taken over", $"{Figures.Seconds(LongestOwnSeconds)}; {Figures.Seconds(LongestTakenOverSeconds)}");
        yield return ("runs watched over gRPC", $"{Figures.Text(RunsSeen)} through {Figures.Text(WatchBreaks)} breaks");
        if (FeedRowsSeen is { } feed && LedgerRowsSeen is { } ledger && CursorBreaks is { } breaks)
        {
            yield return ("rows of feed and ledger watched", $"{Figures.Text(feed)}, {Figures.Text(ledger)} through {Figures.Text(breaks)} breaks");
        }

        yield return ("skipped or out of order", Figures.Text(Kept.Feed));
        yield return ("other faults", Figures.Text(Kept.Others));
        yield return ("damage to a copy that was found", $"{Controls.Values.Count(found => found)} of {Controls.Count}");
    }
}
