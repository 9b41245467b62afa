using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Simulation;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Faults.Delivery;

/// <summary>Real servers are killed by SIGKILL while a reviewer releases and withdraws and several plain clients pull and acknowledge; then everything is held against the
/// feed.</summary>
internal sealed class DeliveryKillSession(StoreUnderTest store, int replicaCount, int kills, int seed, Action<string> tell)
{
    private const int Pullers = 4;
    private const double LongestPauseSeconds = 0.3;
    private const int MostDeliveries = 60;
    private const string SubscriptionId = "lims-1";
    private const string Subscription = $"subscriptions/{SubscriptionId}";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(seed);

    public async Task<DeliveryKillOutcome> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await using ReplicaSet replicas = await ReplicaSet.StartAsync(store, replicaCount, cancellationToken);
        using var calls = new DeliveryCalls(replicas, store.KeyFile);
        var wanted = new CreateSubscriptionRequest { SubscriptionId = SubscriptionId, Subscription = new Subscription { AckDeadline = Duration.FromTimeSpan(Lease) } };
        await calls.CallUntilAnsweredAsync(
            (channel, options) => new ResultDeliveryService.ResultDeliveryServiceClient(channel).CreateSubscriptionAsync(wanted, options), cancellationToken);
        using var reviewed = new CancellationTokenSource();
        using var pulled = new CancellationTokenSource();
        DeliveryPuller[] pullers = [.. Enumerable.Range(0, Pullers).Select(puller => new DeliveryPuller(calls, Subscription, Lease, seed + puller))];
        Task reviewing = Task.Run(() => ReviewAsync(calls, reviewed.Token, cancellationToken), cancellationToken);
        Task[] pulling = [.. pullers.Select(puller => Task.Run(() => puller.RunAsync(pulled.Token, cancellationToken), cancellationToken))];
        for (int kill = 0; kill < kills; kill++)
        {
            await BusyAsync(pullers, cancellationToken);
            int victim = random.Next(replicaCount);
            await replicas.KillAsync(victim);
            await replicas.StartAgainAsync(victim, cancellationToken);
            tell($"{store.Name}: {kill + 1} of {kills} kills, {pullers.Sum(puller => puller.Deliveries.Count)} deliveries");
            await Task.WhenAll(pulling.Append(reviewing).Where(task => task.IsFaulted));
        }

        await reviewed.CancelAsync();
        await reviewing;
        await DrainAsync(calls, cancellationToken);
        await pulled.CancelAsync();
        await Task.WhenAll(pulling);
        await replicas.StopAsync(cancellationToken);
        var log = new DeliveryLog(
            [.. pullers.SelectMany(puller => puller.Deliveries)],
            [.. pullers.SelectMany(puller => puller.Acknowledgements)],
            await ReleasedAsync(cancellationToken),
            Lease);
        (string Name, bool IsFound)[] controls = [.. log.WithFaults().Select(planted => (planted.Name, planted.Log.Findings().Any()))];
        return new DeliveryKillOutcome(
            store.Name,
            kills,
            log.Released.Count,
            log.Deliveries.Count,
            log.Repeats,
            log.Acknowledgements.Count(seen => seen.IsTaken == true),
            log.Acknowledgements.Count(seen => seen.IsTaken is null),
            controls.Count(control => control.IsFound),
            controls.Length,
            [.. log.Findings().Concat(controls.Where(control => !control.IsFound).Select(control => $"control was not found: {control.Name}"))],
            Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    // A kill falls among deliveries, wherever in a pull or an acknowledgement that is; a server that has just started and delivers nothing is killed too, after a while.
    private async Task BusyAsync(DeliveryPuller[] pullers, CancellationToken cancellationToken)
    {
        int until = pullers.Sum(puller => puller.Deliveries.Count) + random.Next(MostDeliveries);
        long began = Stopwatch.GetTimestamp();
        while (pullers.Sum(puller => puller.Deliveries.Count) < until && Stopwatch.GetElapsedTime(began) < LongestWait)
        {
            await Task.Delay(Poll, cancellationToken);
        }

        await Task.Delay(TimeSpan.FromSeconds(LongestPauseSeconds * random.NextDouble()), cancellationToken);
    }
#pragma warning restore CA5394

    // Of each plate everything is released, and one sample withdrawn at once, mostly while its release is under way.
    private static async Task ReviewAsync(DeliveryCalls calls, CancellationToken stopping, CancellationToken cancellationToken)
    {
        for (int plate = 0; !stopping.IsCancellationRequested; plate++)
        {
            string barcode = string.Create(CultureInfo.InvariantCulture, $"K-{plate}");
            WholePlateRead content = DeliveryPlates.Create(barcode, plate, "study", BuiltInAssays.Il6).Content;
            var submit = new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = PlateMessages.ToWire(content.Read, "r1", content.Layout) };
            await calls.CallUntilAnsweredAsync(
                (channel, options) => new PlateReadIngestService.PlateReadIngestServiceClient(channel).SubmitPlateReadAsync(submit, options), cancellationToken);
            Result[] computed = await ComputedAsync(calls, barcode, cancellationToken);
            var release = new ReleaseResultsRequest { Results = { computed.Select(result => $"{result.Name}@{result.Version}") } };
            await calls.CallUntilAnsweredAsync((channel, options) => new ReviewService.ReviewServiceClient(channel).ReleaseResultsAsync(release, options), cancellationToken);
            var withdraw = new WithdrawResultsRequest { Reason = "swapped", Results = { $"{computed[0].Name}@{computed[0].Version + 1}" } };
            await calls.CallUntilAnsweredAsync((channel, options) => new ReviewService.ReviewServiceClient(channel).WithdrawResultsAsync(withdraw, options), cancellationToken);
        }
    }

    private static async Task<Result[]> ComputedAsync(DeliveryCalls calls, string barcode, CancellationToken cancellationToken)
    {
        var list = new ListResultsRequest { Plate = $"plates/{barcode}", PageSize = 10 };
        while (true)
        {
            ListResultsResponse? response = await calls.CallUntilAnsweredAsync(
                (channel, options) => new AnalyticalRunService.AnalyticalRunServiceClient(channel).ListResultsAsync(list, options), cancellationToken);
            if (response?.Results.Count == DeliveryPlates.Samples)
            {
                return [.. response.Results];
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    private static async Task DrainAsync(DeliveryCalls calls, CancellationToken cancellationToken)
    {
        var get = new GetSubscriptionRequest { Name = Subscription };
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Patience)
        {
            Subscription? state = await calls.CallUntilAnsweredAsync(
                (channel, options) => new ResultDeliveryService.ResultDeliveryServiceClient(channel).GetSubscriptionAsync(get, options), cancellationToken);
            if (state is { WaitingCount: 0, LeasedCount: 0 })
            {
                return;
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<FedVersion>> ReleasedAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await store.OpenAsync(cancellationToken);
        return await connection.ReadAsync(
            """
            SELECT v.result_key, v.version, r.sample_id, r.analyte, COALESCE(d.state, 0), COALESCE(d.attempt_count, 0)
            FROM change_feed f JOIN result_version v ON v.version_key = f.target_key JOIN result r ON r.result_key = v.result_key
                LEFT JOIN delivery_item d ON d.sequence = f.sequence
            WHERE f.kind = 2 ORDER BY f.sequence
            """,
            row => new FedVersion(string.Create(CultureInfo.InvariantCulture, $"results/{row.GetInt64(0)}@{row.GetInt32(1)}"), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetInt32(5)),
            cancellationToken);
    }
}
