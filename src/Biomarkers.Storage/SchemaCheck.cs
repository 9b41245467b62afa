using Biomarkers.Storage.Copies;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Whether a database of the newest schema is whole: a part that is missing would only be missed by the first plate that needs it, and a
/// trigger by nobody.</summary>
internal static class SchemaCheck
{
    /// <summary>Requires every column, every guard of the tables that must not change, and the rows that a schema begins with.</summary>
    /// <exception cref="StoreException">Something is missing.</exception>
    public static async Task RequireWholeAsync(SqlDatabase database, DataConnection connection, CancellationToken cancellationToken)
    {
        HashSet<string> columns = [.. await database.ListColumnsAsync(connection, cancellationToken)];
        string? column = TableCopy.All.SelectMany(table => table.Columns.Select(name => $"{table.Name}.{name}")).FirstOrDefault(name => !columns.Contains(name));
        if (column is not null)
        {
            throw Missing(database, $"column '{column}'");
        }

        HashSet<string> guarded = [.. await database.ListAppendOnlyTablesAsync(connection, cancellationToken)];
        string? open = Enumerable.Range(1, Migrations.NewestVersion).SelectMany(AppendOnlyTables.MadeBy).FirstOrDefault(table => !guarded.Contains(table));
        if (open is not null)
        {
            throw Missing(database, $"guard of table '{open}' against change");
        }

        if (!await connection.GetTable<DatabaseIdentityTable>().AnyAsync(row => row.Id == 1, cancellationToken))
        {
            throw Missing(database, "row of table 'database_identity'");
        }

        if (!await connection.GetTable<LedgerHeadTable>().AnyAsync(row => row.Id == 1, cancellationToken))
        {
            throw Missing(database, "row of table 'ledger_head'");
        }
    }

    /// <summary>The fault of a database that lacks something.</summary>
    public static StoreException Missing(SqlDatabase database, string what) =>
        new($"The {database.Name} database {database.Place} is not whole: its {what} is missing. Restore it from a backup.");
}
