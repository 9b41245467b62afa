using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Adds a version of an assay; the same content again is the version that is there.</summary>
/// <param name="Assay">The definition, checked; its version number is given here.</param>
/// <param name="Actor">Who creates it.</param>
public sealed record CreateAssay(AssayDefinition Assay, string Actor) : IStoreWrite<AssayDefinition>
{
    /// <inheritdoc/>
    public async Task<AssayDefinition> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        AssayRow? newest = await context.Transaction.FindAssayAsync(Assay.Id, null, cancellationToken);
        if (newest is not null && newest.Assay.ContentHash == Assay.ContentHash)
        {
            return newest.Assay;
        }

        AssayDefinition created = Assay with { Version = (newest?.Assay.Version ?? 0) + 1 };
        await context.Transaction.InsertAssayAsync(created, Actor, context.Now, cancellationToken);
        context.Record(Actor, AuditActions.AssayCreated, $"assays/{created.Name}", detail: $"SHA-256 {created.ContentHash}");
        return created;
    }
}
