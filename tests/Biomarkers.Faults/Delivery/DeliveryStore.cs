using System.Data.Common;
using Biomarkers.Results;
using Biomarkers.Storage;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Biomarkers.Faults.Delivery;

/// <summary>A database that schedules share, and the way into it behind its servers' backs.</summary>
internal abstract class DeliveryStore : IAsyncDisposable
{
    /// <summary>Servers on it.</summary>
    public abstract int ServerCount { get; }

    /// <summary>How a server reaches it.</summary>
    public abstract SqlDatabase Connect();

    /// <summary>Connects behind the servers' backs; to be disposed of.</summary>
    public abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>All versions of a subscription as they are stored.</summary>
    public static async Task<IReadOnlyList<StoredDelivery>> ReadAsync(DbConnection connection, long subscriptionKey, CancellationToken cancellationToken) =>
        await connection.ReadAsync(
            """
            SELECT version_key, state, attempt_count, delivery_id, lease_time, lease_expire_time, not_before_time
            FROM delivery_item WHERE subscription_key = @key ORDER BY sequence
            """,
            row => new StoredDelivery(row.GetInt64(0), row.GetInt32(1), row.GetInt32(2), row.IsDBNull(3) ? null : row.GetInt64(3), Time(row, 4), Time(row, 5), Time(row, 6)),
            cancellationToken,
            ("key", subscriptionKey));

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : Instant.FromMicroseconds(row.GetInt64(column));
}

/// <summary>SQLite in a folder of its own.</summary>
internal sealed class SqliteDeliveryStore : DeliveryStore
{
    private readonly string folder;

    public SqliteDeliveryStore(string folder)
    {
        this.folder = folder;
        Directory.CreateDirectory(folder);
    }

    public override int ServerCount => 1;

    private string DatabaseFile => Path.Combine(folder, "biomarkers.db");

    public override SqlDatabase Connect() => new SqliteDatabase(DatabaseFile);

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DatabaseFile, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A database of a throw-away PostgreSQL, and two servers on it.</summary>
internal sealed class PostgresDeliveryStore(LocalPostgres server, string name) : DeliveryStore
{
    public override int ServerCount => 2;

    public static async Task<PostgresDeliveryStore> CreateAsync(LocalPostgres server, string name, CancellationToken cancellationToken)
    {
        await server.CreateDatabaseAsync(name, cancellationToken: cancellationToken);
        return new PostgresDeliveryStore(server, name);
    }

    public override SqlDatabase Connect() => new PostgresDatabase(server.ConnectionString(name));

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(server.AdminConnectionString(name));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public override async ValueTask DisposeAsync() => await server.DropDatabaseAsync(name);
}
