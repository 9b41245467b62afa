using System.CommandLine;
using System.Globalization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Servers;

/// <summary>Lists that a server gives in pages.</summary>
internal static class Pages
{
    private const int MaximumLimit = 100_000;
    private const int MaximumPageSize = 1000;

    /// <summary>How many a person wants at most.</summary>
    public static Option<int> Limit { get; } = new("--limit")
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"Most lines, 1 to {MaximumLimit}."),
        HelpName = "N",
        DefaultValueFactory = _ => 50,
    };

    /// <summary>The limit of a command line; a fault where it is out of its range.</summary>
    public static int ReadLimit(ParseResult parsed, List<Fault> faults)
    {
        int limit = parsed.GetValue(Limit);
        if (limit is < 1 or > MaximumLimit)
        {
            faults.Add(new Fault("--limit", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{limit} is no number of lines; expected 1 to {MaximumLimit}.")));
        }

        return limit;
    }

    /// <summary>The work of a command that lists: reads its limit and pages, and prints rows as a table or as JSON.</summary>
    /// <param name="call">The command; it has <see cref="Limit"/>.</param>
    /// <param name="source">Its name, for faults.</param>
    /// <param name="json">Its option for JSON.</param>
    /// <param name="readPage">Asks for a page of a size from a token.</param>
    /// <param name="rowOf">An item as a row.</param>
    /// <param name="print">Prints rows for people.</param>
    /// <param name="faults">What else is wrong with its options; none by default.</param>
    /// <returns>Exit code.</returns>
    public static async Task<int> ListAsync<T, TRow>(
        ServerCall call,
        string source,
        Option<bool> json,
        Func<int, string, Task<Page<T>>> readPage,
        Func<T, TRow> rowOf,
        Action<CommandConsole, IReadOnlyList<TRow>> print,
        IEnumerable<Fault>? faults = null)
    {
        List<Fault> all = [.. faults ?? []];
        int limit = ReadLimit(call.Parsed, all);
        if (all.Count > 0)
        {
            return call.Console.Refuse(source, all);
        }

        TRow[] rows = [.. (await ReadAsync(call, limit, readPage)).Select(rowOf)];
        if (call.Parsed.GetValue(json))
        {
            call.Console.WriteJson(rows);
        }
        else
        {
            print(call.Console, rows);
        }

        return ExitCodes.Ok;
    }

    /// <summary>Reads pages until there is enough or no more; tells on the error stream when there is more.</summary>
    /// <param name="call">The command.</param>
    /// <param name="limit">Most items.</param>
    /// <param name="readPage">Asks for a page of a size from a token.</param>
    public static async Task<List<T>> ReadAsync<T>(ServerCall call, int limit, Func<int, string, Task<Page<T>>> readPage)
    {
        var items = new List<T>();
        string token = "";
        do
        {
            Page<T> page = await readPage(Math.Min(limit - items.Count, MaximumPageSize), token);
            items.AddRange(page.Items);
            token = page.NextToken;
        }
        while (token.Length > 0 && items.Count < limit);
        if (token.Length > 0)
        {
            call.Console.Tell(string.Create(CultureInfo.InvariantCulture, $"There are more than these {items.Count}; --limit asks for more."));
        }

        return items;
    }
}

/// <summary>One page of a list.</summary>
/// <param name="Items">Its items.</param>
/// <param name="NextToken">Token of the next page; empty at the end.</param>
internal sealed record Page<T>(IEnumerable<T> Items, string NextToken);
