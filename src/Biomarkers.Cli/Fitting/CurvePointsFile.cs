using System.Globalization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Fitting;

/// <summary>One calibrator point and the line that it came from.</summary>
/// <param name="LineNumber">1-based line of the file.</param>
/// <param name="Concentration">Zero or more.</param>
/// <param name="Response">Finite.</param>
public sealed record CurvePoint(int LineNumber, double Concentration, double Response);

/// <summary>The points of a file, at least one.</summary>
/// <param name="Points">In the order of the file.</param>
public sealed record CurvePoints(IReadOnlyList<CurvePoint> Points);

/// <summary>Reads calibrator points from CSV: a header with <c>concentration</c> and <c>response</c> in any order and case, further columns are
/// ignored, and one point per line; blank lines are skipped.</summary>
public static class CurvePointsFile
{
    private const string ConcentrationColumn = "concentration";
    private const string ResponseColumn = "response";

    /// <summary>Most bytes of a file: far beyond the calibrators of any plate.</summary>
    private const int MaximumBytes = 4 * 1024 * 1024;

    /// <summary>Most faults that are listed.</summary>
    private const int MaximumFaults = 100;

    private static readonly (char Separator, string Name)[] OtherSeparators = [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];

    /// <summary>Reads a file.</summary>
    /// <returns>The points, or every fault with its line, the value and what was expected; 100 faults at most.</returns>
    public static async Task<Checked<CurvePoints>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            string text = Directory.Exists(path) ? "This is a folder; expected a CSV file." : "No such file; expected a CSV file with columns concentration,response.";
            return Refused(new Fault("", FaultReasons.Required, text));
        }

        return file.Length > MaximumBytes
            ? Refused(new Fault("", FaultReasons.LimitExceeded, $"The file has {file.Length} bytes; expected at most {MaximumBytes}."))
            : Parse(await File.ReadAllTextAsync(path, cancellationToken));
    }

    /// <summary>Reads the text of a file.</summary>
    public static Checked<CurvePoints> Parse(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        int headerLine = Array.FindIndex(lines, line => !string.IsNullOrWhiteSpace(line));
        if (headerLine < 0)
        {
            return Refused(new Fault("", FaultReasons.Required, $"The file is empty; expected a header line {ConcentrationColumn},{ResponseColumn} and points."));
        }

        List<Fault> faults = [];
        char separator = SeparatorOf(lines[headerLine], headerLine + 1, faults);
        string[] header = [.. Split(lines[headerLine], separator).Select(cell => cell.Trim().ToLowerInvariant())];
        int concentrationAt = ColumnOf(header, ConcentrationColumn, headerLine + 1, faults);
        int responseAt = ColumnOf(header, ResponseColumn, headerLine + 1, faults);
        if (concentrationAt < 0 || responseAt < 0)
        {
            return faults;
        }

        List<CurvePoint> points = [];
        for (int i = headerLine + 1; i < lines.Length && faults.Count < MaximumFaults; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            string[] cells = Split(lines[i], separator);
            if (cells.Length != header.Length)
            {
                string hint = separator == ',' && cells.Length > header.Length ? " A decimal comma splits a number: write 1.5, not 1,5." : "";
                faults.Add(new Fault($"line {i + 1}", FaultReasons.LengthMismatch,
                    $"Expected {header.Length} cells as in the header; got {cells.Length} in '{Quoted(lines[i])}'.{hint}"));
                continue;
            }

            double? concentration = NumberOf(cells[concentrationAt], i + 1, ConcentrationColumn, faults);
            double? response = NumberOf(cells[responseAt], i + 1, ResponseColumn, faults);
            if (concentration < 0)
            {
                faults.Add(new Fault(PlaceOf(i + 1, ConcentrationColumn), FaultReasons.OutOfRange,
                    $"Expected a concentration of zero or more; got '{cells[concentrationAt].Trim()}'."));
            }
            else if (concentration is not null && response is not null)
            {
                points.Add(new CurvePoint(i + 1, concentration.Value, response.Value));
            }
        }

        if (points.Count == 0 && faults.Count == 0)
        {
            faults.Add(new Fault($"line {headerLine + 1}", FaultReasons.Required, "The file ends after its header; expected one point per line."));
        }

        return faults.Count > 0 ? faults : new CurvePoints(points);
    }

    /// <summary>Place of a cell in a message: <c>line 5, column response</c>.</summary>
    public static string PlaceOf(int lineNumber, string column) => $"line {lineNumber}, column {column}";

    private static Checked<CurvePoints> Refused(Fault fault) => new List<Fault> { fault };

    /// <summary>A comma, or what the header seems to be separated by, which is a fault; the lines are read with it to find their faults as well.</summary>
    private static char SeparatorOf(string header, int lineNumber, List<Fault> faults)
    {
        foreach ((char separator, string name) in OtherSeparators)
        {
            if (header.Contains(separator) && !header.Contains(','))
            {
                faults.Add(new Fault($"line {lineNumber}", FaultReasons.InvalidText,
                    $"The columns of '{Quoted(header)}' are separated by {name}; expected commas, with decimal points in numbers."));
                return separator;
            }
        }

        return ',';
    }

    private static int ColumnOf(string[] header, string column, int lineNumber, List<Fault> faults)
    {
        int count = header.Count(name => name == column);
        if (count != 1)
        {
            string got = count == 0 ? $"it is missing from '{Quoted(string.Join(',', header))}'" : $"it stands {count} times";
            faults.Add(new Fault($"line {lineNumber}", count == 0 ? FaultReasons.Required : FaultReasons.Duplicate,
                $"Expected a header line with one column '{column}'; {got}."));
            return -1;
        }

        return Array.IndexOf(header, column);
    }

    private static double? NumberOf(string cell, int lineNumber, string column, List<Fault> faults)
    {
        string text = Quoted(cell.Trim());
        string place = PlaceOf(lineNumber, column);
        if (text.Length == 0)
        {
            faults.Add(new Fault(place, FaultReasons.Required, "The cell is empty; expected a number such as 1.5."));
            return null;
        }

        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            if (double.IsFinite(number))
            {
                return number;
            }

            faults.Add(new Fault(place, FaultReasons.NonFinite, $"Expected a finite number; got '{text}'."));
            return null;
        }

        bool hasComma = text.Contains(',') && text.All(character => char.IsAsciiDigit(character) || "+-.,eE".Contains(character));
        faults.Add(hasComma
            ? new Fault(place, FaultReasons.AmbiguousNumber, $"'{text}' has a comma, which may mean a decimal or thousands; expected a decimal point, such as 1.5.")
            : new Fault(place, FaultReasons.InvalidText, $"'{text}' is no number; expected one such as 1.5."));
        return null;
    }

    /// <summary>A text of the file as a message may carry it: short, and without characters that a terminal would obey.</summary>
    private static string Quoted(string text)
    {
        const int longest = 80;
        string shown = text.Length > longest ? string.Concat(text.AsSpan(0, longest), "...") : text;
        return string.Concat(shown.Select(character => char.IsControl(character) && character != '\t' ? '?' : character));
    }

    /// <summary>Cells of one line; a cell in double quotes may hold the separator, and a quote doubled.</summary>
    private static string[] Split(string line, char separator)
    {
        List<string> cells = [];
        var cell = new System.Text.StringBuilder();
        bool isQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char character = line[i];
            if (character == '"')
            {
                bool isEscaped = isQuoted && i + 1 < line.Length && line[i + 1] == '"';
                if (isEscaped)
                {
                    cell.Append('"');
                    i++;
                }
                else
                {
                    isQuoted = !isQuoted;
                }
            }
            else if (character == separator && !isQuoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(character);
            }
        }

        cells.Add(cell.ToString());
        return [.. cells];
    }
}
