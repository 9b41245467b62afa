using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Biomarkers.Immunoassay;
using Spectre.Console;

namespace Biomarkers.Cli;

/// <summary>What every command shares: tables for people, JSON for machines, faults on the error stream.</summary>
public sealed class CommandConsole
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    private readonly TextWriter output;
    private readonly TextWriter error;

    /// <summary>Takes the writers of one invocation.</summary>
    public CommandConsole(ParseResult parsed)
    {
        output = parsed.InvocationConfiguration.Output;
        error = parsed.InvocationConfiguration.Error;
        bool isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        People = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
    }

    /// <summary>Tables and text for people, on the output; plain where the output is no terminal.</summary>
    public IAnsiConsole People { get; }

    /// <summary>Writes one JSON document: camelCase keys, enums as kebab-case words, absent values left out.</summary>
    public void WriteJson<T>(T value) => output.WriteLine(JsonSerializer.Serialize(value, JsonOptions));

    /// <summary>Writes every fault as <c>SOURCE: line N, column X: sentence</c> on the error stream.</summary>
    /// <param name="source">File or option that is wrong.</param>
    /// <param name="faults">One or more.</param>
    /// <returns><see cref="ExitCodes.BadInput"/>.</returns>
    public int Refuse(string source, IEnumerable<Fault> faults)
    {
        foreach (Fault fault in faults)
        {
            error.WriteLine($"{source}: {fault}");
        }

        return ExitCodes.BadInput;
    }
}
