using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.PlainCsv;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments;

/// <summary>Writes a plate in the plain CSV form that <see cref="PlateFile.Parse"/> reads.</summary>
public static class PlainPlateCsv
{
    /// <summary>One line per well and column of the read, by well; line feeds, numbers in the shortest form that reads back to the same bits.</summary>
    /// <param name="read">The responses. Barcode and response kind have no place in the file: name them when it is read.</param>
    /// <param name="layout">What is in the wells; null writes responses only. A well of the layout without a reading is written with an
    /// empty response, which reads back as missing. Of a specimen, study, subject, visit, timepoint, type and fasting are written; lots only as far as
    /// they stand at a control or are the one calibrator lot.</param>
    public static string Write(PlateRead read, PlateLayout? layout)
    {
        var contents = (layout?.Wells ?? []).ToDictionary(well => well.Position, well => well.Content);
        LotReference[] calibratorLots = [.. (layout?.Lots ?? []).Where(lot => lot.Kind == LotKind.Calibrator)];
        string? calibratorLot = calibratorLots.Length == 1 ? calibratorLots[0].LotNumber : null;
        Reading[] readings =
        [
            .. read.Columns.SelectMany(ReadingsOf).Concat(WithoutReading(read, contents.Keys))
                .OrderBy(reading => reading.Well), // stable: columns of one well stay in the order of the read
        ];

        List<Dictionary<string, string>> rows = [.. readings.Select(reading => RowOf(reading, contents.GetValueOrDefault(reading.Well), calibratorLot))];
        string[] columns = [.. PlainCsvColumns.All.Where(column => PlainCsvColumns.Usual.Contains(column) || rows.Exists(row => row.GetValueOrDefault(column, "").Length > 0))];
        var text = new StringBuilder();
        text.AppendJoin(',', columns).Append('\n');
        foreach (Dictionary<string, string> row in rows)
        {
            text.AppendJoin(',', columns.Select(column => Quoted(row.GetValueOrDefault(column, "")))).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<Reading> ReadingsOf(ResponseColumn column)
    {
        for (int i = 0; i < column.Positions.Count; i++)
        {
            string beadCount = column.BeadCounts.Count == 0 ? "" : Number(column.BeadCounts[i]);
            yield return new Reading(column.Positions[i], column, Number(column.Responses[i]), beadCount);
        }

        foreach (WellException exception in column.Exceptions)
        {
            // A token that would read back as a number or as another status gives way to the usual word of its status.
            string token = exception.Token.Trim();
            bool readsBack = !(token.Length > 0 && NumberText.BeginsLikeNumber(token)) && WellStatusWords.StatusOf(token, out _) == exception.Status;
            yield return new Reading(exception.Position, column, readsBack ? token : WellStatusWords.WordFor(exception.Status), "");
        }
    }

    private static IEnumerable<Reading> WithoutReading(PlateRead read, IEnumerable<WellPosition> layoutWells)
    {
        var wellsRead = read.Columns.SelectMany(column => column.Positions.Concat(column.Exceptions.Select(exception => exception.Position))).ToHashSet();
        return layoutWells.Where(well => !wellsRead.Contains(well)).SelectMany(well => read.Columns.Select(column => new Reading(well, column, "", "")));
    }

    private static Dictionary<string, string> RowOf(Reading reading, WellContent? content, string? calibratorLot)
    {
        ResponseColumn column = reading.Column;
        var row = new Dictionary<string, string>
        {
            [PlainCsvColumns.Well] = reading.Well.ToString(),
            [PlainCsvColumns.Analyte] = column.Analyte,
            [PlainCsvColumns.Purpose] = column.Purpose == ColumnPurpose.Reference ? PlainCsvColumns.Reference : "",
            [PlainCsvColumns.WavelengthNm] = column.WavelengthNm is { } wavelength ? Number(wavelength) : "",
            [PlainCsvColumns.Response] = reading.Response,
            [PlainCsvColumns.BeadCount] = reading.BeadCount,
        };
        switch (content)
        {
            case Calibrator calibrator:
                row[PlainCsvColumns.Content] = calibrator.Kind switch
                {
                    CalibratorKind.Anchor => PlainCsvColumns.Anchor,
                    CalibratorKind.Zero => PlainCsvColumns.Zero,
                    _ => PlainCsvColumns.Calibrator,
                };
                row[PlainCsvColumns.Name] = calibrator.Name;
                row[PlainCsvColumns.LotNumber] = calibratorLot ?? "";
                AddNominal(row, calibrator.Nominals, column.Analyte);
                break;
            case Control control:
                row[PlainCsvColumns.Content] = PlainCsvColumns.Control;
                row[PlainCsvColumns.Name] = control.Level;
                row[PlainCsvColumns.Set] = Number(control.SetNumber);
                row[PlainCsvColumns.LotNumber] = control.LotNumber ?? "";
                row[PlainCsvColumns.DilutionFactor] = Number(control.DilutionFactor);
                AddNominal(row, control.Nominals, column.Analyte);
                break;
            case UnknownSample unknown:
                row[PlainCsvColumns.Content] = PlainCsvColumns.Unknown;
                row[PlainCsvColumns.Name] = unknown.SampleId;
                row[PlainCsvColumns.DilutionFactor] = Number(unknown.DilutionFactor);
                row[PlainCsvColumns.Study] = unknown.Specimen?.StudyId ?? "";
                row[PlainCsvColumns.Subject] = unknown.Specimen?.SubjectId ?? "";
                row[PlainCsvColumns.Visit] = unknown.Specimen?.Visit ?? "";
                row[PlainCsvColumns.Timepoint] = unknown.Specimen?.Timepoint ?? "";
                row[PlainCsvColumns.SpecimenType] = unknown.Specimen?.SpecimenType ?? "";
                row[PlainCsvColumns.Fasting] = unknown.Specimen?.Fasting is { } fasting ? (fasting ? PlainCsvColumns.Yes : PlainCsvColumns.No) : "";
                break;
            case Blank blank:
                row[PlainCsvColumns.Content] = PlainCsvColumns.Blank;
                row[PlainCsvColumns.Name] = blank.Name;
                break;
            case Unused:
                row[PlainCsvColumns.Content] = PlainCsvColumns.Unused;
                break;
        }

        return row;
    }

    private static void AddNominal(Dictionary<string, string> row, IReadOnlyList<NominalConcentration> nominals, string analyte)
    {
        if (nominals.FirstOrDefault(candidate => candidate.Analyte == analyte) is { } nominal)
        {
            row[PlainCsvColumns.Nominal] = Number(nominal.Value);
            row[PlainCsvColumns.Unit] = nominal.Unit.Code;
        }
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") || text.StartsWith(' ') || text.EndsWith(' ') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private sealed record Reading(WellPosition Well, ResponseColumn Column, string Response, string BeadCount);
}
