using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Store;
using Biomarkers.Storage;
using Biomarkers.Tests.Pipeline;
using Npgsql;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Writes that another server gets in the way of, and commits whose answer is lost.</summary>
public sealed class StoreConflictTests
{
    private const int GroupSize = 8;

    [PostgresTheory]
    [InlineData("40001")] // serialization failure
    [InlineData("40P01")] // deadlock
    [InlineData("55P03")] // lock not available
    [InlineData("23505")] // unique violation: another server was faster
    public async Task Group_OneOfItMeetsAConflict_IsKeptWholeAndThatOneIsTriedAgain(string state)
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(1, analyze: false);
        await RaiseAsync(set.Database, "P-3", state, times: 3);

        AddPlate[] group = await WriteGroupAsync(set[0], GroupSize);

        Assert.True(group[3].Attempts > 3, $"The write was tried {group[3].Attempts} times.");
        await KeptAsync(set.Database, Enumerable.Range(0, GroupSize));
    }

    [PostgresFact]
    public async Task Group_OneOfItMeetsAConflictThatStays_FailsThatOneAlone()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(1, analyze: false);
        await RaiseAsync(set.Database, "P-3", "40001", times: 1_000_000);

        (AddPlate[] group, Task[] outcomes) = await StartGroupAsync(set[0], GroupSize);
        await Task.WhenAll(outcomes.Where((_, n) => n != 3));

        Exception failed = await Assert.ThrowsAnyAsync<Exception>(() => outcomes[3]);
        Assert.True(set[0].Store.IsConflict(failed), failed.ToString());
        Assert.InRange(group[3].Attempts, 2, 1 + PipelineHost.QuickLimits.ConflictAttempts);
        await KeptAsync(set.Database, Enumerable.Range(0, GroupSize).Where(n => n != 3));
        // Nothing of the failed ones stays behind in the writer.
        Assert.Equal("P-99", await set[0].Writer.WriteAsync(new AddPlate("P-99"), CancellationToken.None));
    }

    [PostgresFact]
    public async Task TwoReplicas_LockingTheSamePlatesCrosswise_BothGetTheirWay()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        await Task.WhenAll(new[] { "A", "B" }.Select(barcode => set[0].Writer.WriteAsync(new AddPlate(barcode), CancellationToken.None)));
        using var both = new Barrier(2);

        var crossed = new[] { new LockBoth("A", "B", both), new LockBoth("B", "A", both) };
        Task<string>[] writes = [.. crossed.Select((write, i) => set[i].Writer.WriteAsync(write, CancellationToken.None))];
        string[] outcomes = await Task.WhenAll(writes).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(["A B", "B A"], outcomes);
        // One of them was the victim, or the other had to wait: more attempts than writes.
        Assert.True(crossed.Sum(write => write.Attempts) > 2, "No attempt was made anew, so nothing met.");
        Assert.Equal(2, await set.Database.CountAsync("SELECT COUNT(*) FROM audit_event WHERE action = 'BOTH_LOCKED'"));
        await LedgerLine.VerifyAsync(set.Database);
    }

    [PostgresTheory]
    [InlineData(CommitCut.BeforeTheServer)]
    [InlineData(CommitCut.AfterTheServer)]
    public async Task Commit_WhoseConnectionIsCut_IsLookedUpAndItsGroupKeptOnce(CommitCut cut)
    {
        await using PostgresTestDatabase database = await PostgresTestDatabase.CreateAsync();
        await using CommitCutProxy proxy = CommitCutProxy.Before(database.Server.Port);
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = proxy.Port };
        await using SqlStore store = await SqlStore.OpenAsync(new PostgresDatabase(settings.ToString()), TimeProvider.System, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var writer = new StoreWriter(store, PipelineHost.QuickLimits, TimeProvider.System);
        Task running = writer.RunAsync(stop.Token);
        try
        {
            for (int n = 0; n < 10; n++)
            {
                await writer.WriteAsync(new AddPlate($"before-{n}"), CancellationToken.None);
                proxy.Arm(cut);
                var write = new AddPlate($"cut-{n}");

                Assert.Equal($"cut-{n}", await writer.WriteAsync(write, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)));

                Assert.Equal(cut == CommitCut.AfterTheServer ? 1 : 2, write.Attempts);
                Assert.Equal(n + 1, proxy.CutCount);
            }

            Assert.True(writer.IsReachable);
            Assert.Equal(10, await database.CountAsync("SELECT COUNT(*) FROM plate WHERE barcode LIKE 'cut-%'"));
            Assert.Equal(20, await database.CountAsync("SELECT COUNT(*) FROM audit_event WHERE action = 'ADDED'"));
            await LedgerLine.VerifyAsync(database);
        }
        finally
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [PostgresFact]
    public async Task Backends_EndedWhileAGroupIsWritten_AreFoundOutAndEachWriteIsKeptOnce()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        using var stop = new CancellationTokenSource();
        Task ending = EndBackendsAsync(set.Database, stop.Token);

        // As a sender does: again until it is told that it is there.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n => set[n % 2].Writer.WriteUntilDoneAsync(new KeepPlate($"P-{n}"), CancellationToken.None)));
        await stop.CancelAsync();
        await ending;

        await KeptAsync(set.Database, Enumerable.Range(0, 200));
        Assert.Equal(200, await set.Database.CountAsync("SELECT COUNT(*) FROM audit_event WHERE action = 'ADDED'"));
        await LedgerLine.VerifyAsync(set.Database);
    }

    private static async Task<AddPlate[]> WriteGroupAsync(PipelineHost host, int size)
    {
        (AddPlate[] group, Task[] outcomes) = await StartGroupAsync(host, size);
        await Task.WhenAll(outcomes);
        return group;
    }

    // They gather behind a write that waits for them.
    private static async Task<(AddPlate[] Group, Task[] Outcomes)> StartGroupAsync(PipelineHost host, int size)
    {
        var gate = new Gate();
        Task<bool> first = host.Writer.WriteAsync(gate, CancellationToken.None);
        await gate.Entered;
        AddPlate[] group = [.. Enumerable.Range(0, size).Select(n => new AddPlate($"P-{n}"))];
        Task[] outcomes = [.. group.Select(write => host.Writer.WriteAsync(write, CancellationToken.None))];
        gate.Open();
        await first;
        return (group, outcomes);
    }

    // The fault of the database itself, so many times: a sequence does not go back with its transaction.
    private static Task RaiseAsync(PostgresTestDatabase database, string barcode, string state, int times) => database.ExecuteAsync(
        $"""
        CREATE SEQUENCE raised;
        CREATE FUNCTION raise_fault() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF nextval('raised') <= {times} THEN RAISE EXCEPTION 'planned' USING ERRCODE = '{state}'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER raise_fault BEFORE INSERT ON plate FOR EACH ROW WHEN (NEW.barcode = '{barcode}') EXECUTE FUNCTION raise_fault();
        """);

    private static async Task KeptAsync(TestDatabase database, IEnumerable<int> plates) => Assert.Equal(
        plates.Select(n => $"P-{n}").Order(StringComparer.Ordinal),
        (await database.ReadAsync("SELECT barcode FROM plate", row => row.GetString(0))).Order(StringComparer.Ordinal));

    private static async Task EndBackendsAsync(PostgresTestDatabase database, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await database.ReadAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()", row => row.GetBoolean(0));
            await Task.Delay(30, CancellationToken.None);
        }
    }

    private sealed record AddPlate(string Barcode) : IStoreWrite<string>
    {
        private int attempts;

        public int Attempts => attempts;

        public async Task<string> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            attempts++;
            await context.Transaction.InsertPlateAsync(Barcode, context.Now, cancellationToken);
            context.Record("people/kim", "ADDED", $"plates/{Barcode}");
            return Barcode;
        }
    }

    private sealed record KeepPlate(string Barcode) : IStoreWrite<string>
    {
        public async Task<string> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            if (await context.Transaction.FindPlateAsync(Barcode, cancellationToken) is null)
            {
                await context.Transaction.InsertPlateAsync(Barcode, context.Now, cancellationToken);
                context.Record("people/kim", "ADDED", $"plates/{Barcode}");
            }

            return Barcode;
        }
    }

    private sealed record Gate : IStoreWrite<bool>
    {
        private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => entered.Task;

        public void Open() => opened.SetResult();

        public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            entered.TrySetResult();
            await opened.Task.WaitAsync(cancellationToken);
            return true;
        }
    }

    // The first attempts of both meet between their two locks.
    private sealed record LockBoth(string First, string Second, Barrier Both) : IStoreWrite<string>
    {
        private int attempts;

        public int Attempts => attempts;

        public async Task<string> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            PlateRow first = (await context.Transaction.FindPlateAsync(First, cancellationToken))!;
            if (++attempts == 1)
            {
                await Task.Run(() => Both.SignalAndWait(TimeSpan.FromSeconds(30), cancellationToken), cancellationToken);
            }

            PlateRow second = (await context.Transaction.FindPlateAsync(Second, cancellationToken))!;
            context.Record("people/kim", "BOTH_LOCKED", $"plates/{First}");
            return $"{first.Barcode} {second.Barcode}";
        }
    }
}
