using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Where a read or a layout came from.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="StreamKey">Stream.</param>
/// <param name="Offset">Offset of the event.</param>
/// <param name="ReceiveTime">The server's clock.</param>
/// <param name="Actor">Who, for the audit.</param>
/// <param name="EventHash">Hash of the event that completed the read; default for a layout.</param>
/// <param name="IsLate">Whether it is used long after it came, so that newer reads may be there.</param>
internal sealed record ReadSource(
    string InstrumentId, long StreamKey, long Offset, DateTimeOffset ReceiveTime, string Actor, ContentHash EventHash = default, bool IsLate = false);

/// <summary>Brings one plate's reads and its layout together, and makes the work that they make possible: for every read of the plate, whichever
/// of the two came last. First everything is checked, then everything is kept.</summary>
internal sealed class PlateAcceptance
{
    private readonly WriteContext context;
    private readonly PipelineLimits limits;
    private readonly IStoreTransaction transaction;
    private readonly string barcode;
    private readonly List<ReadRow> reads;

    // One look-up for the checks and the keeping of one plate: versions are immutable, and none is added within a write.
    private readonly Dictionary<(string AssayId, int Version), AssayRow?> assays = [];
    private PlateRow? plate;
    private LayoutRow? newest;

    private PlateAcceptance(WriteContext context, string barcode, PlateRow? plate, LayoutRow? newest, List<ReadRow> reads)
    {
        this.context = context;
        limits = context.Limits;
        this.barcode = barcode;
        this.plate = plate;
        this.newest = newest;
        this.reads = reads;
        transaction = context.Transaction;
    }

    /// <summary>The half of which a person said that it belongs to the newest that waits, though it does not look like it; null for none.</summary>
    public string? ReadIdInDoubt { get; set; }

    /// <summary>Key of the plate, once something of it is kept.</summary>
    public long PlateKey => plate?.PlateKey ?? throw new InvalidOperationException($"Nothing of plate '{barcode}' is kept yet.");

    /// <summary>What the store knows of a plate.</summary>
    public static async Task<PlateAcceptance> OfAsync(WriteContext context, string barcode, CancellationToken cancellationToken)
    {
        PlateRow? found = await context.Transaction.FindPlateAsync(barcode, cancellationToken);
        LayoutRow? layout = found?.LayoutKey is { } key ? await context.Transaction.GetLayoutAsync(key, cancellationToken) : null;
        IReadOnlyList<ReadRow> stored = found is null ? [] : await context.Transaction.ListReadsAsync(found.PlateKey, cancellationToken);
        return new PlateAcceptance(context, barcode, found, layout, [.. stored]);
    }

    /// <summary>What the store knows of a plate; the fault where it is damaged. What comes for such a plate is kept in quarantine, and blocks nothing.</summary>
    public static async Task<(PlateAcceptance? Acceptance, Fault? Damage)> TryOfAsync(WriteContext context, string barcode, string field, CancellationToken cancellationToken)
    {
        try
        {
            return (await OfAsync(context, barcode, cancellationToken), null);
        }
        catch (StoredDataDamagedException damage)
        {
            // Nothing was written for it yet.
            return (null, new Fault($"{field}.plate_barcode", FaultReasons.StoredDataDamaged, $"Plate '{barcode}' can't be built upon: {damage.Message} Replay this when it is restored."));
        }
    }

    /// <summary>Accepts a complete read, with or without its layout, or holds it for a person where its plate or its layout is in doubt.</summary>
    /// <param name="context">The transaction.</param>
    /// <param name="whole">The read.</param>
    /// <param name="field">Field of the message that brought it: faults lie below it.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="isOneEvent">Whether one event brings the whole of it, so that an event with its bytes is the same read; false for one that came in parts.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<ContentUse> AcceptReadAsync(
        WriteContext context, WholePlateRead whole, string field, ReadSource source, bool isOneEvent, CancellationToken cancellationToken)
    {
        string? plateBarcode = whole.LacksBarcode ? null : whole.Read.PlateBarcode;
        (PlateAcceptance? known, Fault? damage) = plateBarcode is null
            ? (new PlateAcceptance(context, WholePlateRead.NoBarcode, null, null, []), null)
            : await TryOfAsync(context, plateBarcode, field, cancellationToken);
        if (known is not { } acceptance)
        {
            return ContentUse.Refused(damage!, plateBarcode);
        }

        if ((isOneEvent && await acceptance.IsSameEventAsync(whole, source.EventHash, cancellationToken))
            || await acceptance.IsRepeatAsync(whole, cancellationToken)
            || await context.Transaction.IsHeldReadAsync(source.InstrumentId, whole, cancellationToken))
        {
            return ContentUse.Repeated(plateBarcode);
        }

        // What is in doubt is not compared with the plate that it may not belong to.
        if (await acceptance.HoldOfAsync(whole, source, cancellationToken) is { } hold)
        {
            Fault why = hold.ToFault(hold.Reason == ReadHold.BarcodeMissing ? $"{field}.plate_barcode" : field);
            return ContentUse.Held(why, plateBarcode, await acceptance.KeepHeldAsync(whole, hold, source, cancellationToken));
        }

        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(whole, whole.Read.Format, whole.Layout, null, cancellationToken);
        return faults.Count > 0
            ? ContentUse.RefusedBelow(field, faults, plateBarcode)
            : ContentUse.Used(plateBarcode, await acceptance.KeepAsync(whole, whole.Layout, null, source, cancellationToken));
    }

    private async Task<ReadHold?> HoldOfAsync(WholePlateRead whole, ReadSource source, CancellationToken cancellationToken)
    {
        PlateLayout? layout = whole.Layout is null ? null : await ResolveAsync(whole.Layout, cancellationToken);
        if (ReadHold.Of(whole, layout, plate, newest?.Layout, reads, source, limits) is { } hold)
        {
            return hold;
        }

        return (layout ?? newest?.Layout) is { } used && await FindAssayAsync(used, cancellationToken) is { } assay
            && WavelengthHalves.IsHalf(whole.Read, assay.Assay)
            && WavelengthHalves.DoubtOf(whole.Read, whole.Origin.ReadTime, reads, assay.Assay, limits.WavelengthWindow) is { } doubt
            ? new ReadHold(ReadHold.WavelengthPairMismatch, $"{doubt} of plate '{barcode}'.")
            : null;
    }

    private async Task<long> KeepHeldAsync(WholePlateRead whole, ReadHold hold, ReadSource source, CancellationToken cancellationToken)
    {
        long heldKey = await transaction.InsertHeldReadAsync(
            new NewHeldRead(source.StreamKey, source.Offset, source.EventHash, plate?.PlateKey, whole, hold, source.ReceiveTime), cancellationToken);
        if (plate is not null)
        {
            await transaction.SettlePlateAsync(plate.PlateKey, context.Now, cancellationToken);
        }

        return heldKey;
    }

    /// <summary>Whether this read is stored, and the layout that comes with it is the plate's newest.</summary>
    public async Task<bool> IsRepeatAsync(WholePlateRead whole, CancellationToken cancellationToken) =>
        reads.Exists(row => row.ReadId == whole.Origin.ReadId && row.Read.Hash == whole.Read.Hash)
        && (whole.Layout is null || (newest is not null && await ResolveAsync(whole.Layout, cancellationToken) is { } layout && layout.Hash == newest.Layout.Hash));

    // A sender repeats an event under another offset after an older database was restored. The same bytes change nothing, even where the plate's layout
    // was changed since: they are no wish to change it back.
    private async Task<bool> IsSameEventAsync(WholePlateRead whole, ContentHash eventHash, CancellationToken cancellationToken) =>
        (reads.Find(row => row.ReadId == whole.Origin.ReadId) is { } stored
            && await transaction.FindEventHashAsync(stored.StreamKey, stored.Offset, cancellationToken) == eventHash)
        || await transaction.IsHeldEventAsync(eventHash, cancellationToken);

    /// <summary>Whether a layout is another one than the plate has.</summary>
    public async Task<bool> ChangesLayoutAsync(PlateLayout layout, CancellationToken cancellationToken) =>
        newest is not null && await ResolveAsync(layout, cancellationToken) is { } resolved && resolved.Hash != newest.Layout.Hash;

    /// <summary>Whether the plate has a run.</summary>
    public bool HasResults => plate?.RunKey is not null;

    /// <summary>The newest read that came after a moment; null when none did.</summary>
    public ReadRow? LaterThan(DateTimeOffset time) => reads.Where(row => row.ReceiveTime > time).MaxBy(row => row.ReceiveTime);

    /// <summary>Everything that keeps a read or a layout from being accepted; empty when nothing does.</summary>
    /// <param name="whole">A complete read; null for none.</param>
    /// <param name="format">Size of the plate.</param>
    /// <param name="layout">A layout; null for none.</param>
    /// <param name="reason">Why the layout changes; null for none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<IReadOnlyList<Fault>> CheckAsync(
        WholePlateRead? whole, PlateFormat format, PlateLayout? layout, string? reason, CancellationToken cancellationToken)
    {
        var faults = new List<Fault>();
        if (whole is not null && reads.Find(row => row.ReadId == whole.Origin.ReadId) is { } same && same.Read.Hash != whole.Read.Hash)
        {
            faults.Add(new Fault("read_id", FaultReasons.Duplicate, $"Plate '{barcode}' has a read '{same.ReadId}' with other responses; a new reading needs a new read_id."));
        }

        PlateLayout? used = layout is null ? newest?.Layout : await ResolveAsync(layout, cancellationToken);
        if (used is null)
        {
            if (layout is not null)
            {
                faults.Add(UnknownAssay(layout));
            }

            return faults;
        }

        if (used.WellCount != format.WellCount)
        {
            faults.Add(new Fault("layout.well_count", FaultReasons.FormatMismatch, $"The layout is for {used.Format}, the read is of {format}."));
            return faults;
        }

        bool changes = newest is not null && used.Hash != newest.Layout.Hash;
        if (changes && plate?.RunKey is not null && string.IsNullOrWhiteSpace(reason))
        {
            faults.Add(new Fault("reason", FaultReasons.ReasonRequired, $"Plate '{barcode}' has results that rest on another layout; expected the reason of the change, by SubmitPlateLayout."));
        }

        IEnumerable<PlateRead> concerned = layout is null ? [] : reads.Select(row => row.Read);
        foreach (PlateRead read in whole is null ? concerned : concerned.Append(whole.Read))
        {
            faults.AddRange(await FaultsOfAsync(read, used, cancellationToken));
        }

        return [.. faults.Distinct()];
    }

    // A half is checked together with the one that waits for it, and alone as far as that goes.
    private async Task<IReadOnlyList<Fault>> FaultsOfAsync(PlateRead read, PlateLayout used, CancellationToken cancellationToken)
    {
        AssayDefinition? assay = (await FindAssayAsync(used, cancellationToken))?.Assay;
        if (assay is null || !WavelengthHalves.IsHalf(read, assay))
        {
            return (await InputsAsync(read, used, null, cancellationToken)).Faults;
        }

        if (WavelengthHalves.PartnersOf(read, reads, assay) is not [var partner])
        {
            return [];
        }

        Checked<PlateRead> joined = WavelengthHalves.Join(read, partner.Read);
        return joined.Value is { } both ? (await InputsAsync(both, used, null, cancellationToken)).Faults : joined.Faults;
    }

    /// <summary>Keeps what was checked, and makes the work that it makes possible.</summary>
    /// <param name="whole">A complete read; null for none.</param>
    /// <param name="layout">A layout; null for none.</param>
    /// <param name="reason">Why the layout changes; null for none.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<IReadOnlyList<ReadyWork>> KeepAsync(
        WholePlateRead? whole, PlateLayout? layout, string? reason, ReadSource source, CancellationToken cancellationToken)
    {
        bool isNew = plate is null;
        plate ??= await transaction.InsertPlateAsync(barcode, context.Now, cancellationToken);
        bool changesLayout = layout is not null && await KeepLayoutAsync(layout, reason, source, cancellationToken);
        bool isNewRead = whole is not null && !reads.Exists(row => row.ReadId == whole.Origin.ReadId);
        if (isNewRead)
        {
            ContentHash hash = whole!.Read.Hash;
            long? same = reads.Find(row => row.Read.Hash == hash)?.ReadKey;
            reads.Add(await transaction.InsertReadAsync(
                new NewRead(plate.PlateKey, whole.Read, whole.Origin, source.InstrumentId, source.StreamKey, source.Offset, source.ReceiveTime, same), cancellationToken));
        }

        IReadOnlyList<ReadyWork> works = isNewRead || changesLayout ? await PutToWorkAsync(changesLayout, reason, cancellationToken) : [];
        if (isNew || isNewRead || changesLayout)
        {
            await transaction.SettlePlateAsync(plate.PlateKey, context.Now, cancellationToken);
        }

        return works;
    }

    // Whether the layout is another one than the plate's newest; it is the next version then.
    private async Task<bool> KeepLayoutAsync(PlateLayout layout, string? reason, ReadSource source, CancellationToken cancellationToken)
    {
        AssayRow assay = await FindAssayAsync(layout, cancellationToken) ?? throw new InvalidOperationException("A layout of an unknown assay passed its check.");
        PlateLayout resolved = layout.WithAssayVersion(assay.Assay.Version);
        if (newest is not null && newest.Layout.Hash == resolved.Hash)
        {
            return false;
        }

        newest = await transaction.InsertLayoutAsync(
            new NewLayout(PlateKey, resolved, assay.AssayKey, context.Now, source.Actor, reason), cancellationToken);
        context.Record(source.Actor, AuditActions.LayoutSubmitted, $"plates/{barcode}", reason, $"version {newest.Version}, SHA-256 {resolved.Hash}");
        return true;
    }

    // For every read, oldest first, so that the results of the newest read are the newest. What was analysed before by the same inputs is not
    // analysed again: a layout that returns makes the results that rest on it the newest again.
    private async Task<IReadOnlyList<ReadyWork>> PutToWorkAsync(bool changesLayout, string? reason, CancellationToken cancellationToken)
    {
        var works = new List<ReadyWork>();
        if (newest is null)
        {
            return works;
        }

        AssayDefinition assay = (await FindAssayAsync(newest.Layout, cancellationToken))!.Assay;
        await JoinHalvesAsync(assay, cancellationToken);
        foreach (ReadRow read in reads.Where(row => !WavelengthHalves.IsHalf(row.Read, assay)))
        {
            AnalysisInputs inputs = (await InputsAsync(read.Read, newest.Layout, read.ReadTime, cancellationToken)).ValueOrThrow();
            await transaction.KeepRulePackAsync(inputs.RulePack, cancellationToken);
            var work = new NewWork(
                inputs.Hash, PlateKey, read.ReadKey, newest.LayoutKey, newest.AssayKey, inputs.RulePack.Name, context.Holder, context.Now);
            WorkInsertion insertion = await transaction.InsertWorkAsync(work, cancellationToken);
            if (insertion.WorkKey is { } workKey)
            {
                works.Add(new ReadyWork(workKey, insertion.Generation, inputs));
            }
            else if (changesLayout && insertion.RunKey is { } runKey)
            {
                RunCoverage coverage = await transaction.ReinstateRunAsync(runKey, reason, context.Now, cancellationToken);
                context.Record("server", AuditActions.RunReinstated, $"analyticalRuns/{runKey}", reason, CoveredContent.Describe($"plates/{barcode}", coverage));
            }
        }

        return works;
    }

    // Halves that don't fit, or of which several wait, stay apart and are shown as waiting, unless a person said that this one belongs to the one that waits.
    private async Task JoinHalvesAsync(AssayDefinition assay, CancellationToken cancellationToken)
    {
        while (WavelengthHalves.Waiting(reads, assay).FirstOrDefault(row => MatchOf(row, assay) is not null) is { } half)
        {
            ReadRow partner = MatchOf(half, assay)!;
            (ReadRow measurement, ReadRow reference) = WavelengthHalves.IsReference(half.Read) ? (partner, half) : (half, partner);
            ReadRow last = measurement.ReadKey > reference.ReadKey ? measurement : reference;
            PlateRead both = WavelengthHalves.Join(measurement.Read, reference.Read).ValueOrThrow();
            var origin = new ReadOrigin(measurement.ReadId, null, measurement.ReadTime);
            reads.Add(await transaction.InsertJoinedReadAsync(
                new NewRead(PlateKey, both, origin, measurement.InstrumentId, last.StreamKey, last.Offset, last.ReceiveTime, null),
                measurement.ReadKey,
                reference.ReadKey,
                cancellationToken));
            context.Record("server", AuditActions.ReadsJoined, $"plates/{barcode}", detail: $"measurement '{measurement.ReadId}', reference '{reference.ReadId}'");
        }
    }

    // In both directions: the other one may have several to choose from.
    private ReadRow? MatchOf(ReadRow half, AssayDefinition assay)
    {
        if (half.ReadId == ReadIdInDoubt && WavelengthHalves.PartnersOf(half.Read, reads, assay) is [.., var newestWaiting])
        {
            return newestWaiting;
        }

        return WavelengthHalves.MatchOf(half.Read, half.ReadTime, reads, assay, limits.WavelengthWindow) is { } match
            && WavelengthHalves.PartnersOf(match.Read, reads, assay).Count == 1
            ? match
            : null;
    }

    private async Task<Checked<AnalysisInputs>> InputsAsync(
        PlateRead read, PlateLayout layout, DateTimeOffset? readTime, CancellationToken cancellationToken)
    {
        AssayRow assay = await FindAssayAsync(layout, cancellationToken) ?? throw new InvalidOperationException("A kept or resolved layout names an unknown assay.");
        return RulePacks.TryFind(assay.Assay.RulePack, out RulePack? pack)
            ? AnalysisInputs.Check(read, layout, assay.Assay, pack, readTime)
            : throw new InvalidOperationException($"Assay {assay.Assay.Name} was accepted with the unknown rule pack '{assay.Assay.RulePack}'.");
    }

    private async Task<PlateLayout?> ResolveAsync(PlateLayout layout, CancellationToken cancellationToken) =>
        await FindAssayAsync(layout, cancellationToken) is { } assay ? layout.WithAssayVersion(assay.Assay.Version) : null;

    private async Task<AssayRow?> FindAssayAsync(PlateLayout layout, CancellationToken cancellationToken)
    {
        if (!assays.TryGetValue((layout.AssayId, layout.AssayVersion), out AssayRow? assay))
        {
            int? version = layout.AssayVersion == PlateLayout.NewestAssayVersion ? null : layout.AssayVersion;
            assay = await transaction.FindAssayAsync(layout.AssayId, version, cancellationToken);
            assays[(layout.AssayId, layout.AssayVersion)] = assay;
            if (assay is not null)
            {
                assays[(layout.AssayId, assay.Assay.Version)] = assay;
            }
        }

        return assay;
    }

    private static Fault UnknownAssay(PlateLayout layout) => new(
        "layout.assay",
        FaultReasons.AssayUnknown,
        $"Assay '{layout.AssayId}'{(layout.AssayVersion > 0 ? $" version {layout.AssayVersion}" : string.Empty)} is not known; expected one that ListAssays names.");
}
