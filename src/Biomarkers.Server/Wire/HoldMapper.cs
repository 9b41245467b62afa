using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>What waits for a person to the wire, and decisions from it.</summary>
public static class HoldMapper
{
    private const string ReasonField = "reason";

    /// <summary>A held read.</summary>
    public static V1.HeldPlate ToWire(HeldPlateSummary held) => new()
    {
        Name = ResourceNames.HeldPlate(held.HeldKey),
        PlateBarcode = held.PlateBarcode,
        ReadId = held.ReadId,
        ReadStream = ResourceNames.ReadStream(held.InstrumentId, held.StreamId),
        Offset = held.Offset,
        Operator = held.Operator ?? string.Empty,
        ReadTime = held.ReadTime?.ToTimestamp(),
        ReceiveTime = held.ReceiveTime.ToTimestamp(),
        ContentSha256 = held.ContentHash.Hex,
        HasLayout = held.BringsLayout,
        Status = RpcErrors.HeldStatus(held.Hold.ToFault("read")),
        Resolution = ToWire(held.Resolution),
    };

    /// <summary>A quarantined event.</summary>
    public static V1.QuarantinedEvent ToWire(QuarantinedEvent refused) => new()
    {
        Name = ResourceNames.QuarantinedEvent(refused.QuarantineKey),
        ReadStream = ResourceNames.ReadStream(refused.InstrumentId, refused.StreamId),
        Offset = refused.Offset,
        ContentSha256 = refused.ContentHash.Hex,
        Status = RpcErrors.StatusOf(refused.Faults),
        ReceiveTime = refused.ReceiveTime.ToTimestamp(),
        Resolution = ToWire(refused.Resolution),
    };

    /// <summary>A quarantined event with its bytes and what they say.</summary>
    public static V1.QuarantinedEventContent ToWire(QuarantinedEvent refused, byte[] content) => new()
    {
        QuarantinedEvent = ToWire(refused),
        Content = ByteString.CopyFrom(content),
        ParsedContent = PlateReadMapper.Parse(content).Value,
    };

    /// <summary>Why somebody decides; empty with a fault.</summary>
    public static string ReadReason(string reason, List<Fault> faults)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            faults.Add(new Fault(ReasonField, FaultReasons.ReasonRequired, "Expected why, for the audit log."));
        }
        else
        {
            Texts.CheckText(ReasonField, reason, faults);
        }

        return reason;
    }

    /// <summary>Ends the call where a decision was not made.</summary>
    /// <param name="decided">What became of it.</param>
    /// <param name="notFoundReason">Such as <c>HELD_PLATE_NOT_FOUND</c>.</param>
    /// <param name="name">Resource name that was asked for.</param>
    /// <param name="field">Field below which the faults of content lie; empty for those of the request itself.</param>
    public static void Require(Decided decided, string notFoundReason, string name, string field = "")
    {
        if (decided.Kind == DecisionKind.Done)
        {
            return;
        }

        throw decided.Kind switch
        {
            DecisionKind.NotFound => RpcErrors.NotFound(notFoundReason, name),
            DecisionKind.DecidedBefore => RpcErrors.AlreadyResolved(name),
            _ => RpcErrors.InvalidArgument(field.Length == 0 ? decided.Faults : [.. decided.Faults.Select(fault => fault with { Field = $"{field}.{fault.Field}" })]),
        };
    }

    private static V1.Resolution? ToWire(Resolution? resolution) => resolution is null
        ? null
        : new V1.Resolution
        {
            Kind = WireWords.Write(resolution.Kind),
            Plate = resolution.PlateBarcode is { } barcode ? ResourceNames.Plate(barcode) : string.Empty,
            Reason = resolution.Reason,
            Actor = resolution.Actor,
            ResolveTime = resolution.Time.ToTimestamp(),
        };
}
