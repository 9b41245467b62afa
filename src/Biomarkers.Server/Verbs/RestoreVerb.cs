using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Biomarkers.Server.Hosting;
using Biomarkers.Storage;
using Biomarkers.Storage.Backups;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server restore</c>: puts a backup in the place of a database, and names what it lacks.</summary>
internal static class RestoreVerb
{
    /// <summary>Names of a kind that are printed for people; JSON has all.</summary>
    private const int NamesPrinted = 20;

    private static readonly Option<string> Data = new("--data") { Description = "Data folder of the server, which must not be running; made when absent.", DefaultValueFactory = _ => ServerOptions.DefaultDataDirectory };

    private static readonly Option<string?> From = new("--from") { Description = "The backup.", HelpName = "FILE" };

    private static readonly Option<bool> Replace = new("--replace") { Description = "Put a database that is there aside; it is kept under another name, beside the restored one." };

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object, with every name." };

    public static Command Create()
    {
        var command = new Command(
            "restore",
            "Restore a backup while no server uses the data folder. The backup is checked whole before anything changes. Instruments send again what they still keep and the backup "
            + "lacks; all that it lacks is named here. With --postgres: complete a restore that PostgreSQL's own tools have made. Exit codes: 0 restored, 2 not restored; nothing was changed.")
        {
            Data, From, Replace, DatabaseOptions.Postgres, DatabaseOptions.PasswordFile, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(DatabaseOptions.Postgres) is { } connection)
        {
            return await CompleteAsync(parsed, connection, cancellationToken);
        }

        if (parsed.GetValue(From) is not { Length: > 0 } file)
        {
            return await RefuseAsync("There is nothing to restore; expected --from FILE.");
        }

        var options = new ServerOptions { DataDirectory = Path.GetFullPath(parsed.GetValue(Data)!) };
        try
        {
            RestoreReport report = await RestoreAsync(options, Path.GetFullPath(file), parsed.GetValue(Replace), cancellationToken);
            Console.WriteLine(parsed.GetValue(Json) ? JsonSerializer.Serialize(ToJson(report), BackupVerb.JsonOptions) : string.Join('\n', ToLines(report)));
            return ExitCodes.Success;
        }
        catch (StoreException)
        {
            return await RefuseAsync($"A server uses the data folder '{options.DataDirectory}'; stop it before a restore.");
        }
        catch (Exception exception) when (exception is BackupException or IOException or UnauthorizedAccessException)
        {
            return await RefuseAsync(exception.Message);
        }
        catch (OperationCanceledException)
        {
            return await RefuseAsync("The restore was cancelled; nothing was changed.");
        }
    }

    // The tools of PostgreSQL have put the rows in place; what makes of them a database of its own is the same as in a file.
    private static async Task<int> CompleteAsync(ParseResult parsed, string connection, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(From) is not null || parsed.GetValue(Replace))
        {
            return await RefuseAsync("--postgres completes a restore that pg_restore or a base backup has made; --from and --replace are for SQLite.");
        }

        var options = new ServerOptions { PostgresConnection = connection, PostgresPasswordFile = parsed.GetValue(DatabaseOptions.PasswordFile) };
        try
        {
            var origin = new RestoreOrigin("restored by the tools of PostgreSQL", Actor(), null, new Dictionary<string, long>());
            CompletedRestore completed = await RestoreCompletion.CompleteAsync(options.CreateDatabase(), origin, TimeProvider.System, cancellationToken);
            Console.WriteLine(parsed.GetValue(Json)
                ? JsonSerializer.Serialize(
                    new { completed.BackupGeneration, DatabaseGeneration = completed.Generation, completed.LedgerSequence, completed.EndedHolderCount }, BackupVerb.JsonOptions)
                : $"{GenerationLine(completed)}\n{completed.EndedHolderCount} servers held work when the backup was made; others may take it over. Start the servers.");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is StoreException or IOException or UnauthorizedAccessException)
        {
            return await RefuseAsync(exception.Message);
        }
        catch (OperationCanceledException)
        {
            return await RefuseAsync("Cancelled; nothing was changed.");
        }
    }

    // What a failed restore made for itself is removed again.
    private static async Task<RestoreReport> RestoreAsync(ServerOptions options, string file, bool mayReplace, CancellationToken cancellationToken)
    {
        bool isNewFolder = !Directory.Exists(options.DataDirectory);
        bool isNewLock = isNewFolder || !File.Exists(ServerHost.LockFileOf(options.DataDirectory));
        ServerHost.CreateDataDirectory(options.DataDirectory);
        bool isDone = false;
        FileStream held = ServerHost.LockDataDirectory(options.DataDirectory);
        try
        {
            RestoreReport report = await SqliteRestore.RunAsync(
                options.DatabaseFile, file, mayReplace, Actor(), TimeProvider.System, new BackupProgressLines(TimeProvider.System), cancellationToken);
            isDone = true;
            return report;
        }
        finally
        {
            if (!isDone && isNewLock)
            {
                File.Delete(ServerHost.LockFileOf(options.DataDirectory));
            }

            await held.DisposeAsync();
            if (!isDone && isNewFolder)
            {
                Directory.Delete(options.DataDirectory);
            }
        }
    }

    private static string Actor() => $"operators/{Environment.UserName}";

    private static async Task<int> RefuseAsync(string sentence)
    {
        await Console.Error.WriteLineAsync($"biomarkers-server: {sentence}");
        return ExitCodes.NotStarted;
    }

    private static object ToJson(RestoreReport report) => new
    {
        Backup = BackupVerb.ToJson(report.Backup),
        BackupGeneration = report.Completed.BackupGeneration,
        DatabaseGeneration = report.Completed.Generation,
        report.Completed.LedgerSequence,
        report.Completed.EndedHolderCount,
        report.ReplacedFile,
        report.ReplacedFault,
        report.Lacking,
    };

    private static IEnumerable<string> ToLines(RestoreReport report)
    {
        yield return $"Restored {report.Backup.File}:";
        foreach (string line in BackupVerb.ToLines(report.Backup))
        {
            yield return line;
        }

        yield return GenerationLine(report.Completed);
        if (report.ReplacedFile is { } aside)
        {
            yield return $"The replaced database is kept as {aside}.";
        }

        foreach (string line in report.Lacking is { } lacking ? LackingLines(lacking) : [NothingToCompare(report)])
        {
            yield return line;
        }
    }

    private static string GenerationLine(CompletedRestore completed) => string.Create(
        CultureInfo.InvariantCulture,
        $"The database has generation {completed.Generation} now (the backup: {completed.BackupGeneration}); the ledger says so at sequence {completed.LedgerSequence}.");

    private static string NothingToCompare(RestoreReport report) => report.ReplacedFault is { } fault
        ? $"The replaced database can't be read, so that nobody can say here what the backup lacks: {fault}"
        : "There was no database to compare with; instruments name what they no longer keep.";

    private static IEnumerable<string> LackingLines(LackingContents lacking)
    {
        if (lacking.IsEmpty)
        {
            yield return "The backup lacks nothing of the replaced database.";
            yield break;
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"The replaced database holds what the backup lacks; {lacking.AuditEventCount} audit events among it.");
        foreach (string line in Named(
            "streams, whose events instruments send again as far as they still keep them",
            [.. lacking.Offsets.Select(offsets => string.Create(
                CultureInfo.InvariantCulture, $"instruments/{offsets.Instrument}/readStreams/{offsets.Stream}: offsets {offsets.FirstOffset} to {offsets.EndOffset - 1}"))])
            .Concat(Named("plate reads", lacking.PlateReads))
            .Concat(Named("plates", lacking.Plates))
            .Concat(Named("layouts (those that came without a read must be submitted again)", lacking.Layouts))
            .Concat(Named("assay versions (must be created again)", lacking.Assays))
            .Concat(Named("runs (plates that are sent again are analysed anew)", lacking.Runs))
            .Concat(Named("changes of access (must be made again: what was revoked counts again)", lacking.AccessChanges)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Named(string kind, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            yield break;
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"{names.Count} {kind}:");
        foreach (string name in names.Take(NamesPrinted))
        {
            yield return $"  {name}";
        }

        if (names.Count > NamesPrinted)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  and {names.Count - NamesPrinted} more; --json names all");
        }
    }
}
