using Biomarkers.Client;

namespace Biomarkers.Cli.Servers;

/// <summary>A read that is held until a person decides.</summary>
/// <param name="Name">Its number.</param>
/// <param name="Plate">Barcode as it came; absent where the instrument read none.</param>
/// <param name="ReadId">The instrument's name for it.</param>
/// <param name="ReadStream">Stream that brought it.</param>
/// <param name="Offset">Offset of its event.</param>
/// <param name="Operator">Who ran the plate; absent where nobody said.</param>
/// <param name="ReadTime">When the detector finished; absent where nobody said.</param>
/// <param name="ReceiveTime">When the server stored it.</param>
/// <param name="HasLayout">Whether a layout came with it.</param>
/// <param name="Reason">Why it is held: a code.</param>
/// <param name="Explanation">Why it is held: one sentence.</param>
/// <param name="Resolution">What was decided; absent while it waits.</param>
public sealed record HeldRow(
    string Name,
    string? Plate,
    string ReadId,
    string ReadStream,
    long Offset,
    string? Operator,
    DateTimeOffset? ReadTime,
    DateTimeOffset? ReceiveTime,
    bool HasLayout,
    string Reason,
    string Explanation,
    ResolutionRow? Resolution)
{
    internal static HeldRow Of(V1.HeldPlate held) => new(
        Names.LastOf(held.Name),
        Names.NullIfEmpty(held.PlateBarcode),
        held.ReadId,
        held.ReadStream,
        held.Offset,
        Names.NullIfEmpty(held.Operator),
        held.ReadTime?.ToDateTimeOffset(),
        held.ReceiveTime?.ToDateTimeOffset(),
        held.HasLayout,
        RpcFault.Of(held.Status).Reason,
        held.Status.Message,
        ResolutionRow.Of(held.Resolution));
}

/// <summary>An event that could not be used.</summary>
/// <param name="Name">Its number.</param>
/// <param name="ReadStream">Stream that brought it.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="ContentSha256">Hash of its bytes.</param>
/// <param name="ReceiveTime">When the server stored it.</param>
/// <param name="Faults">Why it could not be used.</param>
/// <param name="Resolution">What was decided; absent while it waits.</param>
public sealed record QuarantinedRow(
    string Name, string ReadStream, long Offset, string ContentSha256, DateTimeOffset? ReceiveTime, IReadOnlyList<FieldFault> Faults, ResolutionRow? Resolution)
{
    internal static QuarantinedRow Of(V1.QuarantinedEvent refused)
    {
        RpcFault fault = RpcFault.Of(refused.Status);
        return new QuarantinedRow(
            Names.LastOf(refused.Name),
            refused.ReadStream,
            refused.Offset,
            refused.ContentSha256,
            refused.ReceiveTime?.ToDateTimeOffset(),
            fault.Fields.Count > 0 ? fault.Fields : [new FieldFault("", fault.Reason, fault.Message)],
            ResolutionRow.Of(refused.Resolution));
    }
}

/// <summary>What a person decided.</summary>
/// <param name="Kind">used, repaired or dismissed.</param>
/// <param name="Plate">Plate that it belongs to; absent where there is none.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
/// <param name="ResolveTime">When.</param>
public sealed record ResolutionRow(string Kind, string? Plate, string Reason, string Actor, DateTimeOffset? ResolveTime)
{
    internal static ResolutionRow? Of(V1.Resolution? resolution) => resolution is null
        ? null
        : new ResolutionRow(
            CommandConsole.WordOf(resolution.Kind),
            Names.NullIfEmpty(Names.LastOf(resolution.Plate)),
            resolution.Reason,
            resolution.Actor,
            resolution.ResolveTime?.ToDateTimeOffset());
}
