using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Servers;
using Biomarkers.Client.Spool;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers spool</c>: what waits on this machine's disk, and its way to the server.</summary>
public static class SpoolCommand
{
    private static readonly Argument<string> FolderArgument = new("folder") { Description = "Folder of the spool, as named by 'send --spool' or by an adapter." };

    private static readonly Option<bool> SendOption = new("--send") { Description = "Send what waits. No other command or adapter may have the spool open then." };

    private static readonly Option<bool> TakeOverOption = SpoolSending.TakeOverOption();

    private static readonly Option<double> PatienceOption = new("--patience")
    {
        Description = "Seconds that the server may be out of reach with --send.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 30,
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON object." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "spool",
            "Show what waits in a spool, or send it. Exit codes: 0 nothing waits, 1 the server does not use something of it or the disk damaged it, 2 no spool or wrong arguments, 3 events wait.")
        {
            FolderArgument, SendOption, TakeOverOption, PatienceOption, JsonOption,
        };
        ServerArguments.SetWork(command, call => SpoolSending.GuardAsync(call, "biomarkers spool", () => RunAsync(call)));
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        string folder = call.Parsed.GetRequiredValue(FolderArgument);
        double patience = call.Parsed.GetValue(PatienceOption);
        if (!(patience is > 0 and <= 86_400))
        {
            return call.Console.Refuse(
                "biomarkers spool",
                [new Fault("--patience", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{patience} is no number of seconds; expected more than 0 and at most 86400."))]);
        }

        // A folder that holds no spool is a mistake here; 'send' makes one.
        SpoolStatus status = EventSpool.Look(folder, TimeProvider.System);
        int code = status switch
        {
            { WaitingCount: > 0 } => ExitCodes.Waiting,
            { Damage.Count: > 0 } => ExitCodes.Negative,
            _ => ExitCodes.Ok,
        };
        if (call.Parsed.GetValue(SendOption))
        {
            using EventSpool spool = EventSpool.Open(folder, new EventSpoolOptions(), TimeProvider.System);
            var sending = new SpoolSending(call, spool);
            code = await sending.SendAsync(call.Parsed.GetValue(TakeOverOption), TimeSpan.FromSeconds(patience), new SendCommand.ReconnectNotes(call.Console));
            status = spool.Status;
        }
        else
        {
            SpoolSending.TellDamage(call, status);
        }

        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(status);
        }
        else
        {
            Print(call, status);
        }

        return code;
    }

    private static void Print(ServerCall call, SpoolStatus status)
    {
        call.Console.WriteLine($"Instrument {status.InstrumentId}, stream {status.StreamId}");
        string oldest = status.OldestWaiting is { } time ? string.Create(CultureInfo.InvariantCulture, $", the oldest since {time:yyyy-MM-dd HH:mm:ss} UTC") : "";
        call.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ListTables.Count(status.WaitingCount, "event")} waiting ({status.WaitingBytes} bytes){oldest}"));
        call.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ListTables.Count(status.KeptCount, "acknowledged event")} kept ({status.KeptBytes} bytes)"));
        if (status is { WaitingSince: { } since, LastFault: { } fault })
        {
            call.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Not delivered since {since:yyyy-MM-dd HH:mm:ss} UTC: {fault.ReplaceLineEndings(" ")}"));
        }

        if (status.FencedBy is { } fenced)
        {
            call.Console.WriteLine($"Fenced: {fenced.ReplaceLineEndings(" ")} Nothing is sent without --take-over.");
        }
    }
}
