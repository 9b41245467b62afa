using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Plate reads from the wire, whole or in parts. Every fault is found and told together, with field paths as on the wire.</summary>
public static class PlateReadMapper
{
    /// <summary>Reason of a fault of bytes that are no message.</summary>
    public const string Malformed = "MALFORMED";

    // Stands in for what a part lacks, so that the rest of it is still checked.
    private const string StandInName = "X";

    /// <summary>Reads the bytes of an event.</summary>
    /// <param name="content">A serialised <see cref="V1.StreamEventContent"/>.</param>
    public static Checked<EventContent> ToEventContent(byte[] content)
    {
        Checked<V1.StreamEventContent> parsed = Parse(content);
        return parsed.Value is { } message ? ToEventContent(message) : parsed.Faults.ToList();
    }

    /// <summary>The message that bytes are, unchecked, or the fault that they are none.</summary>
    public static Checked<V1.StreamEventContent> Parse(byte[] content)
    {
        try
        {
            return V1.StreamEventContent.Parser.ParseFrom(content);
        }
        catch (InvalidProtocolBufferException exception)
        {
            return new List<Fault> { new("content", Malformed, $"The {content.Length} bytes are no StreamEventContent: {exception.Message}") };
        }
    }

    /// <summary>What an event says; faults are below the name of its part, such as <c>plate_read.columns[0]</c>.</summary>
    public static Checked<EventContent> ToEventContent(V1.StreamEventContent content) => content.ContentCase switch
    {
        V1.StreamEventContent.ContentOneofCase.PlateRead => Widen(ToWholePlate(content.PlateRead, "plate_read")),
        V1.StreamEventContent.ContentOneofCase.PlateStarted => Widen(ToStarted(content.PlateStarted, "plate_started")),
        V1.StreamEventContent.ContentOneofCase.WellsRead => Widen(ToWells(content.WellsRead, "wells_read")),
        V1.StreamEventContent.ContentOneofCase.PlateCompleted => Widen(ToCompleted(content.PlateCompleted, "plate_completed")),
        _ => new List<Fault> { new("content", FaultReasons.Required, "The event says nothing that is known; expected plate_read, plate_started, wells_read or plate_completed.") },
    };

    /// <summary>One whole plate.</summary>
    /// <param name="read">The message; null where a request lacks it.</param>
    /// <param name="field">Path of the message, such as <c>plate_read</c>.</param>
    public static Checked<WholePlateRead> ToWholePlate(V1.PlateRead? read, string field)
    {
        if (read is null)
        {
            return new List<Fault> { new(field, FaultReasons.Required, "Expected a plate read.") };
        }

        var faults = new WireFaults();
        ReadOrigin origin = ToOrigin(read.ReadId, read.Operator, read.ReadTime, faults);
        ResponseKind kind = WireWords.ReadResponseKind(read.ResponseKind, "response_kind", faults);
        PlateFormat format = ToFormat(read.WellCount, faults);
        IReadOnlyList<ResponseColumn> columns = ResponseColumnMapper.ToDomain(read.Columns, format, faults);
        bool lacksBarcode = read.PlateBarcode == WholePlateRead.NoBarcode;
        Checked<PlateRead> made = PlateRead.Create(lacksBarcode ? WholePlateRead.StandInBarcode : read.PlateBarcode, format.WellCount, kind, columns);
        faults.AddDomain(made.Faults);
        PlateLayout? layout = ToLayout(read.Layout, faults);
        return faults.Any ? faults.Below(field) : new WholePlateRead(origin, made.ValueOrThrow(), layout) { LacksBarcode = lacksBarcode };
    }

    /// <summary>The sender's clock; null where it is absent or no instant: a remark that nothing rests on refuses no event.</summary>
    public static DateTimeOffset? ToInstant(Timestamp? time) => WireTimes.Read(time, string.Empty, []);

    private static Checked<PlateReadStarted> ToStarted(V1.PlateStarted started, string field)
    {
        var faults = new WireFaults();
        if (started.PlateBarcode != WholePlateRead.NoBarcode)
        {
            Texts.CheckName("plate_barcode", started.PlateBarcode, faults.List);
        }

        ReadOrigin origin = ToOrigin(started.ReadId, started.Operator, started.ReadTime, faults);
        ResponseKind kind = WireWords.ReadResponseKind(started.ResponseKind, "response_kind", faults);
        PlateFormat format = ToFormat(started.WellCount, faults);
        PlateLayout? layout = ToLayout(started.Layout, faults);
        return faults.Any ? faults.Below(field) : new PlateReadStarted(origin, started.PlateBarcode, format, kind, layout);
    }

    private static Checked<WellsRead> ToWells(V1.WellsRead wells, string field)
    {
        var faults = new WireFaults();
        Texts.CheckName("read_id", wells.ReadId, faults.List);
        // The size of the plate is known where the read was started; here everything is checked that the largest plate allows.
        IReadOnlyList<ResponseColumn> columns = ResponseColumnMapper.ToDomain(wells.Columns, PlateFormat.Wells1536, faults);
        faults.AddDomain(PlateRead.Create(StandInName, PlateFormat.Wells1536.WellCount, ResponseKind.OpticalDensity, columns).Faults);
        return faults.Any ? faults.Below(field) : new WellsRead(wells.ReadId, ResponseColumnMapper.ToIndexed(wells.Columns, columns));
    }

    private static Checked<PlateReadCompleted> ToCompleted(V1.PlateCompleted completed, string field)
    {
        var faults = new WireFaults();
        Texts.CheckName("read_id", completed.ReadId, faults.List);
        int? count = completed.HasWellResponseCount ? completed.WellResponseCount : null;
        if (count < 0)
        {
            faults.Add("well_response_count", FaultReasons.OutOfRange, $"Well response count {count} is negative.");
        }

        return faults.Any ? faults.Below(field) : new PlateReadCompleted(completed.ReadId, count);
    }

    private static ReadOrigin ToOrigin(string readId, string operatorName, Timestamp? readTime, WireFaults faults)
    {
        Texts.CheckName("read_id", readId, faults.List);
        if (operatorName.Length > 0)
        {
            Texts.CheckText("operator", operatorName, faults.List);
        }

        return new ReadOrigin(readId, WireTexts.NullIfEmpty(operatorName), WireTimes.Read(readTime, "read_time", faults.List));
    }

    private static PlateFormat ToFormat(int wellCount, WireFaults faults)
    {
        if (PlateFormat.TryFromWellCount(wellCount, out PlateFormat? format))
        {
            return format;
        }

        faults.Add("well_count", FaultReasons.UnknownFormat, $"A plate of {wellCount} wells is not known; expected 96, 384 or 1536.");
        return PlateFormat.Wells1536;
    }

    private static PlateLayout? ToLayout(V1.PlateLayout? layout, WireFaults faults)
    {
        if (layout is null)
        {
            return null;
        }

        Checked<PlateLayout> made = PlateLayoutMapper.ToDomain(layout, "layout");
        faults.List.AddRange(made.Faults);
        return made.Value;
    }

    private static Checked<EventContent> Widen<T>(Checked<T> content)
        where T : EventContent => content.Value is { } value ? value : content.Faults.ToList();
}
