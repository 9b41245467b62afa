using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Writing;

/// <summary>Numbers as they are reported: digits and a point, never an exponent, a group separator or a comma.</summary>
public static class ReportedNumber
{
    /// <summary>A number in significant digits; zeros at the end are significant and stay. The number that the bits stand for is rounded, an exact tie to the even digit.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="digits">1 to 17.</param>
    /// <returns>Such as <c>0.3200</c> for 0.32 in 4 digits, <c>12350</c> for 12346 in 4.</returns>
    /// <remarks>Source of the rule for ties: ISO 80000-1, annex B, rule A; ASTM E29 has the same.</remarks>
    public static string Significant(double value, int digits) => WithoutExponent((value + 0.0).ToString($"E{digits - 1}", CultureInfo.InvariantCulture));

    /// <summary>All digits that tell a number from its neighbours.</summary>
    /// <param name="value">Finite.</param>
    public static string Exact(double value) => WithoutExponent((value + 0.0).ToString("R", CultureInfo.InvariantCulture));

    /// <summary>The value of a result in its significant digits, without its comparator; null where there is none.</summary>
    public static string? ValueOf(ReportedResult result) =>
        (result.Measurement.Concentration ?? result.Measurement.Limit) is { } value ? Significant(value, result.Analyte.SignificantDigits) : null;

    /// <summary>The comparator of a result, from its own range status; null for a number without one and where there is no value.</summary>
    public static string? ComparatorOf(ReportedResult result) => result.Measurement.RangeStatus switch
    {
        RangeStatus.BelowLloq => "<",
        RangeStatus.AboveUloq => ">",
        _ => null,
    };

    private static string WithoutExponent(string text)
    {
        int e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
        {
            return text;
        }

        string sign = text[0] == '-' ? "-" : "";
        string digits = text[sign.Length..e].Replace(".", "", StringComparison.Ordinal);
        int point = 1 + int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return sign + (point <= 0 ? $"0.{new string('0', -point)}{digits}"
            : point >= digits.Length ? digits + new string('0', point - digits.Length)
            : $"{digits[..point]}.{digits[point..]}");
    }
}
