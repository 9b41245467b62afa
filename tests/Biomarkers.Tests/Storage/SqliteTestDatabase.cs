using System.Data.Common;
using Biomarkers.Storage;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Tests.Storage;

/// <summary>A SQLite file in a folder of its own.</summary>
internal sealed class SqliteTestDatabase : TestDatabase
{
    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-").FullName;

    /// <summary>Path of the file.</summary>
    public string File => Path.Combine(folder, "biomarkers.db");

    public override bool IsShared => false;

    public override SqlDatabase Connect() => new SqliteDatabase(File);

    public override async Task<DbConnection> OpenAsync()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        await connection.OpenAsync();
        return connection;
    }

    public override Task<List<string>> ListTablesAsync() =>
        ReadAsync("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", reader => reader.GetString(0));

    public override Task<List<string>> ListColumnsAsync(string table) =>
        ReadAsync($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid", reader => reader.GetString(0));

    public override IEnumerable<string> ChangesOf(string table, string column) => [$"UPDATE {table} SET {column} = {column}", $"DELETE FROM {table}"];

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
