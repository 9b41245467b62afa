using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Where a read or a layout came from.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamKey">Stream.</param>
/// <param name="Offset">Offset of the event.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="Actor">Who, for the audit.</param>
internal sealed record ReadSource(string InstrumentId, long StreamKey, long Offset, DateTimeOffset ReceiveTime, string Actor);

/// <summary>Brings a plate's reads and its layout together, and makes the work that they make possible.</summary>
internal sealed class PlateAcceptance(WriteContext context)
{
    private readonly IStoreTransaction transaction = context.Transaction;

    /// <summary>Accepts a complete read, with or without its layout.</summary>
    /// <param name="whole">The read.</param>
    /// <param name="field">Field of the message that brought it: faults lie below it.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<ContentUse> AcceptReadAsync(WholePlateRead whole, string field, ReadSource source, CancellationToken cancellationToken)
    {
        PlateRead read = whole.Read;
        string barcode = read.PlateBarcode;
        PlateRow? known = await transaction.FindPlateAsync(barcode, cancellationToken);
        IReadOnlyList<ReadRow> reads = known is null ? [] : await transaction.ListReadsAsync(known.PlateKey, cancellationToken);
        ReadRow? sameId = reads.FirstOrDefault(row => row.ReadId == whole.Origin.ReadId);
        if (sameId is not null && sameId.Read.Hash != read.Hash)
        {
            return ContentUse.Refused(
                new Fault($"{field}.read_id", FaultReasons.Duplicate, $"Plate '{barcode}' has a read '{whole.Origin.ReadId}' with other responses; a new reading needs a new read_id."), barcode);
        }

        Checked<Preparation> prepared = await PrepareAsync(known, read, whole.Layout, cancellationToken);
        if (prepared.Value is null)
        {
            return ContentUse.RefusedBelow(field, prepared.Faults, barcode);
        }

        PlateRow plate = known ?? await FindOrInsertPlateAsync(barcode, PlateState.WaitingForLayout, cancellationToken);
        if (whole.Layout is not null)
        {
            plate = await KeepLayoutAsync(plate, whole.Layout, source, cancellationToken);
        }

        ReadRow row = sameId ?? await InsertReadAsync(plate, whole, reads, source, cancellationToken);
        ReadyWork? work = prepared.Value.Inputs is { } inputs ? await MakeWorkAsync(plate, row, inputs, cancellationToken) : null;
        if (work is null && sameId is null)
        {
            PlateState state = prepared.Value.Inputs is null ? PlateState.WaitingForLayout : plate.State;
            await transaction.UpdatePlateAsync(plate, state, plate.LayoutKey, context.Now, cancellationToken);
        }

        return ContentUse.Used(barcode, work);
    }

    /// <summary>Everything that keeps a layout from being used; empty for no layout.</summary>
    public async Task<IReadOnlyList<Fault>> CheckLayoutAsync(PlateLayout? layout, PlateFormat format, string field, CancellationToken cancellationToken)
    {
        if (layout is null)
        {
            return [];
        }

        var faults = new List<Fault>();
        if (layout.WellCount != format.WellCount)
        {
            faults.Add(new Fault($"{field}.well_count", FaultReasons.FormatMismatch, $"The layout is for {layout.Format}, the read is of {format}."));
        }

        if (await FindAssayAsync(layout, cancellationToken) is null)
        {
            faults.Add(UnknownAssay(layout, field));
        }

        return faults;
    }

    /// <summary>The plate of a barcode, made where it is new.</summary>
    public async Task<PlateRow> FindOrInsertPlateAsync(string barcode, PlateState state, CancellationToken cancellationToken) =>
        await transaction.FindPlateAsync(barcode, cancellationToken) ?? await transaction.InsertPlateAsync(barcode, state, context.Now, cancellationToken);

    /// <summary>Gives a plate a layout: a new version where it differs from the newest. The layout was checked.</summary>
    public async Task<PlateRow> KeepLayoutAsync(
        PlateRow plate, PlateLayout layout, ReadSource source, CancellationToken cancellationToken, string? reason = null)
    {
        AssayRow assay = await FindAssayAsync(layout, cancellationToken) ?? throw new InvalidOperationException("A layout of an unknown assay passed its check.");
        PlateLayout resolved = layout.WithAssayVersion(assay.Assay.Version);
        LayoutRow? newest = plate.LayoutKey is { } key ? await transaction.GetLayoutAsync(key, cancellationToken) : null;
        if (newest is not null && newest.Layout.Hash == resolved.Hash)
        {
            return plate;
        }

        LayoutRow row = await transaction.InsertLayoutAsync(
            new NewLayout(plate.PlateKey, resolved, assay.AssayKey, context.Now, source.Actor, reason), cancellationToken);
        context.Record(source.Actor, AuditActions.LayoutSubmitted, $"plates/{plate.Barcode}", reason, $"version {row.Version}, SHA-256 {resolved.Hash}");
        return plate with { LayoutKey = row.LayoutKey };
    }

    /// <summary>Makes the work for a read and the plate's newest layout, and sets the plate's state; null where the same work was made before.</summary>
    public async Task<ReadyWork?> MakeWorkAsync(PlateRow plate, ReadRow read, AnalysisInputs inputs, CancellationToken cancellationToken)
    {
        LayoutRow layout = await transaction.GetLayoutAsync(plate.LayoutKey!.Value, cancellationToken);
        await transaction.KeepRulePackAsync(inputs.RulePack, cancellationToken);
        var work = new NewWork(inputs.Hash, plate.PlateKey, read.ReadKey, layout.LayoutKey, layout.AssayKey, inputs.RulePack.Name, context.Holder, context.Now);
        long? workKey = await transaction.InsertWorkAsync(work, cancellationToken);
        if (workKey is null)
        {
            return null;
        }

        await transaction.UpdatePlateAsync(plate, PlateState.Ready, plate.LayoutKey, context.Now, cancellationToken);
        return new ReadyWork(workKey.Value, 1, inputs);
    }

    /// <summary>The inputs of an analysis, when a layout is known, or everything that does not fit together.</summary>
    public async Task<Checked<Preparation>> PrepareAsync(PlateRow? plate, PlateRead read, PlateLayout? layout, CancellationToken cancellationToken)
    {
        PlateLayout? used = layout;
        if (used is null && plate?.LayoutKey is { } key)
        {
            used = (await transaction.GetLayoutAsync(key, cancellationToken)).Layout;
        }

        if (used is null)
        {
            return new Preparation(null);
        }

        AssayRow? assay = await FindAssayAsync(used, cancellationToken);
        if (assay is null)
        {
            return new List<Fault> { UnknownAssay(used, "layout") };
        }

        if (!RulePacks.TryFind(assay.Assay.RulePack, out RulePack? pack))
        {
            throw new InvalidOperationException($"Assay {assay.Assay.Name} was accepted with the unknown rule pack '{assay.Assay.RulePack}'.");
        }

        Checked<AnalysisInputs> inputs = AnalysisInputs.Check(read, used.WithAssayVersion(assay.Assay.Version), assay.Assay, pack);
        return inputs.Value is not null ? new Preparation(inputs.Value) : inputs.Faults.ToList();
    }

    private Task<AssayRow?> FindAssayAsync(PlateLayout layout, CancellationToken cancellationToken) =>
        transaction.FindAssayAsync(layout.AssayId, layout.AssayVersion == PlateLayout.NewestAssayVersion ? null : layout.AssayVersion, cancellationToken);

    private Task<ReadRow> InsertReadAsync(
        PlateRow plate, WholePlateRead whole, IReadOnlyList<ReadRow> reads, ReadSource source, CancellationToken cancellationToken)
    {
        ContentHash hash = whole.Read.Hash;
        long? same = reads.FirstOrDefault(row => row.Read.Hash == hash)?.ReadKey;
        return transaction.InsertReadAsync(
            new NewRead(plate.PlateKey, whole.Read, whole.Origin, source.InstrumentId, source.StreamKey, source.Offset, source.ReceiveTime, same), cancellationToken);
    }

    private static Fault UnknownAssay(PlateLayout layout, string field) =>
        new($"{field}.assay", FaultReasons.AssayUnknown, $"Assay '{layout.AssayId}'{(layout.AssayVersion > 0 ? $" version {layout.AssayVersion}" : string.Empty)} is not known; expected one that ListAssays names.");
}

/// <summary>What can be analysed.</summary>
/// <param name="Inputs">The inputs; null while no layout is known.</param>
internal sealed record Preparation(AnalysisInputs? Inputs);
