namespace Biomarkers.Immunoassay.Plates;

/// <summary>What must hold for names and texts that come from outside.</summary>
public static class Texts
{
    /// <summary>Longest text that is accepted, in UTF-16 units.</summary>
    public const int MaximumLength = 128;

    /// <summary>Longest resource name segment (AIP-122), in characters.</summary>
    public const int MaximumNameLength = 63;

    /// <summary>A text for people: 1 to 128 characters, no control characters.</summary>
    public static void CheckText(string field, string text, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            faults.Add(new Fault(field, FaultReasons.Required, "Expected a text, got an empty one."));
        }
        else if (text.Length > MaximumLength)
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, $"The text has {text.Length} characters; expected at most {MaximumLength}."));
        }
        else if (text.Any(char.IsControl))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, "The text holds a control character."));
        }
    }

    /// <summary>A name that stands in a resource name: 1 to 63 of letters, digits, <c>-</c>, <c>_</c>, <c>.</c>, beginning with a letter or digit.</summary>
    public static void CheckName(string field, string name, List<Fault> faults)
    {
        if (name.Length == 0)
        {
            faults.Add(new Fault(field, FaultReasons.Required, "Expected a name, got an empty one."));
        }
        else if (!IsName(name))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Shorten(name)}' is no name; expected 1 to {MaximumNameLength} letters, digits, '-', '_' or '.', beginning with a letter or digit."));
        }
    }

    /// <summary>Whether a text can stand in a resource name.</summary>
    public static bool IsName(string name) =>
        name.Length is >= 1 and <= MaximumNameLength
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>A text that every store can keep: NUL and halves of surrogate pairs, which an exception's message may quote, become U+FFFD.</summary>
    public static string Storable(string text) =>
        text.Any(c => c == '\0' || char.IsSurrogate(c)) ? string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\ufffd" : rune.ToString())) : text;

    /// <summary>A text cut to a length that fits a message.</summary>
    public static string Shorten(string text) => text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 40), "...");
}
