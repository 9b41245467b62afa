using System.Data.Common;
using Biomarkers.Storage;

namespace Biomarkers.Tests.Storage;

/// <summary>A database of one test: what servers connect to, and what a test sees and does behind their backs.</summary>
internal abstract class TestDatabase : IAsyncDisposable
{
    /// <summary>Whether several servers can use it at once.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Makes an empty database of the newest schema.</summary>
    public static async Task<TestDatabase> CreateAsync(StoreEngine engine) => engine switch
    {
        StoreEngine.Sqlite => new SqliteTestDatabase(),
        StoreEngine.Postgres => await PostgresTestDatabase.CreateAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(engine), engine, "Unknown engine."),
    };

    /// <summary>The database as one server sees it; whoever opens it owns it.</summary>
    public abstract SqlDatabase Connect();

    /// <summary>A connection of the database's own driver, outside of every pool.</summary>
    public abstract Task<DbConnection> OpenAsync();

    /// <summary>Tables, by name.</summary>
    public abstract Task<List<string>> ListTablesAsync();

    /// <summary>Columns of a table, in their order.</summary>
    public abstract Task<List<string>> ListColumnsAsync(string table);

    /// <summary>Statements that change or remove every row of a table.</summary>
    public abstract IEnumerable<string> ChangesOf(string table, string column);

    public abstract ValueTask DisposeAsync();

    /// <summary>Rows of a question.</summary>
    public async Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> map)
    {
        await using DbConnection connection = await OpenAsync();
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    /// <summary>The one number that a question asks for.</summary>
    public async Task<long> CountAsync(string sql) => (await ReadAsync(sql, reader => reader.GetInt64(0))).Single();

    public async Task ExecuteAsync(string sql)
    {
        await using DbConnection connection = await OpenAsync();
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
