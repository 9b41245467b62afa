namespace Biomarkers.Interchange.Codes;

/// <summary>A specimen type of HL7 table 0487.</summary>
/// <param name="Code">Code of the table.</param>
/// <param name="Text">Its name.</param>
internal sealed record SpecimenMatrix(string Code, string Text);

/// <summary>Which specimens are serum or plasma. Other words, seminal plasma and platelet-rich plasma among them, are passed on as they are.</summary>
internal static class SpecimenMatrices
{
    private static readonly SpecimenMatrix Serum = new("SER", "Serum");
    private static readonly SpecimenMatrix Plasma = new("PLAS", "Plasma");

    private static readonly HashSet<string> Anticoagulants =
        new(["edta", "k2edta", "k2 edta", "k3edta", "k3 edta", "heparin", "lithium heparin", "li heparin", "sodium heparin", "na heparin", "citrate", "sodium citrate"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Serum or plasma; null for any other specimen, and for one of unknown type.</summary>
    public static SpecimenMatrix? Of(string? specimenType)
    {
        if (specimenType is null)
        {
            return null;
        }

        string words = specimenType.Trim().Replace('-', ' ').Replace('_', ' ');
        const string Last = "plasma";
        if (words.Equals("serum", StringComparison.OrdinalIgnoreCase))
        {
            return Serum;
        }

        bool isPlasma = words.EndsWith(Last, StringComparison.OrdinalIgnoreCase) && (words.Length == Last.Length || Anticoagulants.Contains(words[..^Last.Length].TrimEnd()));
        return isPlasma ? Plasma : null;
    }
}
