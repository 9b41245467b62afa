using System.Text;
using Biomarkers.Immunoassay;

namespace Biomarkers.Instruments.Tables;

/// <summary>The text of a file's bytes.</summary>
internal static class FileText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes bytes; null with a fault where they are no text of a plate.</summary>
    public static string? Decode(byte[] content, NoticeList notices, List<Fault> faults)
    {
        if (content.Length > PlateFileLimits.MaximumBytes)
        {
            faults.Add(new Fault("", FaultReasons.LimitExceeded, $"The file has {content.Length} bytes; expected at most {PlateFileLimits.MaximumBytes}."));
            return null;
        }

        if (content is [0x50, 0x4B, 0x03, 0x04, ..])
        {
            faults.Add(new Fault("", FaultReasons.InvalidFile, "The file is a ZIP archive, such as a workbook (.xlsx); expected text: save the sheet as CSV."));
            return null;
        }

        string text = DecodeText(content, notices);
        if (string.IsNullOrWhiteSpace(text))
        {
            faults.Add(new Fault("", FaultReasons.InvalidFile, $"The file is empty ({content.Length} bytes); expected one of {PlateFileFormats.KnownNames}."));
            return null;
        }

        int zero = text.IndexOf('\0', StringComparison.Ordinal);
        if (zero >= 0)
        {
            faults.Add(new Fault("", FaultReasons.InvalidFile, $"The file holds a zero byte at character {zero}; expected text."));
            return null;
        }

        return text;
    }

    private static string DecodeText(byte[] content, NoticeList notices)
    {
        switch (content)
        {
            case [0xEF, 0xBB, 0xBF, ..]:
                content = content[3..];
                break;
            case [0xFF, 0xFE, ..]:
                return Encoding.Unicode.GetString(content, 2, content.Length - 2);
            case [0xFE, 0xFF, ..]:
                return Encoding.BigEndianUnicode.GetString(content, 2, content.Length - 2);
        }

        try
        {
            return StrictUtf8.GetString(content);
        }
        catch (DecoderFallbackException exception)
        {
            notices.Add("", PlateFileNoticeReasons.NotUtf8, $"Byte {exception.Index} is not UTF-8; the file was read as ISO 8859-1.");
            return Encoding.Latin1.GetString(content);
        }
    }
}
