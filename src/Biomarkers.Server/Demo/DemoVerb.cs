using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Verbs;
using Grpc.Core;
using Spectre.Console;

namespace Biomarkers.Server.Demo;

/// <summary><c>biomarkers-server demo</c>: the main job, end to end, on simulated readers.</summary>
internal static class DemoVerb
{
    private static readonly Option<bool> Exit = new("--exit") { Description = "End after the tables; without it the server keeps serving until Ctrl+C." };

    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object on standard output instead of tables." };

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of the simulated plates; equal seeds give equal plates.", DefaultValueFactory = _ => 20070412 };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static Command Create()
    {
        var command = new Command(
            "demo",
            "Simulated readers of all assays stream plates over gRPC into a server with a database of its own in a temporary folder; shows runs, results and flags, then keeps serving. "
            + "Exit codes: 0 every planted verdict and fault was found, 1 something was not, 2 not started.") { Exit, Json, Seed };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        bool json = parsed.GetValue(Json);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(json ? Console.Error : Console.Out) });
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-demo-");
        try
        {
            var anyPort = new IPEndPoint(IPAddress.Loopback, 0);
            var options = new ServerOptions { DataDirectory = folder.FullName, GrpcEndpoint = anyPort, WebEndpoint = anyPort };
            await using ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, LogFaultsOnly, cancellationToken);
            using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = host.GrpcAddress, KeyFile = options.KeyFile });
            IReadOnlyList<DemoReader> readers = DemoPlan.Create(parsed.GetValue(Seed));
            console.MarkupLineInterpolated($"[bold]{readers.Count} simulated readers[/] stream {readers.Sum(reader => reader.Plates.Count)} plates over gRPC to {host.GrpcAddress} ...");
            var outcomes = new List<DemoOutcome>();
            DemoReport report = await DemoProgressView.ShowAsync(console, progress => new DemoSession(connection, readers, progress).RunAsync(start, outcomes, cancellationToken));
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            }
            else
            {
                DemoTables.Print(console, report, outcomes);
            }

            if (!parsed.GetValue(Exit))
            {
                await KeepServingAsync(console, host, options, cancellationToken);
            }

            return report.FoundWhatWasPlanted ? ExitCodes.Success : ExitCodes.Failed;
        }
        catch (Exception exception) when (exception is IOException or RpcException or PlateReadSenderException)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: The demo failed: {exception.Message}");
            return ExitCodes.Failed;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // On standard error: standard output is for the answer.
    private static void LogFaultsOnly(ILoggingBuilder logging) =>
        logging.AddFilter(level => level >= LogLevel.Error).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    private static async Task KeepServingAsync(IAnsiConsole console, ServerHost host, ServerOptions options, CancellationToken cancellationToken)
    {
        console.WriteLine();
        console.MarkupLine("[bold]Still serving[/], until Ctrl+C. Look around from another terminal:");
        console.WriteLine($"  dotnet run --project src/Biomarkers.Cli -- runs --server {host.GrpcAddress} --key-file {options.KeyFile}");
        console.WriteLine($"  dotnet run --project src/Biomarkers.Cli -- results --analyte il-6 --server {host.GrpcAddress} --key-file {options.KeyFile}");
        console.WriteLine($"  curl -H \"authorization: Bearer $(cat {options.KeyFile})\" {host.WebAddress}v1/results?analyte=il-6");
        await host.WaitForShutdownAsync(cancellationToken);
    }
}
