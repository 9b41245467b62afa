using System.CommandLine;
using Biomarkers.Cli.Runs;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers run</c>: a whole run of a server, as <c>analyze</c> shows one.</summary>
public static class RunCommand
{
    private static readonly Argument<string> NameArgument = new("name") { Description = "Run, such as 17 or analyticalRuns/17." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document, of the keys of 'biomarkers analyze --json'." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("run", "Show a run with its curves, controls, results and findings. Exit codes: 0 accepted, 1 rejected, 2 wrong arguments or no answer.")
        {
            NameArgument, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        string name = Names.InCollection("analyticalRuns", call.Parsed.GetRequiredValue(NameArgument));
        var asked = new V1.GetAnalyticalRunRequest { Name = name };
        V1.AnalyticalRun run = await call.Connection.AnalyticalRuns.GetAnalyticalRunAsync(asked, cancellationToken: call.CancellationToken);
        // All results of one run are made at one time; the oldest first is their order in the layout.
        List<V1.Result> results = await Pages.ReadAsync(call, int.MaxValue, async (size, token) =>
        {
            var request = new V1.ListResultsRequest { PageSize = size, PageToken = token, AnalyticalRun = run.Name, Order = V1.ListOrder.OldestFirst };
            V1.ListResultsResponse page = await call.Connection.AnalyticalRuns.ListResultsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Result>(page.Results, page.NextPageToken);
        });
        var report = RunReport.Of(RunMessages.ToRun(run, results), Names.LastOf(run.Plate), run.Name);
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(report);
        }
        else
        {
            RunTables.Print(call.Console, report);
        }

        return report.Verdict == RunVerdict.Accepted ? ExitCodes.Ok : ExitCodes.Negative;
    }
}
