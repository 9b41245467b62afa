using System.CommandLine;
using System.Text.Json;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Google.Protobuf;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers quarantine</c>: events that could not be used, and what becomes of them.</summary>
public static class QuarantineCommand
{
    private static readonly Argument<string> NameArgument = new("event") { Description = "Number of the event, as 'biomarkers quarantine list' shows it." };

    private static readonly Option<string> InstrumentOption = new("--instrument") { Description = "Only events of this instrument. Default: of all.", HelpName = "ID" };

    private static readonly Option<bool> AllOption = new("--all") { Description = "Also events about which somebody has decided." };

    private static readonly Option<string> ContentOption = new("--content")
    {
        Description = "Content to use in place of what was sent: JSON, such as 'biomarkers quarantine show' prints, mended. Default: what was sent.",
        HelpName = "FILE.json",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "List events that wait for a decision, newest first.") { InstrumentOption, AllOption, Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var show = new Command("show", "Print every fault of an event on the error stream, and what was sent as JSON.") { NameArgument };
        ServerArguments.SetWork(show, ShowAsync);
        var replay = new Command("replay", "Use an event: as it was sent, when what it lacked is there by now, or with mended content.")
        {
            NameArgument, HeldCommand.ReasonOption, ContentOption, JsonOption,
        };
        ServerArguments.SetWork(replay, ReplayAsync);
        var dismiss = new Command("dismiss", "Never use an event; what was sent stays.") { NameArgument, HeldCommand.ReasonOption, JsonOption };
        ServerArguments.SetWork(dismiss, DismissAsync);
        return new Command("quarantine", "Events that are stored and could not be used. Exit codes: 0 done, 2 wrong arguments or input, refused or no answer.") { list, show, replay, dismiss };
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers quarantine list",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListQuarantinedEventsRequest
            {
                PageSize = size,
                PageToken = token,
                Parent = Names.InCollection("instruments", call.Parsed.GetValue(InstrumentOption) ?? "-"),
                UnresolvedOnly = !call.Parsed.GetValue(AllOption),
            };
            V1.ListQuarantinedEventsResponse page = await call.Connection.Ingest.ListQuarantinedEventsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.QuarantinedEvent>(page.QuarantinedEvents, page.NextPageToken);
        },
        QuarantinedRow.Of,
        ListTables.Print);

    private static async Task<int> ShowAsync(ServerCall call)
    {
        var request = new V1.GetQuarantinedEventRequest { Name = NameOf(call) };
        V1.QuarantinedEventContent shown = await call.Connection.Ingest.GetQuarantinedEventAsync(request, cancellationToken: call.CancellationToken);
        QuarantinedRow row = QuarantinedRow.Of(shown.QuarantinedEvent);
        foreach (Client.FieldFault fault in row.Faults)
        {
            call.Console.Tell($"{fault.Field}: {fault.Reason}: {fault.Description}");
        }

        if (shown.ParsedContent is null)
        {
            call.Console.Tell($"The {shown.Content.Length} bytes are no message; in base64:");
            call.Console.WriteLine(shown.Content.ToBase64());
        }
        else
        {
            using var json = JsonDocument.Parse(JsonFormatter.Default.Format(shown.ParsedContent));
            call.Console.WriteJson(json.RootElement);
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ReplayAsync(ServerCall call)
    {
        V1.StreamEventContent? content = null;
        if (call.Parsed.GetValue(ContentOption) is { } path)
        {
            try
            {
                content = JsonParser.Default.Parse<V1.StreamEventContent>(await File.ReadAllTextAsync(path, call.CancellationToken));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidProtocolBufferException or InvalidJsonException)
            {
                return call.Console.Refuse(path, [new Fault("", FaultReasons.InvalidFile, $"It holds no content of an event: {exception.Message}")]);
            }
        }

        var request = new V1.ReplayQuarantinedEventRequest { Name = NameOf(call), Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption), RepairedContent = content };
        return Print(call, await call.Connection.Ingest.ReplayQuarantinedEventAsync(request, cancellationToken: call.CancellationToken));
    }

    private static async Task<int> DismissAsync(ServerCall call)
    {
        var request = new V1.DismissQuarantinedEventRequest { Name = NameOf(call), Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption) };
        return Print(call, await call.Connection.Ingest.DismissQuarantinedEventAsync(request, cancellationToken: call.CancellationToken));
    }

    private static string NameOf(ServerCall call) => Names.InCollection("quarantinedEvents", call.Parsed.GetRequiredValue(NameArgument));

    private static int Print(ServerCall call, V1.QuarantinedEvent refused)
    {
        QuarantinedRow row = QuarantinedRow.Of(refused);
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(row);
        }
        else
        {
            ListTables.Print(call.Console, [row]);
        }

        return ExitCodes.Ok;
    }
}
