using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers subscriptions</c>: what LIMS want to be told, and how far they are.</summary>
public static class SubscriptionsCommand
{
    private const string Collection = "subscriptions";

    private static readonly Argument<string> IdArgument = new("subscription") { Description = "Id of the subscription, such as lims-1." };

    private static readonly Option<string[]> StudyOption = new("--study") { Description = "Only results of this study; may stand several times.", HelpName = "ID" };

    private static readonly Option<string[]> AnalyteOption = new("--analyte") { Description = "Only results of this analyte; may stand several times.", HelpName = "ANALYTE" };

    private static readonly Option<string[]> StatusOption = new("--status")
    {
        Description = "Only versions of this status; may stand several times: final, corrected, withdrawn, cancelled. Who leaves out corrected, withdrawn or cancelled is not told what was put right or taken back.",
        HelpName = "STATUS",
    };

    private static readonly Option<int?> DeadlineOption = new("--ack-deadline") { Description = "Seconds that a delivery may take to be acknowledged, 1 to 600. Default 60.", HelpName = "S" };

    private static readonly Option<bool> FromBeginningOption = new("--from-beginning") { Description = "What was released before, too. Default: what is released from now on." };

    private static readonly Option<DateTimeOffset?> SinceOption = new("--since") { Description = "Versions that were released after this time, such as 2026-11-23T10:00Z.", HelpName = "TIME" };

    private static readonly Option<bool> AllOption = new("--from-beginning") { Description = "Every version that was ever released." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list and parked, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var create = new Command("create", "Make a subscription. It belongs to the holder of the key; its id is never given again.")
        {
            IdArgument, StudyOption, AnalyteOption, StatusOption, DeadlineOption, FromBeginningOption, JsonOption,
        };
        ServerArguments.SetWork(create, CreateAsync);
        var list = new Command("list", "List subscriptions with their backlogs: the caller's own, or all for an admin or auditor.") { Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var show = new Command("show", "Show a subscription with its backlog.") { IdArgument, JsonOption };
        ServerArguments.SetWork(show, ShowAsync);
        var delete = new Command("delete", "End a subscription for good.") { IdArgument, HeldCommand.ReasonOption, JsonOption };
        ServerArguments.SetWork(delete, DeleteAsync);
        var seek = new Command("seek", "Have versions that were released after a time delivered again, whatever became of them; those of them that are parked, too.") { IdArgument, SinceOption, AllOption, JsonOption };
        ServerArguments.SetWork(seek, SeekAsync);
        var parked = new Command("parked", "List versions that were delivered ten times and never acknowledged, oldest release first.") { IdArgument, Pages.Limit, JsonOption };
        ServerArguments.SetWork(parked, ParkedAsync);
        return new Command("subscriptions", "Make, list, show, rewind and end subscriptions to released results. Exit codes: 0 done, 2 wrong arguments, refused or no answer.")
        {
            create, list, show, delete, seek, parked,
        };
    }

    private static async Task<int> CreateAsync(ServerCall call)
    {
        List<Fault> faults = [];
        var request = new V1.CreateSubscriptionRequest
        {
            SubscriptionId = Names.IdIn(Collection, call.Parsed.GetRequiredValue(IdArgument)),
            FromBeginning = call.Parsed.GetValue(FromBeginningOption),
            Subscription = new V1.Subscription
            {
                Studies = { call.Parsed.GetValue(StudyOption) ?? [] },
                Analytes = { call.Parsed.GetValue(AnalyteOption) ?? [] },
                Statuses = { (call.Parsed.GetValue(StatusOption) ?? []).Select(status => Names.ReadWord<V1.ResultStatus>("--status", status, faults)) },
                AckDeadline = call.Parsed.GetValue(DeadlineOption) is { } seconds ? new Duration { Seconds = seconds } : null,
            },
        };
        return faults.Count > 0
            ? call.Console.Refuse("biomarkers subscriptions create", faults)
            : Print(call, await call.Connection.Delivery.CreateSubscriptionAsync(request, cancellationToken: call.CancellationToken));
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers subscriptions list",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListSubscriptionsRequest { PageSize = size, PageToken = token };
            V1.ListSubscriptionsResponse page = await call.Connection.Delivery.ListSubscriptionsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Subscription>(page.Subscriptions, page.NextPageToken);
        },
        SubscriptionRow.Of,
        ListTables.Print);

    private static async Task<int> ShowAsync(ServerCall call) =>
        Print(call, await call.Connection.Delivery.GetSubscriptionAsync(new V1.GetSubscriptionRequest { Name = NameOf(call) }, cancellationToken: call.CancellationToken));

    private static async Task<int> DeleteAsync(ServerCall call)
    {
        var request = new V1.DeleteSubscriptionRequest { Name = NameOf(call), Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption) };
        await call.Connection.Delivery.DeleteSubscriptionAsync(request, cancellationToken: call.CancellationToken);
        return Print(call, new { request.Name }, $"{request.Name} is ended.");
    }

    private static async Task<int> SeekAsync(ServerCall call)
    {
        DateTimeOffset? since = call.Parsed.GetValue(SinceOption);
        if (since is null != call.Parsed.GetValue(AllOption))
        {
            return call.Console.Refuse("biomarkers subscriptions seek", [new Fault("--since", FaultReasons.Required, "Expected either a time or --from-beginning.")]);
        }

        var request = new V1.SeekRequest { Subscription = NameOf(call), Time = since is { } time ? Timestamp.FromDateTimeOffset(time) : null };
        V1.SeekResponse sought = await call.Connection.Delivery.SeekAsync(request, cancellationToken: call.CancellationToken);
        return Print(
            call,
            new { Name = request.Subscription, sought.WaitingCount },
            string.Create(CultureInfo.InvariantCulture, $"{request.Subscription} is set back: {sought.WaitingCount} versions that were delivered before wait again, and all that was released after that time comes."));
    }

    private static Task<int> ParkedAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers subscriptions parked",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListParkedDeliveriesRequest { Subscription = NameOf(call), PageSize = size, PageToken = token };
            V1.ListParkedDeliveriesResponse page = await call.Connection.Delivery.ListParkedDeliveriesAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.ParkedDelivery>(page.ParkedDeliveries, page.NextPageToken);
        },
        ParkedRow.Of,
        ListTables.Print);

    private static string NameOf(ServerCall call) => Names.InCollection(Collection, call.Parsed.GetRequiredValue(IdArgument));

    private static int Print(ServerCall call, V1.Subscription subscription)
    {
        SubscriptionRow row = SubscriptionRow.Of(subscription);
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

    private static int Print<T>(ServerCall call, T answer, string sentence)
    {
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(answer);
        }
        else
        {
            call.Console.WriteLine(sentence);
        }

        return ExitCodes.Ok;
    }
}
