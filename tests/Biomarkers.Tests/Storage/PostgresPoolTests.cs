using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Storage;
using Biomarkers.Tests.Pipeline;
using Npgsql;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Questions that are given up, and the connections that they used.</summary>
public sealed class PostgresPoolTests
{
    private const int PoolSize = 5;
    private const int Plates = 20;

    [PostgresFact]
    public async Task Queries_CancelledAtRandomMoments_LeaveEveryConnectionInOrder()
    {
        await using PostgresTestDatabase database = await PostgresTestDatabase.CreateAsync();
        await using (PipelineHost host = await PipelineHost.StartAsync(database, analyze: false))
        {
            await Task.WhenAll(Enumerable.Range(0, Plates).Select(n => host.Writer.WriteAsync(new AddPlate($"P-{n}"), CancellationToken.None)));
        }

        await using SqlStore store = await SqlStore.OpenAsync(new PostgresDatabase($"{database.ConnectionString};Maximum Pool Size={PoolSize}"), TimeProvider.System, CancellationToken.None);
        SqlQueries queries = store.Queries;
        using var stop = new CancellationTokenSource();
        Task blocking = BlockAsync(database, stop.Token);
        var random = new Random(357);
        int[] delays = [.. Enumerable.Range(0, 500).Select(_ => random.Next(12))];

        int cancelled = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), new ParallelOptions { MaxDegreeOfParallelism = 2 * PoolSize }, async (n, _) =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(delays[n]));
            try
            {
                Assert.Equal($"P-{n % Plates}", (await queries.GetPlateAsync($"P-{n % Plates}", patience.Token))!.Barcode);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
        });
        await stop.CancelAsync();
        await blocking;

        Assert.InRange(cancelled, 50, 500);
        // The answer to one question is never taken for the answer to another, and no connection is missing or stays in a transaction.
        for (int round = 0; round < 10; round++)
        {
            PlateSummary?[] answers = await Task.WhenAll(Enumerable.Range(0, Plates).Select(n => queries.GetPlateAsync($"P-{n}", CancellationToken.None)));
            Assert.Equal(Enumerable.Range(0, Plates).Select(n => $"P-{n}"), answers.Select(plate => plate!.Barcode));
        }

        await AllAtOnceAsync(queries, database);
        Assert.Equal(0, await database.CountAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"));
    }

    // As many at once as the pool has connections: each waits in the database until all of them do.
    private static async Task AllAtOnceAsync(SqlQueries queries, PostgresTestDatabase database)
    {
        await using var blocker = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await blocker.OpenAsync();
        await using NpgsqlTransaction transaction = await blocker.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("LOCK TABLE plate IN ACCESS EXCLUSIVE MODE", blocker, transaction))
        {
            await command.ExecuteNonQueryAsync();
        }

        Task<PlateSummary?>[] waiting = [.. Enumerable.Range(0, PoolSize).Select(n => queries.GetPlateAsync($"P-{n}", CancellationToken.None))];
        long blocked = 0;
        for (int attempt = 0; attempt < 300 && blocked < PoolSize; attempt++)
        {
            blocked = await database.CountAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
            await Task.Delay(20);
        }

        Assert.Equal(PoolSize, blocked);
        await transaction.RollbackAsync();
        Assert.Equal(Enumerable.Range(0, PoolSize).Select(n => $"P-{n}"), (await Task.WhenAll(waiting)).Select(plate => plate!.Barcode));
    }

    // Holds the plates for some milliseconds, again and again, so that questions are given up while the server works on them.
    private static async Task BlockAsync(PostgresTestDatabase database, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await database.ExecuteAsync("BEGIN; LOCK TABLE plate IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.01); COMMIT");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private sealed record AddPlate(string Barcode) : IStoreWrite<bool>
    {
        public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            await context.Transaction.InsertPlateAsync(Barcode, context.Now, cancellationToken);
            return true;
        }
    }
}
