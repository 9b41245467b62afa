using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.PlainCsv;

/// <summary>What a plain CSV says about a plate.</summary>
internal sealed record PlainCsvPlate(
    PlateFormat Format,
    IReadOnlyList<FileAnalyte> Analytes,
    IReadOnlyList<ResponseColumn> Columns,
    IReadOnlyList<LayoutWell> Wells,
    IReadOnlyList<LotReference> Lots);

/// <summary>Table to typed records: every line is checked by itself, then against the other lines of its well.</summary>
internal sealed class PlainCsvStructure(PlainCsvTable table, PlateFileOptions options, NoticeList notices, List<Fault> faults)
{
    private readonly Dictionary<string, string> nameOfAnalyte = [];
    private readonly Dictionary<string, ConcentrationUnit> unitOfAnalyte = [];
    private readonly List<ColumnBuilder> columns = [];
    private readonly Dictionary<(WellPosition Well, ColumnBuilder Column), int> lineOfReading = [];
    private readonly Dictionary<WellPosition, (int Line, PlainCsvWell Content)> contents = [];
    private readonly Dictionary<WellPosition, List<NominalConcentration>> nominals = [];

    public PlainCsvPlate Read()
    {
        IReadOnlyList<FileAnalyte> analytes = ReadAnalytes();
        List<(DelimitedLine Line, WellPosition Well)> lines = ReadWells();
        PlateFormat format = PlateSize.Of(options.WellCount, [.. lines.Select(item => (item.Well, PlainCsvTable.Field(item.Line, PlainCsvColumns.Well)))], faults);
        CollectUnits(lines);
        WarnOfContentColumns();
        foreach ((DelimitedLine line, WellPosition well) in lines)
        {
            ReadResponse(line, well);
            ReadContent(line, well);
        }

        return new PlainCsvPlate(
            format,
            analytes,
            [.. columns.Select(column => column.Build(notices))],
            [.. contents.OrderBy(item => item.Key).Select(item => new LayoutWell(item.Key, item.Value.Content.ToContent(nominals.GetValueOrDefault(item.Key) ?? [])))],
            [.. contents.OrderBy(item => item.Key).Select(item => item.Value.Content.ToLot()).OfType<LotReference>().Distinct()]);
    }

    private IReadOnlyList<FileAnalyte> ReadAnalytes()
    {
        if (!table.Has(PlainCsvColumns.Analyte))
        {
            if (options.Analyte is null)
            {
                faults.Add(new Fault("line 1", FaultReasons.Required, "The file has no column 'analyte'; name its one analyte by an option."));
                return [];
            }

            nameOfAnalyte[""] = options.Analyte;
            return [new FileAnalyte(options.Analyte, "")];
        }

        var originals = new List<(string Original, string Field)>();
        var seen = new HashSet<string>();
        foreach (DelimitedLine line in table.Lines)
        {
            string original = table.Cell(line, PlainCsvColumns.Analyte);
            string field = PlainCsvTable.Field(line, PlainCsvColumns.Analyte);
            if (original.Length == 0)
            {
                faults.Add(new Fault(field, FaultReasons.Required, "The analyte is empty; expected a name such as il-6."));
            }
            else if (seen.Add(original))
            {
                originals.Add((original, field));
            }
        }

        IReadOnlyList<FileAnalyte> analytes = FileNames.Analytes(originals, options, faults);
        foreach (FileAnalyte analyte in analytes)
        {
            nameOfAnalyte[analyte.Original] = analyte.Name;
        }

        return analytes;
    }

    private List<(DelimitedLine Line, WellPosition Well)> ReadWells()
    {
        var wells = new List<(DelimitedLine, WellPosition)>();
        foreach (DelimitedLine line in table.Lines)
        {
            string text = table.Cell(line, PlainCsvColumns.Well);
            if (WellPosition.TryParse(text, out WellPosition well))
            {
                wells.Add((line, well));
            }
            else
            {
                faults.Add(new Fault(
                    PlainCsvTable.Field(line, PlainCsvColumns.Well),
                    FaultReasons.InvalidWell,
                    $"'{Texts.Shorten(text)}' is no well; expected a position such as A01 or AF48."));
            }
        }

        return wells;
    }

    // A zero calibrator needs no printed concentration: it is 0 in the unit that the file uses for the analyte elsewhere.
    private void CollectUnits(List<(DelimitedLine Line, WellPosition Well)> lines)
    {
        foreach ((DelimitedLine line, _) in lines)
        {
            if (AnalyteOf(line) is { } analyte && ConcentrationUnit.TryParse(table.Cell(line, PlainCsvColumns.Unit), out ConcentrationUnit? unit))
            {
                unitOfAnalyte.TryAdd(analyte, unit);
            }
        }
    }

    private void WarnOfContentColumns()
    {
        if (!table.Has(PlainCsvColumns.Content) && table.Has(PlainCsvColumns.Name))
        {
            notices.Add("line 1", PlateFileNoticeReasons.NotUsed, "The file has no column 'content'; its names and concentrations are not used and it gives no layout.");
        }
    }

    private string? AnalyteOf(DelimitedLine line) => nameOfAnalyte.GetValueOrDefault(table.Cell(line, PlainCsvColumns.Analyte));

    private void ReadResponse(DelimitedLine line, WellPosition well)
    {
        ColumnPurpose? purpose = table.Cell(line, PlainCsvColumns.Purpose).ToLowerInvariant() switch
        {
            "" or PlainCsvColumns.Measurement => ColumnPurpose.Measurement,
            PlainCsvColumns.Reference => ColumnPurpose.Reference,
            _ => null,
        };
        if (purpose is null)
        {
            string word = Texts.Shorten(table.Cell(line, PlainCsvColumns.Purpose));
            faults.Add(new Fault(PlainCsvTable.Field(line, PlainCsvColumns.Purpose), FaultReasons.UnknownWord, $"'{word}' is no purpose; expected measurement or reference."));
        }

        double? wavelength = CellFaults.ReadNumber(
            table.Cell(line, PlainCsvColumns.WavelengthNm), PlainCsvTable.Field(line, PlainCsvColumns.WavelengthNm), "a wavelength in nanometres",
            options.DecimalSeparator, faults);
        int? beadCount = CellFaults.ReadWhole(
            table.Cell(line, PlainCsvColumns.BeadCount), PlainCsvTable.Field(line, PlainCsvColumns.BeadCount), 0, options.DecimalSeparator, faults);
        if (purpose is null || AnalyteOf(line) is not { } analyte)
        {
            return;
        }

        ColumnBuilder? column = columns.Find(candidate => candidate.Analyte == analyte && candidate.Purpose == purpose);
        if (column is null)
        {
            column = new ColumnBuilder(analyte, purpose.Value, wavelength);
            columns.Add(column);
        }
        else if (column.WavelengthNm != wavelength)
        {
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.WavelengthNm),
                FaultReasons.WellConflict,
                $"Wavelength '{wavelength}' differs from '{column.WavelengthNm}' of the lines before; expected one wavelength per analyte and purpose."));
        }

        if (!lineOfReading.TryAdd((well, column), line.Number))
        {
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.Well),
                FaultReasons.WellConflict,
                $"Well {well} has two responses of analyte '{analyte}', first in line {lineOfReading[(well, column)]}; expected one."));
            return;
        }

        column.Add(well, table.Raw(line, PlainCsvColumns.Response), beadCount, PlainCsvTable.Field(line, PlainCsvColumns.Response), options.DecimalSeparator, notices, faults);
    }

    private void ReadContent(DelimitedLine line, WellPosition well)
    {
        PlainCsvWell? content = PlainCsvWell.Read(table, line, options, notices, faults);
        if (content is null)
        {
            return;
        }

        if (!contents.TryAdd(well, (line.Number, content)) && contents[well].Content != content)
        {
            (int first, PlainCsvWell other) = contents[well];
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.Content),
                FaultReasons.WellConflict,
                $"Well {well} holds {content} here and {other} in line {first}; expected the lines of one well to agree."));
        }
        else if (AnalyteOf(line) is { } analyte && ReadNominal(line, content, analyte) is { } nominal)
        {
            AddNominal(line, well, nominal);
        }
    }

    private NominalConcentration? ReadNominal(DelimitedLine line, PlainCsvWell content, string analyte)
    {
        string cell = table.Cell(line, PlainCsvColumns.Nominal);
        string field = PlainCsvTable.Field(line, PlainCsvColumns.Nominal);
        bool isZero = content.Role == PlainCsvColumns.Zero;
        if (cell.Length > 0 && !content.TakesNominal)
        {
            notices.Add(field, PlateFileNoticeReasons.NotUsed, $"Concentration '{Texts.Shorten(cell)}' of a well of content '{content.Role}' is not used.");
            return null;
        }

        double? value = CellFaults.ReadNumber(cell, field, "a concentration", options.DecimalSeparator, faults);
        if (value is null && !(isZero && cell.Length == 0))
        {
            return null;
        }

        if (value is { } number && (isZero ? number != 0 : number <= 0))
        {
            string expected = isZero ? "0 for a zero calibrator" : "more than 0; a calibrator of concentration 0 has the content zero";
            faults.Add(new Fault(field, FaultReasons.OutOfRange, $"Concentration {number} does not fit the content '{content.Role}'; expected {expected}."));
            return null;
        }

        return ReadUnit(line, analyte, isZero) is { } unit ? new NominalConcentration(analyte, value ?? 0, unit) : null;
    }

    private ConcentrationUnit? ReadUnit(DelimitedLine line, string analyte, bool isZero)
    {
        string code = table.Cell(line, PlainCsvColumns.Unit);
        string field = PlainCsvTable.Field(line, PlainCsvColumns.Unit);
        if (code.Length > 0)
        {
            if (ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit))
            {
                return unit;
            }

            faults.Add(new Fault(field, FaultReasons.UnitMismatch, $"'{Texts.Shorten(code)}' is no known unit; expected one of {ConcentrationUnit.KnownCodes}."));
            return null;
        }

        if (isZero && unitOfAnalyte.TryGetValue(analyte, out ConcentrationUnit? usual))
        {
            return usual;
        }

        if (options.Unit is null)
        {
            faults.Add(new Fault(field, FaultReasons.Required, $"The concentration of analyte '{analyte}' has no unit; expected one of {ConcentrationUnit.KnownCodes}."));
        }

        return options.Unit;
    }

    // Measurement and reference of one analyte may both print the concentration; they must agree.
    private void AddNominal(DelimitedLine line, WellPosition well, NominalConcentration nominal)
    {
        if (!nominals.TryGetValue(well, out List<NominalConcentration>? list))
        {
            nominals[well] = list = [];
        }

        NominalConcentration? other = list.Find(candidate => candidate.Analyte == nominal.Analyte);
        if (other is null)
        {
            list.Add(nominal);
        }
        else if (other != nominal)
        {
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.Nominal),
                FaultReasons.WellConflict,
                $"Well {well} has {nominal.Concentration} of analyte '{nominal.Analyte}' here and {other.Concentration} before; expected one concentration."));
        }
    }
}
