namespace Biomarkers.Instruments.PlainCsv;

/// <summary>The columns of a plain CSV plate file.</summary>
internal static class PlainCsvColumns
{
    public const string Well = "well";
    public const string Content = "content";
    public const string Name = "name";
    public const string Set = "set";
    public const string LotNumber = "lot_number";
    public const string Nominal = "nominal_concentration";
    public const string Unit = "unit";
    public const string DilutionFactor = "dilution_factor";
    public const string Analyte = "analyte";
    public const string Purpose = "purpose";
    public const string WavelengthNm = "wavelength_nm";
    public const string Response = "response";
    public const string BeadCount = "bead_count";
    public const string Study = "study";
    public const string Subject = "subject";
    public const string Visit = "visit";
    public const string Timepoint = "timepoint";
    public const string SpecimenType = "specimen_type";
    public const string Fasting = "fasting";

    public const string Measurement = "measurement";
    public const string Reference = "reference";

    public const string Yes = "yes";
    public const string No = "no";

    public const string Calibrator = "calibrator";
    public const string Anchor = "anchor";
    public const string Zero = "zero";
    public const string Control = "control";
    public const string Unknown = "unknown";
    public const string Blank = "blank";
    public const string Unused = "unused";

    /// <summary>All columns, in the order in which they are written.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Well, Content, Name, Set, LotNumber, Nominal, Unit, DilutionFactor, Analyte, Purpose, WavelengthNm, Response, BeadCount,
        Study, Subject, Visit, Timepoint, SpecimenType, Fasting,
    ];

    /// <summary>The columns that are always written.</summary>
    public static IReadOnlySet<string> Usual { get; } =
        new HashSet<string> { Well, Content, Name, Nominal, Unit, DilutionFactor, Analyte, Response };

    /// <summary>The words of the content column.</summary>
    public static IReadOnlyList<string> ContentWords { get; } = [Calibrator, Anchor, Zero, Control, Unknown, Blank, Unused];
}
