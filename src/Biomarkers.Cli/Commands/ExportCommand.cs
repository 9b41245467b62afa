using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using Biomarkers.Cli.Servers;
using Biomarkers.Cli.Verification;
using Biomarkers.Storage;
using Biomarkers.Storage.Bundles;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;
using Google.Protobuf;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers export</c>: makes a bundle of a run, for whoever has neither server nor database.</summary>
public static class ExportCommand
{
    private static readonly DatabaseArguments Database = new();

    private static readonly Option<string> RunOption = new("--run") { Description = "Run, such as 17 or analyticalRuns/17.", HelpName = "NAME", Required = true };

    private static readonly Option<string> OutOption = new("--out") { Description = "File of the bundle; nothing may be there yet.", HelpName = "FILE", Required = true };

    private static readonly Option<string> CheckpointsOption = new("--checkpoints")
    {
        Description = "Folder of the servers' checkpoints, of which the newest that fits goes along with its key. Default: 'checkpoints' in the data folder.",
        HelpName = "DIR",
    };

    private static readonly Option<string[]> PublicKeyOption = new("--public-key") { Description = "Public key (PEM) of the checkpoints; may stand several times. Default: those in the folder.", HelpName = "FILE.pem" };

    private static readonly Option<bool> ShortOption = new("--short")
    {
        Description = "End the audit log at the first checkpoint after the plate's newest event: smaller, shows less of other plates, and proves nothing about what came later.",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "export",
            "Make a bundle of a run out of a database, without its server: what was sent, layout, assay, results in all their versions, holds, signatures, and the part of the audit log "
            + "and the checkpoint that prove them. 'biomarkers verify --bundle' proves it. Exit codes: 0 made and verified, 1 what is stored is not what was stored (nothing is made), "
            + "2 it can't be made: wrong arguments, or no such run.")
        {
            RunOption, OutOption, CheckpointsOption, PublicKeyOption, ShortOption, JsonOption,
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
        if (Database.CountOf(parsed) != 1)
        {
            return Refuse(console, "Nothing says out of what; expected either --data or --postgres.");
        }

        string name = Names.InCollection("analyticalRuns", parsed.GetRequiredValue(RunOption));
        if (!long.TryParse(Names.LastOf(name), NumberStyles.None, CultureInfo.InvariantCulture, out long runKey))
        {
            return Refuse(console, $"'{name}' is no run; expected one such as analyticalRuns/17.");
        }

        ECDsa[] keys = [];
        try
        {
            string? folder = parsed.GetValue(CheckpointsOption) ?? DefaultFolder(parsed);
            CheckpointFolder? checkpoints = folder is null ? null : new CheckpointFolder(folder);
            string[] keyFiles = parsed.GetValue(PublicKeyOption) is { Length: > 0 } given ? given : [.. checkpoints?.KeyFiles() ?? []];
            keys = [.. keyFiles.Select(PublicKeys.Read)];
            var request = new BundleRequest(runKey, parsed.GetRequiredValue(OutOption), CreatedBy(), TimeProvider.System, PartOf)
            {
                Checkpoints = [.. checkpoints?.ReadAll() ?? []],
                PublicKeys = keys,
                IsShort = parsed.GetValue(ShortOption),
            };
            ExportedBundle made = await Database.ReadAsync(
                parsed, file => BundleExport.RunAsync(file, request, cancellationToken), database => BundleExport.RunAsync(database, request, cancellationToken));
            return Tell(console, made, parsed);
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

    private static int Tell(CommandConsole console, ExportedBundle made, ParseResult parsed)
    {
        string file = parsed.GetRequiredValue(OutOption);
        if (made.UnfitCheckpointCount > 0)
        {
            console.Tell(string.Create(CultureInfo.InvariantCulture,
                $"biomarkers export: {made.UnfitCheckpointCount} checkpoints do not fit this database: another key, another ledger, or another history. 'biomarkers verify' says which."));
        }

        if (!made.Report.IsIntact)
        {
            console.Tell($"biomarkers export: What is stored is not what was stored; '{file}' was not made.");
        }
        else if (made.Report.Checkpoint is null)
        {
            console.Tell("biomarkers export: The bundle has no checkpoint: it proves that its parts belong together, and nothing to whoever does not trust who made it. "
                + "Name the folder by --checkpoints; a server writes one within 60 s and at its end.");
        }
        else if (!made.Report.IsVouchedFor)
        {
            console.Tell(string.Create(CultureInfo.InvariantCulture,
                $"biomarkers export: No checkpoint was made after event {made.Report.NewestAboutPlate}, the plate's newest; the one in the bundle is of event {made.Report.Checkpoint.Sequence}. Export again when there is one."));
        }

        if (parsed.GetValue(JsonOption))
        {
            return BundleAnswer.Of(made.Report).Print(console, isJson: true);
        }

        if (made.Report.IsIntact)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Made '{file}': {made.Bytes} bytes"));
            foreach (BundlePart part in made.Manifest.Parts)
            {
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {part.Name}: {part.Bytes} bytes, SHA-256 {part.Sha256}"));
            }
        }

        return BundleAnswer.Of(made.Report).Print(console, isJson: false);
    }

    private static string? DefaultFolder(ParseResult parsed) =>
        Database.FolderOf(parsed) is { } data && Path.Combine(data, "checkpoints") is var folder && Directory.Exists(folder) ? folder : null;

    private static string CreatedBy() => $"biomarkers {typeof(ExportCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    // Reads that came in parts are found by what their events say.
    private static SentPart? PartOf(byte[] bytes)
    {
        try
        {
            var content = V1.StreamEventContent.Parser.ParseFrom(bytes);
            return content.ContentCase switch
            {
                V1.StreamEventContent.ContentOneofCase.PlateRead => new SentPart(content.PlateRead.ReadId, IsFirst: true),
                V1.StreamEventContent.ContentOneofCase.PlateStarted => new SentPart(content.PlateStarted.ReadId, IsFirst: true),
                V1.StreamEventContent.ContentOneofCase.WellsRead => new SentPart(content.WellsRead.ReadId, IsFirst: false),
                V1.StreamEventContent.ContentOneofCase.PlateCompleted => new SentPart(content.PlateCompleted.ReadId, IsFirst: false),
                _ => null,
            };
        }
        catch (InvalidProtocolBufferException)
        {
            // Refused events are kept as they came.
            return null;
        }
    }

    private static int Refuse(CommandConsole console, string message)
    {
        console.Tell($"biomarkers export: {message}");
        return ExitCodes.BadInput;
    }
}
