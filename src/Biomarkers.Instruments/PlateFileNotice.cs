namespace Biomarkers.Instruments;

/// <summary>Something that was noticed in a file and does not stop its reading.</summary>
/// <param name="Field">Place, such as <c>line 5, column response</c>; empty for the file as a whole.</param>
/// <param name="Reason">Stable UPPER_SNAKE_CASE code; see <see cref="PlateFileNoticeReasons"/>.</param>
/// <param name="Description">A sentence that quotes the value and says what was made of it.</param>
public sealed record PlateFileNotice(string Field, string Reason, string Description)
{
    /// <summary>Place, then sentence, as a message for a person.</summary>
    public override string ToString() => Field.Length == 0 ? Description : $"{Field}: {Description}";
}

/// <summary>The stable codes of <see cref="PlateFileNotice.Reason"/>.</summary>
public static class PlateFileNoticeReasons
{
    /// <summary>The bytes are not UTF-8 and were read as ISO 8859-1.</summary>
    public const string NotUtf8 = "NOT_UTF8";

    /// <summary>A column, block or value of the file is not used.</summary>
    public const string NotUsed = "NOT_USED";

    /// <summary>A word stands where a number is expected and is not a known word; the well is kept as unreadable.</summary>
    public const string UnknownToken = "UNKNOWN_TOKEN";

    /// <summary>A time is printed without its zone.</summary>
    public const string NoTimeZone = "NO_TIME_ZONE";

    /// <summary>Something that such files carry is not in this one.</summary>
    public const string Absent = "ABSENT";

    /// <summary>Net responses were taken, because the file has no raw ones.</summary>
    public const string NetResponse = "NET_RESPONSE";

    /// <summary>A message of the instrument about a well.</summary>
    public const string InstrumentMessage = "INSTRUMENT_MESSAGE";

    /// <summary>There were more notices than are kept.</summary>
    public const string MoreNotices = "MORE_NOTICES";
}
