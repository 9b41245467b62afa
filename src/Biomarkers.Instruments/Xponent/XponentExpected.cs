using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.Xponent;

/// <summary>Expected concentrations of standards or controls: one line per sample, one column per analyte.</summary>
internal static class XponentExpected
{
    /// <summary>Reads a block of expected concentrations to nominal concentrations by sample.</summary>
    /// <param name="block">The block: a header with analytes, then lines that begin with a sample (or a location and a sample).</param>
    /// <param name="analytes">Analytes of the plate.</param>
    /// <param name="units">Unit of each analyte's name; an analyte without one has no concentration.</param>
    /// <param name="isSeries">Whether the samples are a dilution series in their order, whose concentrations must rise or fall throughout.</param>
    /// <param name="options">Decimal separator.</param>
    /// <param name="faults">Receives what is wrong, a series that neither rises nor falls throughout among it.</param>
    public static Dictionary<string, List<NominalConcentration>> Read(
        XponentBlock block,
        IReadOnlyList<FileAnalyte> analytes,
        IReadOnlyDictionary<string, ConcentrationUnit> units,
        bool isSeries,
        PlateFileOptions options,
        List<Fault> faults)
    {
        var nominals = new Dictionary<string, List<NominalConcentration>>();
        if (block.Lines.Count == 0)
        {
            return nominals;
        }

        DelimitedLine header = block.Lines[0];
        int sampleIndex = header.Trimmed(0) == "Location" ? 1 : 0;
        foreach (FileAnalyte analyte in analytes)
        {
            int index = Array.FindIndex(header.Cells, cell => cell.Trim() == analyte.Original);
            if (index < 0)
            {
                continue;
            }

            List<Expected> series = ReadColumn(block, sampleIndex, index, analyte, options, faults);
            if (isSeries)
            {
                CheckSeries(series, analyte, faults);
            }

            if (series.Count > 0 && !units.ContainsKey(analyte.Name))
            {
                faults.Add(new Fault(
                    $"line {header.Number}, column {Texts.Shorten(analyte.Original)}",
                    FaultReasons.Required,
                    $"The concentrations of block '{block.Name}' have no unit; expected one of {ConcentrationUnit.KnownCodes} in block 'Units', or as an option."));
                continue;
            }

            foreach (Expected expected in series)
            {
                AddTo(nominals, expected, analyte, units[analyte.Name], faults);
            }
        }

        return nominals;
    }

    private static List<Expected> ReadColumn(XponentBlock block, int sampleIndex, int index, FileAnalyte analyte, PlateFileOptions options, List<Fault> faults)
    {
        var series = new List<Expected>();
        foreach (DelimitedLine line in block.Lines.Skip(1))
        {
            // Lines such as "BeadID:" and "Units:" describe the columns.
            string sample = line.Trimmed(sampleIndex);
            if (sample.Length == 0 || sample.EndsWith(':'))
            {
                continue;
            }

            string field = XponentWellTable.Field(line, analyte.Original);
            string cell = line.Trimmed(index);
            if (cell.Length == 0 || cell.Equals("NaN", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            double? value = CellFaults.ReadNumber(cell, field, "the expected concentration", options.DecimalSeparator, faults);
            if (value is < 0)
            {
                faults.Add(new Fault(field, FaultReasons.OutOfRange, $"Expected concentration {Print(value.Value)} of '{Texts.Shorten(sample)}' is negative; expected 0 or more."));
            }
            else if (value is { } concentration)
            {
                series.Add(new Expected(sample, concentration, field));
            }
        }

        return series;
    }

    // A lost decimal point (365625 for 365.625) breaks the order of a dilution series. Wrong by a factor of a thousand, it must not reach a curve.
    private static void CheckSeries(List<Expected> series, FileAnalyte analyte, List<Fault> faults)
    {
        Expected[] points = [.. series.Where(expected => expected.Value > 0).DistinctBy(expected => expected.Sample)];
        if (points.Length < 3)
        {
            return;
        }

        int falls = 0;
        for (int i = 1; i < points.Length; i++)
        {
            falls += points[i].Value < points[i - 1].Value ? 1 : 0;
        }

        bool isFalling = 2 * falls >= points.Length - 1;
        for (int i = 1; i < points.Length; i++)
        {
            if (isFalling ? points[i].Value >= points[i - 1].Value : points[i].Value <= points[i - 1].Value)
            {
                string values = string.Join(", ", points.Select(point => $"{point.Sample} {Print(point.Value)}"));
                faults.Add(new Fault(
                    points[i].Field,
                    FaultReasons.OutOfRange,
                    $"{Print(points[i].Value)} of '{Texts.Shorten(points[i].Sample)}' breaks the series of standards of '{Texts.Shorten(analyte.Original)}' ({values}); "
                        + $"expected it to {(isFalling ? "fall" : "rise")} throughout. Is a decimal point lost?"));
                return;
            }
        }
    }

    private static void AddTo(Dictionary<string, List<NominalConcentration>> nominals, Expected expected, FileAnalyte analyte, ConcentrationUnit unit, List<Fault> faults)
    {
        if (!nominals.TryGetValue(expected.Sample, out List<NominalConcentration>? list))
        {
            nominals[expected.Sample] = list = [];
        }

        NominalConcentration? other = list.Find(candidate => candidate.Analyte == analyte.Name);
        if (other is null)
        {
            list.Add(new NominalConcentration(analyte.Name, expected.Value, unit));
        }
        else if (other.Value != expected.Value)
        {
            faults.Add(new Fault(
                expected.Field,
                FaultReasons.WellConflict,
                $"'{Texts.Shorten(expected.Sample)}' has the expected concentrations {Print(other.Value)} and {Print(expected.Value)}; expected one."));
        }
    }

    private static string Print(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Expected(string Sample, double Value, string Field);
}
