using System.Data.Common;
using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.Faults;
using Biomarkers.V1;

namespace Biomarkers.Benchmarks;

/// <summary>What one round of one setting gave.</summary>
/// <param name="DurablePerSecond">Plates acknowledged per second.</param>
/// <param name="RunsPerSecond">Runs saved per second, until the last.</param>
/// <param name="BarePerSecond">Plates per second whose same rows were committed without a server.</param>
/// <param name="WritesPerTransaction">Accepted plates and saved runs of a transaction, mean.</param>
/// <param name="ServerMilliseconds">Processor time of all servers per plate.</param>
/// <param name="DatabaseMilliseconds">Processor time of PostgreSQL per plate; 0 for SQLite, which is in the server.</param>
internal sealed record ThroughputRound(
    double DurablePerSecond, double RunsPerSecond, double BarePerSecond, double WritesPerTransaction, double ServerMilliseconds, double DatabaseMilliseconds);

/// <summary>Servers on a store of their own, and beside it an empty store of the same kind for the bare commits.</summary>
internal sealed class ThroughputSetting : IAsyncDisposable
{
    private const int Window = 64;

    private readonly StoreUnderTest store;
    private readonly LocalPostgres? postgres;
    private readonly ReplicaSet replicas;
    private readonly BareWriter bare;
    private readonly BiomarkersConnection[] connections;

    private ThroughputSetting(StoreUnderTest store, LocalPostgres? postgres, ReplicaSet replicas, BareWriter bare)
    {
        this.store = store;
        this.postgres = postgres;
        this.replicas = replicas;
        this.bare = bare;
        connections =
        [
            .. replicas.Addresses.Select(address =>
                BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri($"http://{address}"), KeyFile = store.KeyFile })),
        ];
    }

    /// <summary>Name for people.</summary>
    public string Name => $"{store.Name}, {replicas.Count} server{(replicas.Count == 1 ? "" : "s")}";

    /// <summary>Whether the database is a process of its own.</summary>
    public bool HasDatabaseServer => postgres is not null;

    /// <summary>Largest resident memory of a server so far, in bytes.</summary>
    public long PeakResidentBytes => replicas.Servers.Max(server => server.PeakResidentBytes() ?? 0);

    /// <summary>Starts the servers.</summary>
    /// <param name="folder">Folder of all settings.</param>
    /// <param name="postgres">The PostgreSQL server; null for SQLite.</param>
    /// <param name="count">Servers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ThroughputSetting> StartAsync(string folder, LocalPostgres? postgres, int count, CancellationToken cancellationToken)
    {
        string name = $"{(postgres is null ? "sqlite" : "postgres")}_{count}";
        StoreUnderTest served = await MakeAsync(folder, postgres, name, cancellationToken);
        StoreUnderTest empty = await MakeAsync(folder, postgres, $"{name}_bare", cancellationToken);
        await using (ReplicaSet once = await ReplicaSet.StartAsync(empty, 1, cancellationToken))
        {
            // It makes the tables.
            await once.StopAsync(cancellationToken);
        }

        BareWriter writer = postgres is null
            ? await SqliteBareWriter.OpenAsync(((SqliteUnderTest)empty).DatabaseFile, cancellationToken)
            : await PostgresBareWriter.OpenAsync(postgres.ConnectionString($"{name}_bare"), cancellationToken);
        return new ThroughputSetting(served, postgres, await ReplicaSet.StartAsync(served, count, cancellationToken), writer);
    }

    /// <summary>Sends plates to every server until its inner loops are compiled for good, and the last run is there.</summary>
    public Task WarmUpAsync(IReadOnlyList<StreamEventContent> plates, CancellationToken cancellationToken) =>
        SendAllAsync([.. plates.Chunk(Math.Max(1, plates.Count / connections.Length))], "warm", cancellationToken);

    /// <summary>Sends plates as fast as they are taken, and then commits the same rows without a server.</summary>
    /// <param name="plates">Plates of each instrument.</param>
    /// <param name="round">With what their barcodes begin.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ThroughputRound> MeasureAsync(StreamEventContent[][] plates, string round, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await store.OpenAsync(cancellationToken);
        long beats = await BeatsAsync(connection, cancellationToken);
        (TimeSpan servers, TimeSpan database) = (ServerTime(), DatabaseTime());
        (TimeSpan acknowledged, TimeSpan analysed) = await SendAllAsync(plates, round, cancellationToken);
        (TimeSpan serversAfter, TimeSpan databaseAfter) = (ServerTime(), DatabaseTime());
        int transactions = (int)(await BeatsAsync(connection, cancellationToken) - beats);
        await bare.PrepareAsync(connection, cancellationToken);
        TimeSpan bareTime = await bare.WriteAsync(connection, round, transactions, cancellationToken);
        double count = plates.Sum(sender => sender.Length);
        return new ThroughputRound(
            count / acknowledged.TotalSeconds,
            count / analysed.TotalSeconds,
            count / bareTime.TotalSeconds,
            2 * count / transactions,
            (serversAfter - servers).TotalMilliseconds / count,
            (databaseAfter - database).TotalMilliseconds / count);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BiomarkersConnection connection in connections)
        {
            connection.Dispose();
        }

        await bare.DisposeAsync();
        await replicas.DisposeAsync();
        await store.DisposeAsync();
    }

    private static async Task<StoreUnderTest> MakeAsync(string folder, LocalPostgres? postgres, string name, CancellationToken cancellationToken)
    {
        if (postgres is null)
        {
            return new SqliteUnderTest(Path.Combine(folder, name));
        }

        await postgres.CreateDatabaseAsync(name, cancellationToken: cancellationToken);
        return new PostgresUnderTest(Path.Combine(folder, name), postgres, name, port: null);
    }

    // Every commit of a server raises its beat by one.
    private static async Task<long> BeatsAsync(DbConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAsync("SELECT beat FROM work_holder", row => row.GetInt64(0), cancellationToken)).Sum();

    private TimeSpan ServerTime() => replicas.Servers.Aggregate(TimeSpan.Zero, (sum, server) => sum + server.ProcessorTime());

    private TimeSpan DatabaseTime() => postgres is null ? TimeSpan.Zero : ProcessTimes.OfTree(postgres.PostmasterId);

    private async Task<(TimeSpan Acknowledged, TimeSpan Analysed)> SendAllAsync(StreamEventContent[][] plates, string round, CancellationToken cancellationToken)
    {
        using var runs = connections[0].AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest(), cancellationToken: cancellationToken);
        await runs.ResponseHeadersAsync;
        long began = Stopwatch.GetTimestamp();
        Task sending = Task.WhenAll(plates.Select((sender, i) => SendAsync(connections[i % connections.Length], $"reader-{round}{i}", sender, cancellationToken)));
        Task<TimeSpan> acknowledged = UntilAsync(sending, began);
        int count = plates.Sum(sender => sender.Length);
        for (int finished = 0; finished < count && await runs.ResponseStream.MoveNext(cancellationToken);)
        {
            finished++;
        }

        TimeSpan analysed = Stopwatch.GetElapsedTime(began);
        return (await acknowledged, analysed);
    }

    private static async Task<TimeSpan> UntilAsync(Task ended, long began)
    {
        await ended;
        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task SendAsync(BiomarkersConnection connection, string instrument, StreamEventContent[] plates, CancellationToken cancellationToken)
    {
        await using PlateReadSender sender = PlateReadSender.Start(
            connection.Ingest,
            new PlateReadSenderOptions { InstrumentId = instrument, StreamId = "s", MaximumUnacknowledged = Window, JitterSeed = 1 },
            TimeProvider.System);
        using var room = new SemaphoreSlim(Window, Window);
        var sends = new List<Task>();
        foreach (StreamEventContent plate in plates)
        {
            await room.WaitAsync(cancellationToken);
            sends.Add(SendOneAsync(plate));
        }

        await Task.WhenAll(sends);
        await sender.CompleteAsync(cancellationToken);

        async Task SendOneAsync(StreamEventContent plate)
        {
            SendOutcome outcome = await sender.SendAsync(plate, cancellationToken);
            if (outcome.Kind != SendOutcomeKind.Stored)
            {
                throw new InvalidOperationException($"Plate {plate.PlateRead.PlateBarcode} became {outcome.Kind}: {outcome.Fault}");
            }

            room.Release();
        }
    }
}
