using System.Data.Common;
using Biomarkers.Immunoassay.Assays;

namespace Biomarkers.Faults.Delivery;

/// <summary>Where a schedule runs: a database, its servers and their clock.</summary>
/// <param name="store">The database.</param>
/// <param name="clock">The servers' clock.</param>
/// <param name="connection">A connection behind the servers' backs.</param>
internal sealed class DeliveryPlace(DeliveryStore store, ScheduleClock clock, DbConnection connection) : IAsyncDisposable
{
    private readonly DeliveryServer?[] servers = new DeliveryServer?[store.ServerCount];

    private readonly ServerClock[] clocks = [.. Enumerable.Range(0, store.ServerCount).Select(_ => new ServerClock(clock))];

    public int ServerCount => servers.Length;

    public ScheduleClock Clock => clock;

    public DbConnection Connection => connection;

    /// <summary>Begins the day of a schedule.</summary>
    public void Begin(DeliverySchedule schedule)
    {
        clock.Begin(schedule.Number);
        for (int server = 1; server < clocks.Length; server++)
        {
            clocks[server].Difference = schedule.ClockDifference;
        }
    }

    /// <summary>What a server's clock says.</summary>
    public DateTimeOffset NowAt(int server) => clocks[server].GetUtcNow();

    /// <summary>A server; one that ended starts again.</summary>
    public async Task<DeliveryServer> ServerAsync(int server, CancellationToken cancellationToken) =>
        servers[server] ??= await DeliveryServer.StartAsync(store.Connect(), clocks[server], cancellationToken);

    /// <summary>Ends a server wherever it is.</summary>
    public async Task EndAsync(int server)
    {
        if (servers[server] is { } running)
        {
            servers[server] = null;
            await running.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int server = 0; server < servers.Length; server++)
        {
            await EndAsync(server);
        }

        await connection.DisposeAsync();
    }
}

/// <summary>One schedule under way, step by step against the product, the model and the trace.</summary>
internal sealed class DeliveryRun(DeliverySchedule schedule, DeliveryPlace place, LostGuarantee lost, CancellationToken cancellationToken)
{
    // Over every delay of a refusal and most leases, and then over those that were extended again and again before the clock went back.
    private static readonly TimeSpan[] OverEverything = [TimeSpan.FromMinutes(11), TimeSpan.FromHours(12)];

    private const int MostDrains = 200;

    private readonly PullerMemory memory = new();
    private readonly DeliveryTrace trace = new(schedule.Takes);
    private readonly DeliveryReviewer reviewer = new(schedule);
    private readonly List<DateTimeOffset> releaseTimes = [];
    private readonly DeliveryDoor door = new(schedule.SubscriptionId, schedule.Plates.ToDictionary(plate => plate.Barcode, plate => plate.Study));
    private DeliveryModel model = new(schedule.Takes, schedule.Lease);
    private PlantedDelivery? planted;
    private long subscriptionKey;
    private bool isModelOf = true;

    public DeliveryCounts Counts { get; } = new();

    /// <summary>The first difference between product and model; null for none.</summary>
    public string? Mismatch { get; private set; }

    /// <summary>The first thing that no answer may be, whatever the model says; null for none.</summary>
    public string? Violation => trace.Violation;

    /// <summary>Whether the guarantee was taken away in it.</summary>
    public bool IsPlanted => planted?.Count > 0;

    public async Task RunAsync()
    {
        place.Begin(schedule);
        DeliveryServer first = await place.ServerAsync(0, cancellationToken);
        foreach ((string barcode, string study, bool isOther) in schedule.Plates)
        {
            AssayDefinition assay = isOther ? BuiltInAssays.HsCrp : BuiltInAssays.Il6;
            await first.SubmitAsync(barcode, DeliveryPlates.Create(barcode, schedule.Number, study, assay), cancellationToken);
        }

        if (schedule.BeginsLate)
        {
            await ReviewAsync(null);
        }

        subscriptionKey = await door.CreateAsync(first, schedule.Filter, schedule.Lease, schedule.IsFromBeginning, cancellationToken);
        planted = lost == LostGuarantee.None ? null : new PlantedDelivery(lost, place.Connection, subscriptionKey);
        if (!schedule.IsFromBeginning)
        {
            model.BeginNow();
            trace.BeginNow();
        }

        for (int step = 0; step < schedule.Steps; step++)
        {
            Counts.Steps++;
            await TakeAsync(schedule.Next(memory, releaseTimes));
        }

        await DrainAsync();
        IReadOnlyList<StoredDelivery> rows = await RowsAsync();
        Compare(model, rows, isWhole: true);
        trace.End(rows);
        Counts.Parked += rows.Count(row => row.State == (int)ModelState.Parked);
        Counts.Repeats += trace.Repeats;
        Counts.CorrectionsUnderLease += trace.CorrectionsUnderLease;
    }

    private async Task TakeAsync(DeliveryStep step)
    {
        switch (step)
        {
            case DeliveryStep.Do does:
                await DoAsync(does.Op);
                break;
            case DeliveryStep.Together together:
                await TogetherAsync(together.Ops);
                break;
            case DeliveryStep.Review review:
                await ReviewAsync(review.WithPull);
                break;
            case DeliveryStep.Move move:
                place.Clock.Move(move.By);
                Counts.SetBacks += move.By < TimeSpan.Zero ? 1 : 0;
                break;
            case DeliveryStep.Forget forget:
                memory.HeldBy(forget.Puller).Clear();
                break;
            case DeliveryStep.Exhaust exhaust:
                await ExhaustAsync(exhaust.Puller);
                break;
            case DeliveryStep.Crash crash when lost == LostGuarantee.None:
                await CrashAsync(crash);
                break;
            case DeliveryStep.Crash crash:
                // What the store says after a crash would teach the trace the fault.
                await DoAsync(crash.Op);
                break;
            default:
                throw new ArgumentException($"{step} is unknown.", nameof(step));
        }
    }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private int AnyServer() => schedule.Random.Next(place.ServerCount);
#pragma warning restore CA5394

    private async Task<DeliveryReply> DoAsync(DeliveryOp op)
    {
        // Reviews come through the first server, whose clock is that of the schedule.
        int server = op is DeliveryOp.Review ? 0 : AnyServer();
        DeliveryReply reply = await AskAsync(await place.ServerAsync(server, cancellationToken), op);
        if (isModelOf)
        {
            Note(op.Apply(model, reply, place.NowAt(server)));
        }

        Observe(op, reply, place.NowAt(server));
        return reply;
    }

    // One order of them must explain all of their answers, and what is stored then: two orders may have the same answers.
    private async Task TogetherAsync(IReadOnlyList<DeliveryOp> ops)
    {
        var replies = new DeliveryReply[ops.Count];
        var asked = new List<Task>();
        int first = ops[0] is DeliveryOp.Review ? 0 : AnyServer();
        DateTimeOffset[] times = [.. ops.Select((_, i) => place.NowAt((first + i) % place.ServerCount))];
        for (int i = 0; i < ops.Count; i++)
        {
            int at = i;
            DeliveryServer other = await place.ServerAsync((first + i) % place.ServerCount, cancellationToken);
            var asks = Task.Run(async () => replies[at] = await AskAsync(other, ops[at]), cancellationToken);
            asked.Add(asks);
            if (planted is not null)
            {
                // One connection plants its fault for one after the other.
                await asks;
            }
        }

        await Task.WhenAll(asked);
        Counts.Together++;
        IReadOnlyList<StoredDelivery> rows = await RowsAsync();
        string? difference = null;
        foreach (int[] order in Orders(ops.Count))
        {
            DeliveryModel copy = model.Copy();
            string? found = order.Select(i => ops[i].Apply(copy, replies[i], times[i])).FirstOrDefault(fault => fault is not null) ?? copy.Compare(rows, isWhole: false);
            difference ??= found;
            if (found is null || !isModelOf)
            {
                model = copy;
                Array.ForEach(order, i => Observe(ops[i], replies[i], times[i]));
                return;
            }
        }

        Note($"at the same time, in no order: {difference}");
        Array.ForEach([.. Enumerable.Range(0, ops.Count)], i => Observe(ops[i], replies[i], times[i]));
    }

    private async Task ReviewAsync(DeliveryOp? withPull)
    {
        DeliveryServer server = await place.ServerAsync(0, cancellationToken);
        if (await reviewer.NextAsync(server, cancellationToken) is { } review)
        {
            Counts.Reviews++;
            await (withPull is null ? DoAsync(review) : TogetherAsync([review, withPull]));
        }
    }

    private async Task ExhaustAsync(int puller)
    {
        for (int attempt = 0; attempt <= DeliveryModel.Attempts; attempt++)
        {
            DeliveryReply pulled = await DoAsync(new DeliveryOp.Pull(puller, 100));
            long[] ids = [.. pulled.Delivered.Select(delivered => delivered.DeliveryId)];
            if (ids.Length > 0)
            {
                await DoAsync(new DeliveryOp.Answer(puller, AnswerKind.Refuse, ids, TimeSpan.Zero));
            }
        }
    }

    // The answer is lost in any case, and the puller with it. What became of the write stands in the store: all of it, or nothing.
    private async Task CrashAsync(DeliveryStep.Crash crash)
    {
        Counts.Crashes++;
        int victim = AnyServer();
        DeliveryServer server = await place.ServerAsync(victim, cancellationToken);
        Task<DeliveryReply> asking = AskAsync(server, crash.Op);
        await (crash.Microseconds is { } wait ? Task.Delay(TimeSpan.FromMicroseconds(wait), cancellationToken) : asking);
        await place.EndAsync(victim);
        await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Counts.CutWrites += asking.IsCompletedSuccessfully ? 0 : 1;
        IReadOnlyList<StoredDelivery> rows = await RowsAsync();
        DeliveryModel done = model.Copy(), undone = model.Copy();
        crash.Op.Apply(done, null, place.NowAt(victim));
        string? asDone = done.Compare(rows, isWhole: false);
        if (asDone is null)
        {
            model = done;
        }
        else if (asking.IsCompletedSuccessfully || undone.Compare(rows, isWhole: false) is not null)
        {
            Note($"after a crash: {asDone}");
        }

        trace.Reconcile(crash.Op, rows, place.NowAt(victim));
        memory.HeldBy(crash.Op is DeliveryOp.Pull pull ? pull.Puller : ((DeliveryOp.Answer)crash.Op).Puller).Clear();
    }

    private async Task DrainAsync()
    {
        int moves = 0;
        for (int drain = 0; drain < MostDrains; drain++)
        {
            DeliveryReply pulled = await DoAsync(new DeliveryOp.Pull(0, 100));
            long[] ids = [.. pulled.Delivered.Select(delivered => delivered.DeliveryId)];
            if (ids.Length > 0)
            {
                moves = 0;
                await DoAsync(new DeliveryOp.Answer(0, AnswerKind.Acknowledge, ids, TimeSpan.Zero));
            }
            else if (moves == OverEverything.Length)
            {
                return;
            }
            else
            {
                place.Clock.Move(OverEverything[moves++]);
            }
        }

        Note($"something was due after {MostDrains} pulls");
    }

    private async Task<DeliveryReply> AskAsync(DeliveryServer server, DeliveryOp op)
    {
        if (planted is null)
        {
            return await door.RunAsync(server, op, cancellationToken);
        }

        IReadOnlyList<(long, int)> hidden = await planted.BeforeAsync(op, cancellationToken);
        return await planted.AfterAsync(op, await door.RunAsync(server, op, cancellationToken), hidden, cancellationToken);
    }

    private void Observe(DeliveryOp op, DeliveryReply reply, DateTimeOffset now)
    {
        Note(reply.Fault);
        trace.Observe(op, reply, now);
        memory.Observe(op, reply);
        releaseTimes.AddRange(reply.Released.Select(version => version.Time));
        Counts.Observe(op, reply);
    }

    private Task<IReadOnlyList<StoredDelivery>> RowsAsync() => DeliveryStore.ReadAsync(place.Connection, subscriptionKey, cancellationToken);

    private void Compare(DeliveryModel compared, IReadOnlyList<StoredDelivery> rows, bool isWhole)
    {
        if (isModelOf)
        {
            Note(compared.Compare(rows, isWhole));
        }
    }

    // After the first difference the model is of something else; the trace goes on.
    private void Note(string? difference)
    {
        if (difference is not null)
        {
            Mismatch ??= difference;
            isModelOf = false;
        }
    }

    private static IEnumerable<int[]> Orders(int count) => count switch
    {
        1 => [[0]],
        2 => [[0, 1], [1, 0]],
        _ => [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]],
    };
}
