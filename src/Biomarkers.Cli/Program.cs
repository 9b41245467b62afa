using System.CommandLine;
using System.CommandLine.Help;
using Biomarkers.Cli.Commands;

namespace Biomarkers.Cli;

/// <summary>The executable <c>biomarkers</c>.</summary>
public static class Program
{
    /// <summary>Runs the command line.</summary>
    /// <param name="args">Command and its arguments.</param>
    /// <returns>An exit code; see <see cref="ExitCodes"/>.</returns>
    public static Task<int> Main(string[] args) => RunAsync(args, Console.Out, Console.Error, CancellationToken.None);

    /// <summary>Runs a command line on given writers, as a test or a host does.</summary>
    /// <param name="args">Command and its arguments.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where errors go.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <returns>An exit code; see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var root = new RootCommand(
            $"Immunoassay data: from responses to concentrations. Exit codes: {ExitCodes.Explanation}.")
        {
            FitCommand.Create(),
            AnalyzeCommand.Create(),
            VarianceCommand.Create(),
            SendCommand.Create(),
            SpoolCommand.Create(),
            LayoutCommand.Create(),
            ReviewCommand.Create(),
            HeldCommand.Create(),
            QuarantineCommand.Create(),
            CloseCommand.Create(),
            PlatesCommand.Create(),
            RunsCommand.Create(),
            RunCommand.Create(),
            ResultsCommand.Create(),
            WatchCommand.Create(),
            PullCommand.Create(),
            SubscriptionsCommand.Create(),
            AssaysCommand.Create(),
            InstrumentsCommand.Create(),
            KeysCommand.Create(),
            AuditCommand.Create(),
            VerifyCommand.Create(),
            ExportCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
        {
            int code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, cancellationToken);
            if (parsed.Action is HelpAction && ExamplesOf(parsed.CommandResult.Command.Name) is { } examples)
            {
                await output.WriteLineAsync(examples.AsMemory(), cancellationToken);
            }

            return code;
        }

        var errors = new StringWriter();
        await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors }, cancellationToken);
        await error.WriteAsync(WithoutTypeNames(errors.ToString()));
        return ExitCodes.BadInput;
    }

    private static string? ExamplesOf(string command) => command switch
    {
        "fit" => FitCommand.Examples,
        "analyze" => AnalyzeCommand.Examples,
        "variance" => VarianceCommand.Examples,
        _ => null,
    };

    // The parser says what it expected by the names of types.
    private static string WithoutTypeNames(string text) => text
        .Replace("as expected type 'System.Nullable`1[System.Int32]'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.UInt64'", "as a whole number of 0 or more", StringComparison.Ordinal)
        .Replace("as expected type 'System.Double'", "as a number", StringComparison.Ordinal);
}
