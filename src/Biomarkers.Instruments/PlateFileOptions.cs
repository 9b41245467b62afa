using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments;

/// <summary>Which response of a bead reader is taken.</summary>
public enum BeadResponse
{
    /// <summary>The raw median where the file has it, else the net one with a notice. The raw response is the default, because the curve's lower
    /// asymptote, the blank treatment of the assay and the variance function all rest on what the detector counted: a net response would be
    /// subtracted twice.</summary>
    MedianOrElseNet,

    /// <summary>The median fluorescence of the beads.</summary>
    Median,

    /// <summary>The median less the instrument's background.</summary>
    NetMedian,
}

/// <summary>How a plate file is read. Nothing about numbers is guessed: what differs from the default is said here.</summary>
public sealed record PlateFileOptions
{
    /// <summary>Between the fields of a line; default a comma.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Between whole and fraction of a number, <c>.</c> or <c>,</c>; default a point. No thousands separator is ever accepted.</summary>
    public char DecimalSeparator { get; init; } = '.';

    /// <summary>What the detector counted; overrides what the file says. Default: as the file says, which a plain CSV does not.</summary>
    public ResponseKind? ResponseKind { get; init; }

    /// <summary>The file's name of an analyte to the assay's, such as <c>IL6</c> to <c>il-6</c>; case does not matter. Names that are not here are normalised.</summary>
    public IReadOnlyDictionary<string, string> AnalyteMapping { get; init; } = new Dictionary<string, string>();

    /// <summary>The analyte of a file that has one and does not name it; a file with an analyte column ignores it.</summary>
    public string? Analyte { get; init; }

    /// <summary>Unit of nominal concentrations that the file gives without one; null where the file must say.</summary>
    public ConcentrationUnit? Unit { get; init; }

    /// <summary>Barcode of the plate; overrides what is found in the file or its name.</summary>
    public string? PlateBarcode { get; init; }

    /// <summary>96, 384 or 1536; overrides what is found in the file. Default for a file that does not say: the smallest plate with as many
    /// wells as the file names, so that one mistyped well does not make a larger plate.</summary>
    public int? WellCount { get; init; }

    /// <summary>Which response of a bead reader is taken.</summary>
    public BeadResponse BeadResponse { get; init; }

    /// <summary>Whether nominal concentrations of an xPONENT file are taken; false leaves them to a layout from elsewhere.</summary>
    public bool TakeExpectedConcentrations { get; init; } = true;

    internal void Check(List<Fault> faults)
    {
        if (DecimalSeparator is not ('.' or ','))
        {
            faults.Add(new Fault("options.decimal_separator", FaultReasons.OutOfRange, $"Decimal separator '{DecimalSeparator}' is not known; expected '.' or ','."));
        }

        if (Delimiter is '"' or '\r' or '\n' or '.' or '\0' or '-' or '+' || char.IsLetterOrDigit(Delimiter))
        {
            faults.Add(new Fault("options.delimiter", FaultReasons.OutOfRange, $"'{Delimiter}' cannot stand between fields; expected ',', ';' or a tab."));
        }

        if (PlateBarcode is not null)
        {
            Texts.CheckName("options.plate_barcode", PlateBarcode, faults);
        }

        if (WellCount is { } count && !PlateFormat.TryFromWellCount(count, out _))
        {
            faults.Add(new Fault("options.well_count", FaultReasons.UnknownFormat, $"A plate of {count} wells is not known; expected 96, 384 or 1536."));
        }

        foreach ((string original, string name) in AnalyteMapping)
        {
            Texts.CheckName($"options.analyte_mapping[{Texts.Shorten(original)}]", name, faults);
        }

        if (Analyte is not null)
        {
            Texts.CheckName("options.analyte", Analyte, faults);
        }
    }
}
