using System.Data.Common;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Copies;

/// <summary>Copies everything of one database into an empty one of any engine, and proves by hash that both hold the same: journal, layouts, runs,
/// results, ledger, keys and generation.</summary>
/// <remarks>One transaction at the target: it gets everything or nothing. The source is read in one snapshot and never written.</remarks>
public static class DatabaseCopy
{
    /// <summary>Copies. Owns both databases from here on.</summary>
    /// <param name="source">What is copied; no server may use it.</param>
    /// <param name="target">An empty database.</param>
    /// <param name="time">Clock.</param>
    /// <param name="patience">How long a server's beat is watched before it is taken for ended, where servers share the source; longer than the time between two
    /// beats.</param>
    /// <param name="progress">Is told now and then how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Ends the copy; the target is as it was.</param>
    /// <returns>Every table with both hashes. Where one differs, nothing was kept at the target.</returns>
    /// <exception cref="StoreException">One of the two can't be opened, the source is used or of another schema, or the target is not empty.</exception>
    public static async Task<IReadOnlyList<CopiedTable>> RunAsync(
        SqlDatabase source, SqlDatabase target, TimeProvider time, TimeSpan patience, IProgress<CopyProgress>? progress, CancellationToken cancellationToken)
    {
        await using (source)
        await using (target)
        {
            try
            {
                await source.OpenAsync(cancellationToken);
                await RequireSchemaAsync(source, cancellationToken);
                await RequireUnusedAsync(source, time, patience, cancellationToken);
            }
            catch (DbException exception)
            {
                throw source.Explain(exception);
            }

            try
            {
                await target.OpenAsync(cancellationToken);
                return await CopyAsync(source, target, time, progress, cancellationToken);
            }
            catch (DbException exception)
            {
                throw (target.IsOwn(exception) ? target : source).Explain(exception);
            }
        }
    }

    private static async Task RequireSchemaAsync(SqlDatabase source, CancellationToken cancellationToken)
    {
        await using SqlWriteTransaction write = await source.BeginWriteAsync(cancellationToken);
        int version = await Migrations.VersionAsync(source, write.Connection, cancellationToken);
        if (version != Migrations.NewestVersion)
        {
            throw new StoreException(version == 0
                ? $"The {source.Name} database is empty; there is nothing to copy."
                : $"The {source.Name} database has schema {version}; this program copies schema {Migrations.NewestVersion}. Start a server of this program on it once, and stop it.");
        }
    }

    private static async Task RequireUnusedAsync(SqlDatabase source, TimeProvider time, TimeSpan patience, CancellationToken cancellationToken)
    {
        List<WorkHolderTable> before = source.IsShared ? await LivingAsync(source, cancellationToken) : [];
        if (before.Count == 0)
        {
            return;
        }

        if ((await ListenersAsync(source, cancellationToken)).Count > 0)
        {
            throw new StoreException($"A server is connected to the {source.Name} database {source.Place}; stop every server before it is copied.");
        }

        await Task.Delay(patience, time, cancellationToken);
        foreach (WorkHolderTable holder in await LivingAsync(source, cancellationToken))
        {
            if (!before.Exists(known => known.Holder == holder.Holder && known.Beat == holder.Beat))
            {
                throw new StoreException($"A server on host '{holder.HostName}' uses the {source.Name} database; stop every server before it is copied.");
            }
        }
    }

    private static async Task<IReadOnlySet<string>> ListenersAsync(SqlDatabase source, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await source.OpenSnapshotAsync(cancellationToken);
        return await source.ListListenersAsync(snapshot.Connection, cancellationToken);
    }

    private static async Task<List<WorkHolderTable>> LivingAsync(SqlDatabase source, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await source.OpenSnapshotAsync(cancellationToken);
        return await snapshot.Connection.GetTable<WorkHolderTable>().Where(row => row.EndTime == null).ToListAsync(cancellationToken);
    }

    private static async Task<IReadOnlyList<CopiedTable>> CopyAsync(
        SqlDatabase source, SqlDatabase target, TimeProvider time, IProgress<CopyProgress>? progress, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await source.OpenSnapshotAsync(cancellationToken);
        await using SqlWriteTransaction write = await target.BeginWriteAsync(cancellationToken);
        await source.LiftLimitsAsync(snapshot.Connection, cancellationToken);
        snapshot.Connection.CommandTimeout = 0;
        write.Connection.CommandTimeout = 0;
        await target.LockSchemaAsync(write.Connection, cancellationToken);
        if ((await target.ListTablesAsync(write.Connection, cancellationToken)).Count > 0)
        {
            throw new StoreException($"The {target.Name} database holds tables already; expected an empty one.");
        }

        await Migrations.ApplyAsync(target, write.Connection, time, cancellationToken);
        BulkCopyOptions options = target.BulkCopy with { BulkCopyTimeout = 0 };
        var report = new CopyProgressReport(progress, time, await CountAsync(snapshot.Connection, cancellationToken));
        var copied = new List<CopiedTable>(TableCopy.All.Count);
        foreach (TableCopy table in TableCopy.All)
        {
            report.Begin(table.Name);
            copied.Add(await table.RunAsync(snapshot.Connection, write.Connection, options, report.Tell, cancellationToken));
        }

        if (copied.TrueForAll(table => table.IsEqual))
        {
            await write.Transaction.CommitAsync(CancellationToken.None);
        }

        return copied;
    }

    private static async Task<long> CountAsync(DataConnection connection, CancellationToken cancellationToken)
    {
        long count = 0;
        foreach (TableCopy table in TableCopy.All)
        {
            count += await table.CountAsync(connection, cancellationToken);
        }

        return count;
    }

    private sealed class CopyProgressReport(IProgress<CopyProgress>? progress, TimeProvider time, long rowCount)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        private long told = time.GetTimestamp();
        private string table = string.Empty;
        private long before;
        private long current;

        public void Begin(string name)
        {
            table = name;
            before += current;
            current = 0;
        }

        public void Tell(long rows)
        {
            current = rows;
            if (progress is not null && time.GetElapsedTime(told) >= Pause)
            {
                told = time.GetTimestamp();
                progress.Report(new CopyProgress(table, before + current, rowCount));
            }
        }
    }
}

/// <summary>How far a copy is.</summary>
/// <param name="Table">The table that is copied now.</param>
/// <param name="CopiedRowCount">Rows copied so far, of all tables.</param>
/// <param name="RowCount">Rows in all.</param>
public sealed record CopyProgress(string Table, long CopiedRowCount, long RowCount);
