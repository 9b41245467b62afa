using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Biomarkers.Server.Hosting;
using Biomarkers.Storage.Backups;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server backup</c>: one consistent file of the database, while the server runs.</summary>
internal static class BackupVerb
{
    private static readonly Option<string> Data = new("--data") { Description = "Data folder of the server, which may be running.", DefaultValueFactory = _ => ServerOptions.DefaultDataDirectory };

    private static readonly Option<string?> Out = new("--out") { Description = "File to make; its folder exists, and it does not.", HelpName = "FILE" };

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    /// <summary>How the verbs of backups print JSON.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    public static Command Create()
    {
        var command = new Command(
            "backup",
            "Write the SQLite database of a data folder, which a server may be using, to one file, and check it. Exit codes: 0 made and checked, 2 not made; nothing was changed.")
        {
            Data, Out, DatabaseOptions.Postgres, Json,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(parsed, cancellationToken), CancellationToken.None));
        return command;
    }

    /// <summary>A backup as JSON has it.</summary>
    public static object ToJson(CheckedBackup backup) => new
    {
        backup.File,
        backup.ByteCount,
        Sha256 = backup.Sha256.Hex,
        backup.Contents.SchemaVersion,
        DatabaseGeneration = backup.Contents.Generation,
        backup.Contents.LedgerSequence,
        LedgerSha256 = backup.Contents.LedgerHash.Hex,
        backup.Contents.PlateCount,
        backup.Contents.RunCount,
        Streams = backup.Contents.Streams.Select(stream => new { stream.Instrument, stream.Stream, stream.NextOffset }),
    };

    /// <summary>A backup for a person.</summary>
    public static IEnumerable<string> ToLines(CheckedBackup backup)
    {
        DatabaseContents held = backup.Contents;
        yield return string.Create(CultureInfo.InvariantCulture, $"{backup.ByteCount:N0} bytes, SHA-256 {backup.Sha256}");
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{held.PlateCount:N0} plates, {held.RunCount:N0} runs; schema {held.SchemaVersion}, ledger sequence {held.LedgerSequence}, database generation {held.Generation}");
        foreach (StreamContents stream in held.Streams)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  instruments/{stream.Instrument}/readStreams/{stream.Stream}: next offset {stream.NextOffset}");
        }
    }

    private static int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(DatabaseOptions.Postgres) is not null)
        {
            Console.Error.WriteLine(
                "biomarkers-server: PostgreSQL is backed up by its own tools: 'pg_dump --format=custom --file=FILE DATABASE' for one moment, or 'pg_basebackup' with an archive of the "
                + "write-ahead log for every moment. Restore with them, then run 'biomarkers-server restore --postgres CONNECTION'.");
            return ExitCodes.NotStarted;
        }

        if (parsed.GetValue(Out) is not { Length: > 0 } file)
        {
            Console.Error.WriteLine("biomarkers-server: The backup has no name; expected --out FILE.");
            return ExitCodes.NotStarted;
        }

        try
        {
            var options = new ServerOptions { DataDirectory = Path.GetFullPath(parsed.GetValue(Data)!) };
            CheckedBackup backup = SqliteBackup.Write(options.DatabaseFile, Path.GetFullPath(file), new BackupProgressLines(TimeProvider.System), cancellationToken);
            Console.WriteLine(parsed.GetValue(Json)
                ? JsonSerializer.Serialize(ToJson(backup), JsonOptions)
                : string.Join('\n', ToLines(backup).Prepend($"Made and checked {backup.File}:")));
            return ExitCodes.Success;
        }
        catch (BackupException exception)
        {
            Console.Error.WriteLine($"biomarkers-server: {exception.Message}");
            return ExitCodes.NotStarted;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("biomarkers-server: The backup was cancelled; nothing is left of it.");
            return ExitCodes.NotStarted;
        }
    }
}
