using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Instants and dates, both ways.</summary>
internal static class WireTimes
{
    private const string DateFormat = "yyyy-MM-dd";
    private const string WithOffset = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";
    private static readonly long FirstSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>An instant; null where it is absent, or with a fault.</summary>
    public static DateTimeOffset? Read(Timestamp? time, string field, List<Fault> faults)
    {
        if (time is null)
        {
            return null;
        }

        if (time.Seconds >= FirstSecond && time.Seconds <= LastSecond && time.Nanos is >= 0 and < 1_000_000_000)
        {
            return time.ToDateTimeOffset();
        }

        faults.Add(new Fault(field, FaultReasons.OutOfRange, $"{time.Seconds} s and {time.Nanos} ns are no instant of the years 1 to 9999."));
        return null;
    }

    /// <summary>An instant with its offset from UTC; null where the text is empty, or with a fault.</summary>
    public static DateTimeOffset? ReadWithOffset(string text, string field, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        bool hasOffset = text[^1] == 'Z' || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        if (hasOffset && DateTimeOffset.TryParseExact(text, WithOffset, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
        {
            return time;
        }

        faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' is no time with an offset; expected one such as 2007-03-01T08:15:00+01:00."));
        return null;
    }

    /// <summary>An instant with its offset from UTC; empty for null.</summary>
    public static string Write(DateTimeOffset? time) =>
        time?.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture) ?? string.Empty;

    /// <summary>A date; null where the text is empty, or with a fault.</summary>
    public static DateOnly? ReadDate(string text, string field, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date))
        {
            return date;
        }

        faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' is no date; expected one such as 2007-03-31."));
        return null;
    }
}
