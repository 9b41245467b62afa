using System.Data.Common;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Work that changes hands between servers.</summary>
public sealed class WorkTakeoverTests
{
    [PostgresFact]
    public async Task OpenWork_ClaimedByTwoAtTheSameTime_IsSharedWithoutOverlap()
    {
        const int Plates = 40;
        await using ReplicaSet set = await ReplicaSet.StartAsync(3, analyze: false);
        await FillAsync(set[0], Plates);
        string ended = set[0].Writer.Holder;

        List<ReadyWork>[] claimed = await Task.WhenAll(set.Replicas.Skip(1).Select(async replica =>
        {
            var works = new List<ReadyWork>();
            ClaimedPage page;
            do
            {
                page = await replica.ClaimAsync(3, ended);
                Assert.Equal(page.Taken, page.Works.Count);
                works.AddRange(page.Works);
            }
            while (page.Taken > 0);
            return works;
        }));

        ReadyWork[] all = [.. claimed.SelectMany(works => works)];
        Assert.Equal(Plates, all.Length);
        Assert.Equal(Plates, all.Select(work => work.WorkKey).Distinct().Count());
        Assert.All(all, work => Assert.Equal(2, work.Generation));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(
                claimed[i].Select(work => work.WorkKey).Order(),
                await set.Database.ReadAsync($"SELECT work_key FROM work_item WHERE holder = '{set[1 + i].Writer.Holder}' AND generation = 2 ORDER BY work_key", row => row.GetInt64(0)));
        }
    }

    [PostgresFact]
    public async Task OpenWork_LockedByAnother_IsPassedOverAndNotWaitedFor()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        await FillAsync(set[0], 8);
        await using DbConnection other = await set.Database.OpenAsync();
        await using DbTransaction transaction = await other.BeginTransactionAsync();
        await using DbCommand command = other.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT work_key FROM work_item ORDER BY work_key LIMIT 5 FOR UPDATE";
        await command.ExecuteNonQueryAsync();

        ClaimedPage page = await set[1].ClaimAsync(100, set[0].Writer.Holder).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(3, page.Taken);
        await transaction.RollbackAsync();
        Assert.Equal(5, (await set[1].ClaimAsync(100)).Taken);
    }

    [PostgresFact]
    public async Task RunOfAFencedHolder_IsNotSavedAndChangesNothing()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        ReadyWork lost = Assert.Single(await FillAsync(set[0], 1));
        AnalyticalRun run = PlateAnalyzer.Analyze(lost.Inputs);
        ReadyWork taken = Assert.Single((await set[1].ClaimAsync(10, set[0].Writer.Holder)).Works);
        string before = await ContentsAsync(set.Database);

        RunSaving fenced = await set[0].Writer.WriteAsync(new SaveRun(lost, run), CancellationToken.None);

        Assert.Equal(new RunSaving(null, IsReleased: false), fenced);
        Assert.Equal(before, await ContentsAsync(set.Database));
        Assert.Null(await set[0].Writer.WriteAsync(new BeginAttempt(lost), CancellationToken.None));
        Assert.False(await set[0].Writer.WriteAsync(new ParkWork(lost, "late"), CancellationToken.None));
        Assert.Equal(before, await ContentsAsync(set.Database));

        RunSaving saved = await set[1].Writer.WriteAsync(new SaveRun(taken, run), CancellationToken.None);
        Assert.NotNull(saved.Run);
        string after = await ContentsAsync(set.Database);
        // What is done is done: neither a repeat of its own holder nor the fenced one changes it.
        Assert.Null((await set[1].Writer.WriteAsync(new SaveRun(taken, run), CancellationToken.None)).Run);
        Assert.Null((await set[0].Writer.WriteAsync(new SaveRun(lost, run), CancellationToken.None)).Run);
        Assert.Equal(after, await ContentsAsync(set.Database));
    }

    [PostgresFact]
    public async Task ServerThatLeaves_IsTakenOverByTheOther()
    {
        await using PostgresTestDatabase database = await PostgresTestDatabase.CreateAsync();
        PipelineHost leaving = await PipelineHost.StartAsync(database, analyze: false);
        await using PipelineHost staying = await PipelineHost.StartAsync(database);
        await FillAsync(leaving, 6);
        await leaving.DisposeAsync();

        // It said nothing at its end: its beat stands still, and that is enough.
        for (int n = 0; n < 6; n++)
        {
            await staying.UntilAsync(async () => (await staying.Store.Queries.GetPlateAsync($"P-{n}", CancellationToken.None))?.NewestRunKey is not null ? "there" : null);
        }

        Assert.Equal(6, await database.CountAsync("SELECT COUNT(*) FROM analytical_run"));
        Assert.Equal(6, await database.CountAsync("SELECT COUNT(*) FROM work_item WHERE generation = 2 AND attempts = 2"));
    }

    private static async Task<List<ReadyWork>> FillAsync(PipelineHost host, int plates)
    {
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        var works = new List<ReadyWork>();
        for (int n = 0; n < plates; n++)
        {
            works.AddRange((await host.SendAsync(stream, n, TestPlates.Whole($"P-{n}"))).Works);
        }

        return works;
    }

    // Every row of every table but the servers' signs of life, and the keys that they keep in reserve.
    private static async Task<string> ContentsAsync(TestDatabase database)
    {
        var contents = new List<string>();
        foreach (string table in (await database.ListTablesAsync()).Except(["work_holder", "key_sequence"]))
        {
            contents.AddRange(await database.ReadAsync($"SELECT t::text FROM {table} t ORDER BY t::text", row => $"{table}: {row.GetString(0)}"));
        }

        return string.Join('\n', contents);
    }
}
