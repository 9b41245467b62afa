using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Server.Wire;

/// <summary>Optional texts, both ways: the wire has no null and the domain no empty text.</summary>
internal static class WireTexts
{
    public static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    /// <summary>An optional text for people; null where it is empty.</summary>
    public static string? Read(string text, string field, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        Texts.CheckText(field, text, faults);
        return text;
    }
}

/// <summary>Optional numbers to the wire, where absence is not setting a field.</summary>
internal static class WireOptional
{
    public static void Set<T>(T? value, Action<T> set)
        where T : struct
    {
        if (value is { } present)
        {
            set(present);
        }
    }
}
