using Biomarkers.Immunoassay;
using Biomarkers.Instruments.PlainCsv;
using Biomarkers.Instruments.Xponent;

namespace Biomarkers.Instruments;

/// <summary>A kind of export file. One format is three files of a fixed shape: reader (text to tables), structure (tables to typed records),
/// format (detection and glue), and one line in <see cref="PlateFileFormats"/>.</summary>
public abstract class PlateFileFormat
{
    /// <summary>Identifier such as <c>plain-csv</c>.</summary>
    public abstract string Id { get; }

    /// <summary>Name for people.</summary>
    public abstract string DisplayName { get; }

    /// <summary>Whether a text is of this format, whatever its delimiter and however damaged its body.</summary>
    public abstract bool Recognises(string text);

    internal abstract PlateFile? Parse(PlateFileSource source, PlateFileOptions options, List<Fault> faults);
}

/// <summary>The formats that can be read: one line each, in the order in which they are tried.</summary>
public static class PlateFileFormats
{
    /// <summary>All formats.</summary>
    public static IReadOnlyList<PlateFileFormat> All { get; } = [new XponentFormat(), new PlainCsvFormat()];

    /// <summary>Their names, for messages.</summary>
    public static string KnownNames { get; } = string.Join(", ", All.Select(format => format.DisplayName));
}

/// <summary>A file as text.</summary>
/// <param name="FileName">Name without folder; may be empty.</param>
/// <param name="Text">The whole text.</param>
/// <param name="Notices">Receives what is noticed.</param>
internal sealed record PlateFileSource(string FileName, string Text, NoticeList Notices);

/// <summary>Notices up to the limit; the rest is counted.</summary>
internal sealed class NoticeList
{
    private readonly List<PlateFileNotice> notices = [];
    private int dropped;

    public void Add(string field, string reason, string description)
    {
        if (notices.Count < PlateFileLimits.MaximumNotices)
        {
            notices.Add(new PlateFileNotice(field, reason, description));
        }
        else
        {
            dropped++;
        }
    }

    public IReadOnlyList<PlateFileNotice> ToList() =>
        dropped == 0 ? notices : [.. notices, new PlateFileNotice("", PlateFileNoticeReasons.MoreNotices, $"There are {dropped} more notices.")];
}
