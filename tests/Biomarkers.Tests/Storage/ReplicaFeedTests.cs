using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>What watchers see, and the order that the ledger keeps, while several servers write.</summary>
public sealed class ReplicaFeedTests
{
    private const int PlatesOfEach = 12;

    [PostgresFact]
    public async Task Ledger_ThreeWriters_HasNoGapForAReaderAtAnyMoment()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(3, analyze: false);
        long cursor = await set.Database.CountAsync("SELECT sequence FROM ledger_head");
        long first = cursor;
        long expected = first;
        var random = new Random(1517);
        var writes = new List<Task<int>>();
        for (int n = 0; n < 300; n++)
        {
            int lines = random.Next(4);
            expected += lines;
            writes.Add(set[n % 3].Writer.WriteAsync(new RecordLines(n, lines), CancellationToken.None));
        }

        Task all = Task.WhenAll(writes);
        while (cursor < expected)
        {
            bool last = all.IsCompleted;
            List<long> rows = await set.Database.ReadAsync($"SELECT sequence FROM audit_event WHERE sequence > {cursor} ORDER BY sequence", row => row.GetInt64(0));
            // Whatever is seen begins where the cursor stands: nothing can come between later.
            Assert.Equal(Enumerable.Range(1, rows.Count).Select(i => cursor + i), rows);
            cursor += rows.Count;
            Assert.True(!last || cursor == expected, $"All writes are done; the reader stands at {cursor}, expected {expected}.");
        }

        await all;
        IReadOnlyList<LedgerLine> ledger = await LedgerLine.VerifyAsync(set.Database);
        // Every line of a write stands there once, and those of one write stand together.
        string[] targets = [.. ledger.Skip((int)first).Select(line => line.Target)];
        Assert.Equal(targets.Length, targets.Distinct().Count());
        Assert.Equal(expected - first, targets.Length);
    }

    [PostgresFact]
    public async Task Watchers_PollingByCursorWhileThreeReplicasWork_MissNoRunAndNoPlatesLastState()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(3, analyze: true);
        OpenedStream[] streams = await set.OpenStreamsAsync();
        IQueries queries = set[0].Store.Queries;
        long runCursor = await queries.NewestSequenceAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        Task<List<long>> runs = FollowRunsAsync(queries, runCursor, stop.Token);
        Task<Dictionary<string, PlateState>> plates = FollowPlatesAsync(queries, limit: 4, stop.Token);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i =>
        {
            for (int n = 0; n < PlatesOfEach; n++)
            {
                await set[i].SendAsync(streams[i], n, TestPlates.Whole($"P-{i}-{n}"));
            }
        }));
        await set.UntilAnalyzedAsync(3 * PlatesOfEach);
        await stop.CancelAsync();

        List<long> saved = await set.Database.ReadAsync("SELECT target_key FROM change_feed WHERE kind = 1 ORDER BY sequence", row => row.GetInt64(0));
        Assert.Equal(3 * PlatesOfEach, saved.Count);
        Assert.Equal(saved, await runs);
        Dictionary<string, PlateState> seen = await plates;
        Assert.Equal(3 * PlatesOfEach, seen.Count);
        Assert.All(seen, plate => Assert.Equal(PlateState.Analyzed, plate.Value));
        await LedgerLine.VerifyAsync(set.Database);
        await SeriesWithoutGapAsync(set.Database);
    }

    [PostgresFact]
    public async Task PlateChanges_OfOneTransaction_AreSeenThroughPagesOfAnySize()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(1, analyze: false);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => set[0].Writer.WriteAsync(new AddPlate($"P-{n}"), CancellationToken.None)));

        foreach (int limit in new[] { 1, 3, 7, 100 })
        {
            Dictionary<string, PlateState> seen = await FollowPlatesAsync(set[0].Store.Queries, limit, new CancellationToken(canceled: true));
            Assert.Equal(20, seen.Count);
        }
    }

    // Once more after the stop: what was committed before it must be seen.
    private static async Task<List<long>> FollowRunsAsync(IQueries queries, long cursor, CancellationToken stop)
    {
        var seen = new List<long>();
        bool last;
        do
        {
            last = stop.IsCancellationRequested;
            IReadOnlyList<RunSummary> page;
            do
            {
                page = await queries.ListRunChangesAsync(cursor, 5, CancellationToken.None);
                Assert.All(page, run => Assert.True(run.Sequence > cursor));
                seen.AddRange(page.Select(run => run.RunKey));
                cursor = page.Count > 0 ? page[^1].Sequence : cursor;
            }
            while (page.Count > 0);
        }
        while (!last);
        return seen;
    }

    private static async Task<Dictionary<string, PlateState>> FollowPlatesAsync(IQueries queries, int limit, CancellationToken stop)
    {
        var seen = new Dictionary<string, PlateState>();
        long cursor = 0;
        bool last;
        do
        {
            last = stop.IsCancellationRequested;
            IReadOnlyList<PlateSummary> page;
            do
            {
                page = await queries.ListPlateChangesAsync(cursor, limit, CancellationToken.None);
                foreach (PlateSummary plate in page)
                {
                    seen[plate.Barcode] = plate.State;
                }

                cursor = page.Count > 0 ? page[^1].Change : cursor;
            }
            while (page.Count > 0);
        }
        while (!last);
        return seen;
    }

    private static async Task SeriesWithoutGapAsync(TestDatabase database)
    {
        List<(long Series, long Position, long Run)> points = await database.ReadAsync(
            "SELECT series_key, position, run_key FROM control_series_point ORDER BY series_key, position", row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));
        Assert.Equal(await database.CountAsync("SELECT COUNT(*) FROM control_point"), points.Count);
        Assert.NotEmpty(points);
        foreach (var series in points.GroupBy(point => point.Series))
        {
            Assert.Equal(Enumerable.Range(1, series.Count()).Select(position => (long)position), series.Select(point => point.Position));
            Assert.Equal(series.Count(), await database.CountAsync($"SELECT point_count FROM control_series WHERE series_key = {series.Key}"));
            // In the order in which their runs stand in the ledger.
            List<long> order = await database.ReadAsync($"SELECT f.target_key FROM change_feed f JOIN control_series_point s ON s.run_key = f.target_key WHERE s.series_key = {series.Key} ORDER BY f.sequence, s.ordinal", row => row.GetInt64(0));
            Assert.Equal(order, series.Select(point => point.Run));
        }
    }

    private sealed record RecordLines(int Write, int Count) : IStoreWrite<int>
    {
        public Task<int> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            for (int line = 0; line < Count; line++)
            {
                context.Record("people/kim", "NOTED", $"writes/{Write}/{line}");
            }

            return Task.FromResult(Count);
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
