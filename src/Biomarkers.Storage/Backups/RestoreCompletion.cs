using System.Globalization;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Storage.Backups;

/// <summary>What is known of a restore when it is completed.</summary>
/// <param name="Source">What was restored, in words, such as the backup's file name and hash.</param>
/// <param name="Actor">Who restores, as the audit names people.</param>
/// <param name="ReplacedGeneration">Generation of the database that was replaced; null where there is none that can be read.</param>
/// <param name="ReplacedKeys">Next key of each sequence in the replaced database; empty where there is none that can be read.</param>
public sealed record RestoreOrigin(string Source, string Actor, long? ReplacedGeneration, IReadOnlyDictionary<string, long> ReplacedKeys);

/// <summary>A restored database that servers may use.</summary>
/// <param name="BackupGeneration">Generation that the backup had.</param>
/// <param name="Generation">Its own, which no database had before.</param>
/// <param name="LedgerSequence">Place of the audit event that tells of the restore.</param>
/// <param name="EndedHolderCount">Servers that were running when the backup was made, and hold their work no longer.</param>
public sealed record CompletedRestore(long BackupGeneration, long Generation, long LedgerSequence, int EndedHolderCount);

/// <summary>Makes a restored database one of its own: a generation that none had before, no server that still holds work, names that are never given
/// twice, and an audit event that says so. All in one transaction, on any product of database.</summary>
public static class RestoreCompletion
{
    /// <summary>How far names skip where nobody can tell which ones were given after the backup. A laboratory of a thousand plates a day gives fewer in
    /// fifty years, and a name that came back for another patient's result would be worse than a long one.</summary>
    public const long SkippedKeys = 1_000_000_000;

    // Servers show signs of life every two seconds.
    private static readonly TimeSpan Observation = TimeSpan.FromSeconds(7);

    /// <summary>Opens a restored database, brings it to the newest schema and completes the restore.</summary>
    /// <param name="database">The restored database, which no server uses; disposed of at the end.</param>
    /// <param name="origin">What is known of the restore.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Ends the work; nothing was changed then.</param>
    /// <exception cref="StoreException">It cannot be opened, is not safe, is newer than this program, or a server uses it.</exception>
    public static async Task<CompletedRestore> CompleteAsync(SqlDatabase database, RestoreOrigin origin, TimeProvider time, CancellationToken cancellationToken)
    {
        await using SqlStore store = await SqlStore.OpenAsync(database, time, cancellationToken);
        if (store.IsShared)
        {
            await RequireNobodyAsync(store, time, cancellationToken);
        }

        await using var transaction = (SqlStoreTransaction)await store.BeginAsync(cancellationToken);
        DateTimeOffset now = Instant.Truncate(time.GetUtcNow());
        long backed = await transaction.DatabaseGenerationAsync(cancellationToken);
        long generation = Math.Max(Math.Max(backed, origin.ReplacedGeneration ?? 0) + 1, Instant.ToMicroseconds(now));
        await transaction.SetGenerationAsync(generation, cancellationToken);
        await transaction.SkipKeysAsync(origin.ReplacedKeys, SkippedKeys, cancellationToken);
        int ended = await transaction.EndHoldersAsync(now, cancellationToken);
        string detail = string.Create(CultureInfo.InvariantCulture, $"{origin.Source}; generation {backed} to {generation}; {ended} holders of work ended");
        if (origin.ReplacedGeneration is { } replaced)
        {
            detail += string.Create(CultureInfo.InvariantCulture, $"; in place of a database of generation {replaced}");
        }

        var audit = new AuditEvent(now, origin.Actor, AuditActions.DatabaseRestored, "database", null, detail);
        long sequence = await transaction.RecordAsync([audit], cancellationToken);
        await transaction.CommitAsync();
        return new CompletedRestore(backed, generation, sequence, ended);
    }

    // Rows of servers come with the backup; that of a server which runs now changes.
    private static async Task RequireNobodyAsync(SqlStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        IReadOnlyList<HolderRow> before = await ListHoldersAsync(store, cancellationToken);
        HolderRow? living = before.FirstOrDefault(holder => holder.IsConnected);
        if (living is null && before.Count > 0)
        {
            await Task.Delay(Observation, time, cancellationToken);
            living = (await ListHoldersAsync(store, cancellationToken)).Except(before).FirstOrDefault();
        }

        if (living is not null)
        {
            throw new StoreException($"A server on '{living.HostName}' uses the database; stop every server before a restore.");
        }
    }

    private static async Task<IReadOnlyList<HolderRow>> ListHoldersAsync(SqlStore store, CancellationToken cancellationToken)
    {
        await using IStoreTransaction transaction = await store.BeginAsync(cancellationToken);
        return await transaction.ListHoldersAsync(cancellationToken);
    }
}
