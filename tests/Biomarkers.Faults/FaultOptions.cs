using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Biomarkers.Faults;

/// <summary>The options that every command has, and how it runs and reports.</summary>
internal static class FaultOptions
{
    public static readonly Option<int> Senders = Whole("--senders", "Instruments that send at once, 1 to 64.", 4, 1, 64);

    public static readonly Option<int> Seed = Whole("--seed", "Equal seeds give equal plates, delays and faults.", 20261122, 0, int.MaxValue);

    public static readonly Option<int> LimitSeconds = Whole("--limit-seconds", "Longest time of everything; longer is a failure.", 3600, 1, 86_400);

    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>An option that is a whole number of a range.</summary>
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

    /// <summary>Runs in a folder of its own within the time limit, and prints the report.</summary>
    /// <returns>0 where the report is clean, 1 otherwise.</returns>
    public static async Task<int> RunAsync<TReport>(
        ParseResult parsed,
        Func<string, CancellationToken, Task<TReport>> run,
        Func<TReport, (bool IsClean, IEnumerable<(string Name, string Value)> Lines, IEnumerable<string> Findings)> show,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(LimitSeconds)));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-faults-");
        try
        {
            TReport report = await run(folder.FullName, limit.Token);
            (bool isClean, IEnumerable<(string, string)> lines, IEnumerable<string> findings) = show(report);
            if (parsed.GetValue(Json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            }
            else
            {
                Print(lines, findings);
            }

            return isClean ? 0 : 1;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(cancellationToken.IsCancellationRequested ? "Cancelled." : $"Not done within {parsed.GetValue(LimitSeconds)} s.");
            return 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Print(IEnumerable<(string Name, string Value)> lines, IEnumerable<string> findings)
    {
        Table table = new Table().AddColumns("figure", "value");
        foreach ((string name, string value) in lines)
        {
            table.AddRow(new Text(name), new Text(value).RightJustified());
        }

        AnsiConsole.Write(table);
        foreach (string finding in findings)
        {
            AnsiConsole.WriteLine(finding);
        }
    }
}
