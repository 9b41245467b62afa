using System.Data.Common;
using System.Diagnostics;
using Biomarkers.Faults;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Biomarkers.Benchmarks;

/// <summary>What a store does without a server around it: rows go into the server's own tables, with their indexes, references and triggers, by the driver's
/// fastest plain way over one connection, and a transaction takes as many as the server's took.</summary>
internal abstract class BareWriter(DbConnection connection) : IAsyncDisposable
{
    /// <summary>Copies rows that plates refer to, where they are not there yet; takes no time of what is measured.</summary>
    public async Task PrepareAsync(DbConnection source, CancellationToken cancellationToken)
    {
        foreach (string table in PlateTable.Referred)
        {
            TableRows wanted = await TableRows.ReadAsync(source, table, cancellationToken);
            HashSet<string> there = [.. (await TableRows.ReadAsync(connection, table, cancellationToken)).Rows.Select(row => $"{row[0]}")];
            object[][] missing = [.. wanted.Rows.Where(row => !there.Contains($"{row[0]}"))];
            await CommitAsync([wanted with { Rows = missing }], cancellationToken);
        }
    }

    /// <summary>Writes the plates whose barcodes begin so, in equal transactions; runs one transaction after the reads that they are of.</summary>
    /// <returns>Time of all transactions.</returns>
    public async Task<TimeSpan> WriteAsync(DbConnection source, string prefix, int transactions, CancellationToken cancellationToken)
    {
        List<List<TableRows>> accepted = await TableRows.ReadPlatesAsync(source, PlateTable.OfAcceptance, prefix, cancellationToken);
        List<List<TableRows>> runs = await TableRows.ReadPlatesAsync(source, PlateTable.OfRun, prefix, cancellationToken);
        TableRows[][] groups = [.. Enumerable.Range(0, transactions + 1).Select(i => Merge([.. Part(accepted, i), .. Part(runs, i - 1)]))];
        long began = Stopwatch.GetTimestamp();
        foreach (TableRows[] group in groups.Where(group => group.Length > 0))
        {
            await CommitAsync(group, cancellationToken);
        }

        return Stopwatch.GetElapsedTime(began);

        IEnumerable<TableRows> Part(List<List<TableRows>> plates, int i) =>
            i < 0 || i >= transactions ? [] : plates[(i * plates.Count / transactions)..((i + 1) * plates.Count / transactions)].SelectMany(rows => rows);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    /// <summary>Writes rows in one transaction.</summary>
    protected abstract Task CommitAsync(IReadOnlyList<TableRows> group, CancellationToken cancellationToken);

    // The rows of one table go together, tables in the order in which they refer to each other.
    private static TableRows[] Merge(IReadOnlyList<TableRows> rows)
    {
        string[] order = [.. PlateTable.OfAcceptance.Concat(PlateTable.OfRun).Select(table => table.Name).Distinct()];
        return
        [
            .. rows.GroupBy(part => part.Table)
                .OrderBy(table => Array.IndexOf(order, table.Key))
                .Select(table => table.First() with { Rows = [.. table.SelectMany(part => part.Rows)] }),
        ];
    }
}

/// <summary>A prepared statement for each table.</summary>
internal sealed class SqliteBareWriter : BareWriter
{
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> inserts = [];

    private SqliteBareWriter(SqliteConnection connection)
        : base(connection) => this.connection = connection;

    public static async Task<BareWriter> OpenAsync(string file, CancellationToken cancellationToken)
    {
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await opened.OpenAsync(cancellationToken);
        await opened.ExecuteAsync("PRAGMA synchronous = FULL", cancellationToken);
        await opened.ExecuteAsync("PRAGMA foreign_keys = ON", cancellationToken);
        return new SqliteBareWriter(opened);
    }

    protected override Task CommitAsync(IReadOnlyList<TableRows> group, CancellationToken cancellationToken)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        foreach (TableRows table in group)
        {
            SqliteCommand insert = InsertInto(table);
            insert.Transaction = transaction;
            foreach (object[] row in table.Rows)
            {
                for (int i = 0; i < row.Length; i++)
                {
                    insert.Parameters[i].Value = row[i];
                }

                insert.ExecuteNonQuery();
            }
        }

        transaction.Commit();
        return Task.CompletedTask;
    }

    private SqliteCommand InsertInto(TableRows table)
    {
        if (!inserts.TryGetValue(table.Table, out SqliteCommand? insert))
        {
            inserts[table.Table] = insert = connection.CreateCommand();
#pragma warning disable CA2100 // names of the database's own tables and columns
            insert.CommandText = $"INSERT INTO {table.Table} ({string.Join(", ", table.Columns)}) VALUES ({string.Join(", ", table.Columns.Select((_, i) => $"@v{i}"))})";
#pragma warning restore CA2100
            for (int i = 0; i < table.Columns.Count; i++)
            {
                insert.Parameters.Add(new SqliteParameter($"@v{i}", DBNull.Value));
            }
        }

        return insert;
    }
}

/// <summary>A binary COPY for each table.</summary>
internal sealed class PostgresBareWriter : BareWriter
{
    private readonly NpgsqlConnection connection;

    private PostgresBareWriter(NpgsqlConnection connection)
        : base(connection) => this.connection = connection;

    public static async Task<BareWriter> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var opened = new NpgsqlConnection(connectionString);
        await opened.OpenAsync(cancellationToken);
        return new PostgresBareWriter(opened);
    }

    protected override async Task CommitAsync(IReadOnlyList<TableRows> group, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (TableRows table in group.Where(table => table.Rows.Count > 0))
        {
            await using NpgsqlBinaryImporter importer =
                await connection.BeginBinaryImportAsync($"COPY {table.Table} ({string.Join(", ", table.Columns)}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            foreach (object[] row in table.Rows)
            {
                await importer.WriteRowAsync(cancellationToken, row);
            }

            await importer.CompleteAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
