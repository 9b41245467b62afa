using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Biomarkers.Cli.Plots;
using Biomarkers.Immunoassay;
using Spectre.Console;

namespace Biomarkers.Cli;

/// <summary>What every command shares: tables for people, JSON for machines, faults on the error stream.</summary>
public sealed class CommandConsole
{
    /// <summary>Columns of a page that is no terminal: wide enough that the tables of a run do not break.</summary>
    private const int PlainWidth = 200;

    /// <summary>Most faults that are told of one thing: one wrong word in a file may be a fault of each of its lines.</summary>
    private const int MaximumFaultLines = 30;

    /// <summary>Narrower pages than this have no place for a table.</summary>
    private const int LeastWidth = 40;

    /// <summary>Variables that name the locale, the first that is set.</summary>
    private static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"];

    private static readonly JsonSerializerOptions JsonOptions = CreateOptions(isIndented: true);
    private static readonly JsonSerializerOptions JsonLineOptions = CreateOptions(isIndented: false);

    private readonly TextWriter output;
    private readonly TextWriter error;

    /// <summary>Takes the writers of one invocation.</summary>
    public CommandConsole(ParseResult parsed)
    {
        output = parsed.InvocationConfiguration.Output;
        error = parsed.InvocationConfiguration.Error;
        IsTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        People = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!IsTerminal)
        {
            string? wanted = Environment.GetEnvironmentVariable("COLUMNS");
            People.Profile.Width = int.TryParse(wanted, CultureInfo.InvariantCulture, out int columns) && columns >= LeastWidth ? columns : PlainWidth;
        }
    }

    /// <summary>Whether the output is a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>Tables and text for people, on the output; plain where the output is no terminal.</summary>
    public IAnsiConsole People { get; }

    /// <summary>A number as people read it: seven significant digits; empty where it is absent.</summary>
    public static string Digits(double? value, string absent = "") => value?.ToString("G7", CultureInfo.InvariantCulture) ?? absent;

    /// <summary>A percentage as people read it; empty where it is absent.</summary>
    public static string Percent(double? value) => value?.ToString("F1", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A word of a closed list as JSON and tables show it, such as <c>below-lloq</c>.</summary>
    public static string WordOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>A text from outside without characters that a terminal would obey.</summary>
    public static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(character => char.IsControl(character) ? '?' : character)) : text;

    /// <summary>Writes one JSON document: camelCase keys, enums as kebab-case words, absent values left out.</summary>
    public void WriteJson<T>(T value) => output.WriteLine(JsonSerializer.Serialize(value, JsonOptions));

    /// <summary>Writes one JSON document on one line, at once.</summary>
    public void WriteJsonLine<T>(T value)
    {
        output.WriteLine(JsonSerializer.Serialize(value, JsonLineOptions));
        output.Flush();
    }

    /// <summary>Writes a line for people, at once and as it is.</summary>
    public void WriteLine(string text)
    {
        output.WriteLine(Printable(text));
        output.Flush();
    }

    /// <summary>Writes a table for people; nothing in a cell is markup.</summary>
    /// <param name="title">Line above the table.</param>
    /// <param name="columns">Heads.</param>
    /// <param name="rows">As many cells as heads each.</param>
    public void WriteTable(string title, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        string[][] cells = [.. rows.Select(row => row.Select(Printable).ToArray())];
        int[] widths = WidthsOf([columns.ToArray(), .. cells], People.Profile.Width);
        var table = new Table();
        for (int i = 0; i < columns.Count; i++)
        {
            table.AddColumn(new TableColumn(new Text(columns[i])) { Width = widths[i] });
        }

        foreach (string[] row in cells)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        WriteLine(title);
        People.Write(table);
    }

    /// <summary>Draws a curve with characters: dots as braille where the output is UTF-8, plain ASCII elsewhere.</summary>
    internal void WriteDrawing(CurveDrawing drawing)
    {
        foreach (string line in TerminalDrawing.Lines(drawing, People.Profile.Width, IsUnicode()))
        {
            WriteLine(line);
        }
    }

    /// <summary>Writes a line on the error stream: what was noticed, and progress where the output is for machines.</summary>
    public void Tell(string text) => error.WriteLine(Printable(text));

    /// <summary>Writes every fault as <c>SOURCE: line N, column X: sentence</c> on the error stream.</summary>
    /// <param name="source">File or option that is wrong.</param>
    /// <param name="faults">One or more.</param>
    /// <returns><see cref="ExitCodes.BadInput"/>.</returns>
    public int Refuse(string source, IEnumerable<Fault> faults)
    {
        Fault[] all = [.. faults];
        foreach (Fault fault in all.Take(MaximumFaultLines))
        {
            Tell($"{source}: {fault}");
        }

        if (all.Length > MaximumFaultLines)
        {
            Tell(string.Create(CultureInfo.InvariantCulture, $"{source}: {all.Length - MaximumFaultLines} more faults; mend these first."));
        }

        return ExitCodes.BadInput;
    }

    // .NET writes UTF-8 also under the locale C, whose terminals show none of it.
    private bool IsUnicode()
    {
        string? locale = LocaleVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        bool isPlainLocale = ReferenceEquals(output, Console.Out) && locale is ("C" or "POSIX");
        return output.Encoding.WebName is "utf-8" or "utf-16" && !isPlainLocale;
    }

    /// <summary>Widths with which a table fits a page and breaks its cells at spaces only: each column has its longest word, and what is left
    /// goes to the columns in their order of need.</summary>
    private static int[] WidthsOf(IReadOnlyList<IReadOnlyList<string>> rows, int pageWidth)
    {
        int count = rows[0].Count;
        int[] whole = [.. Enumerable.Range(0, count).Select(i => rows.Max(row => row[i].Length))];
        int[] widths = [.. Enumerable.Range(0, count).Select(i => rows.Max(row => row[i].Split(' ').Max(word => word.Length)))];
        // A border and a space on either side of each cell, and one border more.
        int left = pageWidth - (3 * count) - 1 - widths.Sum();
        for (; left > 0 && Enumerable.Range(0, count).Any(i => widths[i] < whole[i]); left--)
        {
            int needy = Enumerable.Range(0, count).Where(i => widths[i] < whole[i]).MaxBy(i => (double)whole[i] / widths[i]);
            widths[needy]++;
        }

        return widths;
    }

    private static JsonSerializerOptions CreateOptions(bool isIndented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = isIndented,
        NewLine = "\n",
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };
}
