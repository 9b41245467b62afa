using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Plates;

/// <summary>Finds the assay's names of a file's analytes.</summary>
internal static class AnalyteNames
{
    /// <summary>The file's names mapped to the assay's. Names are compared by their letters and digits, so that <c>IL6</c> is <c>il-6</c>. An analyte
    /// without a counterpart is a fault, also where file and assay have one each: another name is another analyte until somebody says otherwise.</summary>
    /// <param name="analytes">Analytes of the file, by the names that options gave them.</param>
    /// <param name="assay">The assay.</param>
    /// <param name="mapping">What the options map by hand; it stands.</param>
    /// <returns>The mapping, with the key of an empty text for the analyte that the file does not name.</returns>
    public static Checked<Dictionary<string, string>> Match(IReadOnlyList<FileAnalyte> analytes, AssayDefinition assay, IReadOnlyDictionary<string, string> mapping)
    {
        var matched = new Dictionary<string, string>(mapping, StringComparer.OrdinalIgnoreCase);
        var missing = new List<string>();
        foreach (FileAnalyte analyte in analytes)
        {
            if (assay.Find(analyte.Name) is not null)
            {
                continue;
            }

            string original = analyte.Original.Trim();
            AnalyteSpecification[] alike = [.. assay.Analytes.Where(candidate => Letters(candidate.Analyte) == Letters(NameOf(analyte)))];
            if (alike.Length == 1 && !matched.ContainsKey(original))
            {
                matched[original] = alike[0].Analyte;
            }
            else
            {
                missing.Add(matched.TryGetValue(original, out string? named) ? $"{NameOf(analyte)} (mapped to {named})" : NameOf(analyte));
            }
        }

        if (missing.Count == 0)
        {
            return matched;
        }

        string files = string.Join(", ", analytes.Select(NameOf));
        string known = string.Join(", ", assay.Analytes.Select(analyte => analyte.Analyte));
        return new List<Fault>
        {
            new(
                "",
                FaultReasons.AnalyteUnknown,
                $"Assay {assay.Name} has no counterpart of {string.Join(", ", missing)}. The file holds {files}; the assay measures {known}. Name counterparts by --map FILEANALYTE=ANALYTE."),
        };
    }

    private static string NameOf(FileAnalyte analyte) => Texts.Shorten(analyte.Original.Length > 0 ? analyte.Original.Trim() : analyte.Name);

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
