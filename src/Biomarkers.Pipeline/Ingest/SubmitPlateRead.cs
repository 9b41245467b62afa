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
    /// <summary>Name of the server's own stream; no sender can open it, because it is no name of a stream.</summary>
    private const string OwnStream = "~submitted";

    /// <inheritdoc/>
    public async Task<SubmittedRead> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        string barcode = Content.Read.PlateBarcode;
        PlateAcceptance acceptance = await PlateAcceptance.OfAsync(context, barcode, cancellationToken);
        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(Content, Content.Read.Format, Content.Layout, null, cancellationToken);
        if (faults.Count > 0)
        {
            return new SubmittedRead(ContentUse.RefusedBelow("plate_read", faults, barcode).Faults, barcode, false, []);
        }

        if (await acceptance.IsRepeatAsync(Content, cancellationToken))
        {
            return new SubmittedRead([], barcode, true, []);
        }

        StreamRow stream = await transaction.FindStreamAsync(InstrumentId, OwnStream, cancellationToken)
            ?? await transaction.InsertStreamAsync(InstrumentId, OwnStream, context.Now, cancellationToken);
        var row = new StreamEventRow(stream.NextOffset, Bytes, ContentHash.Of(Bytes), context.Now, null);
        if (!await transaction.AppendEventAsync(stream, row, cancellationToken))
        {
            throw new StoreConflictException("The server's own stream moved.");
        }

        var source = new ReadSource(InstrumentId, stream.StreamKey, stream.NextOffset, context.Now, Actor);
        IReadOnlyList<ReadyWork> works = await acceptance.KeepAsync(Content, Content.Layout, null, source, cancellationToken);
        context.Record(Actor, AuditActions.ReadSubmitted, $"plates/{barcode}/reads/{Content.Origin.ReadId}", detail: $"SHA-256 {row.Hash}");
        return new SubmittedRead([], barcode, false, works);
    }
}

/// <summary>What became of a submitted plate.</summary>
/// <param name="Faults">Why nothing was stored; empty when it was.</param>
/// <param name="PlateBarcode">Its plate.</param>
/// <param name="IsRepeat">Whether it was there already.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record SubmittedRead(IReadOnlyList<Fault> Faults, string PlateBarcode, bool IsRepeat, IReadOnlyList<ReadyWork> Works);
