using System.Reflection;
using System.Text.RegularExpressions;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Brings a database to the schema of this program: numbered files, each once, in order, each in one transaction.</summary>
internal static partial class Migrations
{
    private const string VersionTable = "schema_version";

    // From this schema on every run is sealed when it is saved. Those that are older are sealed by the upgrade, which no engine can do in SQL alone; last, when the
    // tables are those that this program knows.
    private const int SealingVersion = 5;

    /// <summary>Number of the newest migration.</summary>
    public static int NewestVersion => All.Count;

    private static List<(int Number, string Name, string Sql)> All { get; } = Load();

    /// <summary>Applies what is missing, as the only server that does.</summary>
    /// <exception cref="StoreException">The database is newer than this program, of another program, or not whole.</exception>
    public static async Task ApplyAsync(SqlDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        await using SqlWriteTransaction write = await database.BeginWriteAsync(cancellationToken);
        write.Connection.CommandTimeout = 0;
        await database.LockSchemaAsync(write.Connection, cancellationToken);
        await ApplyAsync(database, write.Connection, time, cancellationToken);
        await SchemaCheck.RequireWholeAsync(database, write.Connection, cancellationToken);
        await database.RequireRightsAsync(write.Connection, cancellationToken);
        await write.Transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Applies what is missing, inside a transaction that holds the lock of the schema.</summary>
    /// <exception cref="StoreException">The database is newer than this program, of another program, or not whole.</exception>
    public static async Task ApplyAsync(SqlDatabase database, DataConnection connection, TimeProvider time, CancellationToken cancellationToken)
    {
        int current = await VersionAsync(database, connection, cancellationToken);
        if (current == 0)
        {
            await connection.ExecuteAsync(
                $"CREATE TABLE IF NOT EXISTS {VersionTable} (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, apply_time BIGINT NOT NULL)", cancellationToken);
        }

        foreach ((int number, string name, string sql) in All.Skip(current))
        {
            foreach (string statement in Statements(sql, database))
            {
                await connection.ExecuteAsync(statement, cancellationToken);
            }

            foreach (string trigger in AppendOnlyTables.MadeBy(number).SelectMany(database.AppendOnlyTriggers))
            {
                await connection.ExecuteAsync(trigger, cancellationToken);
            }

            await connection.ExecuteAsync(
                $"INSERT INTO {VersionTable} (number, name, apply_time) VALUES (@number, @name, @time)",
                cancellationToken,
                new DataParameter("number", number),
                new DataParameter("name", name),
                new DataParameter("time", Instant.ToMicroseconds(time.GetUtcNow())));
        }

        if (current is > 0 and < SealingVersion)
        {
            await SealedRuns.ForAllAsync(connection, runKeys => SealedRuns.SealAsync(connection, runKeys, cancellationToken), cancellationToken);
        }
    }

    /// <summary>The schema that a database has; 0 for an empty one.</summary>
    /// <exception cref="StoreException">The database is newer than this program, of another program, or not whole.</exception>
    public static async Task<int> VersionAsync(SqlDatabase database, DataConnection connection, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> tables = await database.ListTablesAsync(connection, cancellationToken);
        if (!tables.Contains(VersionTable))
        {
            if (tables.Contains("ledger_head"))
            {
                throw SchemaCheck.Missing(database, $"table '{VersionTable}'");
            }

            return tables.Count == 0
                ? 0
                : throw new StoreException($"The {database.Name} database holds the table '{tables[0]}' and no '{VersionTable}': it belongs to another program. Use an empty database.");
        }

        int current = await connection.ExecuteAsync<int?>($"SELECT MAX(number) FROM {VersionTable}", cancellationToken) ?? 0;
        if (current > NewestVersion)
        {
            throw new StoreException($"The {database.Name} database has schema {current}; this program knows up to {NewestVersion}. Use the program that wrote it, or a newer one.");
        }

        if (await connection.ExecuteAsync<int>($"SELECT COUNT(*) FROM {VersionTable}", cancellationToken) != current)
        {
            throw SchemaCheck.Missing(database, $"row of an earlier schema in table '{VersionTable}'");
        }

        if (All.Take(current).SelectMany(TablesOf).FirstOrDefault(table => !tables.Contains(table)) is { } missing)
        {
            throw SchemaCheck.Missing(database, $"table '{missing}', of schema {current},");
        }

        // A migration may make a table anew that an older one made.
        return All.Skip(current).SelectMany(TablesOf).Except(All.Take(current).SelectMany(TablesOf)).FirstOrDefault(tables.Contains) is { } early
            ? throw new StoreException(
                $"The {database.Name} database {database.Place} is not whole: it says that it has schema {current}, and holds the table '{early}' of a newer one. Restore it from a backup.")
            : current;
    }

    private static IEnumerable<string> TablesOf((int Number, string Name, string Sql) migration) =>
        CreatedTable().Matches(migration.Sql).Select(match => match.Groups["table"].Value);

    // One statement per command: a batch can swallow the fault of a statement in its middle.
    private static string[] Statements(string sql, SqlDatabase database)
    {
        string text = Comment().Replace(sql, string.Empty);
        foreach ((string token, string value) in database.Tokens)
        {
            text = text.Replace($"{{{token}}}", value, StringComparison.Ordinal);
        }

        return text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static List<(int Number, string Name, string Sql)> Load()
    {
        Assembly assembly = typeof(Migrations).Assembly;
        var migrations = new List<(int Number, string Name, string Sql)>();
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order())
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            string name = resource.Split('.')[^2];
            migrations.Add((int.Parse(name[..4]), name, reader.ReadToEnd()));
        }

        return migrations;
    }

    [GeneratedRegex(@"--[^\n]*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^CREATE TABLE (?<table>\w+)", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CreatedTable();
}
