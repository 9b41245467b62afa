using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>What a person decided about something that waited for it, once.</summary>
public enum DecisionKind
{
    /// <summary>The decision holds.</summary>
    Done,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>It was decided before; nothing changed.</summary>
    DecidedBefore,

    /// <summary>It can't be done as asked, for the faults; nothing changed.</summary>
    Refused,
}

/// <summary>What became of a decision.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Faults">Why it can't be done; empty otherwise.</param>
/// <param name="PlateBarcode">Plate whose read is used now; null where there is none.</param>
/// <param name="HeldKey">Key of the read that is held now; null where none is.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record Decided(DecisionKind Kind, IReadOnlyList<Fault> Faults, string? PlateBarcode, long? HeldKey, IReadOnlyList<ReadyWork> Works) : IMakesWork
{
    /// <summary>Nothing changed.</summary>
    internal static Decided Not(DecisionKind kind, params IReadOnlyList<Fault> faults) => new(kind, faults, null, null, []);

    /// <summary>The decision holds.</summary>
    internal static Decided To(string? plateBarcode, IReadOnlyList<ReadyWork> works) => new(DecisionKind.Done, [], plateBarcode, null, works);
}

/// <summary>Decides what becomes of a held read: a reading of a plate, or nothing.</summary>
/// <param name="HeldKey">The read.</param>
/// <param name="IsUsed">Whether it is used.</param>
/// <param name="PlateBarcode">Its plate; null for the barcode that it came with.</param>
/// <param name="KeepsLayout">Whether the plate keeps the layout that it has, and the one that came with the read is dropped.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who decides.</param>
/// <param name="Supersedes">Whether it takes the place of reads that came after it; refused without, where there are such.</param>
/// <param name="ReplacesLayout">Whether its layout takes the place of that of a plate that it did not come for; refused without, where that has results by another.</param>
public sealed record ResolveHeldPlate(
    long HeldKey, bool IsUsed, string? PlateBarcode, bool KeepsLayout, string Reason, string Actor, bool Supersedes = false, bool ReplacesLayout = false) : IStoreWrite<Decided>
{
    /// <inheritdoc/>
    public async Task<Decided> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        HeldReadRow? held = await transaction.FindHeldReadAsync(HeldKey, cancellationToken);
        if (held is null || held.IsResolved)
        {
            return Decided.Not(held is null ? DecisionKind.NotFound : DecisionKind.DecidedBefore);
        }

        Decided decided = IsUsed ? await UseAsync(context, held, cancellationToken) : Decided.To(null, []);
        if (decided.Kind != DecisionKind.Done)
        {
            return decided;
        }

        var resolution = new Resolution(IsUsed ? ResolutionKind.Used : ResolutionKind.Dismissed, decided.PlateBarcode, Reason, Actor, context.Now);
        await transaction.ResolveHeldReadAsync(HeldKey, resolution, cancellationToken);
        if (held.PlateKey is { } plateKey)
        {
            await transaction.SettlePlateAsync(plateKey, context.Now, cancellationToken);
        }

        string what = decided.PlateBarcode is { } barcode ? $"used as plates/{barcode}/reads/{held.Read.Origin.ReadId}" : "not used";
        context.Record(Actor, AuditActions.HeldPlateResolved, $"heldPlates/{HeldKey}", Reason, CoveredContent.Describe($"{held.Hold.Reason}: {what}", held.Read.Read.Hash));
        return decided;
    }

    private async Task<Decided> UseAsync(WriteContext context, HeldReadRow held, CancellationToken cancellationToken)
    {
        string barcode = PlateBarcode ?? held.Read.PlateBarcode;
        if (barcode == WholePlateRead.NoBarcode)
        {
            return Decided.Not(DecisionKind.Refused, new Fault("plate_barcode", FaultReasons.Required, "The read came without a barcode; expected the barcode of its plate."));
        }

        WholePlateRead whole = held.Read with { Read = held.Read.Read.WithBarcode(barcode), Layout = KeepsLayout ? null : held.Read.Layout, LacksBarcode = false };
        PlateAcceptance acceptance = await PlateAcceptance.OfAsync(context, barcode, cancellationToken);
        if (!Supersedes && acceptance.LaterThan(held.ReceiveTime) is { } later)
        {
            return Decided.Not(DecisionKind.Refused, new Fault(
                "supersede_later_reads",
                FaultReasons.LaterRead,
                $"Plate '{barcode}' has read '{later.ReadId}', which came after this one; its results would be replaced by older ones. Dismiss this read, or say that it supersedes."));
        }

        // What the person saw was the plate that the read came for. One that is named now may be a slip of the pen, and its results are other samples'.
        bool isOtherPlate = barcode != held.Read.PlateBarcode && acceptance.HasResults;
        if (!ReplacesLayout && isOtherPlate && whole.Layout is { } other && await acceptance.ChangesLayoutAsync(other, cancellationToken))
        {
            return Decided.Not(DecisionKind.Refused, new Fault(
                "replace_layout",
                ReadHold.LayoutConflict,
                $"Plate '{barcode}' has results by another layout than the one that came with this read: other samples or other places. "
                + "Check the barcode; keep its layout, or say that this one replaces it."));
        }

        // What the person saw was this plate's half; of another plate's nobody said anything.
        acceptance.ReadIdInDoubt = held.Hold.Reason == ReadHold.WavelengthPairMismatch && barcode == held.Read.PlateBarcode ? held.Read.Origin.ReadId : null;
        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(whole, whole.Read.Format, whole.Layout, Reason, cancellationToken);
        if (faults.Count > 0)
        {
            return Decided.Not(DecisionKind.Refused, faults);
        }

        var source = new ReadSource(held.InstrumentId, held.StreamKey, held.Offset, held.ReceiveTime, Actor);
        return Decided.To(barcode, await acceptance.KeepAsync(whole, whole.Layout, Reason, source, cancellationToken));
    }
}
