using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers plates</c>: the plates of a server.</summary>
public static class PlatesCommand
{
    private static readonly Option<string> StateOption = new("--state") { Description = $"Only plates in this state: {Names.WordsOf<V1.PlateState>()}.", HelpName = "STATE" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON array." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("plates", "List plates, newest first. Exit codes: 0 listed, 2 wrong arguments or no answer.") { StateOption, Pages.Limit, JsonOption };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ServerCall call)
    {
        List<Fault> faults = [];
        V1.PlateState state = Names.ReadWord<V1.PlateState>("--state", call.Parsed.GetValue(StateOption), faults);
        return Pages.ListAsync(
            call,
            "biomarkers plates",
            JsonOption,
            async (size, token) =>
            {
                var request = new V1.ListPlatesRequest { PageSize = size, PageToken = token, State = state };
                V1.ListPlatesResponse page = await call.Connection.Plates.ListPlatesAsync(request, cancellationToken: call.CancellationToken);
                return new Page<V1.Plate>(page.Plates, page.NextPageToken);
            },
            PlateRow.Of,
            ListTables.Print, faults);
    }
}
