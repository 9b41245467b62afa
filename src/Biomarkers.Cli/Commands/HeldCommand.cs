using System.CommandLine;
using Biomarkers.Cli.Servers;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers held</c>: reads whose plate or layout is in doubt, and what becomes of them.</summary>
public static class HeldCommand
{
    private static readonly Argument<string> NameArgument = new("held") { Description = "Number of the held read, as 'biomarkers held list' shows it." };

    private static readonly Option<string> InstrumentOption = new("--instrument") { Description = "Only reads of this instrument.", HelpName = "ID" };

    private static readonly Option<bool> AllOption = new("--all") { Description = "Also reads about which somebody has decided." };

    private static readonly Option<string> PlateOption = new("--plate") { Description = "Barcode of its plate, known or new. Default: the barcode that it came with.", HelpName = "BARCODE" };

    private static readonly Option<bool> KeepLayoutOption = new("--keep-layout")
    {
        Description = "The plate keeps the layout that it has. Default: the layout that came with the read becomes the plate's newest.",
    };

    private static readonly Option<bool> SupersedeOption = new("--supersede") { Description = "Its results take the place of those of reads that came after it." };

    private static readonly Option<bool> ReplaceLayoutOption = new("--replace-layout")
    {
        Description = "Its layout takes the place of that of the plate of --plate, which has results by another one.",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list, else one document." };

    /// <summary>Why a person decides; every decision needs it.</summary>
    internal static Option<string> ReasonOption { get; } = new("--reason") { Description = "Why, at most 128 characters, for the audit log.", HelpName = "TEXT", Required = true };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "List reads that wait for a decision, newest first.") { InstrumentOption, AllOption, Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var use = new Command("use", "Use a read as a reading of its plate, or of another one; the plate is analysed.") { NameArgument, ReasonOption, PlateOption, KeepLayoutOption, ReplaceLayoutOption, SupersedeOption, JsonOption };
        ServerArguments.SetWork(use, call => ResolveAsync(call, request => request.Use = new V1.UseHeldPlate
        {
            PlateBarcode = Names.IdIn("plates", call.Parsed.GetValue(PlateOption)),
            KeepLayout = call.Parsed.GetValue(KeepLayoutOption),
            ReplaceLayout = call.Parsed.GetValue(ReplaceLayoutOption),
            SupersedeLaterReads = call.Parsed.GetValue(SupersedeOption),
        }));
        var dismiss = new Command("dismiss", "Never use a read; what was sent stays.") { NameArgument, ReasonOption, JsonOption };
        ServerArguments.SetWork(dismiss, call => ResolveAsync(call, request => request.Dismiss = new V1.DismissHeldPlate()));
        return new Command("held", "Reads that are stored and not used, because their plate or their layout is in doubt. Exit codes: 0 done, 2 wrong arguments, refused or no answer.")
        {
            list, use, dismiss,
        };
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers held list",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListHeldPlatesRequest
            {
                PageSize = size,
                PageToken = token,
                Instrument = Names.InCollection("instruments", call.Parsed.GetValue(InstrumentOption)),
                IncludeResolved = call.Parsed.GetValue(AllOption),
            };
            V1.ListHeldPlatesResponse page = await call.Connection.Plates.ListHeldPlatesAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.HeldPlate>(page.HeldPlates, page.NextPageToken);
        },
        HeldRow.Of,
        ListTables.Print);

    private static async Task<int> ResolveAsync(ServerCall call, Action<V1.ResolveHeldPlateRequest> decide)
    {
        var request = new V1.ResolveHeldPlateRequest
        {
            Name = Names.InCollection("heldPlates", call.Parsed.GetRequiredValue(NameArgument)),
            Reason = call.Parsed.GetRequiredValue(ReasonOption),
        };
        decide(request);
        var row = HeldRow.Of(await call.Connection.Plates.ResolveHeldPlateAsync(request, cancellationToken: call.CancellationToken));
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
