using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments.Tables;

/// <summary>One line of a delimited file that holds something.</summary>
/// <param name="Number">1-based number of the line in the file.</param>
/// <param name="Cells">Its fields, unquoted; empty ones at the end are left out.</param>
/// <param name="FieldCount">Number of its fields, empty ones at the end counted.</param>
/// <param name="BadQuote">The field whose quotes do not match; null for a sound line.</param>
internal sealed record DelimitedLine(int Number, string[] Cells, int FieldCount, string? BadQuote)
{
    /// <summary>A field; empty where the line is shorter.</summary>
    public string this[int index] => index < Cells.Length ? Cells[index] : "";

    /// <summary>A field without white space around it.</summary>
    public string Trimmed(int index) => this[index].Trim();

    /// <summary>The fault of a line whose quotes do not match.</summary>
    public Fault QuoteFault() => new(
        $"line {Number}",
        FaultReasons.InvalidFile,
        $"The quotes around '{Texts.Shorten(BadQuote ?? "")}' do not match; expected each field to begin and end on one line, quotes inside it doubled.");
}

/// <summary>The lines of a delimited text with RFC 4180 quoting, but that no field runs over the end of a line: no plate file needs it, and a lost
/// quote would otherwise swallow the rest of the file. Never throws; lines without content are left out.</summary>
internal static class DelimitedLines
{
    public static List<DelimitedLine> Read(string text, char delimiter, List<Fault> faults)
    {
        var lines = new List<DelimitedLine>();
        int number = 0;
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
        {
            number++;

            DelimitedLine read = Split(line, number, delimiter);
            if (read.Cells.Length == 0)
            {
                continue;
            }

            if (lines.Count == PlateFileLimits.MaximumRows)
            {
                faults.Add(new Fault($"line {number}", FaultReasons.LimitExceeded, $"The file has more than {PlateFileLimits.MaximumRows} lines; a plate has fewer."));
                break;
            }

            lines.Add(read);
        }

        return lines;
    }

    private static DelimitedLine Split(ReadOnlySpan<char> line, int number, char delimiter)
    {
        var cells = new List<string>();
        string? badQuote = null;
        int at = 0;
        while (at <= line.Length)
        {
            ReadOnlySpan<char> rest = line[at..];
            int end;
            if (rest.Length > 0 && rest[0] == '"')
            {
                bool isSound = TryReadQuoted(rest, delimiter, out string cell, out end);
                badQuote ??= isSound ? null : cell;
                cells.Add(cell);
            }
            else
            {
                end = rest.IndexOf(delimiter);
                end = end < 0 ? rest.Length : end;
                cells.Add(rest[..end].ToString());
            }

            at += end + 1;
        }

        int fieldCount = cells.Count;
        while (cells.Count > 0 && string.IsNullOrWhiteSpace(cells[^1]))
        {
            cells.RemoveAt(cells.Count - 1);
        }

        return new DelimitedLine(number, [.. cells], fieldCount, badQuote);
    }

    // Reads a field that begins with a quote; `end` is where its delimiter or the end of the line stands.
    private static bool TryReadQuoted(ReadOnlySpan<char> rest, char delimiter, out string cell, out int end)
    {
        var text = new StringBuilder();
        int i = 1;
        while (i < rest.Length)
        {
            if (rest[i] != '"')
            {
                text.Append(rest[i++]);
            }
            else if (i + 1 < rest.Length && rest[i + 1] == '"')
            {
                text.Append('"');
                i += 2;
            }
            else
            {
                // The closing quote; only white space may follow before the delimiter.
                int next = rest[(i + 1)..].IndexOf(delimiter);
                end = next < 0 ? rest.Length : i + 1 + next;
                ReadOnlySpan<char> between = rest[(i + 1)..end];
                text.Append(between.IsWhiteSpace() ? "" : between);
                cell = text.ToString();
                return between.IsWhiteSpace();
            }
        }

        end = rest.Length;
        cell = text.ToString();
        return false;
    }
}
