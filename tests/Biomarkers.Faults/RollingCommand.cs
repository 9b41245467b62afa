using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults rolling</c>: every replica behind HAProxy is restarted under load, over and over, then everything is counted.</summary>
internal static class RollingCommand
{
    private static readonly Option<int> Cycles = Whole("--cycles", "Restarts of every server, 1 to 10,000.", 5, 1, 10_000);

    private static readonly Option<int> ControlCycles = Whole("--control-cycles", "Kills of every server in the control, 0 to 100; 0 leaves it out.", 1, 0, 100);

    private static readonly Option<int> Servers = Whole("--servers", "Replicas, 2 to 4.", 2, 2, 4);

    private static readonly Option<int> DrainSeconds = Whole("--drain-seconds", "Drain of each server, 0 to 300.", 3, 0, 300);

    private static readonly Option<int> Senders = Whole("--senders", "Instruments that stream at once, 1 to 64.", 4, 1, 64);

    private static readonly Option<int> PlatesPerSecond = Whole("--plates-per-second", "Plates that all senders together send, 1 to 1,000.", 20, 1, 1_000);

    private static readonly Option<int> Seed = Whole("--seed", "Equal seeds give equal plates.", 20261122, 0, int.MaxValue);

    private static readonly Option<int> LimitSeconds = Whole("--limit-seconds", "Longest time of everything; longer is a failure.", 3600, 1, 86_400);

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static Command Create()
    {
        var command = new Command(
            "rolling",
            "Instruments stream and callers call through HAProxy while each replica on one PostgreSQL is restarted in its turn; then every acknowledged plate is looked for. "
            + "As a control servers are killed without a drain under a caller that does not retry, which must see failures.")
        {
            Cycles, ControlCycles, Servers, DrainSeconds, Senders, PlatesPerSecond, Seed, LimitSeconds, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(LimitSeconds)));
        var plan = new RollingPlan(
            parsed.GetValue(Cycles),
            parsed.GetValue(ControlCycles),
            parsed.GetValue(Servers),
            parsed.GetValue(DrainSeconds),
            parsed.GetValue(Senders),
            parsed.GetValue(PlatesPerSecond),
            parsed.GetValue(Seed));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-rolling-");
        try
        {
            using var session = new RollingSession(plan, folder.FullName, Console.Error.WriteLine);
            RollingReport report = await session.RunAsync(limit.Token);
            if (parsed.GetValue(Json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            }
            else
            {
                Print(report);
            }

            return report.IsClean ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(cancellationToken.IsCancellationRequested ? "Cancelled." : $"Not done within {parsed.GetValue(LimitSeconds)} s.");
            return 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Print(RollingReport report)
    {
        Table table = new Table().AddColumns("figure", "value");
        foreach ((string name, string value) in report.Lines())
        {
            table.AddRow(new Text(name), new Text(value).RightJustified());
        }

        AnsiConsole.Write(table);
        foreach (string finding in report.Kept.Findings.Concat(report.Retrying.Faults).Concat(report.Plain.Faults.Select(fault => $"without retries: {fault}")))
        {
            AnsiConsole.WriteLine(finding);
        }
    }

    private static Option<int> Whole(string name, string description, int standard, int minimum, int maximum)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is int value && (value < minimum || value > maximum))
            {
                result.AddError($"{name} is {value}; expected {minimum} to {maximum}.");
            }
        });
        return option;
    }
}
