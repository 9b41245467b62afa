using System.CommandLine;
using System.Security.Cryptography;
using Biomarkers.Cli.Verification;
using Biomarkers.Storage;
using Biomarkers.Storage.Bundles;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers verify</c>: proves a database, or a bundle of one run, without a server.</summary>
public static class VerifyCommand
{
    private static readonly DatabaseArguments Database = new();

    private static readonly Option<string> BundleOption = new("--bundle") { Description = "Bundle of a run, as 'biomarkers export' makes one. It is read only.", HelpName = "FILE" };

    private static readonly Option<string> CheckpointsOption = new("--checkpoints") { Description = "Folder of checkpoints that were kept elsewhere.", HelpName = "DIR" };

    private static readonly Option<string[]> PublicKeyOption = new("--public-key") { Description = "Public key (PEM) of the checkpoints; may stand several times, for several servers.", HelpName = "FILE.pem" };

    private static readonly Option<bool> RecomputeOption = new("--recompute") { Description = "Compute every run again from its inputs, and compare bit for bit." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Prove that nothing stored was changed: the chain of the audit log, checkpoints, read streams, seals of runs, layouts, assays, decisions; of a database, or of a bundle of one run. "
            + "Exit codes: 0 intact, 1 tampering was found, 2 nothing can be verified: wrong arguments, a file is missing, or nothing in a bundle is signed by the key that was given.")
        {
            BundleOption, CheckpointsOption, PublicKeyOption, RecomputeOption, JsonOption,
        };
        foreach (Option option in Database.All)
        {
            command.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        string? bundle = parsed.GetValue(BundleOption);
        if (Database.CountOf(parsed) + (bundle is null ? 0 : 1) != 1)
        {
            return Refuse(console, "Nothing says what to verify; expected one of --data, --postgres and --bundle.");
        }

        string[] keyFiles = parsed.GetValue(PublicKeyOption) ?? [];
        string? checkpoints = parsed.GetValue(CheckpointsOption);
        if ((checkpoints is null) != (keyFiles.Length == 0) && (bundle is null || checkpoints is not null))
        {
            return Refuse(console, "Checkpoints and the key that signed them belong together; expected both --checkpoints and --public-key, or neither; with --bundle the key alone will do.");
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
            if (bundle is not null)
            {
                return Tell(console, await BundleVerification.RunAsync(bundle, request, cancellationToken), parsed);
            }

            VerificationReport report = await Database.ReadAsync(
                parsed, file => DatabaseVerification.RunAsync(file, request, cancellationToken), database => DatabaseVerification.RunAsync(database, request, cancellationToken));
            if (checkpoints is null)
            {
                console.Tell("biomarkers verify: No checkpoint was given. Whoever can write the database could have made its audit log anew; only --checkpoints that were kept elsewhere show that.");
            }

            return VerificationAnswer.Of(report).Print(console, parsed.GetValue(JsonOption));
        }
        catch (Exception exception)
            when (exception is BundleException or VerificationException or StoreException or IOException or InvalidDataException or UnauthorizedAccessException)
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

    // Whoever gives a key asks whose the bundle is: one without a checkpoint must not pass for proven.
    private static int Tell(CommandConsole console, BundleReport report, ParseResult parsed)
    {
        int code = BundleAnswer.Of(report).Print(console, parsed.GetValue(JsonOption));
        bool isUnproven = code == ExitCodes.Ok && report.Trust == CheckpointTrust.None && parsed.GetValue(PublicKeyOption) is { Length: > 0 };
        return isUnproven ? Refuse(console, "No checkpoint that a key of yours signed vouches for the bundle; nothing says whose it is.") : code;
    }

    private static int Refuse(CommandConsole console, string message)
    {
        console.Tell($"biomarkers verify: {message}");
        return ExitCodes.BadInput;
    }
}
