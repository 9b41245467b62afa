using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Accepts one whole plate that came without a stream; bad content stores nothing.</summary>
/// <remarks>Its bytes are kept in a stream of the server's own per instrument, so that every original is in one journal. A repeat, by plate,
/// read id and content, is recognised and changes nothing.</remarks>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="Content">The plate.</param>
/// <param name="Bytes">The content as sent.</param>
/// <param name="Actor">Who submits it.</param>
public sealed record SubmitPlateRead(string InstrumentId, WholePlateRead Content, byte[] Bytes, string Actor) : IStoreWrite<SubmittedRead>
{
    /// <inheritdoc/>
    public async Task<SubmittedRead> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        (StreamRow stream, ReadSource source) = await OwnStreams.PlaceAsync(context, InstrumentId, OwnStreams.Submitted, Bytes, Actor, cancellationToken);
        ContentUse use = await PlateAcceptance.AcceptReadAsync(context, Content, "plate_read", source, isOneEvent: true, cancellationToken);
        if (use.IsRepeat || (use.Faults.Count > 0 && use.HeldKey is null))
        {
            return new SubmittedRead(use.Faults, use.PlateBarcode, use.IsRepeat ? SubmissionKind.Repeat : SubmissionKind.Refused, null, []);
        }

        await OwnStreams.AppendAsync(context, stream, source, Bytes, cancellationToken);
        string target = use.HeldKey is { } heldKey ? $"heldPlates/{heldKey}" : $"plates/{Content.Read.PlateBarcode}/reads/{Content.Origin.ReadId}";
        context.Record(Actor, AuditActions.ReadSubmitted, target, detail: $"SHA-256 {source.EventHash}");
        return new SubmittedRead(use.Faults, use.PlateBarcode, use.HeldKey is null ? SubmissionKind.Stored : SubmissionKind.Held, use.HeldKey, use.Works);
    }
}

/// <summary>What became of a submitted plate.</summary>
public enum SubmissionKind
{
    /// <summary>Stored and used.</summary>
    Stored,

    /// <summary>Stored; a person must decide.</summary>
    Held,

    /// <summary>It was there already; nothing was stored.</summary>
    Repeat,

    /// <summary>Bad content; nothing was stored.</summary>
    Refused,
}

/// <summary>What became of a submitted plate.</summary>
/// <param name="Faults">Why nothing was stored, or why it is held; empty otherwise.</param>
/// <param name="PlateBarcode">Its plate; null where its barcode is missing.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="HeldKey">Key of the held read; null where it is not held.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record SubmittedRead(IReadOnlyList<Fault> Faults, string? PlateBarcode, SubmissionKind Kind, long? HeldKey, IReadOnlyList<ReadyWork> Works) : IMakesWork;
