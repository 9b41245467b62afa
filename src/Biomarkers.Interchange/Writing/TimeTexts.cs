using System.Globalization;

namespace Biomarkers.Interchange.Writing;

/// <summary>Instants as formats write them, always with their offset; what is finer is cut off.</summary>
internal static class TimeTexts
{
    /// <summary>ISO 8601 to the microsecond: <c>2026-11-22T10:11:12.123456+02:00</c>.</summary>
    public static string Iso(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);

    /// <summary>HL7 TS to a ten thousandth of a second, the finest that v2.5.1 has: <c>20261122101112.1234+0200</c>.</summary>
    public static string Hl7(DateTimeOffset time) => time.ToString("yyyyMMddHHmmss.ffffzzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    /// <summary>LIS2-A2 to the second: <c>20261122101112+0200</c>.</summary>
    public static string Lis2(DateTimeOffset time) => time.ToString("yyyyMMddHHmmsszzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    /// <summary>Day of a lot's expiry.</summary>
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The instant cut to the microsecond, with its offset.</summary>
    public static DateTimeOffset ToMicrosecond(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}
