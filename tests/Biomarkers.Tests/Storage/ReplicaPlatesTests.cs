using Biomarkers.Pipeline.Ingest;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>What several servers do to the same plate at the same time.</summary>
public sealed class ReplicaPlatesTests
{
    // 30 pairs meet in every order: the layout first, the read first, both at once.
    private const int Plates = 30;

    [PostgresFact]
    public async Task ReadAndLayout_AtTheSameTimeThroughTwoReplicas_GiveOneRun()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: true);
        OpenedStream[] streams = await set.OpenStreamsAsync();
        for (int n = 0; n < Plates; n++)
        {
            int reader = n % 2;
            Task<EventOutcome> read = set[reader].SendAsync(streams[reader], n / 2, TestPlates.Whole($"P-{n}", withLayout: false));
            Task<SubmittedLayout> layout = set[1 - reader].Intake.SubmitAsync(new SubmitPlateLayout($"P-{n}", TestPlates.Layout(), null, "people/kim"), CancellationToken.None);
            await Task.WhenAll(read, layout);

            Assert.Equal(EventOutcomeKind.Stored, (await read).Kind);
            Assert.Empty((await layout).Faults);
            // The work is made by whichever came last, and by it alone.
            Assert.Equal(1, (await read).Works.Count + (await layout).Works.Count);
        }

        await set.UntilAnalyzedAsync(Plates);
        await OnceEachAsync(set.Database);
    }

    [PostgresFact]
    public async Task SamePlate_FirstSeenByTwoReplicasAtTheSameTime_IsOnePlateWithOneRun()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: true);
        for (int n = 0; n < Plates; n++)
        {
            WholePlateRead whole = TestPlates.Whole($"P-{n}");
            SubmittedRead[] submitted = await Task.WhenAll(set.Replicas.Select((replica, i) =>
                replica.Intake.SubmitAsync(new SubmitPlateRead($"reader-{i}", whole, [(byte)n], "people/kim"), CancellationToken.None)));

            Assert.All(submitted, one => Assert.Empty(one.Faults));
            Assert.Single(submitted, one => one.Kind == SubmissionKind.Repeat);
            Assert.Single(submitted.SelectMany(one => one.Works));
        }

        await set.UntilAnalyzedAsync(Plates);
        await OnceEachAsync(set.Database);
    }

    [PostgresFact]
    public async Task ReadsOfOnePlate_ThroughReplicasInTurn_HaveKeysThatRise()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(3, analyze: true);
        OpenedStream[] streams = await set.OpenStreamsAsync();
        long[] offsets = new long[3];
        for (int n = 0; n < 12; n++)
        {
            // Another plate in between, so that no replica's keys stay even with the others'.
            int replica = n * n % 3;
            EventOutcome read = await set[replica].SendAsync(streams[replica], offsets[replica]++, TestPlates.Whole("P", $"r{n:00}", factor: 1 + (0.01 * n)), [(byte)n, 0]);
            EventOutcome other = await set[replica].SendAsync(streams[replica], offsets[replica]++, TestPlates.Whole($"Q-{n}"), [(byte)n, 1]);
            Assert.Equal((EventOutcomeKind.Stored, EventOutcomeKind.Stored), (read.Kind, other.Kind));
        }

        await set.UntilAnalyzedAsync(13);
        await set.UntilAsync(24, "SELECT COUNT(*) FROM analytical_run");

        string[] expected = [.. Enumerable.Range(0, 12).Select(n => $"r{n:00}")];
        const string OfPlate = "JOIN plate_read r ON r.read_key = w.read_key JOIN plate p ON p.plate_key = r.plate_key WHERE p.barcode = 'P' ORDER BY";
        Assert.Equal(expected, await ReadIdsAsync(set.Database, $"{OfPlate} w.read_key"));
        Assert.Equal(expected, await ReadIdsAsync(set.Database, $"{OfPlate} w.work_key"));
        Assert.Equal(expected, await ReadIdsAsync(set.Database, $"{OfPlate} w.run_key"));
        // The newest read's run is the plate's, and its results' versions rise with the runs.
        Assert.Equal(1, await set.Database.CountAsync("SELECT COUNT(*) FROM plate p WHERE p.barcode = 'P' AND p.run_key = (SELECT MAX(w.run_key) FROM work_item w WHERE w.plate_key = p.plate_key)"));
        Assert.Equal(0, await set.Database.CountAsync("SELECT COUNT(*) FROM result_version a JOIN result_version b ON a.result_key = b.result_key AND a.version < b.version AND a.run_key >= b.run_key"));
    }

    private static Task<List<string>> ReadIdsAsync(TestDatabase database, string ofPlate) =>
        database.ReadAsync($"SELECT r.read_id FROM work_item w {ofPlate}", row => row.GetString(0));

    private static async Task OnceEachAsync(TestDatabase database)
    {
        List<(string Barcode, long Works, long Runs)> plates = await database.ReadAsync(
            """
            SELECT p.barcode, (SELECT COUNT(*) FROM work_item w WHERE w.plate_key = p.plate_key), (SELECT COUNT(*) FROM analytical_run r WHERE r.plate_key = p.plate_key)
            FROM plate p
            """,
            row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
        Assert.Equal(Plates, plates.Count);
        Assert.All(plates, plate => Assert.Equal((1, 1), (plate.Works, plate.Runs)));
        await LedgerLine.VerifyAsync(database);
    }
}
