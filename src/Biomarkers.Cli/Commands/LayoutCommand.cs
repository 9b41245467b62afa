using System.CommandLine;
using Biomarkers.Cli.Plates;
using Biomarkers.Cli.Servers;
using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using Biomarkers.Simulation;
using Grpc.Core;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers layout</c>: says what is in the wells of a plate, before or after its readings.</summary>
public static class LayoutCommand
{
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "Plate file that says what is in the wells: plain CSV, whose column response may be empty, or an xPONENT export.",
    };

    private static readonly Option<string> PlateOption = new("--plate") { Description = "Barcode of the plate; the server need not know it yet.", HelpName = "BARCODE", Required = true };

    private static readonly Option<string> AssayOption = new("--assay")
    {
        Description = "Assay of the server by which the plate is analysed, in its newest version or one such as il-6@1.",
        HelpName = "ID",
        Required = true,
    };

    private static readonly Option<string> ReasonOption = new("--reason")
    {
        Description = "Why the layout changes, at most 128 characters, for the audit log. Needed when a run of the plate rests on another layout.",
        HelpName = "TEXT",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print the plate as one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("layout", "Submit the layout of a plate; a changed one analyses the plate again. Exit codes: 0 stored or known already, 2 refused or no answer.")
        {
            FileArgument, PlateOption, AssayOption, ReasonOption, JsonOption,
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
        string barcode = Names.IdIn("plates", call.Parsed.GetRequiredValue(PlateOption));
        Texts.CheckName("--plate", barcode, faults);
        PlateFileSettings settings = PlateFileArguments.Read(call.Parsed, barcode: null, faults);
        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers layout", faults);
        }

        settings = settings with { Options = settings.Options with { PlateBarcode = barcode } };
        string path = call.Parsed.GetRequiredValue(FileArgument);
        ServerAssay assay = await ServerAssay.FindAsync(call, call.Parsed.GetRequiredValue(AssayOption), TimeSpan.Zero);
        Checked<PlateInput> read = await PlateInput.ReadAsync(path, settings, assay.Definition, call.CancellationToken);
        if (read.Value is not { } input)
        {
            return call.Console.Refuse(path, read.Faults);
        }

        foreach (PlateFileNotice notice in input.File.Notices)
        {
            call.Console.Tell($"{path}: {notice}");
        }

        Checked<PlateLayout> layout = input.File.ToLayout(assay.Definition.Id, assay.LayoutVersion);
        return layout.Value is null ? call.Console.Refuse(path, layout.Faults) : await SubmitAsync(call, path, barcode, layout.Value);
    }

    private static async Task<int> SubmitAsync(ServerCall call, string path, string barcode, PlateLayout layout)
    {
        var request = new V1.SubmitPlateLayoutRequest
        {
            Plate = Names.InCollection("plates", barcode),
            Layout = PlateMessages.ToWire(layout),
            Reason = call.Parsed.GetValue(ReasonOption) ?? "",
        };
        V1.Plate plate;
        try
        {
            plate = await call.Connection.Plates.SubmitPlateLayoutAsync(request, cancellationToken: call.CancellationToken);
        }
        catch (RpcException exception) when (RpcFault.Of(exception).Fields.Count > 0)
        {
            return call.Console.Refuse(path, RpcFault.Of(exception).Fields.Select(WithOption));
        }

        var row = PlateRow.Of(plate);
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

    private static Fault WithOption(FieldFault fault) => fault.Reason == SentFault.ReasonRequired
        ? new Fault("--reason", fault.Reason, $"{fault.Description} Say by --reason why the layout changes.")
        : new Fault(fault.Field, fault.Reason, fault.Description);
}
