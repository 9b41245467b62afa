using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Gives a plate its layout, before or after its reads; a changed layout needs a reason once there is a run.</summary>
/// <param name="PlateBarcode">Plate; made where it is new.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Reason">Why it changes; null for none.</param>
/// <param name="Actor">Who submits it.</param>
public sealed record SubmitPlateLayout(string PlateBarcode, PlateLayout Layout, string? Reason, string Actor) : IStoreWrite<SubmittedLayout>
{
    /// <summary>Reason of the fault when a layout that results rest on changes without a word.</summary>
    public const string ReasonRequired = "REASON_REQUIRED";

    /// <inheritdoc/>
    public async Task<SubmittedLayout> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        IStoreTransaction transaction = context.Transaction;
        var acceptance = new PlateAcceptance(context);
        PlateRow? known = await transaction.FindPlateAsync(PlateBarcode, cancellationToken);
        IReadOnlyList<ReadRow> reads = known is null ? [] : await transaction.ListReadsAsync(known.PlateKey, cancellationToken);
        var faults = new List<Fault>(await acceptance.CheckLayoutAsync(Layout, Layout.Format, "layout", cancellationToken));
        var ready = new List<(ReadRow Read, Immunoassay.Analysis.AnalysisInputs Inputs)>();
        foreach (ReadRow read in faults.Count == 0 ? reads : [])
        {
            Checked<Preparation> prepared = await acceptance.PrepareAsync(known, read.Read, Layout, cancellationToken);
            faults.AddRange(prepared.Faults);
            if (prepared.Value?.Inputs is { } inputs)
            {
                ready.Add((read, inputs));
            }
        }

        if (known?.State == PlateState.Analyzed && string.IsNullOrWhiteSpace(Reason) && await ChangesAsync(transaction, known, ready, cancellationToken))
        {
            faults.Add(new Fault("reason", ReasonRequired, $"Plate '{PlateBarcode}' has results that rest on another layout; expected the reason of the change."));
        }

        if (faults.Count > 0)
        {
            return new SubmittedLayout(faults, []);
        }

        PlateRow plate = known ?? await transaction.InsertPlateAsync(PlateBarcode, PlateState.WaitingForRead, context.Now, cancellationToken);
        var source = new ReadSource(string.Empty, 0, 0, context.Now, Actor);
        plate = await acceptance.KeepLayoutAsync(plate, Layout, source, cancellationToken, Reason);
        PlateState waiting = plate.State == PlateState.WaitingForLayout ? PlateState.WaitingForRead : plate.State;
        await transaction.UpdatePlateAsync(plate, waiting, plate.LayoutKey, context.Now, cancellationToken);
        var work = new List<ReadyWork>();
        foreach ((ReadRow read, Immunoassay.Analysis.AnalysisInputs inputs) in ready)
        {
            if (await acceptance.MakeWorkAsync(plate, read, inputs, cancellationToken) is { } made)
            {
                work.Add(made);
                plate = plate with { State = PlateState.Ready };
            }
        }

        return new SubmittedLayout([], work);
    }

    private static async Task<bool> ChangesAsync(
        IStoreTransaction transaction, PlateRow plate, List<(ReadRow Read, Immunoassay.Analysis.AnalysisInputs Inputs)> ready, CancellationToken cancellationToken)
    {
        LayoutRow current = await transaction.GetLayoutAsync(plate.LayoutKey!.Value, cancellationToken);
        return ready.Exists(item => item.Inputs.Layout.Hash != current.Layout.Hash);
    }
}

/// <summary>What became of a layout.</summary>
/// <param name="Faults">Why nothing was stored; empty when it was.</param>
/// <param name="Work">Analyses that it made possible.</param>
public sealed record SubmittedLayout(IReadOnlyList<Fault> Faults, IReadOnlyList<ReadyWork> Work);
