using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Server.Wire;

/// <summary>Resource names: printed, and read with a fault for what is none.</summary>
public static class ResourceNames
{
    /// <summary>Reason of NOT_FOUND for an instrument.</summary>
    public const string InstrumentNotFound = "INSTRUMENT_NOT_FOUND";

    private const string Plates = "plates";
    private const string Reads = "reads";
    private const string Instruments = "instruments";
    private const string ReadStreams = "readStreams";
    private const string AnalyticalRuns = "analyticalRuns";
    private const string Results = "results";
    private const string Assays = "assays";
    private const string HeldPlates = "heldPlates";
    private const string QuarantinedEvents = "quarantinedEvents";
    private const string Keys = "keys";
    private const string Subscriptions = "subscriptions";
    private const string ResultHolds = "resultHolds";
    private const string RepeatLinks = "repeatLinks";

    /// <summary><c>plates/{barcode}</c>.</summary>
    public static string Plate(string barcode) => $"{Plates}/{barcode}";

    /// <summary><c>plates/{barcode}/reads/{read}</c>.</summary>
    public static string Read(string barcode, string readId) => $"{Plates}/{barcode}/{Reads}/{readId}";

    /// <summary><c>instruments/{instrument}</c>.</summary>
    public static string Instrument(string instrumentId) => $"{Instruments}/{instrumentId}";

    /// <summary><c>instruments/{instrument}/readStreams/{stream}</c>.</summary>
    public static string ReadStream(string instrumentId, string streamId) => $"{Instruments}/{instrumentId}/{ReadStreams}/{streamId}";

    /// <summary><c>analyticalRuns/{key}</c>.</summary>
    public static string AnalyticalRun(long runKey) => string.Create(CultureInfo.InvariantCulture, $"{AnalyticalRuns}/{runKey}");

    /// <summary><c>results/{key}</c>, the same for all versions.</summary>
    public static string Result(long resultKey) => string.Create(CultureInfo.InvariantCulture, $"{Results}/{resultKey}");

    /// <summary><c>assays/{assay}@{version}</c>.</summary>
    /// <param name="assayName">Id and version, such as <c>il-6@1</c>.</param>
    public static string Assay(string assayName) => $"{Assays}/{assayName}";

    /// <summary><c>heldPlates/{key}</c>.</summary>
    public static string HeldPlate(long heldKey) => string.Create(CultureInfo.InvariantCulture, $"{HeldPlates}/{heldKey}");

    /// <summary><c>quarantinedEvents/{key}</c>.</summary>
    public static string QuarantinedEvent(long quarantineKey) => string.Create(CultureInfo.InvariantCulture, $"{QuarantinedEvents}/{quarantineKey}");

    /// <summary><c>resultHolds/{key}</c>.</summary>
    public static string ResultHold(long holdKey) => string.Create(CultureInfo.InvariantCulture, $"{ResultHolds}/{holdKey}");

    /// <summary><c>repeatLinks/{key}</c>.</summary>
    public static string RepeatLink(long linkKey) => string.Create(CultureInfo.InvariantCulture, $"{RepeatLinks}/{linkKey}");

    /// <summary>Key of <c>repeatLinks/{key}</c>; null with a fault.</summary>
    public static long? ParseRepeatLink(string field, string name, List<Fault> faults) => ParseNumber(RepeatLinks, "repeat_link", field, name, faults);

    /// <summary><c>results/{key}@{version}</c>.</summary>
    public static string ResultVersion(long resultKey, int version) => string.Create(CultureInfo.InvariantCulture, $"{Results}/{resultKey}@{version}");

    /// <summary><c>subscriptions/{subscription}</c>.</summary>
    public static string Subscription(string subscriptionId) => $"{Subscriptions}/{subscriptionId}";

    /// <summary>Id of <c>subscriptions/{subscription}</c>; null with a fault.</summary>
    public static string? ParseSubscription(string field, string name, List<Fault> faults) => ParseId(Subscriptions, "{subscription}", field, name, faults);

    /// <summary>Key of <c>resultHolds/{key}</c>; null with a fault.</summary>
    public static long? ParseResultHold(string field, string name, List<Fault> faults) => ParseNumber(ResultHolds, "result_hold", field, name, faults);

    /// <summary>Key of <c>heldPlates/{key}</c>; null with a fault.</summary>
    public static long? ParseHeldPlate(string field, string name, List<Fault> faults) => ParseNumber(HeldPlates, "held_plate", field, name, faults);

    /// <summary>Key of <c>quarantinedEvents/{key}</c>; null with a fault.</summary>
    public static long? ParseQuarantinedEvent(string field, string name, List<Fault> faults) => ParseNumber(QuarantinedEvents, "quarantined_event", field, name, faults);

    /// <summary><c>keys/{key}</c>.</summary>
    public static string Key(string keyId) => $"{Keys}/{keyId}";

    /// <summary>Id of <c>keys/{key}</c>; null with a fault.</summary>
    public static string? ParseKey(string field, string name, List<Fault> faults) => ParseId(Keys, "{key}", field, name, faults);

    /// <summary>Barcode of <c>plates/{barcode}</c>; null with a fault.</summary>
    public static string? ParsePlate(string field, string name, List<Fault> faults) => ParseId(Plates, "{plate_barcode}", field, name, faults);

    /// <summary>Id of <c>instruments/{instrument}</c>; null with a fault.</summary>
    public static string? ParseInstrument(string field, string name, List<Fault> faults) => ParseId(Instruments, "{instrument}", field, name, faults);

    /// <summary>Id of <c>instruments/{instrument}</c>, or an empty text for <c>instruments/-</c>, which is all; null with a fault.</summary>
    public static string? ParseInstrumentOrAll(string field, string name, List<Fault> faults) =>
        name == $"{Instruments}/-" ? string.Empty : ParseInstrument(field, name, faults);

    /// <summary>Ids of <c>instruments/{instrument}/readStreams/{stream}</c>; null with a fault.</summary>
    public static (string InstrumentId, string StreamId)? ParseReadStream(string field, string name, List<Fault> faults)
    {
        if (Segments(name) is [Instruments, var instrument, ReadStreams, var stream] && Texts.IsName(instrument) && Texts.IsName(stream))
        {
            return (instrument, stream);
        }

        Refuse(field, name, $"{Instruments}/{{instrument}}/{ReadStreams}/{{read_stream}}", faults);
        return null;
    }

    /// <summary>Key of <c>analyticalRuns/{key}</c>; null with a fault.</summary>
    public static long? ParseAnalyticalRun(string field, string name, List<Fault> faults) => ParseNumber(AnalyticalRuns, "analytical_run", field, name, faults);

    /// <summary>Key and version of <c>results/{key}</c> or <c>results/{key}@{version}</c>; a null version is the newest; null with a fault.</summary>
    public static (long ResultKey, int? Version)? ParseResult(string field, string name, List<Fault> faults)
    {
        if (Segments(name) is [Results, var text] && TrySplitVersion(text, out string id, out int? version) && TryParseNumber(id, long.MaxValue, out long key))
        {
            return (key, version);
        }

        Refuse(field, name, $"{Results}/{{result}} or {Results}/{{result}}@{{version}}", faults);
        return null;
    }

    /// <summary>Id and version of <c>assays/{assay}</c> or <c>assays/{assay}@{version}</c>; a null version is the newest; null with a fault.</summary>
    public static (string AssayId, int? Version)? ParseAssay(string field, string name, List<Fault> faults)
    {
        if (Segments(name) is [Assays, var text] && TrySplitVersion(text, out string id, out int? version) && Texts.IsName(id))
        {
            return (id, version);
        }

        Refuse(field, name, $"{Assays}/{{assay}} or {Assays}/{{assay}}@{{version}}", faults);
        return null;
    }

    /// <summary>Id of <c>assays/{assay}</c> without a version; null with a fault.</summary>
    public static string? ParseAssayId(string field, string name, List<Fault> faults) => ParseId(Assays, "{assay} without a version", field, name, faults);

    private static string[] Segments(string name) => name.Split('/');

    private static bool TrySplitVersion(string text, out string id, out int? version)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        id = at < 0 ? text : text[..at];
        version = null;
        if (at < 0)
        {
            return true;
        }

        bool isNumber = TryParseNumber(text[(at + 1)..], int.MaxValue, out long number);
        version = (int)number;
        return isNumber;
    }

    // One spelling per number: without sign, blanks or leading zeros, 1 or more.
    private static bool TryParseNumber(string text, long maximum, out long number)
    {
        number = 0;
        return text.Length > 0 && text[0] != '0'
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number <= maximum;
    }

    private static string? ParseId(string collection, string expected, string field, string name, List<Fault> faults)
    {
        if (Segments(name) is [var first, var id] && first == collection && Texts.IsName(id))
        {
            return id;
        }

        Refuse(field, name, $"{collection}/{expected}", faults);
        return null;
    }

    private static long? ParseNumber(string collection, string id, string field, string name, List<Fault> faults)
    {
        if (Segments(name) is [var first, var text] && first == collection && TryParseNumber(text, long.MaxValue, out long key))
        {
            return key;
        }

        Refuse(field, name, $"{collection}/{{{id}}}", faults);
        return null;
    }

    private static void Refuse(string field, string name, string format, List<Fault> faults) => faults.Add(name.Length == 0
        ? new Fault(field, FaultReasons.Required, $"Expected {format}, got an empty name.")
        : new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(name)}' is no such resource name; expected {format}."));
}
