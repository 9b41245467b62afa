using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments.Tables;

/// <summary>The words that instruments print where a number should stand, and what they mean.</summary>
internal static class WellStatusWords
{
    private static readonly Dictionary<string, WellStatus> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        // The detector's range was exceeded.
        ["OVRFLW"] = WellStatus.Saturated,
        ["OVERFLOW"] = WellStatus.Saturated,
        ["OVER"] = WellStatus.Saturated,
        ["SAT"] = WellStatus.Saturated,
        ["#SAT"] = WellStatus.Saturated,
        ["SATURATED"] = WellStatus.Saturated,

        // Somebody, or the instrument, left the well out.
        ["MASK"] = WellStatus.Masked,
        ["MASKED"] = WellStatus.Masked,
        ["EXCLUDED"] = WellStatus.Masked,

        // Nothing was measured.
        [""] = WellStatus.Missing,
        ["-"] = WellStatus.Missing,
        ["--"] = WellStatus.Missing,
        ["---"] = WellStatus.Missing,
        ["N/A"] = WellStatus.Missing,
        ["NA"] = WellStatus.Missing,
        ["MISSING"] = WellStatus.Missing,
        ["NOT REPORTED"] = WellStatus.Missing,

        // Something was measured and the number is lost; Path? is a failed path-length correction.
        ["NAN"] = WellStatus.Unreadable,
        ["PATH?"] = WellStatus.Unreadable,
        ["#LOW"] = WellStatus.Unreadable,
        ["ERROR"] = WellStatus.Unreadable,
    };

    /// <summary>What a word means; a word that is not known is <see cref="WellStatus.Unreadable"/>, and <paramref name="isKnown"/> is false.</summary>
    /// <param name="token">The word, without white space around it; no number.</param>
    /// <param name="isKnown">Whether its meaning is known.</param>
    public static WellStatus StatusOf(string token, out bool isKnown)
    {
        isKnown = true;
        if (Known.TryGetValue(token, out WellStatus status))
        {
            return status;
        }

        // "> 65000" is printed by readers past the end of their scale; "####" is a number wider than its column, and so lost.
        if (token.StartsWith('>'))
        {
            return WellStatus.Saturated;
        }

        isKnown = token.StartsWith('<') || token.All(c => c is '#' or '?' or '*');
        return WellStatus.Unreadable;
    }

    /// <summary>A word that reads back as a status.</summary>
    public static string WordFor(WellStatus status) => status switch
    {
        WellStatus.Saturated => "OVRFLW",
        WellStatus.Masked => "MASKED",
        WellStatus.Missing => "",
        _ => "NaN",
    };
}
