namespace Biomarkers.Immunoassay.Plates;

/// <summary>What a detector counts.</summary>
public enum ResponseKind
{
    /// <summary>Optical density, absorbance units.</summary>
    OpticalDensity = 1,

    /// <summary>Relative light units.</summary>
    Luminescence = 2,

    /// <summary>Median fluorescence intensity of beads.</summary>
    MedianFluorescence = 3,

    /// <summary>Electrochemiluminescence counts.</summary>
    Electrochemiluminescence = 4,

    /// <summary>Fluorescence intensity, relative units.</summary>
    Fluorescence = 5,
}

/// <summary>What a column of responses is for.</summary>
public enum ColumnPurpose
{
    /// <summary>The measurement itself.</summary>
    Measurement = 1,

    /// <summary>A reference wavelength, subtracted well by well before anything else.</summary>
    Reference = 2,
}

/// <summary>Why a well has no number.</summary>
public enum WellStatus
{
    /// <summary>There is a number.</summary>
    Measured = 0,

    /// <summary>The detector overflowed, such as <c>OVRFLW</c>.</summary>
    Saturated = 1,

    /// <summary>The instrument or an operator masked the well.</summary>
    Masked = 2,

    /// <summary>The instrument gave no value.</summary>
    Missing = 3,

    /// <summary>The instrument gave NaN or a word that is not known.</summary>
    Unreadable = 4,
}

/// <summary>A well without a number, with the instrument's own word for it.</summary>
/// <param name="Position">Where.</param>
/// <param name="Status">Why; never <see cref="WellStatus.Measured"/>.</param>
/// <param name="Token">The instrument's word, such as <c>OVRFLW</c>; may be empty.</param>
public sealed record WellException(WellPosition Position, WellStatus Status, string Token);

/// <summary>All responses of one analyte at one wavelength: parallel columns.</summary>
public sealed record ResponseColumn
{
    /// <summary>Makes a column; <see cref="PlateRead.Create"/> checks it.</summary>
    public ResponseColumn(
        string analyte,
        ColumnPurpose purpose,
        double? wavelengthNm,
        IReadOnlyList<WellPosition> positions,
        IReadOnlyList<double> responses,
        IReadOnlyList<int> beadCounts,
        IReadOnlyList<WellException> exceptions)
    {
        Analyte = analyte;
        Purpose = purpose;
        WavelengthNm = wavelengthNm;
        Positions = positions;
        Responses = responses;
        BeadCounts = beadCounts;
        Exceptions = exceptions;
    }

    /// <summary>Analyte, such as <c>il-6</c>.</summary>
    public string Analyte { get; }

    /// <summary>Measurement or reference.</summary>
    public ColumnPurpose Purpose { get; }

    /// <summary>Wavelength in nanometres; null where there is none.</summary>
    public double? WavelengthNm { get; }

    /// <summary>Wells with a number.</summary>
    public IReadOnlyList<WellPosition> Positions { get; }

    /// <summary>The numbers, as long as <see cref="Positions"/>; finite. Negative values occur (net signals) and are kept.</summary>
    public IReadOnlyList<double> Responses { get; }

    /// <summary>Beads counted, as long as <see cref="Positions"/>, or empty where the instrument counts no beads.</summary>
    public IReadOnlyList<int> BeadCounts { get; }

    /// <summary>Wells without a number.</summary>
    public IReadOnlyList<WellException> Exceptions { get; }
}

/// <summary>Everything that one instrument said about one plate in one reading. Immutable; checked when made, trusted after.</summary>
public sealed record PlateRead
{
    private PlateRead(string plateBarcode, PlateFormat format, ResponseKind kind, IReadOnlyList<ResponseColumn> columns)
    {
        PlateBarcode = plateBarcode;
        Format = format;
        ResponseKind = kind;
        Columns = columns;
    }

    /// <summary>Barcode of the plate, a name.</summary>
    public string PlateBarcode { get; }

    /// <summary>Size of the plate.</summary>
    public PlateFormat Format { get; }

    /// <summary>What the detector counted.</summary>
    public ResponseKind ResponseKind { get; }

    /// <summary>One column per analyte and purpose.</summary>
    public IReadOnlyList<ResponseColumn> Columns { get; }

    /// <summary>Hash of <see cref="PlateReadEncoding.Encode"/>: of the barcode and what was read, not of who read it or when, so that the
    /// same plate exported twice is recognised.</summary>
    public ContentHash Hash => ContentHash.Of(PlateReadEncoding.Encode(this));

    /// <summary>Number of wells with a number or a status, over all columns.</summary>
    public int WellResponseCount => Columns.Sum(column => column.Positions.Count + column.Exceptions.Count);

    /// <summary>Makes a read, or says everything that is wrong with it.</summary>
    /// <param name="plateBarcode">A name of 1 to 63 characters.</param>
    /// <param name="wellCount">96, 384 or 1536.</param>
    /// <param name="kind">What the detector counted.</param>
    /// <param name="columns">At least one; one per analyte and purpose; wells on the plate, each once per column.</param>
    public static Checked<PlateRead> Create(string plateBarcode, int wellCount, ResponseKind kind, IReadOnlyList<ResponseColumn> columns)
    {
        var faults = new List<Fault>();
        Texts.CheckName("plate_barcode", plateBarcode, faults);
        if (!Enum.IsDefined(kind))
        {
            faults.Add(new Fault("response_kind", FaultReasons.UnknownWord, $"Response kind {(int)kind} is not known."));
        }

        if (columns.Count == 0)
        {
            faults.Add(new Fault("columns", FaultReasons.Required, "The read has no column of responses; expected at least one."));
        }

        if (PlateFormat.TryFromWellCount(wellCount, out PlateFormat? format))
        {
            ResponseColumnChecks.CheckAll(columns, format, faults);
        }
        else
        {
            faults.Add(new Fault("well_count", FaultReasons.UnknownFormat, $"A plate of {wellCount} wells is not known; expected 96, 384 or 1536."));
        }

        return faults.Count > 0 ? faults : new PlateRead(plateBarcode, format!, kind, Sorted(columns));
    }

    /// <summary>The same responses under another barcode, for a read whose barcode was missing or wrong.</summary>
    /// <param name="plateBarcode">A name of 1 to 63 characters.</param>
    /// <exception cref="ArgumentException">The barcode is no name.</exception>
    public PlateRead WithBarcode(string plateBarcode) =>
        Texts.IsName(plateBarcode) ? new PlateRead(plateBarcode, Format, ResponseKind, Columns) : throw new ArgumentException($"'{plateBarcode}' is no barcode.", nameof(plateBarcode));

    /// <summary>A read that was checked before it was stored.</summary>
    internal static PlateRead Trusted(string plateBarcode, PlateFormat format, ResponseKind kind, IReadOnlyList<ResponseColumn> columns) =>
        new(plateBarcode, format, kind, columns);

    // One order of columns and wells and one zero, so that the order in which an instrument reports changes neither a hash nor the last bit of a sum.
    private static ResponseColumn[] Sorted(IReadOnlyList<ResponseColumn> columns) =>
        [.. columns.OrderBy(column => column.Analyte, StringComparer.Ordinal).ThenBy(column => column.Purpose).Select(Sorted)];

    private static ResponseColumn Sorted(ResponseColumn column)
    {
        int[] order = [.. Enumerable.Range(0, column.Positions.Count).OrderBy(i => column.Positions[i])];
        return new ResponseColumn(
            column.Analyte,
            column.Purpose,
            column.WavelengthNm,
            [.. order.Select(i => column.Positions[i])],
            [.. order.Select(i => column.Responses[i] + 0.0)],
            column.BeadCounts.Count == 0 ? [] : [.. order.Select(i => column.BeadCounts[i])],
            [.. column.Exceptions.OrderBy(exception => exception.Position)]);
    }
}
