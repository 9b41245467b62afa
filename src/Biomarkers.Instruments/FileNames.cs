using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments;

/// <summary>Names made from what a file says.</summary>
internal static class FileNames
{
    /// <summary>A barcode from the first candidate of which a name can be made: characters other than a name's become <c>-</c>.</summary>
    public static string? Barcode(params ReadOnlySpan<string?> candidates)
    {
        foreach (string? candidate in candidates)
        {
            if (candidate is not null && ToName(candidate) is { } name)
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>A file's name without its extension.</summary>
    public static string WithoutExtension(string fileName)
    {
        int dot = fileName.LastIndexOf('.');
        return dot <= 0 ? fileName : fileName[..dot];
    }

    /// <summary>The assay's name for a file's analyte: the mapped one, else the file's in lower case with other characters than a name's turned
    /// into <c>-</c> and Greek letters written out; null where nothing is left.</summary>
    public static string? Analyte(string original, PlateFileOptions options)
    {
        string trimmed = original.Trim();
        foreach ((string from, string to) in options.AnalyteMapping)
        {
            if (string.Equals(from.Trim(), trimmed, StringComparison.OrdinalIgnoreCase))
            {
                return to;
            }
        }

        return ToName(WithGreekWrittenOut(trimmed).ToLowerInvariant());
    }

    /// <summary>Turns the analytes of a file into names; two that become one name are a fault.</summary>
    public static IReadOnlyList<FileAnalyte> Analytes(IReadOnlyList<(string Original, string Field)> originals, PlateFileOptions options, List<Fault> faults)
    {
        var analytes = new List<FileAnalyte>();
        foreach ((string original, string field) in originals)
        {
            string? name = Analyte(original, options);
            FileAnalyte? other = analytes.Find(analyte => analyte.Name == name);
            if (name is null)
            {
                faults.Add(new Fault(field, FaultReasons.InvalidText, $"No name can be made of analyte '{Texts.Shorten(original)}'; map it to an analyte of the assay."));
            }
            else if (other is not null)
            {
                faults.Add(new Fault(
                    field,
                    FaultReasons.Duplicate,
                    $"Analytes '{Texts.Shorten(other.Original)}' and '{Texts.Shorten(original)}' both become '{name}'; map one of them to another name."));
            }
            else
            {
                analytes.Add(new FileAnalyte(name, original));
            }
        }

        return analytes;
    }

    private static string? ToName(string text)
    {
        var name = new StringBuilder();
        foreach (char c in text.Trim())
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        string result = name.ToString().TrimStart('_', '.', '-').TrimEnd('-');
        return result.Length == 0 ? null : result[..Math.Min(result.Length, Texts.MaximumNameLength)];
    }

    private static string WithGreekWrittenOut(string text) => text
        .Replace("\u03B1", "alpha", StringComparison.Ordinal)
        .Replace("\u03B2", "beta", StringComparison.Ordinal)
        .Replace("\u03B3", "gamma", StringComparison.Ordinal)
        .Replace("\u03B4", "delta", StringComparison.Ordinal)
        .Replace("\u03BA", "kappa", StringComparison.Ordinal);
}
