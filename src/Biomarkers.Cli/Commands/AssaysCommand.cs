using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Biomarkers.Cli.Plates;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers assays</c>: the assays of a server.</summary>
public static class AssaysCommand
{
    private static readonly Argument<string> NameArgument = new("name") { Description = "Assay such as il-6, or one version of it such as il-6@1." };

    private static readonly Argument<string> FileArgument = new("file") { Description = "JSON of an assay, such as 'biomarkers assays get il-6 --json' prints; its version is not used." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "List the newest version of each assay.") { Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var get = new Command("get", "Show an assay.") { NameArgument, JsonOption };
        ServerArguments.SetWork(get, GetAsync);
        var create = new Command("create", "Store an assay as its next version; what equals the newest version stores nothing new.") { FileArgument, JsonOption };
        ServerArguments.SetWork(create, CreateAsync);
        return new Command("assays", "List, show or store assays. Exit codes: 0 done, 2 wrong arguments or input, or no answer.") { list, get, create };
    }

    private static async Task<int> ListAsync(ServerCall call)
    {
        List<Fault> faults = [];
        int limit = Pages.ReadLimit(call.Parsed, faults);
        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers assays list", faults);
        }

        List<V1.Assay> listed = await Pages.ReadAsync(call, limit, async (size, token) =>
        {
            var request = new V1.ListAssaysRequest { PageSize = size, PageToken = token };
            V1.ListAssaysResponse page = await call.Connection.Assays.ListAssaysAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Assay>(page.Assays, page.NextPageToken);
        });
        AssayDefinition[] assays = [.. listed.Select(AssayMessages.ToDefinition)];
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(assays.Select(CanonicalOf));
            return ExitCodes.Ok;
        }

        call.Console.WriteTable(
            ListTables.Count(assays.Length, "assay"),
            ["Assay", "Name", "Response", "Rules", "Release", "Analytes"],
            assays.Select(assay => (IReadOnlyList<string>)
            [
                assay.Name, assay.DisplayName, CommandConsole.WordOf(assay.ResponseKind), assay.RulePack, CommandConsole.WordOf(assay.Release),
                string.Join(", ", assay.Analytes.Select(analyte => analyte.Analyte)),
            ]));
        return ExitCodes.Ok;
    }

    private static async Task<int> GetAsync(ServerCall call)
    {
        string name = Names.InCollection("assays", call.Parsed.GetRequiredValue(NameArgument));
        V1.Assay assay = await call.Connection.Assays.GetAssayAsync(new V1.GetAssayRequest { Name = name }, cancellationToken: call.CancellationToken);
        Print(call, AssayMessages.ToDefinition(assay));
        return ExitCodes.Ok;
    }

    private static async Task<int> CreateAsync(ServerCall call)
    {
        string path = call.Parsed.GetRequiredValue(FileArgument);
        Checked<AssayDefinition> read = await AssayFile.ReadAsync(path, call.CancellationToken);
        if (read.Value is not { } assay)
        {
            return call.Console.Refuse(path, read.Faults);
        }

        var request = new V1.CreateAssayRequest { AssayId = assay.Id, Assay = AssayMessages.ToWire(assay) };
        V1.Assay created = await call.Connection.Assays.CreateAssayAsync(request, cancellationToken: call.CancellationToken);
        Print(call, AssayMessages.ToDefinition(created));
        return ExitCodes.Ok;
    }

    private static void Print(ServerCall call, AssayDefinition assay)
    {
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(CanonicalOf(assay));
            return;
        }

        call.Console.WriteTable(
            $"{assay.Name}, {assay.DisplayName}: {CommandConsole.WordOf(assay.ResponseKind)}, rules {assay.RulePack}, release {CommandConsole.WordOf(assay.Release)}",
            ["Analyte", "Name", "Unit", "LLOQ", "ULOQ", "Curve", "Weights", "Fixed", "Fitted to", "Blanks", "Predilution", "LOINC"],
            assay.Analytes.Select(analyte => (IReadOnlyList<string>)
            [
                analyte.Analyte, analyte.DisplayName, analyte.Unit.Code, CommandConsole.Digits(analyte.Lloq), CommandConsole.Digits(analyte.Uloq),
                analyte.CurveModel, analyte.Weights,
                string.Join(' ', analyte.FixedParameters.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Key}={item.Value:R}"))),
                CommandConsole.WordOf(analyte.FitBasis), CommandConsole.WordOf(analyte.BlankTreatment), CommandConsole.Digits(analyte.MinimumRequiredDilution), analyte.Loinc ?? "",
            ]));
    }

    // The form that 'assays create' and 'analyze --assay' read back.
    private static JsonElement CanonicalOf(AssayDefinition assay)
    {
        using var document = JsonDocument.Parse(CanonicalJson.Serialize(assay));
        return document.RootElement.Clone();
    }
}
