using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Instruments;

namespace Biomarkers.Cli.Plates;

/// <summary>Finds the assay's names of a file's analytes.</summary>
internal static class AnalyteNames
{
    /// <summary>The file's names mapped to the assay's. The only analyte of a file is the only one of an assay whatever it is called; several are
    /// compared by their letters and digits, so that <c>IL6</c> is <c>il-6</c>. Nothing is left out: an analyte without a counterpart is a fault.</summary>
    /// <param name="analytes">Analytes of the file, by the names that options gave them.</param>
    /// <param name="assay">The assay.</param>
    /// <param name="mapping">What the options map by hand; it stands.</param>
    public static Checked<Dictionary<string, string>> Match(IReadOnlyList<FileAnalyte> analytes, AssayDefinition assay, IReadOnlyDictionary<string, string> mapping)
    {
        var matched = new Dictionary<string, string>(mapping, StringComparer.OrdinalIgnoreCase);
        var missing = new List<string>();
        foreach (FileAnalyte analyte in analytes)
        {
            if (assay.Find(analyte.Name) is not null || matched.ContainsKey(analyte.Original.Trim()))
            {
                continue;
            }

            AnalyteSpecification[] alike = [.. assay.Analytes.Where(candidate => Letters(candidate.Analyte) == Letters(analyte.Original))];
            if (analytes.Count == 1 && assay.Analytes.Count == 1)
            {
                matched[analyte.Original.Trim()] = assay.Analytes[0].Analyte;
            }
            else if (alike.Length == 1)
            {
                matched[analyte.Original.Trim()] = alike[0].Analyte;
            }
            else
            {
                missing.Add(analyte.Original.Length > 0 ? analyte.Original : analyte.Name);
            }
        }

        if (missing.Count == 0)
        {
            return matched;
        }

        string files = string.Join(", ", analytes.Select(analyte => analyte.Original.Length > 0 ? analyte.Original : analyte.Name));
        string known = string.Join(", ", assay.Analytes.Select(analyte => analyte.Analyte));
        return new List<Fault>
        {
            new(
                "",
                FaultReasons.AnalyteUnknown,
                $"Assay {assay.Name} has no counterpart of {string.Join(", ", missing)}. The file holds {files}; the assay measures {known}. Name counterparts by --map FILEANALYTE=ANALYTE."),
        };
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
