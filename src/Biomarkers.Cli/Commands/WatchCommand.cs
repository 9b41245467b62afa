using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Grpc.Core;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers watch</c>: plates or runs of a server as they change.</summary>
public static class WatchCommand
{
    private const string Plates = "plates";
    private const string Runs = "runs";

    // As the contract names it.
    private const string CursorMetadata = "biomarkers-cursor";

    private static readonly TimeSpan ReconnectPause = TimeSpan.FromSeconds(1);

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
        var command = new Command("watch", "Print a line for each run that is saved or plate that changes from now on. Exit codes: 0 ended as asked, 2 wrong arguments or no answer. A server that ends is waited for.")
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
        return what == Plates
            ? await PrintAsync(
                call,
                count,
                cursor => call.Connection.Plates.WatchPlates(new V1.WatchPlatesRequest { Plate = plate, Cursor = cursor }, cancellationToken: call.CancellationToken),
                response => response.Cursor,
                response => PlateRow.Of(response.Plate),
                ListTables.LineOf)
            : await PrintAsync(
                call,
                count,
                cursor => call.Connection.AnalyticalRuns.WatchAnalyticalRuns(
                    new V1.WatchAnalyticalRunsRequest { Plate = plate, Cursor = cursor }, cancellationToken: call.CancellationToken),
                response => response.Cursor,
                response => RunRow.Of(response.AnalyticalRun),
                ListTables.LineOf);
    }

    private static async Task<int> PrintAsync<TResponse, TRow>(
        ServerCall call,
        int? count,
        Func<string, AsyncServerStreamingCall<TResponse>> begin,
        Func<TResponse, string> cursorOf,
        Func<TResponse, TRow> rowOf,
        Func<TRow, string> lineOf)
    {
        string cursor = string.Empty;
        int printed = 0;
        while (true)
        {
            try
            {
                using AsyncServerStreamingCall<TResponse> watch = begin(cursor);
                Metadata headers = await watch.ResponseHeadersAsync;
                // A call that is refused has headers too, and no cursor among them.
                if (headers.GetValue(CursorMetadata) is { } place)
                {
                    call.Console.Tell(cursor.Length == 0 ? $"Watching {call.Connection.Server}." : "Watching again.");
                    cursor = place;
                }

                while (printed != count && await watch.ResponseStream.MoveNext(call.CancellationToken))
                {
                    Print(call, rowOf(watch.ResponseStream.Current), lineOf);
                    cursor = cursorOf(watch.ResponseStream.Current);
                    printed++;
                }

                return ExitCodes.Ok;
            }
            catch (Exception exception) when (call.CancellationToken.IsCancellationRequested && exception is RpcException or OperationCanceledException)
            {
                // An interrupt is how a watch without --count ends.
                return ExitCodes.Ok;
            }
            catch (RpcException exception) when (RpcFault.Of(exception).Code == StatusCode.Unavailable && cursor.Length > 0)
            {
                // The server ends or its store is out of reach; another one, or the next start, goes on where this one stopped.
                call.Console.Tell($"{exception.Status.Detail} Going on when a server answers.");
                await Task.Delay(ReconnectPause, TimeProvider.System, call.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static void Print<TRow>(ServerCall call, TRow row, Func<TRow, string> lineOf)
    {
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
