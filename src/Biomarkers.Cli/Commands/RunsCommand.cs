using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers runs</c>: the runs of a server.</summary>
public static class RunsCommand
{
    private static readonly Option<string> PlateOption = new("--plate") { Description = "Only runs of this plate.", HelpName = "BARCODE" };

    private static readonly Option<string> AssayOption = new("--assay") { Description = "Only runs of this assay, in any version.", HelpName = "ID" };

    private static readonly Option<string> VerdictOption = new("--verdict") { Description = $"Only runs of this verdict: {Names.WordsOf<V1.RunVerdict>()}.", HelpName = "VERDICT" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON array." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("runs", "List analytical runs, newest first. Exit codes: 0 listed, 2 wrong arguments or no answer.")
        {
            PlateOption, AssayOption, VerdictOption, Pages.Limit, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ServerCall call)
    {
        List<Fault> faults = [];
        V1.RunVerdict verdict = Names.ReadWord<V1.RunVerdict>("--verdict", call.Parsed.GetValue(VerdictOption), faults);
        return Pages.ListAsync(
            call,
            "biomarkers runs",
            JsonOption,
            async (size, token) =>
            {
                var request = new V1.ListAnalyticalRunsRequest
                {
                    PageSize = size,
                    PageToken = token,
                    Plate = Names.InCollection("plates", call.Parsed.GetValue(PlateOption)),
                    Assay = Names.InCollection("assays", call.Parsed.GetValue(AssayOption)),
                    Verdict = verdict,
                };
                V1.ListAnalyticalRunsResponse page = await call.Connection.AnalyticalRuns.ListAnalyticalRunsAsync(request, cancellationToken: call.CancellationToken);
                return new Page<V1.AnalyticalRun>(page.AnalyticalRuns, page.NextPageToken);
            },
            RunRow.Of,
            ListTables.Print, faults);
    }
}
