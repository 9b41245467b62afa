using System.Data.Common;
using Biomarkers.Faults;
using Biomarkers.Storage;
using Npgsql;

namespace Biomarkers.Tests.Storage;

/// <summary>A database on the one PostgreSQL of this test run, copied from an empty one of the newest schema.</summary>
/// <remarks>The server lies in memory where the machine has such a folder: it syncs as it would on a disk, which the store asks for, and costs nothing.</remarks>
internal sealed class PostgresTestDatabase : TestDatabase
{
    private const string Template = "migrated";
    private const string MemoryFolder = "/dev/shm";

    private static readonly Lazy<Task<LocalPostgres>> Shared = new(StartAsync);
    private static int made;

    private PostgresTestDatabase(LocalPostgres server, string name)
    {
        Server = server;
        Name = name;
    }

    /// <summary>The server; ends with the program.</summary>
    public LocalPostgres Server { get; }

    public string Name { get; }

    /// <summary>How the servers' user connects.</summary>
    public string ConnectionString => Server.ConnectionString(Name);

    public override bool IsShared => true;

    /// <summary>Makes an empty database; of the newest schema, or of none.</summary>
    public static async Task<PostgresTestDatabase> CreateAsync(bool migrated = true)
    {
        LocalPostgres server = await Shared.Value;
        string name = $"test_{Interlocked.Increment(ref made)}";
        await server.CreateDatabaseAsync(name, migrated ? Template : null);
        return new PostgresTestDatabase(server, name);
    }

    public override SqlDatabase Connect() => new PostgresDatabase(ConnectionString);

    public override async Task<DbConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    public override Task<List<string>> ListTablesAsync() =>
        ReadAsync("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename", reader => reader.GetString(0));

    public override Task<List<string>> ListColumnsAsync(string table) =>
        ReadAsync($"SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position", reader => reader.GetString(0));

    public override IEnumerable<string> ChangesOf(string table, string column) =>
        [$"UPDATE {table} SET {column} = {column}", $"DELETE FROM {table}", $"TRUNCATE {table} CASCADE"];

    public override async ValueTask DisposeAsync() => await Server.DropDatabaseAsync(Name);

    private static async Task<LocalPostgres> StartAsync()
    {
        var options = new LocalPostgresOptions { Parent = Directory.Exists(MemoryFolder) ? MemoryFolder : Path.GetTempPath() };
        LocalPostgres server = await LocalPostgres.StartAsync(options, CancellationToken.None);
        await server.CreateDatabaseAsync(Template);
        await (await SqlStore.OpenAsync(new PostgresDatabase(server.ConnectionString(Template)), TimeProvider.System, CancellationToken.None)).DisposeAsync();
        return server;
    }
}
