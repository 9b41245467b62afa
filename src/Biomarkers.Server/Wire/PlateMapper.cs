using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Plates and read streams to the wire, and the conditions of their lists from it.</summary>
public static class PlateMapper
{
    /// <summary>Which plates; an empty condition is none, and faults are added for what is no condition.</summary>
    public static PlateFilter ToFilter(V1.ListPlatesRequest request, List<Fault> faults)
    {
        var words = new WireFaults();
        var filter = new PlateFilter(
            WireWords.ReadPlateState(request.State, "state", words));
        faults.AddRange(words.List);
        return filter;
    }

    /// <summary>A plate with its reads.</summary>
    public static V1.Plate ToWire(PlateSummary plate)
    {
        var wire = new V1.Plate
        {
            Name = ResourceNames.Plate(plate.Barcode),
            State = WireWords.Write(plate.State),
            ParkedError = plate.ParkedError ?? string.Empty,
            Assay = plate.AssayName is { } assay ? ResourceNames.Assay(assay) : string.Empty,
            Reads = { plate.Reads.Select(read => ToWire(plate.Barcode, read)) },
            PendingReads = { plate.PendingReads.Select(ToWire) },
            HeldPlates = { plate.OpenHoldKeys.Select(ResourceNames.HeldPlate) },
            AnalyticalRun = plate.NewestRunKey is { } run ? ResourceNames.AnalyticalRun(run) : string.Empty,
            CreateTime = plate.CreateTime.ToTimestamp(),
            UpdateTime = plate.UpdateTime.ToTimestamp(),
        };
        WireOptional.Set(plate.LayoutVersion, value => wire.LayoutVersion = value);
        return wire;
    }

    /// <summary>A read stream.</summary>
    public static V1.ReadStream ToWire(StreamSummary stream) => new()
    {
        Name = ResourceNames.ReadStream(stream.InstrumentId, stream.StreamId),
        NextOffset = stream.NextOffset,
        Epoch = stream.Epoch,
        OpenTime = stream.OpenTime.ToTimestamp(),
        LastEventTime = stream.LastEventTime?.ToTimestamp(),
        ChainSha256 = stream.ChainHash.Hex,
        ClockOffset = stream.ClockOffset?.ToDuration(),
    };

    private static V1.PendingRead ToWire(PendingReadSummary pending) => new()
    {
        ReadStream = ResourceNames.ReadStream(pending.InstrumentId, pending.StreamId),
        ReadId = pending.ReadId,
        PartCount = pending.PartCount,
        StartTime = pending.StartTime?.ToTimestamp(),
    };

    private static V1.PlateReadSummary ToWire(string barcode, ReadSummary read) => new()
    {
        Name = ResourceNames.Read(barcode, read.ReadId),
        ReadId = read.ReadId,
        Instrument = ResourceNames.Instrument(read.InstrumentId),
        Operator = read.Operator ?? string.Empty,
        ReadTime = read.ReadTime?.ToTimestamp(),
        ReceiveTime = read.ReceiveTime.ToTimestamp(),
        ContentSha256 = read.ContentHash.Hex,
        SameContentAs = read.SameContentAs is { } same ? ResourceNames.Read(barcode, same) : string.Empty,
        JoinedFrom = { read.JoinedFrom.Select(part => ResourceNames.Read(barcode, part)) },
    };
}
