using System.Globalization;
using System.Text;

namespace Biomarkers.Client;

/// <summary>An event that a server acknowledged and then no longer had, because an older database was restored.</summary>
/// <param name="Offset">Its place in the stream when it was last acknowledged.</param>
/// <param name="PlateBarcode">Plate that it names; null for a part of a reading, which names its reading alone.</param>
/// <param name="ReadId">Reading that it is of; null where it names none.</param>
public sealed record ForgottenEvent(long Offset, string? PlateBarcode, string? ReadId)
{
    /// <summary>Offset, plate and reading for a person.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"offset {Offset}{(PlateBarcode is null ? "" : $", plate {PlateBarcode}")}{(ReadId is null ? "" : $", read {ReadId}")}");
}

/// <summary>An event that was acknowledged once, was sent again after a restore, and whose content the restored database could not use.</summary>
/// <param name="Event">The event, with its new offset.</param>
/// <param name="Fault">Why; null when the server did not say.</param>
public sealed record RefusedEvent(ForgottenEvent Event, RpcFault? Fault);

/// <summary>The server's database was replaced by a restored one: what it lacked of this stream, what the sender sends again, and what it no longer keeps.</summary>
/// <param name="PreviousGeneration">Generation of the database that acknowledged the events.</param>
/// <param name="Generation">Generation of the restored database.</param>
/// <param name="NextOffset">Where the restored stream goes on. Events that are sent again get new offsets from here on; their content and hash stay.</param>
/// <param name="ResentCount">Acknowledged events that are sent again.</param>
/// <param name="LostCount">Acknowledged events that the restored database lacks, or may lack, and that this sender no longer keeps. Events that an earlier
/// sender of the same stream sent are counted here, because this one never had them.</param>
/// <param name="Lost">Those of them whose names are known, oldest first; may be fewer than <paramref name="LostCount"/>.</param>
public sealed record DatabaseRestoration(
    long PreviousGeneration, long Generation, long NextOffset, int ResentCount, long LostCount, IReadOnlyList<ForgottenEvent> Lost)
{
    private const int NamesInText = 10;

    /// <summary>Events sent again that are not acknowledged yet.</summary>
    public int OutstandingCount { get; init; }

    /// <summary>Events sent again whose content the restored database quarantined, though it was used before: for example parts of a reading whose
    /// beginning nobody keeps.</summary>
    public IReadOnlyList<RefusedEvent> Refused { get; init; } = [];

    /// <summary>One sentence or more for a person.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"The server's database was restored (generation {PreviousGeneration} to {Generation}); the stream goes on at offset {NextOffset}.");
        text.Append(CultureInfo.InvariantCulture, $" {ResentCount} acknowledged events are sent again, {OutstandingCount} of them wait for their acknowledgement.");
        if (LostCount > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" {LostCount} are no longer kept here and must be sent again from their files, from offset {NextOffset} on");
            if (Lost.Count > 0)
            {
                text.Append(": ").AppendJoin("; ", Lost.Take(NamesInText)).Append(Lost.Count > NamesInText || LostCount > Lost.Count ? "; and more" : "");
            }

            text.Append('.');
        }

        foreach (RefusedEvent refused in Refused)
        {
            text.Append(CultureInfo.InvariantCulture, $" Not used again: {refused.Event}: {refused.Fault?.Message ?? "the server did not say why"}");
        }

        return text.ToString();
    }
}
