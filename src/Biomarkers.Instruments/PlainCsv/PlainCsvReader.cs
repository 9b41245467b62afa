using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.PlainCsv;

/// <summary>Lines of a plain CSV plate file, addressed by the names of their columns.</summary>
/// <param name="Columns">Place of each column that the file has.</param>
/// <param name="Lines">The lines below the header.</param>
internal sealed record PlainCsvTable(IReadOnlyDictionary<string, int> Columns, IReadOnlyList<DelimitedLine> Lines)
{
    public bool Has(string column) => Columns.ContainsKey(column);

    /// <summary>A cell as it stands; empty where the file has no such column.</summary>
    public string Raw(DelimitedLine line, string column) => Columns.TryGetValue(column, out int index) ? line[index] : "";

    /// <summary>A cell without white space around it.</summary>
    public string Cell(DelimitedLine line, string column) => Raw(line, column).Trim();

    /// <summary>The place of a cell, for faults.</summary>
    public static string Field(DelimitedLine line, string column) => $"line {line.Number}, column {column}";
}

/// <summary>Text to table: finds the header and names what is wrong with the shape of the file.</summary>
internal static class PlainCsvReader
{
    private static readonly char[] CommonDelimiters = [',', ';', '\t', '|'];

    /// <summary>Whether the first line is a header with a well or response column, whatever stands between the fields.</summary>
    public static bool HasHeader(string text)
    {
        string[] names = [.. FirstLine(text).Split(CommonDelimiters).Select(Normalise)];
        return names.Contains(PlainCsvColumns.Well) || names.Contains(PlainCsvColumns.Response);
    }

    /// <summary>Reads the table; null with faults where its shape is wrong.</summary>
    public static PlainCsvTable? Read(PlateFileSource source, PlateFileOptions options, List<Fault> faults)
    {
        if (NamesOtherDelimiter(source.Text, options.Delimiter, faults))
        {
            return null;
        }

        List<DelimitedLine> lines = DelimitedLines.Read(source.Text, options.Delimiter, faults);
        if (lines.Count == 0)
        {
            faults.Add(new Fault("line 1", FaultReasons.InvalidFile, "The file has no header; expected one with 'well' and 'response'."));
            return null;
        }

        faults.AddRange(lines.Where(line => line.BadQuote is not null).Select(line => line.QuoteFault()));
        Dictionary<string, int> columns = ReadHeader(lines[0], source.Notices, faults);
        List<DelimitedLine> body = lines[1..];
        if (body.Count == 0)
        {
            faults.Add(new Fault($"line {lines[0].Number + 1}", FaultReasons.InvalidFile, "The file has a header and no well; expected one line per well and analyte."));
        }

        if (!columns.ContainsKey(PlainCsvColumns.Well) || !columns.ContainsKey(PlainCsvColumns.Response))
        {
            return null;
        }

        faults.AddRange(body.Where(line => line.Cells.Length > lines[0].Cells.Length).Select(line => RaggedFault(line, lines[0].Cells.Length, options.Delimiter)));

        // A line with a field too many says nothing certain about its columns.
        return new PlainCsvTable(columns, [.. body.Where(line => line.Cells.Length <= lines[0].Cells.Length)]);
    }

    private static bool NamesOtherDelimiter(string text, char delimiter, List<Fault> faults)
    {
        string first = FirstLine(text);
        if (first.Split(delimiter).Length > 1)
        {
            return false;
        }

        char[] others = [.. CommonDelimiters.Where(candidate => candidate != delimiter && first.Contains(candidate))];
        if (others.Length == 0)
        {
            return false;
        }

        faults.Add(new Fault(
            "line 1",
            FaultReasons.InvalidFile,
            $"{NameOf(others[0])} stands between the fields of the header; expected {NameOf(delimiter)}, or name the file's delimiter."));
        return true;
    }

    private static Fault RaggedFault(DelimitedLine line, int expected, char delimiter)
    {
        // '1,5' arrives as the two fields '1' and '5'; other lines merely have a field too many.
        (string First, string Second) split = line.Cells.Zip(line.Cells.Skip(1)).FirstOrDefault(pair => IsWhole(pair.First.TrimStart('-', '+')) && IsWhole(pair.Second));
        string hint = delimiter == ',' && split.First is not null
            ? $" '{Texts.Shorten(split.First)},{Texts.Shorten(split.Second)}' may be one number with a decimal comma: write '.', or quotes around the field and name the decimal separator."
            : " A field that holds the delimiter needs quotes around it.";
        return new Fault($"line {line.Number}", FaultReasons.InvalidFile, $"The line has {line.Cells.Length} fields; expected at most {expected}, as many as the header.{hint}");
    }

    private static bool IsWhole(string cell) => cell.Length > 0 && cell.All(char.IsAsciiDigit);

    private static Dictionary<string, int> ReadHeader(DelimitedLine header, NoticeList notices, List<Fault> faults)
    {
        var columns = new Dictionary<string, int>();
        HashSet<string> named = [.. header.Cells.Select(Normalise)];
        for (int i = 0; i < header.Cells.Length; i++)
        {
            string name = Normalise(header.Cells[i]);
            if (!PlainCsvColumns.All.Contains(name))
            {
                AddUnknown(header, header.Cells[i].Trim(), PlainCsvColumns.Near(name, named), notices, faults);
            }
            else if (!columns.TryAdd(name, i))
            {
                faults.Add(new Fault($"line {header.Number}", FaultReasons.Duplicate, $"Column '{name}' stands twice in the header; expected once."));
            }
        }

        foreach (string required in new[] { PlainCsvColumns.Well, PlainCsvColumns.Response })
        {
            if (!columns.ContainsKey(required))
            {
                faults.Add(new Fault(
                    $"line {header.Number}",
                    FaultReasons.Required,
                    $"The header has no column '{required}'; got '{Texts.Shorten(string.Join(", ", header.Cells))}'."));
            }
        }

        return columns;
    }

    // A slip in the name of a column would lose its values without a word in the result; a column of something else is no slip.
    private static void AddUnknown(DelimitedLine header, string name, string? near, NoticeList notices, List<Fault> faults)
    {
        string field = $"line {header.Number}";
        if (near is not null)
        {
            faults.Add(new Fault(field, FaultReasons.UnknownWord, $"Column '{Texts.Shorten(name)}' is not known; expected '{near}', or a name that is not near it for a column that is not used."));
        }
        else
        {
            notices.Add(field, PlateFileNoticeReasons.NotUsed, $"Column '{Texts.Shorten(name)}' is not used; known are {string.Join(", ", PlainCsvColumns.All)}.");
        }
    }

    private static string FirstLine(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().TrimStart();
        int end = trimmed.IndexOfAny('\r', '\n');
        return (end < 0 ? trimmed : trimmed[..end]).ToString();
    }

    private static string Normalise(string header) => header.Trim().Trim('"').Trim().ToLowerInvariant().Replace(' ', '_');

    private static string NameOf(char delimiter) => delimiter switch
    {
        ',' => "a comma",
        ';' => "a semicolon",
        '\t' => "a tab",
        '|' => "a vertical bar",
        _ => $"'{delimiter}'",
    };
}
