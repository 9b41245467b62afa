using LinqToDB;
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

    internal override IReadOnlyDictionary<string, string> Tokens { get; } = new Dictionary<string, string>
    {
        ["blob"] = "BLOB",
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
        }
        catch (SqliteException exception)
        {
            throw new StoreException($"Unable to open the SQLite database '{file}': {exception.Message}", exception);
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
        return Task.FromResult(new SqlWriteTransaction(Within(transaction), transaction));
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

    internal override async Task<bool> HasTableAsync(DataConnection connection, string table, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync<int>("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = @table", cancellationToken, new DataParameter("table", table)) > 0;

    internal override bool IsTransient(Exception exception) => exception is SqliteException { SqliteErrorCode: Busy or Full };

    internal override bool IsFatal(Exception exception) =>
        exception is SqliteException { SqliteErrorCode: IoError or Corrupt or CannotOpen or NotADatabase };

    private static DataConnection Within(SqliteTransaction transaction) =>
        new(new DataOptions().UseTransaction(Provider, transaction).UseMappingSchema(ColumnTypes.Unlimited));

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
