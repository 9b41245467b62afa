using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

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

    private const string Field = "plate_read";

    /// <inheritdoc/>
    public async Task<SubmittedRead> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        string barcode = Content.Read.PlateBarcode;
        PlateRow? plate = await transaction.FindPlateAsync(barcode, cancellationToken);
        var acceptance = new PlateAcceptance(context);
        Checked<Preparation> prepared = await acceptance.PrepareAsync(plate, Content.Read, Content.Layout, cancellationToken);
        if (prepared.Value is null)
        {
            return new SubmittedRead(ContentUse.RefusedBelow(Field, prepared.Faults, barcode).Faults, barcode, false, null);
        }

        if (plate is not null && await IsRepeatAsync(transaction, plate, prepared.Value.Inputs?.Layout, cancellationToken))
        {
            return new SubmittedRead([], barcode, true, null);
        }

        StreamRow stream = await transaction.FindStreamAsync(InstrumentId, OwnStream, cancellationToken)
            ?? await transaction.InsertStreamAsync(InstrumentId, OwnStream, context.Now, cancellationToken);
        var source = new ReadSource(InstrumentId, stream.StreamKey, stream.NextOffset, context.Now, Actor);
        ContentUse use = await acceptance.AcceptReadAsync(Content, Field, source, cancellationToken);
        if (use.Faults.Count > 0)
        {
            return new SubmittedRead(use.Faults, barcode, false, null);
        }

        var row = new StreamEventRow(stream.NextOffset, Bytes, ContentHash.Of(Bytes), context.Now, null);
        if (!await transaction.AppendEventAsync(stream, row, cancellationToken))
        {
            throw new InvalidOperationException("The server's own stream moved inside a transaction that holds it.");
        }

        return new SubmittedRead([], barcode, false, use.Work);
    }

    // The read is there, and the layout that came with it is the plate's newest.
    private async Task<bool> IsRepeatAsync(IStoreTransaction transaction, PlateRow plate, PlateLayout? layout, CancellationToken cancellationToken)
    {
        bool isStored = (await transaction.ListReadsAsync(plate.PlateKey, cancellationToken))
            .Any(row => row.ReadId == Content.Origin.ReadId && row.Read.Hash == Content.Read.Hash);
        return isStored && (Content.Layout is null
            || (plate.LayoutKey is { } key && (await transaction.GetLayoutAsync(key, cancellationToken)).Layout.Hash == layout?.Hash));
    }
}

/// <summary>What became of a submitted plate.</summary>
/// <param name="Faults">Why nothing was stored; empty when it was.</param>
/// <param name="PlateBarcode">Its plate.</param>
/// <param name="IsRepeat">Whether it was there already.</param>
/// <param name="Work">Analysis that it made possible; null when there is none.</param>
public sealed record SubmittedRead(IReadOnlyList<Fault> Faults, string PlateBarcode, bool IsRepeat, ReadyWork? Work);
