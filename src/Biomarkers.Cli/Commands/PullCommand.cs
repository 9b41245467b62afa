using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Pulling;
using Biomarkers.Cli.Servers;
using Biomarkers.Client.Pulling;
using Biomarkers.Immunoassay;
using Biomarkers.Interchange;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers pull</c>: released results of a subscription into files.</summary>
public static class PullCommand
{
    private const string Source = "biomarkers pull";

    /// <summary>A server that does not answer ends a command that pulls once.</summary>
    private static readonly TimeSpan OncePatience = TimeSpan.FromSeconds(30);

    /// <summary>Less than the two seconds that the command line gives to what was interrupted.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(1.5);

    private static readonly Dictionary<string, string> ShortIds = new() { ["fhir"] = "fhir-r4", ["hl7"] = "hl7-v2.5.1", ["lis2"] = "lis2-a2" };

    private static readonly Option<string> SubscriptionOption = new("--subscription") { Description = "The subscription, as 'biomarkers subscriptions list' shows it.", Required = true, HelpName = "ID" };

    private static readonly Option<string> FormatOption = new("--format")
    {
        Description = $"fhir, hl7, lis2, csv or json; in full {ResultFormats.KnownIds}.",
        Required = true,
        HelpName = "FORMAT",
    };

    private static readonly Option<string> OutOption = new("--out") { Description = "Folder for the files, one for each version, and for checkpoints/.", Required = true, HelpName = "DIR" };

    private static readonly Option<bool> OnceOption = new("--once") { Description = "End when nothing is due. Default: go on until interrupted." };

    private static readonly Option<int?> WaitOption = new("--wait") { Description = "Seconds that the server waits for a first version, 0 to 20. Default 20, with --once 0.", HelpName = "S" };

    private static readonly Option<int> MaximumOption = new("--max")
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"Most versions at a time, 1 to {ResultPullerOptions.MostVersions}."),
        HelpName = "N",
        DefaultValueFactory = _ => 100,
    };

    private static readonly Option<string> SenderOption = new("--sender") { Description = "Sending application of the messages.", HelpName = "NAME", DefaultValueFactory = _ => "Biomarkers" };

    private static readonly Option<string> SenderFacilityOption = new("--sender-facility") { Description = "Sending laboratory.", HelpName = "NAME" };

    private static readonly Option<string> ReceiverOption = new("--receiver") { Description = "Receiving application.", HelpName = "NAME" };

    private static readonly Option<string> ReceiverFacilityOption = new("--receiver-facility") { Description = "Receiving hospital or laboratory, with --receiver.", HelpName = "NAME" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document at the end." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "pull",
            "Write released results into files and acknowledge each when it is on the disk. A version that is interrupted comes again and gives the same file. "
            + "Exit codes: 0 ended as asked, 1 a version could not be written in this format and was refused, 2 wrong arguments or input, or no answer.")
        {
            SubscriptionOption, FormatOption, OutOption, OnceOption, WaitOption, MaximumOption,
            SenderOption, SenderFacilityOption, ReceiverOption, ReceiverFacilityOption, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        List<Fault> faults = [];
        ResultFormat? format = ReadFormat(call.Parsed.GetRequiredValue(FormatOption), faults);
        bool isOnce = call.Parsed.GetValue(OnceOption);
        int longest = (int)ResultPullerOptions.LongestWait.TotalSeconds;
        int wait = ReadRange("--wait", call.Parsed.GetValue(WaitOption) ?? (isOnce ? 0 : longest), 0, longest, faults);
        int most = ReadRange("--max", call.Parsed.GetValue(MaximumOption), 1, ResultPullerOptions.MostVersions, faults);
        MessageParty sender = new(call.Parsed.GetRequiredValue(SenderOption), call.Parsed.GetValue(SenderFacilityOption));
        MessageParty? receiver = ReadReceiver(call.Parsed, faults);
        faults.AddRange(InterchangeOptions.Create(sender, receiver, DateTimeOffset.UnixEpoch, "any").Faults);
        string subscription = Names.InCollection("subscriptions", call.Parsed.GetRequiredValue(SubscriptionOption));
        if (faults.Count > 0 || format is null)
        {
            return call.Console.Refuse(Source, faults);
        }

        if (isOnce)
        {
            // First: a subscription that is not there, or a server that is away, is told before a folder is made. Who pulls for ever waits for the server.
            await BacklogAsync(call, subscription);
        }

        string path = call.Parsed.GetRequiredValue(OutOption);
        try
        {
            using var folder = ResultFolder.Open(path, format, (time, controlId) => InterchangeOptions.Create(sender, receiver, time, controlId).ValueOrThrow());
            return await PullAsync(call, folder, isOnce, new PullSummary(subscription, format.Id, path), new ResultPullerOptions
            {
                Subscription = subscription,
                MaximumVersions = most,
                Wait = TimeSpan.FromSeconds(wait),
                GiveUpAfter = isOnce ? OncePatience : null,
                EndTimeout = EndTimeout,
                Notices = new NoticeLines(call.Console),
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return call.Console.Refuse(path, [new Fault("", FaultReasons.InvalidFile, $"Unable to write: {exception.Message}")]);
        }
    }

    private static async Task<int> PullAsync(ServerCall call, ResultFolder folder, bool isOnce, PullSummary summary, ResultPullerOptions options)
    {
        int checkpoints = 0;
        var puller = new ResultPuller(
            call.Connection.Delivery,
            options with
            {
                Checkpoints = (checkpoint, _) =>
                {
                    folder.Keep(checkpoint);
                    checkpoints++;
                    return Task.CompletedTask;
                },
            },
            TimeProvider.System);
        call.Console.Tell($"Pulling {summary.Subscription} from {call.Connection.Server}.");
        try
        {
            await (isOnce ? puller.DrainAsync(WriteAsync, call.CancellationToken) : puller.RunAsync(WriteAsync, call.CancellationToken));
        }
        catch (OperationCanceledException) when (call.CancellationToken.IsCancellationRequested)
        {
            // An interrupt is how a command without --once ends.
            call.Console.Tell("Interrupted; what is not acknowledged comes again.");
        }

        PullCounts counts = puller.Counts;
        PullSummary done = summary with
        {
            Written = counts.HandedOver,
            Acknowledged = counts.Acknowledged,
            Repeated = counts.Repeated,
            Refused = counts.Refused,
            Checkpoints = checkpoints,
        };
        if (isOnce && !call.CancellationToken.IsCancellationRequested)
        {
            V1.Subscription left = await BacklogAsync(call, summary.Subscription);
            done = done with { WaitingElsewhere = left.WaitingCount + left.LeasedCount, Parked = left.ParkedCount };
        }

        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(done);
        }
        else
        {
            call.Console.WriteLine(done.ToString());
        }

        return counts.Refused > 0 ? ExitCodes.Negative : ExitCodes.Ok;

        Task WriteAsync(PulledResult pulled, CancellationToken cancellationToken)
        {
            string file = folder.Write(pulled);
            call.Console.Tell($"{pulled.VersionName} {CommandConsole.WordOf(pulled.Delivery.Result.Status)}: {Path.GetFileName(file)}");
            return Task.CompletedTask;
        }
    }

    private static async Task<V1.Subscription> BacklogAsync(ServerCall call, string subscription) =>
        await call.Connection.Delivery.GetSubscriptionAsync(new V1.GetSubscriptionRequest { Name = subscription }, cancellationToken: call.CancellationToken);

    private static ResultFormat? ReadFormat(string text, List<Fault> faults)
    {
        if (ResultFormats.TryFind(ShortIds.GetValueOrDefault(text, text), out ResultFormat? format))
        {
            return format;
        }

        faults.Add(new Fault("--format", FaultReasons.UnknownWord, $"There is no '{text}'; expected {string.Join(", ", ShortIds.Keys)}, {ResultFormats.KnownIds}."));
        return null;
    }

    private static MessageParty? ReadReceiver(ParseResult parsed, List<Fault> faults)
    {
        string? receiver = parsed.GetValue(ReceiverOption);
        string? facility = parsed.GetValue(ReceiverFacilityOption);
        if (receiver is null && facility is not null)
        {
            faults.Add(new Fault("--receiver-facility", FaultReasons.Required, $"'{facility}' is the place of a receiver; expected --receiver beside it."));
        }

        return receiver is null ? null : new MessageParty(receiver, facility);
    }

    private static int ReadRange(string option, int value, int least, int most, List<Fault> faults)
    {
        if (value < least || value > most)
        {
            faults.Add(new Fault(option, FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{value} is out of range; expected {least} to {most}.")));
        }

        return value;
    }

    /// <summary>Notices as lines of the error stream, one at a time.</summary>
    private sealed class NoticeLines(CommandConsole console) : IProgress<PullNotice>
    {
        private readonly Lock gate = new();

        public void Report(PullNotice value)
        {
            lock (gate)
            {
                console.Tell(value.VersionName is { } name ? $"{name} {CommandConsole.WordOf(value.Kind)}: {value.Text}" : value.Text.ReplaceLineEndings(" "));
            }
        }
    }
}
