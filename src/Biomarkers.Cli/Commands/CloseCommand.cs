using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers close</c>: ends a reading in parts whose rest does not come.</summary>
public static class CloseCommand
{
    private static readonly Argument<string> PlateArgument = new("plate") { Description = "Barcode of a plate that is RECEIVING." };

    private static readonly Option<string> ReadOption = new("--read") { Description = "The instrument's name for the reading. Default: the only one that is open.", HelpName = "ID" };

    private static readonly Option<bool> DismissOption = new("--dismiss") { Description = "Use nothing of it. Default: the wells that came are used, and the others are missing." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print the plate as one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("close", "End a reading in parts whose rest does not come, so that its plate is analysed by what came. Exit codes: 0 ended, 2 wrong arguments, refused or no answer.")
        {
            PlateArgument, HeldCommand.ReasonOption, ReadOption, DismissOption, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        string name = Names.InCollection("plates", call.Parsed.GetRequiredValue(PlateArgument));
        V1.Plate plate = await call.Connection.Plates.GetPlateAsync(new V1.GetPlateRequest { Name = name }, cancellationToken: call.CancellationToken);
        string? readId = call.Parsed.GetValue(ReadOption);
        V1.PendingRead[] open = [.. plate.PendingReads.Where(pending => readId is null || pending.ReadId == readId)];
        if (open.Length != 1)
        {
            string found = plate.PendingReads.Count == 0 ? "none is open" : $"open are {string.Join(", ", plate.PendingReads.Select(pending => $"'{pending.ReadId}' of {pending.ReadStream}"))}";
            return call.Console.Refuse("--read", [new Fault("", FaultReasons.Required, $"Expected one open reading of plate '{Names.LastOf(name)}'; {found}.")]);
        }

        var request = new V1.ClosePendingReadRequest
        {
            Plate = name,
            ReadStream = open[0].ReadStream,
            ReadId = open[0].ReadId,
            Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption),
            Dismiss = call.Parsed.GetValue(DismissOption),
        };
        var row = PlateRow.Of(await call.Connection.Plates.ClosePendingReadAsync(request, cancellationToken: call.CancellationToken));
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
