using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;

namespace Biomarkers.Pipeline.Review;

/// <summary>A well to leave out.</summary>
/// <param name="Position">The well.</param>
/// <param name="Reason">Why.</param>
/// <param name="Field">Field of the request that names it.</param>
public sealed record ExcludedWell(WellPosition Position, string Reason, string Field);

/// <summary>Has a plate analysed anew: with these wells left out and no others, by another assay where one is named. Its layout gets a next version that says so, and all
/// of its reads are analysed by that.</summary>
/// <param name="PlateBarcode">The plate.</param>
/// <param name="AssayId">Another assay; null for that of its layout.</param>
/// <param name="AssayVersion">Its version; null for the newest.</param>
/// <param name="Exclusions">All wells that are left out.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record ReanalyzePlate(
    string PlateBarcode, string? AssayId, int? AssayVersion, IReadOnlyList<ExcludedWell> Exclusions, string Reason, string Actor) : IStoreWrite<Reanalyzed>
{
    /// <inheritdoc/>
    public async Task<Reanalyzed> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        PlateRow? plate = await context.Transaction.FindPlateAsync(PlateBarcode, cancellationToken);
        if (plate?.LayoutKey is not { } layoutKey)
        {
            return new Reanalyzed(plate is null ? ReanalysisOutcome.NoPlate : ReanalysisOutcome.NoLayout, [], []);
        }

        PlateLayout known = (await context.Transaction.GetLayoutAsync(layoutKey, cancellationToken)).Layout;
        List<Fault> faults = Check(known);
        if (faults.Count > 0)
        {
            return new Reanalyzed(ReanalysisOutcome.Refused, faults, []);
        }

        PlateLayout layout = known.WithExclusions(Exclusions.ToDictionary(well => well.Position, well => well.Reason));
        layout = AssayId is null ? layout : layout.WithAssay(AssayId, AssayVersion ?? PlateLayout.NewestAssayVersion);
        SubmittedLayout submitted = await new SubmitPlateLayout(PlateBarcode, layout, Reason, Actor).ApplyAsync(context, cancellationToken);
        return new Reanalyzed(submitted.Faults.Count > 0 ? ReanalysisOutcome.Refused : ReanalysisOutcome.Done, submitted.Faults, submitted.Works);
    }

    private List<Fault> Check(PlateLayout layout)
    {
        var faults = new List<Fault>();
        var described = layout.Wells.Select(well => well.Position).ToHashSet();
        var seen = new HashSet<WellPosition>();
        foreach (ExcludedWell well in Exclusions)
        {
            if (!described.Contains(well.Position))
            {
                faults.Add(new Fault($"{well.Field}.position", FaultReasons.WellOutOfRange, $"Well {well.Position} is not described by the layout of plate '{PlateBarcode}'; expected one that is."));
            }
            else if (!seen.Add(well.Position))
            {
                faults.Add(new Fault($"{well.Field}.position", FaultReasons.Duplicate, $"Well {well.Position} is named twice; expected each well once."));
            }
        }

        return faults;
    }
}

/// <summary>How a wish for another analysis ended.</summary>
public enum ReanalysisOutcome
{
    /// <summary>The layout has its next version, or was so before.</summary>
    Done,

    /// <summary>There is no such plate.</summary>
    NoPlate,

    /// <summary>The plate has no layout yet.</summary>
    NoLayout,

    /// <summary>It can't be done as asked, for the faults; nothing changed.</summary>
    Refused,
}

/// <summary>What became of it.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Faults">Why nothing changed; empty otherwise.</param>
/// <param name="Works">Analyses that it made possible.</param>
public sealed record Reanalyzed(ReanalysisOutcome Outcome, IReadOnlyList<Fault> Faults, IReadOnlyList<ReadyWork> Works) : IMakesWork;
