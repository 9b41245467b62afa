using System.Text.Json;
using System.Text.Json.Serialization;

namespace Biomarkers.Immunoassay.Plates;

/// <summary>A place on a plate, printed as row letters and a two-digit column: <c>A01</c> to <c>AF48</c>. Ordered by row, then column.</summary>
public readonly record struct WellPosition : IComparable<WellPosition>
{
    /// <summary>Rows of the largest plate.</summary>
    private const int MaximumRows = 32;

    /// <summary>Columns of the largest plate.</summary>
    private const int MaximumColumns = 48;

    /// <summary>Makes a position.</summary>
    /// <param name="row">0-based row, 0 for A; at most 31 (AF).</param>
    /// <param name="column">0-based column; at most 47.</param>
    /// <exception cref="ArgumentOutOfRangeException">Row or column is outside the largest plate.</exception>
    public WellPosition(int row, int column)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, MaximumRows);
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, MaximumColumns);
        Row = row;
        Column = column;
    }

    /// <summary>0-based row.</summary>
    public int Row { get; }

    /// <summary>0-based column.</summary>
    public int Column { get; }

    /// <summary>Reads <c>A1</c>, <c>A01</c>, <c>af48</c>; false when the text is no position of the largest plate.</summary>
    public static bool TryParse(string text, out WellPosition position)
    {
        position = default;
        int letters = 0;
        int row = 0;
        while (letters < text.Length && char.IsAsciiLetter(text[letters]))
        {
            row = (row * 26) + (char.ToUpperInvariant(text[letters]) - 'A' + 1);
            if (++letters > 2)
            {
                return false;
            }
        }

        ReadOnlySpan<char> digits = text.AsSpan(letters);
        if (letters == 0 || digits.Length is 0 or > 3 || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        int column = int.Parse(digits);
        if (row > MaximumRows || column < 1 || column > MaximumColumns)
        {
            return false;
        }

        position = new WellPosition(row - 1, column - 1);
        return true;
    }

    /// <summary>Reads a position that is known to be one.</summary>
    /// <exception cref="FormatException">The text is no position.</exception>
    public static WellPosition Parse(string text) =>
        TryParse(text, out WellPosition position) ? position : throw new FormatException($"Expected a well such as A01 or AF48, got '{text}'.");

    /// <summary>Row by row.</summary>
    public static bool operator <(WellPosition left, WellPosition right) => left.CompareTo(right) < 0;

    /// <summary>Row by row.</summary>
    public static bool operator >(WellPosition left, WellPosition right) => left.CompareTo(right) > 0;

    /// <summary>Row by row.</summary>
    public static bool operator <=(WellPosition left, WellPosition right) => left.CompareTo(right) <= 0;

    /// <summary>Row by row.</summary>
    public static bool operator >=(WellPosition left, WellPosition right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(WellPosition other) => Row != other.Row ? Row.CompareTo(other.Row) : Column.CompareTo(other.Column);

    /// <inheritdoc/>
    public override string ToString()
    {
        string letters = Row < 26 ? ((char)('A' + Row)).ToString() : "A" + (char)('A' + Row - 26);
        return $"{letters}{Column + 1:00}";
    }
}

internal sealed class WellPositionJsonConverter : JsonConverter<WellPosition>
{
    public override WellPosition Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.GetString();
        return text is not null && WellPosition.TryParse(text, out WellPosition position)
            ? position
            : throw new JsonException($"Expected a well such as A01, got '{text}'.");
    }

    public override void Write(Utf8JsonWriter writer, WellPosition value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
