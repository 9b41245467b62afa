using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults kill</c>: SIGKILL at random moments, then everything is counted.</summary>
internal static class KillCommand
{
    private static readonly Option<int> Cycles = Whole("--cycles", "Kills and restarts, 1 to 100,000.", 20, 1, 100_000);

    private static readonly Option<int> Senders = Whole("--senders", "Instruments that send at once, 1 to 64.", 4, 1, 64);

    private static readonly Option<int> PlatesPerCycle = Whole("--plates-per-cycle", "Most plates that all senders together send in one cycle, 1 to 100,000.", 200, 1, 100_000);

    private static readonly Option<int> Seed = Whole("--seed", "Equal seeds give equal plates and equal delays before each kill.", 20261122, 0, int.MaxValue);

    private static readonly Option<int> LimitSeconds = Whole("--limit-seconds", "Longest time of everything; longer is a failure.", 3600, 1, 86_400);

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static Command Create()
    {
        var command = new Command(
            "kill",
            "Senders stream simulated plates into the real server, which is killed (SIGKILL) at random moments and restarted; at the end every acknowledged event, plate, "
            + "run and result is counted over gRPC and in the database file, and the same check is shown to find damage that is done to copies of it.")
        {
            Cycles, Senders, PlatesPerCycle, Seed, LimitSeconds, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(LimitSeconds)));
        var plan = new KillPlan(parsed.GetValue(Cycles), parsed.GetValue(Senders), parsed.GetValue(PlatesPerCycle), parsed.GetValue(Seed));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-faults-");
        try
        {
            using var session = new KillSession(plan, folder.FullName, Console.Error.WriteLine);
            KillReport report = await session.RunAsync(limit.Token);
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

    private static void Print(KillReport report)
    {
        Table table = new Table().AddColumns("figure", "value");
        foreach ((string name, string value) in report.Lines())
        {
            table.AddRow(new Text(name), new Text(value).RightJustified());
        }

        AnsiConsole.Write(table);
        foreach (string finding in report.Kept.Findings)
        {
            AnsiConsole.WriteLine(finding);
        }
    }

    /// <summary>An option that takes a whole number of a range.</summary>
    public static Option<int> Whole(string name, string description, int standard, int minimum, int maximum)
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
