using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.Xponent;

/// <summary>What an xPONENT export says about a plate.</summary>
internal sealed record XponentPlate(
    PlateFormat Format,
    IReadOnlyList<FileAnalyte> Analytes,
    IReadOnlyList<ResponseColumn> Columns,
    IReadOnlyList<LayoutWell> Wells);

/// <summary>Tables to typed records.</summary>
internal sealed class XponentStructure(XponentTables tables, PlateFileOptions options, NoticeList notices, List<Fault> faults)
{
    private const string Median = "Median";
    private const string NetMedian = "Net MFI";
    private const string Count = "Count";
    private const string DilutionFactor = "Dilution Factor";

    public XponentPlate? Read()
    {
        if (!tables.IsClosed)
        {
            notices.Add("", PlateFileNoticeReasons.Absent, "The file does not end with its checksum; it may be cut off.");
        }

        XponentBlock? block = ChooseResponses();
        XponentWellTable? responses = block is null ? null : XponentWellTable.Read(block, notices, faults);
        if (responses is null)
        {
            return null;
        }

        if (responses.Wells.Count == 0 || responses.Columns.Count == 0)
        {
            faults.Add(new Fault(
                $"line {responses.Block.Line}",
                FaultReasons.Required,
                $"Block '{responses.Block.Name}' has {responses.Wells.Count} wells and {responses.Columns.Count} analytes; expected at least one of each."));
            return null;
        }

        string header = $"line {responses.Block.Lines[0].Number}";
        IReadOnlyList<FileAnalyte> analytes = FileNames.Analytes([.. responses.Columns.Select(column => (column.Name, header))], options, faults);
        PlateFormat format = PlateSize.Of(StatedWellCount(), [.. responses.Wells.Select(well => (well.Well, XponentWellTable.Field(well.Line, "Location")))], faults);
        IReadOnlyList<ResponseColumn> columns = ReadColumns(responses, analytes);
        IReadOnlyList<LayoutWell> wells = new XponentLayout(tables, options, notices, faults).Read(responses, analytes, ReadWellTable(DilutionFactor));
        AddInstrumentMessages();
        return new XponentPlate(format, analytes, columns, wells);
    }

    private XponentBlock? ChooseResponses()
    {
        string wanted = options.BeadResponse == BeadResponse.NetMedian ? NetMedian : Median;
        if (tables.Blocks.TryGetValue(wanted, out XponentBlock? block))
        {
            return block;
        }

        if (options.BeadResponse == BeadResponse.MedianOrElseNet && tables.Blocks.TryGetValue(NetMedian, out block))
        {
            notices.Add($"line {block.Line}", PlateFileNoticeReasons.NetResponse, "The file has no block 'Median'; responses are net of the instrument's background.");
            return block;
        }

        string known = tables.Blocks.Count == 0 ? "none" : Texts.Shorten(string.Join(", ", tables.Blocks.Keys));
        faults.Add(new Fault("", FaultReasons.Required, $"The file has no block '{wanted}' of responses; its blocks are: {known}."));
        return null;
    }

    private int? StatedWellCount()
    {
        if (options.WellCount is not null)
        {
            return options.WellCount;
        }

        if (!tables.Header.TryGetValue("ProtocolPlate", out DelimitedLine? line))
        {
            return null;
        }

        int type = Array.FindIndex(line.Cells, cell => cell.Trim() == "Type");
        return type > 0 && int.TryParse(line.Trimmed(type + 1), out int count) && PlateFormat.TryFromWellCount(count, out _) ? count : null;
    }

    private XponentWellTable? ReadWellTable(string name) =>
        tables.Blocks.TryGetValue(name, out XponentBlock? block) ? XponentWellTable.Read(block, notices, faults) : null;

    private List<ResponseColumn> ReadColumns(XponentWellTable responses, IReadOnlyList<FileAnalyte> analytes)
    {
        XponentWellTable? counts = ReadWellTable(Count);
        Dictionary<WellPosition, XponentWell> countOf = counts?.Wells.ToDictionary(well => well.Well) ?? [];
        if (counts is null)
        {
            notices.Add("", PlateFileNoticeReasons.Absent, "The file has no block 'Count'; no bead counts are kept.");
        }
        else
        {
            CheckSameWells(responses, counts);
        }

        int width = responses.Columns[^1].Index + 1;
        foreach (XponentWell well in responses.Wells.Where(well => well.Line.FieldCount < width))
        {
            faults.Add(new Fault(
                $"line {well.Line.Number}",
                FaultReasons.LengthMismatch,
                $"The line has {well.Line.FieldCount} fields and the header {width}; expected a response for each analyte. Is the file cut off?"));
        }

        var columns = new List<ResponseColumn>();
        foreach (FileAnalyte analyte in analytes)
        {
            int index = responses.Columns.First(column => column.Name == analyte.Original).Index;
            int countIndex = counts?.Columns.FirstOrDefault(column => column.Name == analyte.Original).Index ?? 0;
            if (counts is not null && countIndex == 0)
            {
                faults.Add(new Fault(
                    $"line {counts.Block.Line + 1}",
                    FaultReasons.AnalyteUnknown,
                    $"Block '{Count}' has no column '{Texts.Shorten(analyte.Original)}'; expected the analytes of block '{responses.Block.Name}'."));
            }

            var column = new ColumnBuilder(analyte.Name, ColumnPurpose.Measurement, wavelengthNm: null);
            foreach (XponentWell well in responses.Wells)
            {
                int? count = countIndex > 0 && countOf.TryGetValue(well.Well, out XponentWell? counted) ? ReadCount(counted.Line, countIndex, analyte) : null;
                column.Add(well.Well, well.Line[index], count, XponentWellTable.Field(well.Line, analyte.Original), options.DecimalSeparator, notices, faults);
            }

            columns.Add(column.Build(notices));
        }

        return columns;
    }

    private int? ReadCount(DelimitedLine line, int index, FileAnalyte analyte)
    {
        string cell = line.Trimmed(index);
        return cell.Equals("NaN", StringComparison.OrdinalIgnoreCase)
            ? null
            : CellFaults.ReadWhole(cell, XponentWellTable.Field(line, analyte.Original), 0, options.DecimalSeparator, faults);
    }

    // The blocks of one export list the same wells with the same samples; where they differ, the file is cut off or edited.
    private void CheckSameWells(XponentWellTable responses, XponentWellTable counts)
    {
        var samples = responses.Wells.ToDictionary(well => well.Well);
        foreach (XponentWell counted in counts.Wells)
        {
            if (!samples.Remove(counted.Well, out XponentWell? well))
            {
                faults.Add(new Fault(
                    XponentWellTable.Field(counted.Line, "Location"),
                    FaultReasons.WellConflict,
                    $"Well {counted.Well} is in block '{Count}' and not in block '{responses.Block.Name}'; expected the same wells."));
            }
            else if (well.Sample != counted.Sample)
            {
                faults.Add(new Fault(
                    XponentWellTable.Field(counted.Line, "Sample"),
                    FaultReasons.WellConflict,
                    $"Well {counted.Well} holds '{Texts.Shorten(counted.Sample)}' here and '{Texts.Shorten(well.Sample)}' in line {well.Line.Number}; expected the same sample."));
            }
        }

        foreach (XponentWell missing in samples.Values.OrderBy(well => well.Line.Number))
        {
            faults.Add(new Fault(
                XponentWellTable.Field(missing.Line, "Location"),
                FaultReasons.WellConflict,
                $"Well {missing.Well} is in block '{responses.Block.Name}' and not in block '{Count}'; expected the same wells. Is the file cut off?"));
        }
    }

    private void AddInstrumentMessages()
    {
        if (!tables.Blocks.TryGetValue("Warnings/Errors", out XponentBlock? block))
        {
            return;
        }

        foreach (DelimitedLine line in block.Lines.Skip(1))
        {
            string well = line.Trimmed(0)[(line.Trimmed(0).IndexOf(',', StringComparison.Ordinal) + 1)..].Trim();
            notices.Add($"line {line.Number}", PlateFileNoticeReasons.InstrumentMessage, $"Well {Texts.Shorten(well)}, {Texts.Shorten(line.Trimmed(1))}: {line.Trimmed(2)}");
        }
    }
}
