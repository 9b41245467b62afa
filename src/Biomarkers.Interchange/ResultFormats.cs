using System.Diagnostics.CodeAnalysis;
using Biomarkers.Interchange.Formats;
using Biomarkers.Interchange.Formats.FhirR4;

namespace Biomarkers.Interchange;

/// <summary>The formats that there are. A new one is a class and a line here.</summary>
public static class ResultFormats
{
    /// <summary>Most results of one message or file.</summary>
    public const int MaximumResults = 1000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ResultFormat> All { get; } = [new FhirR4Format(), new Hl7V2Format(), new Lis2Format(), new CsvFormat(), new JsonFormat()];

    /// <summary>The ids, for messages.</summary>
    public static string KnownIds { get; } = string.Join(", ", All.Select(format => format.Id));

    /// <summary>Finds a format by its id.</summary>
    public static bool TryFind(string id, [NotNullWhen(true)] out ResultFormat? format)
    {
        format = All.FirstOrDefault(candidate => candidate.Id == id);
        return format is not null;
    }
}
