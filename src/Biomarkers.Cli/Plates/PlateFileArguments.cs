using System.CommandLine;
using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Plates;

/// <summary>The options by which a command reads plate files: what the file itself does not say.</summary>
internal static class PlateFileArguments
{
    private static readonly Option<string> Format = new("--format")
    {
        Description = $"Refuse a file of another format: {string.Join(", ", PlateFileFormats.All.Select(format => format.Id))}. Default: recognised by its content.",
        HelpName = "FORMAT",
    };

    private static readonly Option<string> Response = new("--response")
    {
        Description = "Which response of a bead reader is taken: median or net-mfi. Default: the median where the file has it, else net MFI.",
        HelpName = "median|net-mfi",
    };

    private static readonly Option<string> Kind = new("--response-kind")
    {
        Description = $"What the detector counted: {string.Join(", ", Enum.GetValues<ResponseKind>().Select(CommandConsole.WordOf))}. Default: as the file or else the assay says.",
        HelpName = "KIND",
    };

    private static readonly Option<string[]> Map = new("--map")
    {
        Description = "The assay's name for an analyte of the file, such as IL6=il-6; may be repeated.",
        HelpName = "FILEANALYTE=ANALYTE",
    };

    private static readonly Option<string> Analyte = new("--analyte")
    {
        Description = "The one analyte of a file without an analyte column. Default: the assay's, where it has one.",
        HelpName = "ANALYTE",
    };

    private static readonly Option<string> Unit = new("--unit") { Description = "Unit of concentrations that the file gives without one, such as pg/mL.", HelpName = "UNIT" };

    private static readonly Option<int?> WellCount = new("--well-count")
    {
        Description = "Wells of the plate: 96, 384 or 1536. Default: as the file says, else the smallest plate with as many wells as it names.",
        HelpName = "N",
    };

    private static readonly Option<string> Delimiter = new("--delimiter") { Description = "Between fields: a character, or the word tab. Default: a comma.", HelpName = "CHARACTER" };

    private static readonly Option<string> DecimalSeparator = new("--decimal-separator") { Description = "Before the fraction of a number: . or , (default .).", HelpName = "CHARACTER" };

    /// <summary>All of them, for a command.</summary>
    public static IEnumerable<Option> All { get; } = [Format, Response, Kind, Map, Analyte, Unit, WellCount, Delimiter, DecimalSeparator];

    /// <summary>Reads the options; what is wrong is added to the faults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="barcode">Barcode of the plate; null where the file says.</param>
    /// <param name="faults">Receives what is wrong, by the name of the option.</param>
    public static PlateFileSettings Read(ParseResult parsed, string? barcode, List<Fault> faults)
    {
        string? format = parsed.GetValue(Format);
        if (format is not null && PlateFileFormats.All.All(known => known.Id != format))
        {
            string known = string.Join(", ", PlateFileFormats.All.Select(candidate => candidate.Id));
            faults.Add(new Fault("--format", FaultReasons.UnknownWord, $"There is no format '{Texts.Shorten(format)}'; expected one of {known}."));
        }

        if (barcode is not null)
        {
            Texts.CheckName("--barcode", barcode, faults);
        }

        string? analyte = parsed.GetValue(Analyte);
        if (analyte is not null)
        {
            Texts.CheckName("--analyte", analyte, faults);
        }

        int? wellCount = parsed.GetValue(WellCount);
        if (wellCount is { } count && !PlateFormat.TryFromWellCount(count, out _))
        {
            faults.Add(new Fault("--well-count", FaultReasons.UnknownFormat, string.Create(CultureInfo.InvariantCulture, $"A plate of {count} wells is not known; expected 96, 384 or 1536.")));
        }

        var options = new PlateFileOptions
        {
            Delimiter = ReadDelimiter(parsed.GetValue(Delimiter), faults),
            DecimalSeparator = ReadDecimalSeparator(parsed.GetValue(DecimalSeparator), faults),
            ResponseKind = ReadKind(parsed.GetValue(Kind), faults),
            AnalyteMapping = ReadMapping(parsed.GetValue(Map) ?? [], faults),
            Analyte = analyte,
            Unit = ReadUnit(parsed.GetValue(Unit), faults),
            PlateBarcode = barcode,
            WellCount = wellCount,
            BeadResponse = ReadBeadResponse(parsed.GetValue(Response), faults),
        };
        return new PlateFileSettings(options, format);
    }

    private static char ReadDelimiter(string? text, List<Fault> faults)
    {
        switch (text)
        {
            case null:
                return ',';
            case "tab":
                return '\t';
            case [var character] when !char.IsLetterOrDigit(character) && !"\".+-\r\n\0".Contains(character):
                return character;
            default:
                faults.Add(new Fault("--delimiter", FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' cannot stand between fields; expected ',', ';', '|' or the word tab."));
                return ',';
        }
    }

    private static char ReadDecimalSeparator(string? text, List<Fault> faults)
    {
        if (text is null or "." or ",")
        {
            return text?[0] ?? '.';
        }

        faults.Add(new Fault("--decimal-separator", FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' is no decimal separator; expected . or ,."));
        return '.';
    }

    private static ResponseKind? ReadKind(string? text, List<Fault> faults)
    {
        ResponseKind[] found = [.. Enum.GetValues<ResponseKind>().Where(kind => CommandConsole.WordOf(kind) == text)];
        if (text is null || found.Length > 0)
        {
            return text is null ? null : found[0];
        }

        string known = string.Join(", ", Enum.GetValues<ResponseKind>().Select(CommandConsole.WordOf));
        faults.Add(new Fault("--response-kind", FaultReasons.UnknownWord, $"There is no response kind '{Texts.Shorten(text)}'; expected one of {known}."));
        return null;
    }

    private static BeadResponse ReadBeadResponse(string? text, List<Fault> faults)
    {
        switch (text)
        {
            case null:
                return BeadResponse.MedianOrElseNet;
            case "median":
                return BeadResponse.Median;
            case "net-mfi":
                return BeadResponse.NetMedian;
            default:
                faults.Add(new Fault("--response", FaultReasons.UnknownWord, $"There is no response '{Texts.Shorten(text)}'; expected median or net-mfi."));
                return BeadResponse.MedianOrElseNet;
        }
    }

    private static ConcentrationUnit? ReadUnit(string? text, List<Fault> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (!ConcentrationUnit.TryParse(text, out ConcentrationUnit? unit))
        {
            faults.Add(new Fault("--unit", FaultReasons.UnitMismatch, $"'{Texts.Shorten(text)}' is no known unit; expected one of {ConcentrationUnit.KnownCodes}."));
        }

        return unit;
    }

    private static Dictionary<string, string> ReadMapping(string[] texts, List<Fault> faults)
    {
        var mapping = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string text in texts)
        {
            // The last sign separates: a file's name of an analyte may hold one, an assay's never does.
            int at = text.LastIndexOf('=');
            string original = at < 0 ? "" : text[..at].Trim();
            if (original.Length == 0 || !Texts.IsName(text[(at + 1)..].Trim()))
            {
                faults.Add(new Fault("--map", FaultReasons.InvalidText, $"Expected FILEANALYTE=ANALYTE such as IL6=il-6; got '{Texts.Shorten(text)}'."));
            }
            else if (!mapping.TryAdd(original, text[(at + 1)..].Trim()))
            {
                faults.Add(new Fault("--map", FaultReasons.Duplicate, $"'{Texts.Shorten(original)}' stands twice; expected each analyte of the file once."));
            }
        }

        return mapping;
    }
}

/// <summary>How plate files are read.</summary>
/// <param name="Options">What the files do not say.</param>
/// <param name="FormatId">The format that a file must be of; null for any.</param>
internal sealed record PlateFileSettings(PlateFileOptions Options, string? FormatId);
