using System.Data.Common;
using Biomarkers.Storage.Backups;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.DataProvider;
using LinqToDB.DataProvider.SQLite;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage;

/// <summary>SQLite in one file: WAL, synchronous=FULL, one writer connection.</summary>
public sealed class SqliteDatabase : SqlDatabase
{
    // Bundled engines before this version can lose committed writes when the WAL is reset (sqlite.org/wal.html, section on the WAL-reset bug).
    private static readonly Version SafeVersion = new(3, 51, 3);

    private static readonly IDataProvider Provider = SQLiteTools.GetDataProvider(SQLiteProvider.Microsoft);

    // SQLite's result codes: the disk failed, the file is damaged or no database, or it cannot be opened.
    private const int IoError = 10;
    private const int Corrupt = 11;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;
    private const int Busy = 5;
    private const int Full = 13;

    // An I/O error by its class: the index of the log, which is memory and holds nothing of its own, could not grow.
    private const int NoRoomForIndex = IoError | (19 << 8);

    private readonly string file;
    private readonly SqliteConnection writer;

    /// <summary>Names the file; <see cref="SqlStore.OpenAsync"/> opens it.</summary>
    /// <param name="file">Path of the database file; its folder exists. Made, readable by its owner only, when it is absent.</param>
    public SqliteDatabase(string file)
    {
        this.file = file;
        writer = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
    }

    /// <inheritdoc/>
    public override string Name => "SQLite";

    /// <inheritdoc/>
    public override string Place => $"'{file}'";

    // A lock file keeps a second server away from the folder of the file.
    internal override bool IsShared => false;

    internal override BulkCopyOptions BulkCopy { get; } = new() { BulkCopyType = BulkCopyType.MultipleRows, UseParameters = true };

    internal override IReadOnlyDictionary<string, string> Tokens { get; } = new Dictionary<string, string>
    {
        ["blob"] = "BLOB",
        ["text"] = "TEXT",
        ["zero_hash"] = $"x'{new string('0', 64)}'",
    };

    private string ReaderConnectionString => new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite }.ToString();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        using var pooled = new SqliteConnection(ReaderConnectionString);
        SqliteConnection.ClearPool(pooled);
    }

    internal override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(file) && File.Exists(file + SqliteRestore.PendingSuffix))
        {
            throw new StoreException($"There is no database '{file}', because a restore was cut short. Run 'biomarkers-server restore' again.");
        }

        if (!File.Exists(file) && !OperatingSystem.IsWindows())
        {
            // Before SQLite makes it with the process's own mask: patients' results are the owner's only.
            await using var made = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }

        try
        {
            await writer.OpenAsync(cancellationToken);
            await RequireAsync("PRAGMA journal_mode = WAL", "wal", cancellationToken);
            await ExecuteAsync("PRAGMA synchronous = FULL", cancellationToken);
            await RequireAsync("PRAGMA synchronous", "2", cancellationToken);
            await ExecuteAsync("PRAGMA foreign_keys = ON", cancellationToken);
            await RequireAsync("PRAGMA foreign_keys", "1", cancellationToken);
            // What the log holds may never have reached the disk, if a sync of it failed and ended the server before this one: what it holds is written anew and synced,
            // before a sender that sends again is told that it is there.
            await RequireAsync("PRAGMA wal_checkpoint(TRUNCATE)", "0", cancellationToken);
        }
        catch (SqliteException exception)
        {
            throw Explain(exception);
        }

        Version version = Version.Parse(writer.ServerVersion);
        if (version < SafeVersion)
        {
            throw new StoreException($"SQLite {version} can lose committed writes; expected {SafeVersion} or newer.");
        }
    }

    internal override Task<SqlWriteTransaction> BeginWriteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Immediate: a transaction that would upgrade from reading to writing fails at once when another writer is faster.
        SqliteTransaction transaction = writer.BeginTransaction(deferred: false);
        return Task.FromResult(new SqlWriteTransaction(Within(transaction), transaction, null));
    }

    internal override async Task<SqlSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(ReaderConnectionString);
        await connection.OpenAsync(cancellationToken);
        // Deferred: it takes its snapshot with the first read and never blocks the writer.
        SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        return new SqlSnapshot(Within(transaction), transaction, connection);
    }

    internal override IEnumerable<string> AppendOnlyTriggers(string table)
    {
        foreach (string verb in new[] { "UPDATE", "DELETE" })
        {
            yield return $"CREATE TRIGGER {table}_no_{verb.ToLowerInvariant()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END";
        }
    }

    internal override async Task<IReadOnlyList<string>> ListTablesAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name", cancellationToken);

    // Who may write the file may write all of it, and the writer's connection does not open otherwise.
    internal override Task RequireRightsAsync(DataConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override async Task<IReadOnlyList<string>> ListColumnsAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>("SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'", cancellationToken);

    internal override async Task<IReadOnlyList<string>> ListAppendOnlyTablesAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>(
            "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name IN (tbl_name || '_no_update', tbl_name || '_no_delete') GROUP BY tbl_name HAVING COUNT(*) = 2",
            cancellationToken);

    // The one write transaction of the file is lock enough for these two.
    internal override Task LockSchemaAsync(DataConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override Task LockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override Task<bool> TryLockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken) =>
        Task.FromResult(true);

    internal override Task LiftLimitsAsync(DataConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override bool IsOwn(DbException exception) => exception is SqliteException;

    internal override Task<List<WorkItemTable>> LockWorkAsync(
        DataConnection connection, IQueryable<WorkItemTable> works, int limit, CancellationToken cancellationToken) =>
        works.Take(limit).ToListAsync(cancellationToken);

    // In the write transaction: the file has no other. RETURNING is kept off this path (a statement that is not run to its end is rolled back in silence).
    internal override async Task<long> ReserveKeysAsync(DataConnection connection, string sequence, long count, CancellationToken cancellationToken)
    {
        ITable<KeySequenceTable> table = connection.GetTable<KeySequenceTable>();
        await table.Where(row => row.Name == sequence).Set(row => row.NextKey, row => row.NextKey + count).UpdateAsync(cancellationToken);
        return await table.Where(row => row.Name == sequence).Select(row => row.NextKey).SingleAsync(cancellationToken) - count;
    }

    internal override Task NotifyAsync(DataConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    internal override Task ListenAsync(string holder, Action changed, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    internal override Task<IReadOnlySet<string>> ListListenersAsync(DataConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());

    internal override StoreException Explain(DbException exception) => new($"Unable to open the SQLite database '{file}': {exception.Message}", exception);

    internal override bool IsConflict(Exception exception) => false;

    internal override bool IsUnavailable(Exception exception) => false;

    internal override bool IsTransient(Exception exception) => exception is SqliteException { SqliteErrorCode: Busy } || IsFull(exception);

    internal override bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: Full } or SqliteException { SqliteExtendedErrorCode: NoRoomForIndex };

    internal override bool IsFatal(Exception exception) =>
        exception is SqliteException { SqliteErrorCode: IoError or Corrupt or CannotOpen or NotADatabase } && !IsFull(exception);

    /// <summary>Writes the log of a file that nobody uses into it.</summary>
    internal static void Close(string file)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteNonQuery();
    }

    /// <summary>Rows of an open file, for whoever checks it.</summary>
    internal static DataConnection Over(SqliteConnection connection) =>
        new EngineConnection(new DataOptions().UseConnection(Provider, connection, disposeConnection: false).UseMappingSchema(ColumnTypes.Sqlite));

    private static EngineConnection Within(SqliteTransaction transaction) =>
        new(new DataOptions().UseTransaction(Provider, transaction).UseMappingSchema(ColumnTypes.Sqlite));

    private async Task ExecuteAsync(string pragma, CancellationToken cancellationToken)
    {
        await using SqliteCommand command = writer.CreateCommand();
        command.CommandText = pragma;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task RequireAsync(string pragma, string expected, CancellationToken cancellationToken)
    {
        await using SqliteCommand command = writer.CreateCommand();
        command.CommandText = pragma;
        object? answer = await command.ExecuteScalarAsync(cancellationToken);
        if (!string.Equals(answer?.ToString(), expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new StoreException($"The SQLite database '{file}' answers '{answer}' to '{pragma}'; expected '{expected}'.");
        }
    }
}
