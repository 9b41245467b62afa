namespace Biomarkers.Interchange.Writing;

/// <summary>The delimiters of HL7 v2 and LIS2-A2 and how texts that hold them are escaped; both share field <c>|</c> and component <c>^</c>.</summary>
/// <param name="Repeat">Between repetitions of a field.</param>
/// <param name="Escape">Before and after an escape sequence.</param>
/// <param name="Sequences">Delimiters with the letters that stand for them.</param>
internal sealed record Delimiters(char Repeat, char Escape, IReadOnlyDictionary<char, char> Sequences)
{
    /// <summary>HL7 v2.5.1 chapter 2.7, delimiters <c>|^~\&amp;</c>.</summary>
    public static Delimiters Hl7V2 { get; } = new('~', '\\', new Dictionary<char, char> { ['|'] = 'F', ['^'] = 'S', ['&'] = 'T', ['~'] = 'R', ['\\'] = 'E' });

    /// <summary>LIS2-A2, delimiters <c>|\^&amp;</c>.</summary>
    public static Delimiters Lis2 { get; } = new('\\', '&', new Dictionary<char, char> { ['|'] = 'F', ['^'] = 'S', ['\\'] = 'R', ['&'] = 'E' });

    /// <summary>A text as it stands in a field: delimiters as letters, control characters as two hexadecimal digits.</summary>
    public string Escaped(string? text) =>
        string.IsNullOrEmpty(text) ? ""
        // Two quotation marks alone say "delete" in HL7.
        : text == "\"\"" ? $"{Escape}X22{Escape}\""
        : text.Any(c => Sequences.ContainsKey(c) || char.IsControl(c)) ? string.Concat(text.Select(Escaped))
        : text;

    /// <summary>Components, escaped; empty ones at the end are left out.</summary>
    public string Components(params ReadOnlySpan<string?> texts)
    {
        var parts = new string[texts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = Escaped(texts[i]);
        }

        return string.Join('^', parts).TrimEnd('^');
    }

    /// <summary>Repetitions of a field, each escaped already.</summary>
    public string Repetitions(IEnumerable<string> repetitions) => string.Join(Repeat, repetitions);

    private string Escaped(char c) =>
        Sequences.TryGetValue(c, out char letter) ? $"{Escape}{letter}{Escape}" : char.IsControl(c) ? $"{Escape}X{(int)c:X2}{Escape}" : c.ToString();
}

/// <summary>A segment or record: a name and numbered fields.</summary>
/// <param name="name">Such as <c>OBX</c>.</param>
/// <param name="firstField">Number of the field behind the name: 1 in HL7, 2 in LIS2-A2, which counts the name.</param>
internal sealed class DelimitedRecord(string name, int firstField)
{
    private readonly SortedDictionary<int, string> fields = [];

    /// <summary>Sets a field, which is escaped already.</summary>
    public string this[int number]
    {
        set => fields[number] = value;
    }

    /// <summary>The record without its end; empty fields at the end are left out.</summary>
    public override string ToString()
    {
        int last = fields.Where(field => field.Value.Length > 0).Select(field => field.Key).DefaultIfEmpty(firstField - 1).Last();
        return string.Join('|', Enumerable.Range(firstField, last - firstField + 1).Select(number => fields.GetValueOrDefault(number, "")).Prepend(name));
    }
}
