using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.Xponent;

/// <summary>One block of an xPONENT export.</summary>
/// <param name="Name">Its data type, such as <c>Median</c>.</param>
/// <param name="Line">Line of its <c>DataType:</c>.</param>
/// <param name="Lines">Its lines, the column header first.</param>
internal sealed record XponentBlock(string Name, int Line, IReadOnlyList<DelimitedLine> Lines);

/// <summary>An xPONENT export as tables.</summary>
/// <param name="Header">The lines above the results by their first field; the first of a name counts.</param>
/// <param name="Blocks">The blocks by their data type.</param>
/// <param name="IsClosed">Whether the file ends with its checksum, as a whole one does.</param>
internal sealed record XponentTables(IReadOnlyDictionary<string, DelimitedLine> Header, IReadOnlyDictionary<string, XponentBlock> Blocks, bool IsClosed)
{
    /// <summary>A field of the header; null where it is absent or empty.</summary>
    public string? Field(string name, int index = 1) =>
        Header.TryGetValue(name, out DelimitedLine? line) && line.Trimmed(index) is { Length: > 0 } text ? text : null;
}

/// <summary>Text to tables: splits the export into its header and its <c>DataType:</c> blocks.</summary>
internal static class XponentReader
{
    private const string DataType = "DataType:";

    /// <summary>Whether the text names the program, or has blocks, whatever stands between the fields.</summary>
    public static bool IsXponent(string text)
    {
        string start = text.AsSpan(0, Math.Min(text.Length, 400)).TrimStart().ToString();
        return (start.StartsWith("\"Program\"", StringComparison.Ordinal) || start.StartsWith("Program", StringComparison.Ordinal))
                && start.Contains("xPONENT", StringComparison.OrdinalIgnoreCase)
            || text.Contains($"\"{DataType}\"", StringComparison.Ordinal);
    }

    /// <summary>Reads the tables; null with a fault where the fields can't be told apart.</summary>
    public static XponentTables? Read(string text, char delimiter, List<Fault> faults)
    {
        foreach (char other in new[] { ',', ';', '\t' })
        {
            if (other != delimiter && !HasBlock(text, delimiter) && HasBlock(text, other))
            {
                string name = other == '\t' ? "a tab" : $"'{other}'";
                faults.Add(new Fault(
                    "line 1",
                    FaultReasons.InvalidFile,
                    $"{name} stands between the fields; expected '{delimiter}', or name the file's delimiter (and its decimal separator)."));
                return null;
            }
        }

        var header = new Dictionary<string, DelimitedLine>();
        var blocks = new Dictionary<string, XponentBlock>();
        List<DelimitedLine>? current = null;
        bool isClosed = false;
        foreach (DelimitedLine line in DelimitedLines.Read(text, delimiter, faults))
        {
            string first = line.Trimmed(0);
            if (first == DataType)
            {
                current = StartBlock(line, blocks, faults);
            }
            else if (first.StartsWith("-- CRC", StringComparison.Ordinal))
            {
                isClosed = true;
                break;
            }
            else if (current is null)
            {
                // A description of the protocol may hold anything; nothing of the header is worth refusing a plate.
                header.TryAdd(first, line);
            }
            else
            {
                if (line.BadQuote is not null)
                {
                    faults.Add(line.QuoteFault());
                }

                current.Add(line);
            }
        }

        return new XponentTables(header, blocks, isClosed);
    }

    private static bool HasBlock(string text, char delimiter) =>
        text.Contains($"{DataType}{delimiter}", StringComparison.Ordinal) || text.Contains($"\"{DataType}\"{delimiter}", StringComparison.Ordinal);

    private static List<DelimitedLine> StartBlock(DelimitedLine line, Dictionary<string, XponentBlock> blocks, List<Fault> faults)
    {
        string name = line.Trimmed(1);
        var lines = new List<DelimitedLine>();
        if (name.Length == 0)
        {
            faults.Add(new Fault($"line {line.Number}", FaultReasons.Required, "The block has no data type; expected one such as Median."));
        }
        else if (!blocks.TryAdd(name, new XponentBlock(name, line.Number, lines)))
        {
            faults.Add(new Fault(
                $"line {line.Number}",
                FaultReasons.Duplicate,
                $"Block '{Texts.Shorten(name)}' stands twice, first in line {blocks[name].Line}; expected one plate per file."));
        }

        return lines;
    }
}
