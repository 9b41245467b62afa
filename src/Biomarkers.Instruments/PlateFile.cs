using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments;

/// <summary>An analyte of a file.</summary>
/// <param name="Name">Name that stands in resource names, such as <c>il-6</c>.</param>
/// <param name="Original">What the file says, such as <c>IL-6</c>; empty where the file names none.</param>
public sealed record FileAnalyte(string Name, string Original);

/// <summary>What one export file says about one plate. Made by <see cref="Parse"/>: its columns and wells passed every check of
/// <see cref="PlateRead"/> and <see cref="PlateLayout"/>.</summary>
public sealed record PlateFile
{
    internal PlateFile()
    {
    }

    /// <summary>Format by which the file was read, an id of <see cref="PlateFileFormats"/>.</summary>
    public required string FormatId { get; init; }

    /// <summary>Barcode from the options, else from the file, else from its name, with other characters than a name's turned into <c>-</c>;
    /// null where nothing of it is left.</summary>
    public string? SuggestedBarcode { get; init; }

    /// <summary>96, 384 or 1536.</summary>
    public required int WellCount { get; init; }

    /// <summary>What the detector counted; null where neither file nor options say.</summary>
    public ResponseKind? ResponseKind { get; init; }

    /// <summary>Responses: one column per analyte and purpose, in the order of the file.</summary>
    public required IReadOnlyList<ResponseColumn> Columns { get; init; }

    /// <summary>Analytes with the names that the file gives them, in the order of the file.</summary>
    public required IReadOnlyList<FileAnalyte> Analytes { get; init; }

    /// <summary>What is in the wells, by position; empty where the file does not say.</summary>
    public required IReadOnlyList<LayoutWell> LayoutWells { get; init; }

    /// <summary>Lots of calibrators and controls; empty where the file names none.</summary>
    public IReadOnlyList<LotReference> Lots { get; init; } = [];

    /// <summary>Serial number of the instrument; null where the file does not say.</summary>
    public string? InstrumentSerial { get; init; }

    /// <summary>Model of the instrument; null where the file does not say.</summary>
    public string? InstrumentModel { get; init; }

    /// <summary>Operator; null where the file does not say.</summary>
    public string? Operator { get; init; }

    /// <summary>When the plate was read, as the file prints it: it names no zone and is never turned into a point in time. Null where the file does not say.</summary>
    public string? PrintedReadTime { get; init; }

    /// <summary>What was noticed and did not stop the reading.</summary>
    public IReadOnlyList<PlateFileNotice> Notices { get; init; } = [];

    /// <summary>Reads a file, or says everything that is wrong with it.</summary>
    /// <param name="fileName">Name of the file, with or without folder; the barcode may come from it. May be empty.</param>
    /// <param name="content">The bytes: UTF-8, UTF-16 with a byte order mark, or else ISO 8859-1 with a notice.</param>
    /// <param name="options">What is not said by the file.</param>
    public static Checked<PlateFile> Parse(string fileName, byte[] content, PlateFileOptions options)
    {
        var faults = new List<Fault>();
        options.Check(faults);
        var notices = new NoticeList();
        string? text = FileText.Decode(content, notices, faults);
        if (text is null || faults.Count > 0)
        {
            return faults;
        }

        PlateFileFormat? format = PlateFileFormats.All.FirstOrDefault(candidate => candidate.Recognises(text));
        if (format is null)
        {
            string firstLine = text.AsSpan().Trim().ToString().Split('\n', 2)[0].Trim();
            faults.Add(new Fault(
                "line 1",
                FaultReasons.InvalidFile,
                $"'{Texts.Shorten(firstLine)}' begins no file of a known format; expected one of {PlateFileFormats.KnownNames} (a plain CSV needs a header with 'well' "
                    + "and 'response')."));
            return faults;
        }

        string name = fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..];
        PlateFile? file = format.Parse(new PlateFileSource(name, text, notices), options, faults);
        if (file is not null && faults.Count == 0)
        {
            file.CheckContent(faults);
        }

        return faults.Count > 0 || file is null ? Limited(faults) : file with { Notices = notices.ToList() };
    }

    /// <summary>The read, with the barcode of the file.</summary>
    /// <param name="kindWhenNotSaid">What the detector counted where the file does not say, usually the assay's.</param>
    public Checked<PlateRead> ToPlateRead(ResponseKind? kindWhenNotSaid = null)
    {
        var faults = new List<Fault>();
        if (SuggestedBarcode is null)
        {
            faults.Add(new Fault("plate_barcode", FaultReasons.Required, "Neither the file nor its name gives a barcode; name one."));
        }

        ResponseKind? kind = ResponseKind ?? kindWhenNotSaid;
        if (kind is null)
        {
            faults.Add(new Fault(
                "response_kind",
                FaultReasons.Required,
                $"The file does not say what the detector counted; name one of {string.Join(", ", Enum.GetNames<ResponseKind>())}."));
        }

        return faults.Count > 0 ? faults : PlateRead.Create(SuggestedBarcode!, WellCount, kind!.Value, Columns);
    }

    /// <summary>The layout by an assay; a fault where the file does not describe its wells.</summary>
    /// <param name="assayId">Assay, such as <c>il-6</c>.</param>
    /// <param name="assayVersion">1 or more.</param>
    public Checked<PlateLayout> ToLayout(string assayId, int assayVersion)
    {
        if (LayoutWells.Count == 0)
        {
            return new List<Fault> { new("wells", FaultReasons.Required, "The file does not say what is in the wells; give a layout.") };
        }

        return PlateLayout.Create(assayId, assayVersion, Format, LayoutWells, Lots);
    }

    private PlateFormat Format => PlateFormat.TryFromWellCount(WellCount, out PlateFormat? format)
        ? format
        : throw new InvalidOperationException("A plate file was made with an unknown format.");

    private void CheckContent(List<Fault> faults)
    {
        faults.AddRange(PlateRead.Create(SuggestedBarcode ?? "plate", WellCount, ResponseKind ?? Immunoassay.Plates.ResponseKind.OpticalDensity, Columns).Faults);
        if (LayoutWells.Count > 0)
        {
            faults.AddRange(PlateLayout.Create("assay", 1, Format, LayoutWells, Lots).Faults);
        }
    }

    private static List<Fault> Limited(List<Fault> faults)
    {
        int more = faults.Count - PlateFileLimits.MaximumFaults;
        return more <= 0
            ? faults
            : [.. faults.Take(PlateFileLimits.MaximumFaults), new Fault("", FaultReasons.LimitExceeded, $"There are {more} more faults.")];
    }
}
