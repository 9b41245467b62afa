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

    /// <summary>What people call a column that has another name here.</summary>
    private static IReadOnlyDictionary<string, string> OtherNames { get; } = new Dictionary<string, string>
    {
        ["concentration"] = Nominal,
        ["conc"] = Nominal,
        ["dil"] = DilutionFactor,
        ["signal"] = Response,
    };

    /// <summary>The column that is probably meant by a name that is none: by a slip of the keys, its first word, or another usual name. Null where
    /// none is near, or the header has that column besides.</summary>
    /// <param name="name">Normalised name that is no column.</param>
    /// <param name="header">All normalised names of the header.</param>
    public static string? Near(string name, IReadOnlySet<string> header) => All.FirstOrDefault(column =>
        !header.Contains(column) && (OtherNames.GetValueOrDefault(name) == column || column.StartsWith($"{name}_", StringComparison.Ordinal) || IsSlip(name, column)));

    // Two slips turn short words into others, such as date into name; those may differ by one, and the shortest by a plural only.
    private static bool IsSlip(string name, string column) => name == $"{column}s" || Distance(name, column) <= column.Length switch { < 4 => 0, < 6 => 1, _ => 2 };

    /// <summary>Fewest characters to insert, remove, replace or swap with their neighbour.</summary>
    private static int Distance(string from, string to)
    {
        int[,] distances = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distances[i, j] = i + j;
                    continue;
                }

                int replaced = distances[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                distances[i, j] = Math.Min(replaced, 1 + Math.Min(distances[i - 1, j], distances[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    distances[i, j] = Math.Min(distances[i, j], distances[i - 2, j - 2] + 1);
                }
            }
        }

        return distances[from.Length, to.Length];
    }
}
