using System.CommandLine;
using System.Security.Cryptography;
using Biomarkers.Cli.Verification;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers verify</c>: proves a database without its server.</summary>
public static class VerifyCommand
{
    private const string DatabaseFile = "biomarkers.db";

    private static readonly Option<string> DataOption = new("--data") { Description = "Data folder of a server that is stopped, or a backup. It is read only; no byte of it changes.", HelpName = "PATH" };

    private static readonly Option<string> PostgresOption = new("--postgres") { Description = "PostgreSQL database as a connection string, as it is at one moment; servers may be using it.", HelpName = "CONNECTION" };

    private static readonly Option<string> PasswordFileOption = new("--postgres-password-file") { Description = "File whose first line is the password of the PostgreSQL user.", HelpName = "FILE" };

    private static readonly Option<string> CheckpointsOption = new("--checkpoints") { Description = "Folder of checkpoints that were kept elsewhere.", HelpName = "DIR" };

    private static readonly Option<string[]> PublicKeyOption = new("--public-key") { Description = "Public key (PEM) of the checkpoints; may stand several times, for several servers.", HelpName = "FILE.pem" };

    private static readonly Option<bool> RecomputeOption = new("--recompute") { Description = "Compute every run again from its inputs, and compare bit for bit." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Prove that nothing stored was changed: the chain of the audit log, checkpoints, read streams, seals of runs, layouts, assays, decisions. "
            + "Exit codes: 0 intact, 1 tampering was found, 2 nothing can be verified: wrong arguments, or a file is missing.")
        {
            DataOption, PostgresOption, PasswordFileOption, CheckpointsOption, PublicKeyOption, RecomputeOption, JsonOption,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        string? data = parsed.GetValue(DataOption);
        string? postgres = parsed.GetValue(PostgresOption);
        if ((data is null) == (postgres is null))
        {
            return Refuse(console, "Nothing says what to verify; expected either --data or --postgres.");
        }

        string[] keyFiles = parsed.GetValue(PublicKeyOption) ?? [];
        string? checkpoints = parsed.GetValue(CheckpointsOption);
        if ((checkpoints is null) != (keyFiles.Length == 0))
        {
            return Refuse(console, "Checkpoints and the key that signed them belong together; expected both --checkpoints and --public-key, or neither.");
        }

        ECDsa[] keys = [];
        try
        {
            keys = [.. keyFiles.Select(PublicKeys.Read)];
            var request = new VerificationRequest
            {
                Checkpoints = checkpoints is null ? [] : [.. new CheckpointFolder(checkpoints).ReadAll()],
                PublicKeys = keys,
                Recomputes = parsed.GetValue(RecomputeOption),
            };
            VerificationReport report = data is not null
                ? await DatabaseVerification.RunAsync(Directory.Exists(data) ? Path.Combine(data, DatabaseFile) : data, request, cancellationToken)
                : await VerifyPostgresAsync(postgres!, parsed.GetValue(PasswordFileOption), request, cancellationToken);
            if (checkpoints is null)
            {
                console.Tell("biomarkers verify: No checkpoint was given. Whoever can write the database could have made its audit log anew; only --checkpoints that were kept elsewhere show that.");
            }

            return VerificationAnswer.Of(report).Print(console, parsed.GetValue(JsonOption));
        }
        catch (Exception exception) when (exception is VerificationException or StoreException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Refuse(console, exception.Message);
        }
        finally
        {
            foreach (ECDsa key in keys)
            {
                key.Dispose();
            }
        }
    }

    private static async Task<VerificationReport> VerifyPostgresAsync(string connection, string? passwordFile, VerificationRequest request, CancellationToken cancellationToken)
    {
        string? password = passwordFile is null ? null : File.ReadLines(passwordFile).FirstOrDefault();
        await using var database = new PostgresDatabase(connection, password);
        return await DatabaseVerification.RunAsync(database, request, cancellationToken);
    }

    private static int Refuse(CommandConsole console, string message)
    {
        console.Tell($"biomarkers verify: {message}");
        return ExitCodes.BadInput;
    }
}
