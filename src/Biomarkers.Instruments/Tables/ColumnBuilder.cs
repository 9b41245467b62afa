using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments.Tables;

/// <summary>Gathers the wells of one column of responses.</summary>
internal sealed class ColumnBuilder(string analyte, ColumnPurpose purpose, double? wavelengthNm)
{
    private readonly List<WellPosition> positions = [];
    private readonly List<double> responses = [];
    private readonly List<int?> beadCounts = [];
    private readonly List<WellException> exceptions = [];

    public string Analyte => analyte;

    public ColumnPurpose Purpose => purpose;

    public double? WavelengthNm => wavelengthNm;

    /// <summary>Adds what a cell says: a number, or a word as a status; a damaged number is a fault.</summary>
    public void Add(WellPosition well, string cell, int? beadCount, string field, char decimalSeparator, NoticeList notices, List<Fault> faults)
    {
        string token = cell.Trim();
        switch (NumberText.Read(token, decimalSeparator, out double response))
        {
            case NumberReading.Number:
                positions.Add(well);
                responses.Add(response);
                beadCounts.Add(beadCount);
                return;
            case NumberReading.Ambiguous:
                faults.Add(CellFaults.Ambiguous(field, token, decimalSeparator));
                return;
            case NumberReading.NotANumber when NumberText.BeginsLikeNumber(token):
                faults.Add(CellFaults.NotANumber(field, token, "a number or a word such as OVRFLW"));
                return;
        }

        WellStatus status = WellStatusWords.StatusOf(token, out bool isKnown);
        if (!isKnown)
        {
            notices.Add(field, PlateFileNoticeReasons.UnknownToken, $"'{Texts.Shorten(token)}' is no known word; well {well} is kept as unreadable.");
        }

        exceptions.Add(new WellException(well, status, token));
    }

    /// <summary>The column. Bead counts belong to all wells with a number or to none: where some lack one, none is kept, with a notice.</summary>
    public ResponseColumn Build(NoticeList notices)
    {
        int counted = beadCounts.Count(count => count is not null);
        if (counted > 0 && counted < beadCounts.Count)
        {
            notices.Add(
                "",
                PlateFileNoticeReasons.Absent,
                $"{beadCounts.Count - counted} wells of analyte '{analyte}' have a response and no bead count; no bead count of the analyte is kept.");
        }

        return new ResponseColumn(
            analyte, purpose, wavelengthNm, positions, responses, counted > 0 && counted == beadCounts.Count ? [.. beadCounts.Select(count => count!.Value)] : [], exceptions);
    }
}

/// <summary>Faults of one cell.</summary>
internal static class CellFaults
{
    public static Fault Ambiguous(string field, string token, char decimalSeparator) => new(
        field,
        FaultReasons.AmbiguousNumber,
        $"'{Texts.Shorten(token)}' may mean a fraction or thousands; expected '{decimalSeparator}' before the fraction and no thousands separator, or name the file's "
            + "decimal separator.");

    public static Fault NotANumber(string field, string token, string expected) =>
        new(field, FaultReasons.NonFinite, $"'{Texts.Shorten(token)}' is no number; expected {expected}.");

    /// <summary>Reads a number that may be absent; null with a fault where it is none.</summary>
    public static double? ReadNumber(string cell, string field, string expected, char decimalSeparator, List<Fault> faults)
    {
        switch (NumberText.Read(cell, decimalSeparator, out double value))
        {
            case NumberReading.Number:
                return value;
            case NumberReading.Ambiguous:
                faults.Add(Ambiguous(field, cell.Trim(), decimalSeparator));
                return null;
            case NumberReading.NotANumber:
                faults.Add(NotANumber(field, cell.Trim(), expected));
                return null;
            default:
                return null;
        }
    }

    /// <summary>Reads a whole number that may be absent; null with a fault where it is none or below the least.</summary>
    public static int? ReadWhole(string cell, string field, int least, char decimalSeparator, List<Fault> faults)
    {
        double? value = ReadNumber(cell, field, $"a whole number of at least {least}", decimalSeparator, faults);
        if (value is not { } number)
        {
            return null;
        }

        if (number < least || number > int.MaxValue || number != Math.Floor(number))
        {
            faults.Add(new Fault(field, FaultReasons.OutOfRange, $"{Texts.Shorten(cell.Trim())} is outside its range; expected a whole number of at least {least}."));
            return null;
        }

        return (int)number;
    }
}
