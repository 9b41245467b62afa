using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Biomarkers.Faults;

/// <summary>The database of the servers under test: how they reach it, and how it is looked into behind their backs.</summary>
internal abstract class StoreUnderTest(string folder) : IAsyncDisposable
{
    /// <summary>Name for people.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it can be read while servers use it without changing what a kill of them does to it.</summary>
    public abstract bool MayBeReadWhileServed { get; }

    /// <summary>Key file of all servers.</summary>
    public abstract string KeyFile { get; }

    /// <summary>Further variables of one of the servers.</summary>
    public Func<int, IReadOnlyDictionary<string, string>> EnvironmentOf { get; init; } = _ => new Dictionary<string, string>();

    /// <summary>How one of the servers is started.</summary>
    public abstract ServerStart ServerAt(int replica);

    /// <summary>Connects for reading; to be disposed of.</summary>
    public abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Connects to a new copy whose triggers and foreign keys do nothing, while nobody else is connected; the copy goes with the connection.</summary>
    public abstract Task<DbConnection> OpenCopyAsync(CancellationToken cancellationToken);

    /// <summary>What the engine itself finds wrong in a database.</summary>
    public abstract Task<IReadOnlyList<string>> FindDamageAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected string Folder { get; } = folder;

    protected string FolderOf(int replica) => Path.Combine(Folder, $"server-{replica}");
}

/// <summary>SQLite in the folder of one server.</summary>
internal sealed class SqliteUnderTest(string folder) : StoreUnderTest(folder)
{
    public override string Name => "SQLite";

    // A reader of its own would keep the index of the log alive, and the server would have nothing to recover.
    public override bool MayBeReadWhileServed => false;

    public override string KeyFile => Path.Combine(FolderOf(0), "client.key");

    /// <summary>The file.</summary>
    public string DatabaseFile => Path.Combine(FolderOf(0), "biomarkers.db");

    /// <summary>Further options of the server.</summary>
    public IReadOnlyList<string> Further { get; init; } = [];

    public override ServerStart ServerAt(int replica) => new(FolderOf(replica)) { Further = Further, Environment = EnvironmentOf(replica) };

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DatabaseFile, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public override async Task<DbConnection> OpenCopyAsync(CancellationToken cancellationToken)
    {
        string copy = Path.Combine(FolderOf(0), "copy.db");
        File.Copy(DatabaseFile, copy, overwrite: true);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = copy, Pooling = false, ForeignKeys = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        foreach (string trigger in await connection.ReadAsync("SELECT name FROM sqlite_master WHERE type = 'trigger'", row => row.GetString(0), cancellationToken))
        {
            await connection.ExecuteAsync($"DROP TRIGGER {trigger}", cancellationToken);
        }

        return connection;
    }

    public override async Task<IReadOnlyList<string>> FindDamageAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. (await connection.ReadAsync("PRAGMA integrity_check", row => row.GetString(0), cancellationToken)).Where(line => line != "ok")];
}

/// <summary>A database of a throw-away PostgreSQL.</summary>
/// <param name="folder">Folder of the servers.</param>
/// <param name="server">The PostgreSQL server.</param>
/// <param name="database">Name of the database.</param>
/// <param name="port">Port at which the servers under test find PostgreSQL; null for its own.</param>
internal sealed class PostgresUnderTest(string folder, LocalPostgres server, string database, int? port) : StoreUnderTest(folder)
{
    // Every index against its table, and every table and its pages in themselves.
    private const string CheckAll = """
        SELECT c.relname::text, coalesce(v.msg, '') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN LATERAL verify_heapam(c.oid) v ON true WHERE n.nspname = 'public' AND c.relkind = 'r' AND v.msg IS NOT NULL
        UNION ALL
        SELECT c.relname::text, bt_index_check(c.oid, true)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
            WHERE n.nspname = 'public' AND c.relkind = 'i' AND a.amname = 'btree'
        """;

    private string Copy => $"{database}_copy";

    public override string Name => "PostgreSQL";

    public override bool MayBeReadWhileServed => true;

    public override string KeyFile => Path.Combine(Folder, "client.key");

    public override ServerStart ServerAt(int replica)
    {
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString(database));
        connection.Port = port ?? connection.Port;
        return new ServerStart(FolderOf(replica)) { Postgres = connection.ToString(), KeyFile = KeyFile, Environment = EnvironmentOf(replica) };
    }

    public override Task<DbConnection> OpenAsync(CancellationToken cancellationToken) => ConnectAsync(server.AdminConnectionString(database), cancellationToken);

    public override async Task<DbConnection> OpenCopyAsync(CancellationToken cancellationToken)
    {
        await server.ExecuteAsync($"DROP DATABASE IF EXISTS {Copy}", cancellationToken);
        await server.CreateDatabaseAsync(Copy, database, cancellationToken);
        DbConnection connection = await ConnectAsync(server.AdminConnectionString(Copy), cancellationToken);
        await connection.ExecuteAsync("SET session_replication_role = replica", cancellationToken);
        return connection;
    }

    public override async Task<IReadOnlyList<string>> FindDamageAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("CREATE EXTENSION IF NOT EXISTS amcheck", cancellationToken);
        try
        {
            var rows = await connection.ReadAsync(CheckAll, row => (Name: row.GetString(0), Damage: row.GetString(1)), cancellationToken);
            return [.. rows.Where(row => row.Damage.Length > 0).Select(row => $"{row.Name}: {row.Damage}")];
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.IndexCorrupted)
        {
            return [exception.Message];
        }
    }

    private static async Task<DbConnection> ConnectAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }
}
