using System.Buffers;
using System.Globalization;

namespace Biomarkers.Instruments.Tables;

/// <summary>What a text says as a number.</summary>
internal enum NumberReading
{
    /// <summary>A finite number.</summary>
    Number,

    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>A comma or point stands where it cannot be told whether it separates thousands or a fraction.</summary>
    Ambiguous,

    /// <summary>No number.</summary>
    NotANumber,
}

/// <summary>Numbers as instruments print them, without guessing.</summary>
internal static class NumberText
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.,+-eE");

    public static NumberReading Read(string text, char decimalSeparator, out double value)
    {
        value = 0;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (trimmed.IsEmpty)
        {
            return NumberReading.Empty;
        }

        if (!BeginsLikeNumber(trimmed))
        {
            return NumberReading.NotANumber;
        }

        char other = decimalSeparator == '.' ? ',' : '.';
        if (trimmed.Contains(other))
        {
            return trimmed.ContainsAnyExcept(NumberCharacters) ? NumberReading.NotANumber : NumberReading.Ambiguous;
        }

        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        string invariant = decimalSeparator == '.' ? trimmed.ToString() : trimmed.ToString().Replace(',', '.');
        return double.TryParse(invariant, Styles, CultureInfo.InvariantCulture, out value) && double.IsFinite(value)
            ? NumberReading.Number
            : NumberReading.NotANumber;
    }

    /// <summary>Whether a text begins as a number does: what goes wrong after that is a damaged number, never a word.</summary>
    public static bool BeginsLikeNumber(ReadOnlySpan<char> text)
    {
        int i = text[0] is '+' or '-' ? 1 : 0;
        i += i < text.Length && text[i] is '.' or ',' ? 1 : 0;
        return i < text.Length && char.IsAsciiDigit(text[i]);
    }
}
