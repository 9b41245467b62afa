using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Several servers' stores, writers and pipelines over one PostgreSQL database.</summary>
internal sealed class ReplicaSet : IAsyncDisposable
{
    private ReplicaSet(PostgresTestDatabase database, PipelineHost[] replicas)
    {
        Database = database;
        Replicas = replicas;
    }

    public PostgresTestDatabase Database { get; }

    public IReadOnlyList<PipelineHost> Replicas { get; }

    public PipelineHost this[int index] => Replicas[index];

    // None is taken for dead however slow the machine is, unless a test says so.
    private static PipelineLimits Patient => PipelineHost.QuickLimits with { BeatInterval = TimeSpan.FromSeconds(2), MissedBeats = 100 };

    public static async Task<ReplicaSet> StartAsync(int count, bool analyze)
    {
        PostgresTestDatabase database = await PostgresTestDatabase.CreateAsync();
        // One after the other: all offer the same assays.
        var replicas = new PipelineHost[count];
        for (int i = 0; i < count; i++)
        {
            replicas[i] = await PipelineHost.StartAsync(database, analyze, Patient);
        }

        return new ReplicaSet(database, replicas);
    }

    /// <summary>Opens a stream of its own at each replica.</summary>
    public Task<OpenedStream[]> OpenStreamsAsync() =>
        Task.WhenAll(Replicas.Select((replica, i) => replica.Intake.OpenAsync($"reader-{i}", "s1", $"instruments/reader-{i}", CancellationToken.None)));

    /// <summary>Asks the database until a count is what is expected; fails with the newest count after half a minute.</summary>
    public async Task UntilAsync(long expected, string count)
    {
        long seen = -1;
        for (int attempt = 0; attempt < 300 && (seen = await Database.CountAsync(count)) != expected; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        Assert.True(seen == expected, $"{count}: {seen}; expected {expected}.");
    }

    public Task UntilAnalyzedAsync(int plates) => UntilAsync(plates, $"SELECT COUNT(*) FROM plate WHERE state = {(int)PlateState.Analyzed}");

    public async ValueTask DisposeAsync()
    {
        foreach (PipelineHost replica in Replicas)
        {
            await replica.DisposeAsync();
        }

        await Database.DisposeAsync();
    }
}
