namespace Biomarkers.Immunoassay;

/// <summary>One thing that is wrong with an input: where, what, and what was expected.</summary>
/// <param name="Field">Place of the fault: a field path such as <c>columns[0].responses[3]</c>, or a file's <c>line 5, column response</c>.</param>
/// <param name="Reason">Stable UPPER_SNAKE_CASE code such as <c>WELL_OUT_OF_RANGE</c>; see <see cref="FaultReasons"/>.</param>
/// <param name="Description">A sentence that quotes the value and says what was expected.</param>
public sealed record Fault(string Field, string Reason, string Description)
{
    /// <summary>Place, then sentence, as a message for a person.</summary>
    public override string ToString() => Field.Length == 0 ? Description : $"{Field}: {Description}";
}

/// <summary>A value that passed every check, or all the faults that were found: never both, never neither.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
public sealed class Checked<T>
    where T : class
{
    private Checked(T? value, IReadOnlyList<Fault> faults)
    {
        Value = value;
        Faults = faults;
    }

    /// <summary>The value; null exactly when <see cref="Faults"/> is not empty.</summary>
    public T? Value { get; }

    /// <summary>Every fault that was found, in the order of the input; empty when the value is there.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The value.</summary>
    /// <exception cref="ArgumentException">There are faults: the caller held the value to be right, so this is a bug of the caller.</exception>
    public T ValueOrThrow() =>
        Value ?? throw new ArgumentException(string.Join("; ", Faults));

    /// <summary>Wraps a value that passed every check.</summary>
    public static implicit operator Checked<T>(T value) => new(value, []);

    /// <summary>Wraps faults; at least one.</summary>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    public static implicit operator Checked<T>(List<Fault> faults) =>
        faults.Count > 0 ? new(null, faults) : throw new ArgumentException("Expected at least one fault.", nameof(faults));
}

/// <summary>The stable codes of <see cref="Fault.Reason"/>; the same words reach clients as ErrorInfo and BadRequest reasons.</summary>
public static class FaultReasons
{
    /// <summary>A required field is missing or empty.</summary>
    public const string Required = "REQUIRED";

    /// <summary>A text has characters or a length that are not allowed.</summary>
    public const string InvalidText = "INVALID_TEXT";

    /// <summary>A number is outside its range.</summary>
    public const string OutOfRange = "OUT_OF_RANGE";

    /// <summary>A number is not a number, or is infinite.</summary>
    public const string NonFinite = "NON_FINITE";

    /// <summary>A number cannot be read without guessing, such as <c>1,234</c>.</summary>
    public const string AmbiguousNumber = "AMBIGUOUS_NUMBER";

    /// <summary>A well position does not parse.</summary>
    public const string InvalidWell = "INVALID_WELL";

    /// <summary>A well position lies off the plate.</summary>
    public const string WellOutOfRange = "WELL_OUT_OF_RANGE";

    /// <summary>A well stands twice.</summary>
    public const string WellConflict = "WELL_CONFLICT";

    /// <summary>The plate's number of wells is not 96, 384 or 1536.</summary>
    public const string UnknownFormat = "UNKNOWN_FORMAT";

    /// <summary>Layout and read are of different plate sizes.</summary>
    public const string FormatMismatch = "FORMAT_MISMATCH";

    /// <summary>The read holds another kind of response than the assay expects.</summary>
    public const string ResponseKindMismatch = "RESPONSE_KIND_MISMATCH";

    /// <summary>Columns that belong together differ in length.</summary>
    public const string LengthMismatch = "LENGTH_MISMATCH";

    /// <summary>The same analyte, sample or name stands twice where once is expected.</summary>
    public const string Duplicate = "DUPLICATE";

    /// <summary>The assay is not known.</summary>
    public const string AssayUnknown = "ASSAY_UNKNOWN";

    /// <summary>The analyte is not of this assay, or an analyte of the assay is missing.</summary>
    public const string AnalyteUnknown = "ANALYTE_UNKNOWN";

    /// <summary>The unit is not in the closed list, or is not the unit of the assay.</summary>
    public const string UnitMismatch = "UNIT_MISMATCH";

    /// <summary>A role of a well, a model, a weighting or another word of a closed list is not known.</summary>
    public const string UnknownWord = "UNKNOWN_WORD";

    /// <summary>A file is empty, or its header, delimiter or structure is not what was expected.</summary>
    public const string InvalidFile = "INVALID_FILE";

    /// <summary>There are more rows, columns or characters than the limit allows.</summary>
    public const string LimitExceeded = "LIMIT_EXCEEDED";

    /// <summary>The plate has a newer read.</summary>
    public const string LaterRead = "LATER_READ";

    /// <summary>A change or a decision lacks its reason, which the audit log keeps.</summary>
    public const string ReasonRequired = "REASON_REQUIRED";

    /// <summary>What is stored of the plate is damaged, so that nothing can be built upon it.</summary>
    public const string StoredDataDamaged = "STORED_DATA_DAMAGED";
}
