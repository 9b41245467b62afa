using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Biomarkers.Benchmarks;

/// <summary>One figure.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit; <c>x</c> for a ratio.</param>
internal sealed record Figure(string Name, double Value, string Unit);

/// <summary>The options that every command has, and how figures are printed.</summary>
internal static class Report
{
    public static readonly Option<bool> Short = new("--short") { Description = "A few seconds: shows that it runs, and no figure to rely on." };

    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static readonly Option<int> Seed = new("--seed") { Description = "Equal seeds give equal plates and curves.", DefaultValueFactory = _ => 20261122 };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>Prints the figures as a table or as JSON.</summary>
    public static void Print(ParseResult parsed, string title, IReadOnlyList<Figure> figures)
    {
        if (parsed.GetValue(Json))
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { Title = title, Seed = parsed.GetValue(Seed), IsShort = parsed.GetValue(Short), Processors = Environment.ProcessorCount, Figures = figures }, JsonOptions));
            return;
        }

        Table table = new Table().Title(title).AddColumns("figure", "value", "unit");
        foreach (Figure figure in figures)
        {
            table.AddRow(new Text(figure.Name), new Text(figure.Value.ToString("#,0.#####", CultureInfo.InvariantCulture)).RightJustified(), new Text(figure.Unit));
        }

        AnsiConsole.Write(table);
    }

    /// <summary>Median and 99th percentile, by the nearest rank.</summary>
    public static IEnumerable<Figure> Percentiles(string name, IReadOnlyList<double> values, string unit)
    {
        double[] sorted = [.. values.Order()];
        yield return new Figure($"{name}, p50", AtRank(0.5), unit);
        yield return new Figure($"{name}, p99", AtRank(0.99), unit);

        double AtRank(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
