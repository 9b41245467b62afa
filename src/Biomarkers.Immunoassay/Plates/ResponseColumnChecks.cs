namespace Biomarkers.Immunoassay.Plates;

/// <summary>What must hold for the columns of a read.</summary>
internal static class ResponseColumnChecks
{
    /// <summary>Most columns of one read: 64 analytes, each with a reference.</summary>
    public const int MaximumColumns = 128;

    /// <summary>Largest size of a response: far beyond every detector, and small enough that no mean or square overflows.</summary>
    public const double MaximumResponse = 1e100;

    public static void CheckAll(IReadOnlyList<ResponseColumn> columns, PlateFormat format, List<Fault> faults)
    {
        if (columns.Count > MaximumColumns)
        {
            faults.Add(new Fault("columns", FaultReasons.LimitExceeded, $"The read has {columns.Count} columns; expected at most {MaximumColumns}."));
            return;
        }

        var seen = new HashSet<(string, ColumnPurpose)>();
        for (int i = 0; i < columns.Count; i++)
        {
            ResponseColumn column = columns[i];
            string place = $"columns[{i}]";
            Texts.CheckName($"{place}.analyte", column.Analyte, faults);
            if (!seen.Add((column.Analyte, column.Purpose)))
            {
                faults.Add(new Fault($"{place}.analyte", FaultReasons.Duplicate, $"Analyte '{column.Analyte}' has two columns of the same purpose."));
            }

            if (column.WavelengthNm is { } wavelength && !(wavelength is > 0 and < 10_000))
            {
                faults.Add(new Fault($"{place}.wavelength_nm", FaultReasons.OutOfRange, $"Wavelength {wavelength} nm is outside 0 to 10,000."));
            }

            Check(column, place, format, faults);
        }
    }

    private static void Check(ResponseColumn column, string place, PlateFormat format, List<Fault> faults)
    {
        if (column.Responses.Count != column.Positions.Count)
        {
            faults.Add(new Fault($"{place}.responses", FaultReasons.LengthMismatch, $"{column.Responses.Count} responses for {column.Positions.Count} positions; expected one each."));
        }

        if (column.BeadCounts.Count != 0 && column.BeadCounts.Count != column.Positions.Count)
        {
            faults.Add(new Fault($"{place}.bead_counts", FaultReasons.LengthMismatch, $"{column.BeadCounts.Count} bead counts for {column.Positions.Count} positions; expected one each or none."));
        }

        if (column.Positions.Count + column.Exceptions.Count == 0)
        {
            faults.Add(new Fault($"{place}.positions", FaultReasons.Required, "The column has no well; expected at least one."));
        }

        var wells = new HashSet<WellPosition>();
        for (int i = 0; i < column.Positions.Count; i++)
        {
            CheckWell(column.Positions[i], $"{place}.positions[{i}]", format, wells, faults);
        }

        for (int i = 0; i < column.Exceptions.Count; i++)
        {
            WellException exception = column.Exceptions[i];
            CheckWell(exception.Position, $"{place}.exceptions[{i}].position", format, wells, faults);
            if (exception.Token.Length > Texts.MaximumLength)
            {
                faults.Add(new Fault($"{place}.exceptions[{i}].token", FaultReasons.InvalidText, $"The token has {exception.Token.Length} characters; expected at most {Texts.MaximumLength}."));
            }
        }

        for (int i = 0; i < column.Responses.Count; i++)
        {
            if (!double.IsFinite(column.Responses[i]))
            {
                faults.Add(new Fault($"{place}.responses[{i}]", FaultReasons.NonFinite, $"Response {column.Responses[i]} is not a finite number; a well without a number goes into exceptions."));
            }
            else if (Math.Abs(column.Responses[i]) > MaximumResponse)
            {
                faults.Add(new Fault(
                    $"{place}.responses[{i}]", FaultReasons.OutOfRange, $"Response {column.Responses[i]} is no reading; expected at most {MaximumResponse} in size. An overflow goes into exceptions."));
            }
        }

        for (int i = 0; i < column.BeadCounts.Count; i++)
        {
            if (column.BeadCounts[i] < 0)
            {
                faults.Add(new Fault($"{place}.bead_counts[{i}]", FaultReasons.OutOfRange, $"Bead count {column.BeadCounts[i]} is negative."));
            }
        }
    }

    private static void CheckWell(WellPosition well, string field, PlateFormat format, HashSet<WellPosition> wells, List<Fault> faults)
    {
        if (!format.Contains(well))
        {
            faults.Add(new Fault(field, FaultReasons.WellOutOfRange, $"Well {well} is off a plate of {format}; the last well is {format.LastWell}."));
        }
        else if (!wells.Add(well))
        {
            faults.Add(new Fault(field, FaultReasons.WellConflict, $"Well {well} stands twice in one column."));
        }
    }
}
