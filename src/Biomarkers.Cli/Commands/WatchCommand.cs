using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Grpc.Core;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers watch</c>: plates or runs of a server as they change.</summary>
public static class WatchCommand
{
    private const string Plates = "plates";
    private const string Runs = "runs";

    private static readonly Argument<string> WhatArgument = new("what")
    {
        Description = "runs or plates.",
        DefaultValueFactory = _ => Runs,
    };

    private static readonly Option<string> PlateOption = new("--plate") { Description = "Only this plate.", HelpName = "BARCODE" };

    private static readonly Option<int?> CountOption = new("--count") { Description = "End after this many lines. Default: when interrupted.", HelpName = "N" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document per line." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("watch", "Print a line for each run that is saved or plate that changes from now on. Exit codes: 0 ended as asked, 2 wrong arguments or the server ended.")
        {
            WhatArgument, PlateOption, CountOption, JsonOption,
        };
        ServerArguments.SetWork(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ServerCall call)
    {
        string what = call.Parsed.GetRequiredValue(WhatArgument);
        int? count = call.Parsed.GetValue(CountOption);
        List<Fault> faults = [];
        if (what is not (Plates or Runs))
        {
            faults.Add(new Fault("", FaultReasons.UnknownWord, $"There is nothing to watch called '{what}'; expected runs or plates."));
        }

        if (count < 1)
        {
            faults.Add(new Fault("--count", FaultReasons.OutOfRange, $"{count} is no number of lines; expected 1 or more."));
        }

        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers watch", faults);
        }

        string plate = Names.InCollection("plates", call.Parsed.GetValue(PlateOption));
        if (what == Plates)
        {
            using AsyncServerStreamingCall<V1.WatchPlatesResponse> plates =
                call.Connection.Plates.WatchPlates(new V1.WatchPlatesRequest { Plate = plate }, cancellationToken: call.CancellationToken);
            return await PrintAsync(call, plates, count, response => PlateRow.Of(response.Plate), ListTables.LineOf);
        }

        using AsyncServerStreamingCall<V1.WatchAnalyticalRunsResponse> runs =
            call.Connection.AnalyticalRuns.WatchAnalyticalRuns(new V1.WatchAnalyticalRunsRequest { Plate = plate }, cancellationToken: call.CancellationToken);
        return await PrintAsync(call, runs, count, response => RunRow.Of(response.AnalyticalRun), ListTables.LineOf);
    }

    private static async Task<int> PrintAsync<TResponse, TRow>(
        ServerCall call, AsyncServerStreamingCall<TResponse> watch, int? count, Func<TResponse, TRow> rowOf, Func<TRow, string> lineOf)
    {
        try
        {
            await watch.ResponseHeadersAsync;
            call.Console.Tell($"Watching {call.Connection.Server}.");
            for (int printed = 0; printed != count && await watch.ResponseStream.MoveNext(call.CancellationToken); printed++)
            {
                TRow row = rowOf(watch.ResponseStream.Current);
                if (call.Parsed.GetValue(JsonOption))
                {
                    call.Console.WriteJsonLine(row);
                }
                else
                {
                    call.Console.WriteLine(lineOf(row));
                }
            }
        }
        catch (Exception exception) when (call.CancellationToken.IsCancellationRequested && exception is RpcException or OperationCanceledException)
        {
            // An interrupt is how a watch without --count ends.
        }

        return ExitCodes.Ok;
    }
}
