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
    /// <inheritdoc/>
    public async Task<SubmittedLayout> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        PlateAcceptance acceptance = await PlateAcceptance.OfAsync(context, PlateBarcode, cancellationToken);
        IReadOnlyList<Fault> faults = await acceptance.CheckAsync(null, Layout.Format, Layout, Reason, cancellationToken);
        if (faults.Count > 0)
        {
            return new SubmittedLayout(faults, []);
        }

        var source = new ReadSource(string.Empty, 0, 0, context.Now, Actor);
        return new SubmittedLayout([], await acceptance.KeepAsync(null, Layout, Reason, source, cancellationToken));
    }
}

/// <summary>What became of a layout.</summary>
/// <param name="Faults">Why nothing was stored; empty when it was.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record SubmittedLayout(IReadOnlyList<Fault> Faults, IReadOnlyList<ReadyWork> Works) : IMakesWork;
