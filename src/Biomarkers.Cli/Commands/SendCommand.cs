using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Plates;
using Biomarkers.Cli.Servers;
using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers send</c>: plate files to a server, as an instrument sends them.</summary>
public static class SendCommand
{
    private static readonly Argument<string[]> FilesArgument = new("file") { Description = $"Plate files: {PlateFileFormats.KnownNames}.", Arity = ArgumentArity.OneOrMore };

    private static readonly Option<string> InstrumentOption = new("--instrument") { Description = "Who read the plates.", HelpName = "ID", Required = true };

    private static readonly Option<string> StreamOption = new("--stream")
    {
        Description = "Stream of the instrument. One sender at a time: a second one shuts out the first. Default: cli- and the name of this machine.",
        HelpName = "ID",
    };

    private static readonly Option<string> AssayOption = new("--assay")
    {
        Description = "Assay of the server by which the plates are analysed, in its newest version or one such as il-6@1. Needed with a layout.",
        HelpName = "ID",
    };

    private static readonly Option<string> LayoutOption = new("--layout") { Description = "Plain CSV that says what is in the wells, where the plate files do not.", HelpName = "FILE.csv" };

    private static readonly Option<bool> NoLayoutOption = new("--no-layout") { Description = "Send the responses alone; the plate then waits for its layout." };

    private static readonly Option<string> BarcodeOption = new("--barcode") { Description = "Barcode of the plate, for one file. Default: as the file or its name says.", HelpName = "NAME" };

    private static readonly Option<string> ReadIdOption = new("--read-id")
    {
        Description = "Name of the reading, for one file. Default: the first 16 digits of the file's SHA-256, so that sending it again changes nothing.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> WaitOption = new("--wait") { Description = "Wait for the run of each plate and print its verdict." };

    private static readonly Option<double> PatienceOption = new("--patience")
    {
        Description = "Seconds that the server may be out of reach, and that a run may take with --wait.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 30,
    };

    private static readonly Option<string> SpoolOption = new("--spool")
    {
        Description = "Folder that keeps what is sent on this machine's disk until the server has it, and for seven days after. Made where it is not there; one command at a time.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> TakeOverOption = SpoolSending.TakeOverOption();

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON array." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "send",
            "Send plate files. Exit codes: 0 all stored or known already (with --wait: and accepted), 1 one was quarantined or is held for a decision (or has no accepted run), 2 wrong arguments or input, or no answer; with --spool: 3 spooled, and not all of it acknowledged.")
        {
            FilesArgument, InstrumentOption, StreamOption, AssayOption, LayoutOption, NoLayoutOption, BarcodeOption, ReadIdOption,
            WaitOption, PatienceOption, SpoolOption, TakeOverOption, JsonOption,
        };
        foreach (Option option in PlateFileArguments.All)
        {
            command.Add(option);
        }

        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        List<Fault> faults = [];
        PlateFileSettings settings = PlateFileArguments.Read(call.Parsed, call.Parsed.GetValue(BarcodeOption), faults);
        string stream = call.Parsed.GetValue(StreamOption) ?? PlateSending.DefaultStreamId(Environment.MachineName);
        string instrument = Names.IdIn("instruments", call.Parsed.GetRequiredValue(InstrumentOption));
        CheckOptions(call, stream, instrument, faults);
        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers send", faults);
        }

        // The names of analytes and the detector are the assay's, so that it is asked for first.
        TimeSpan patience = TimeSpan.FromSeconds(call.Parsed.GetValue(PatienceOption));
        if (call.Parsed.GetValue(SpoolOption) is { } folder)
        {
            return await SpoolSending.GuardAsync(call, "biomarkers send", () => SpoolAsync(call, folder, instrument, settings, patience));
        }

        ServerAssay? assay = call.Parsed.GetValue(AssayOption) is { } name ? await ServerAssay.FindAsync(call, name, patience) : null;
        var options = new PlateReadSenderOptions
        {
            InstrumentId = instrument,
            StreamId = stream,
            ClientVersion = $"biomarkers {typeof(SendCommand).Assembly.GetName().Version?.ToString(3)}",
            MaximumBackoff = TimeSpan.FromSeconds(5),
            GiveUpAfter = patience,
            TakeOver = call.Parsed.GetValue(TakeOverOption),
            Progress = new ReconnectNotes(call.Console),
        };
        await using var sender = PlateReadSender.Start(call.Connection.Ingest, options, TimeProvider.System);
        string[] files = call.Parsed.GetRequiredValue(FilesArgument);
        var sent = new List<SentFile>();
        for (int i = 0; i < files.Length; i++)
        {
            var open = new OpenStream(sender, instrument, stream);
            SentFile file = await SendFileAsync(call, files[i], settings, assay, (input, readId, layout) => PlateSending.SendAsync(call, open, input, readId, layout));
            sent.Add(file);
            Print(call, file, files.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"[{i + 1}/{files.Length}] "));
        }

        await sender.CompleteAsync(call.CancellationToken);
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(sent);
        }

        // What was stored, then lost with the server's database and could not be used again is not stored any more.
        int restored = sender.LastRestoration is { Refused.Count: > 0 } ? ExitCodes.Negative : ExitCodes.Ok;
        return Math.Max(restored, sent.Max(file => ExitCodeOf(file, call.Parsed.GetValue(WaitOption))));
    }

    private static async Task<int> SpoolAsync(ServerCall call, string folder, string instrument, PlateFileSettings settings, TimeSpan patience)
    {
        var options = new EventSpoolOptions { InstrumentId = instrument, StreamId = call.Parsed.GetValue(StreamOption) };
        using EventSpool spool = EventSpool.Open(folder, options, TimeProvider.System);
        ServerAssay? assay = call.Parsed.GetValue(AssayOption) is { } name ? await ServerAssay.FindOrRecallAsync(call, name, spool.Folder) : null;
        var sending = new SpoolSending(call, spool);
        string[] files = call.Parsed.GetRequiredValue(FilesArgument);
        var sent = new List<SentFile>();
        foreach (string path in files)
        {
            sent.Add(await SendFileAsync(call, path, settings, assay, sending.AcceptAsync));
        }

        int code = await sending.SendAsync(call.Parsed.GetValue(TakeOverOption), patience, new ReconnectNotes(call.Console));
        for (int i = 0; i < sent.Count; i++)
        {
            sent[i] = sending.WithOutcome(sent[i]);
            Print(call, sent[i], files.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"[{i + 1}/{files.Length}] "));
        }

        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(sent);
        }

        // A file that is not right is told first: it is not in the spool.
        return sent.Exists(file => file.Outcome == FileOutcome.Refused) ? ExitCodes.BadInput : code;
    }

    private static void CheckOptions(ServerCall call, string stream, string instrument, List<Fault> faults)
    {
        Texts.CheckName("--instrument", instrument, faults);
        Texts.CheckName("--stream", stream, faults);
        double patience = call.Parsed.GetValue(PatienceOption);
        if (!(patience is > 0 and <= 86_400))
        {
            faults.Add(new Fault("--patience", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{patience} is no number of seconds; expected more than 0 and at most 86400.")));
        }

        if (call.Parsed.GetValue(ReadIdOption) is { } readId)
        {
            Texts.CheckName("--read-id", readId, faults);
        }

        foreach (Option<string> option in new[] { BarcodeOption, ReadIdOption })
        {
            if (call.Parsed.GetValue(option) is not null && call.Parsed.GetRequiredValue(FilesArgument).Length > 1)
            {
                faults.Add(new Fault(option.Name, FaultReasons.Duplicate, $"'{call.Parsed.GetValue(option)}' names one plate; expected one file."));
            }
        }

        if (call.Parsed.GetValue(SpoolOption) is not null && call.Parsed.GetValue(WaitOption))
        {
            faults.Add(new Fault("--wait", FaultReasons.Duplicate, "--spool sends also while the server is away; expected one of both."));
        }

        if (call.Parsed.GetValue(NoLayoutOption) && call.Parsed.GetValue(LayoutOption) is not null)
        {
            faults.Add(new Fault("--no-layout", FaultReasons.Duplicate, "--layout names a layout; expected one of both."));
        }
    }

    private static async Task<SentFile> SendFileAsync(
        ServerCall call, string path, PlateFileSettings settings, ServerAssay? assay, Func<PlateInput, string, PlateLayout?, Task<SentFile>> send)
    {
        Checked<PlateInput> read = await PlateInput.ReadAsync(path, settings, assay?.Definition, call.CancellationToken);
        if (read.Value is not { } input)
        {
            return Refused(path, read.Faults);
        }

        foreach (PlateFileNotice notice in input.File.Notices)
        {
            call.Console.Tell($"{path}: {notice}");
        }

        string? layoutPath = call.Parsed.GetValue(LayoutOption);
        PlateLayout? layout = null;
        bool isLeftOut = call.Parsed.GetValue(NoLayoutOption);
        if (!isLeftOut && layoutPath is null && input.File.LayoutWells.Count == 0)
        {
            return Refused(path, [new Fault(
                "",
                FaultReasons.Required,
                "The file does not say what is in the wells; name a file of it by --layout, or send the responses alone by --no-layout and the layout by 'biomarkers layout'.")]);
        }

        if (!isLeftOut)
        {
            if (assay is null)
            {
                return Refused(path, [new Fault("", FaultReasons.Required, "The plate has a layout; name its assay by --assay, or leave the layout out by --no-layout.")]);
            }

            (Checked<PlateLayout> made, string source) = await input.ReadLayoutAsync(layoutPath, settings, assay.Definition, assay.LayoutVersion, call.CancellationToken);
            layout = made.Value;
            if (layout is null)
            {
                return Refused(path, made.Faults.Select(fault => source == path ? fault : fault with { Description = $"{fault.Description} (in {source})" }));
            }
        }

        string readId = call.Parsed.GetValue(ReadIdOption) ?? PlateSending.DefaultReadId(input.FileHash);
        SentFile sent = await send(input, readId, layout);
        bool isWaitedFor = call.Parsed.GetValue(WaitOption) && sent.Outcome is FileOutcome.Stored or FileOutcome.Duplicate;
        return isWaitedFor ? await PlateSending.WaitAsync(call, sent, TimeSpan.FromSeconds(call.Parsed.GetValue(PatienceOption))) : sent;
    }

    private static SentFile Refused(string path, IEnumerable<Fault> faults) =>
        new(path, FileOutcome.Refused, null, null, null, [.. faults.Select(fault => new SentFault(fault.Field, fault.Reason, fault.Description))]);

    private static void Print(ServerCall call, SentFile file, string progress)
    {
        if (file.Outcome is FileOutcome.Refused or FileOutcome.Quarantined or FileOutcome.Held)
        {
            call.Console.Refuse(file.File, file.Faults.Select(fault => new Fault(fault.Field, fault.Reason, fault.Description)));
        }

        string plate = file.Plate is null ? "" : $", plate {file.Plate}, read {file.ReadId}";
        string line = $"{progress}{file.File}: {file.Outcome.ToString().ToUpperInvariant()}{plate}";
        if (file.Run is { } run)
        {
            line += $": {CommandConsole.WordOf(run.Verdict)}, {run.Name}, {ListTables.Count(run.ResultCount, "result")}, {ListTables.Count(run.FlagCount, "finding")}";
        }
        else if (file.PlateState is { } state)
        {
            line += $": {state}";
        }

        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.Tell(line);
        }
        else
        {
            call.Console.WriteLine(line);
        }
    }

    private static int ExitCodeOf(SentFile file, bool isWaitedFor) => file.Outcome switch
    {
        FileOutcome.Refused => ExitCodes.BadInput,
        FileOutcome.Quarantined or FileOutcome.Held => ExitCodes.Negative,
        _ when isWaitedFor && file.Run?.Verdict != RunVerdict.Accepted => ExitCodes.Negative,
        _ => ExitCodes.Ok,
    };

    /// <summary>Tells why a sender waits, and what a restored database lacks.</summary>
    internal sealed class ReconnectNotes(CommandConsole console) : IProgress<SenderState>
    {
        public void Report(SenderState value)
        {
            if (value is { Activity: SenderActivity.WaitingToReconnect, RetryDelay: { } delay })
            {
                console.Tell(string.Create(CultureInfo.InvariantCulture, $"Connecting again in {delay.TotalSeconds:F1} s: {value.Text?.ReplaceLineEndings(" ")}"));
            }
            else if (value is { Activity: SenderActivity.Restored, Text: { } text })
            {
                console.Tell(text.ReplaceLineEndings(" "));
            }
        }
    }
}
