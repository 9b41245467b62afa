using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers results</c>: the results of a server.</summary>
public static class ResultsCommand
{
    private static readonly Option<string> PlateOption = new("--plate") { Description = "Only results of this plate.", HelpName = "BARCODE" };

    private static readonly Option<string> RunOption = new("--run") { Description = "Results that this run computed, current or not.", HelpName = "NAME" };

    private static readonly Option<string> SampleOption = new("--sample") { Description = "Only results of this sample, compared character for character.", HelpName = "ID" };

    private static readonly Option<string> AnalyteOption = new("--analyte") { Description = "Only results of this analyte.", HelpName = "ANALYTE" };

    private static readonly Option<string> RangeOption = new("--range-status") { Description = $"Only results of this range status: {Names.WordsOf<V1.RangeStatus>()}.", HelpName = "STATUS" };

    private static readonly Option<bool> ReleasedOption = new("--released") { Description = "Of each result the version that counts outside of the laboratory." };

    private static readonly Option<DateTimeOffset?> KnownAtOption = new("--known-at")
    {
        Description = "Of each result the version that was the newest then, such as 2026-11-23T10:00Z; with --released that counted then.",
        HelpName = "TIME",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON array." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("results", "List results in their newest versions, newest first. Exit codes: 0 listed, 2 wrong arguments or no answer.")
        {
            PlateOption, RunOption, SampleOption, AnalyteOption, RangeOption, ReleasedOption, KnownAtOption, Pages.Limit, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ServerCall call)
    {
        List<Fault> faults = [];
        V1.RangeStatus status = Names.ReadWord<V1.RangeStatus>("--range-status", call.Parsed.GetValue(RangeOption), faults);
        return Pages.ListAsync(
            call,
            "biomarkers results",
            JsonOption,
            async (size, token) =>
            {
                var request = new V1.ListResultsRequest
                {
                    PageSize = size,
                    PageToken = token,
                    Plate = Names.InCollection("plates", call.Parsed.GetValue(PlateOption)),
                    AnalyticalRun = Names.InCollection("analyticalRuns", call.Parsed.GetValue(RunOption)),
                    SampleId = call.Parsed.GetValue(SampleOption) ?? "",
                    Analyte = call.Parsed.GetValue(AnalyteOption) ?? "",
                    RangeStatus = status,
                    Released = call.Parsed.GetValue(ReleasedOption),
                    KnownAt = call.Parsed.GetValue(KnownAtOption) is { } known ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(known) : null,
                };
                V1.ListResultsResponse page = await call.Connection.AnalyticalRuns.ListResultsAsync(request, cancellationToken: call.CancellationToken);
                return new Page<V1.Result>(page.Results, page.NextPageToken);
            },
            ResultRow.Of,
            ListTables.Print, faults);
    }
}
