using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Biomarkers.Server.Hosting;
using Biomarkers.Storage;
using Biomarkers.Storage.Copies;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server migrate</c>: copies a database to another engine, and proves by hash that both hold the same.</summary>
internal static class MigrateVerb
{
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";

    // Longer than a server takes between two beats.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private static readonly Option<string> From = new("--from") { Description = "Engine of the database that is copied: sqlite (in the folder of --data) or postgres.", Required = true };

    private static readonly Option<string> To = new("--to") { Description = "The other engine, whose database must be empty.", Required = true };

    private static readonly Option<string> Data = new("--data") { Description = "Folder of the SQLite database.", DefaultValueFactory = _ => ServerOptions.DefaultDataDirectory };

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        From.AcceptOnlyFromAmong(Sqlite, Postgres);
        To.AcceptOnlyFromAmong(Sqlite, Postgres);
        var command = new Command(
            "migrate",
            "Copy everything to an empty database of the other engine while no server runs, and compare every table of both by SHA-256. The source is not changed. "
            + "Exit codes: 0 copied and equal, 1 copied and not equal (nothing was kept), 2 not copied; nothing was changed.")
        {
            From, To, Data, DatabaseOptions.Postgres, DatabaseOptions.PasswordFile, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool isFromSqlite = parsed.GetValue(From) == Sqlite;
        var options = new ServerOptions
        {
            DataDirectory = Path.GetFullPath(parsed.GetValue(Data)!),
            PostgresConnection = parsed.GetValue(DatabaseOptions.Postgres),
            PostgresPasswordFile = parsed.GetValue(DatabaseOptions.PasswordFile),
        };
        string[] faults =
        [
            .. parsed.GetValue(From) == parsed.GetValue(To) ? ["--from and --to name the same engine; expected sqlite and postgres, in either order."] : Array.Empty<string>(),
            .. options.PostgresConnection is null ? ["The PostgreSQL database is not named; expected --postgres."] : Array.Empty<string>(),
            .. isFromSqlite && !File.Exists(options.DatabaseFile) ? [$"There is no SQLite database '{options.DatabaseFile}'; expected its folder as --data."] : Array.Empty<string>(),
            .. options.Faults(),
        ];
        foreach (string fault in faults)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: {fault}");
        }

        return faults.Length > 0 ? ExitCodes.NotStarted : await CopyAsync(options, isFromSqlite, parsed.GetValue(Json), cancellationToken);
    }

    private static async Task<int> CopyAsync(ServerOptions options, bool isFromSqlite, bool json, CancellationToken cancellationToken)
    {
        TimeProvider time = TimeProvider.System;
        long began = time.GetTimestamp();
        try
        {
            ServerHost.CreateDataDirectory(options.DataDirectory);
            await using FileStream held = ServerHost.LockDataDirectory(options.DataDirectory);
            if (!isFromSqlite && File.Exists(options.DatabaseFile))
            {
                throw new IOException($"File '{options.DatabaseFile}' exists; expected a folder without a database as --data.");
            }

            return await CopyLockedAsync(options, isFromSqlite, json, time, began, cancellationToken);
        }
        catch (Exception exception) when (exception is StoreException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: Unable to migrate: {exception.Message}");
            return ExitCodes.NotStarted;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("biomarkers-server: The copy was cancelled; nothing was kept.");
            return ExitCodes.NotStarted;
        }
    }

    // The folder is this process's own, and has no database where one is to be made.
    private static async Task<int> CopyLockedAsync(ServerOptions options, bool isFromSqlite, bool json, TimeProvider time, long began, CancellationToken cancellationToken)
    {
        bool isKept = isFromSqlite;
        try
        {
            SqlDatabase sqlite = new SqliteDatabase(options.DatabaseFile);
            SqlDatabase postgres = options.CreateDatabase();
            IReadOnlyList<CopiedTable> tables = await DatabaseCopy.RunAsync(
                isFromSqlite ? sqlite : postgres, isFromSqlite ? postgres : sqlite, time, Patience, new ProgressLines(), cancellationToken);
            bool isEqual = tables.All(table => table.IsEqual);
            isKept |= isEqual;
            Console.WriteLine(json ? ToJson(tables, isEqual, time.GetElapsedTime(began)) : ToText(tables, isEqual, time.GetElapsedTime(began)));
            return isEqual ? ExitCodes.Success : ExitCodes.Failed;
        }
        finally
        {
            if (!isKept)
            {
                // It was made here; what is in it is no database of anybody's.
                foreach (string suffix in new[] { string.Empty, "-wal", "-shm" })
                {
                    File.Delete(options.DatabaseFile + suffix);
                }
            }
        }
    }

    private static string ToText(IReadOnlyList<CopiedTable> tables, bool isEqual, TimeSpan elapsed)
    {
        IEnumerable<string> lines = tables.Select(table => string.Create(
            CultureInfo.InvariantCulture,
            $"{table.Name,-22} {table.SourceRowCount,10} rows  {table.SourceHash.Hex}  {(table.IsEqual ? "equal" : $"DIFFERS: {table.TargetRowCount} rows, {table.TargetHash.Hex}")}"));
        string end = isEqual
            ? $"{tables.Sum(table => table.SourceRowCount)} rows of {tables.Count} tables in {elapsed.TotalSeconds:F1} s; all hashes are equal. Start servers on the copy only: what comes to the source from here on is not in it."
            : "The copy differs from its source; nothing was kept.";
        return string.Join('\n', lines.Append(end));
    }

    private static string ToJson(IReadOnlyList<CopiedTable> tables, bool isEqual, TimeSpan elapsed) => JsonSerializer.Serialize(
        new
        {
            IsEqual = isEqual,
            RowCount = tables.Sum(table => table.SourceRowCount),
            ElapsedSeconds = Math.Round(elapsed.TotalSeconds, 1),
            Tables = tables.Select(table => new
            {
                table.Name,
                table.SourceRowCount,
                SourceSha256 = table.SourceHash.Hex,
                table.TargetRowCount,
                TargetSha256 = table.TargetHash.Hex,
                table.IsEqual,
            }),
        },
        JsonOptions);

    // On standard error, so that standard output holds the outcome alone. At once: System.Progress would print from other threads, out of order.
    private sealed class ProgressLines : IProgress<CopyProgress>
    {
        public void Report(CopyProgress value) => Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{value.CopiedRowCount} of {value.RowCount} rows ({100.0 * value.CopiedRowCount / Math.Max(1, value.RowCount):F0} %), {value.Table}"));
    }
}
