using System.Text.RegularExpressions;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.Xponent;

/// <summary>A well's line in a block.</summary>
/// <param name="Line">The line.</param>
/// <param name="Well">Its well.</param>
/// <param name="Sample">Name of the sample, as it stands.</param>
internal sealed record XponentWell(DelimitedLine Line, WellPosition Well, string Sample);

/// <summary>A block with one line per well: location, sample, then one column per analyte.</summary>
/// <param name="Block">The block.</param>
/// <param name="Columns">Name and place of each column behind location and sample, in their order; without the total of events.</param>
/// <param name="Wells">The wells, each once, in the order of the block.</param>
internal sealed partial record XponentWellTable(XponentBlock Block, IReadOnlyList<(string Name, int Index)> Columns, IReadOnlyList<XponentWell> Wells)
{
    private const string Location = "Location";
    private const string Sample = "Sample";
    private const string TotalEvents = "Total Events";

    /// <summary>The place of a cell, for faults.</summary>
    public static string Field(DelimitedLine line, string column) => $"line {line.Number}, column {Texts.Shorten(column)}";

    /// <summary>Reads a block; null with a fault where its header is not that of such a block.</summary>
    public static XponentWellTable? Read(XponentBlock block, NoticeList notices, List<Fault> faults)
    {
        if (block.Lines.Count == 0 || block.Lines[0].Trimmed(0) != Location || block.Lines[0].Trimmed(1) != Sample)
        {
            string got = block.Lines.Count == 0 ? "nothing" : $"'{Texts.Shorten(string.Join(", ", block.Lines[0].Cells))}'";
            faults.Add(new Fault(
                $"line {block.Line + 1}",
                FaultReasons.InvalidFile,
                $"Block '{Texts.Shorten(block.Name)}' begins with {got}; expected '{Location}', '{Sample}' and the analytes."));
            return null;
        }

        var columns = new List<(string, int)>();
        for (int i = 2; i < block.Lines[0].Cells.Length; i++)
        {
            string name = block.Lines[0].Trimmed(i);
            if (name.Length == 0)
            {
                faults.Add(new Fault(
                    $"line {block.Lines[0].Number}",
                    FaultReasons.Required,
                    $"Field {i + 1} of the header of block '{block.Name}' is empty; expected an analyte."));
            }
            else if (name != TotalEvents)
            {
                columns.Add((name, i));
            }
        }

        return new XponentWellTable(block, columns, ReadWells(block, notices, faults));
    }

    private static List<XponentWell> ReadWells(XponentBlock block, NoticeList notices, List<Fault> faults)
    {
        var wells = new List<XponentWell>();
        var seen = new Dictionary<WellPosition, int>();
        string? plate = null;
        foreach (DelimitedLine line in block.Lines.Skip(1))
        {
            string text = line.Trimmed(0);
            if (text == Location)
            {
                notices.Add($"line {line.Number}", PlateFileNoticeReasons.NotUsed, $"The header of block '{block.Name}' stands twice; this line is not used.");
                continue;
            }

            Match match = LocationPattern().Match(text);
            if (!match.Success || !WellPosition.TryParse(match.Groups["well"].Value, out WellPosition well))
            {
                faults.Add(new Fault(
                    Field(line, Location),
                    FaultReasons.InvalidWell,
                    $"'{Texts.Shorten(text)}' is no location; expected one such as 1(1,A1): sequence, plate, well."));
                continue;
            }

            plate ??= match.Groups["plate"].Value;
            if (match.Groups["plate"].Value != plate)
            {
                faults.Add(new Fault(
                    Field(line, Location),
                    FaultReasons.LimitExceeded,
                    $"'{Texts.Shorten(text)}' is of plate {match.Groups["plate"].Value} and the lines before of plate {plate}; expected one plate per file."));
            }
            else if (!seen.TryAdd(well, line.Number))
            {
                faults.Add(new Fault(
                    Field(line, Location),
                    FaultReasons.WellConflict,
                    $"Well {well} stands twice in block '{block.Name}', first in line {seen[well]}; expected once."));
            }
            else
            {
                wells.Add(new XponentWell(line, well, line[1]));
            }
        }

        return wells;
    }

    [GeneratedRegex(@"^(?:[0-9]+ *\( *(?<plate>[0-9]+) *, *(?<well>[A-Za-z]+[0-9]+) *\)|(?<well>[A-Za-z]+[0-9]+))$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LocationPattern();
}
