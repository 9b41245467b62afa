using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

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
        return newest is not null && newest.Assay.ContentHash == Assay.ContentHash
            ? newest.Assay
            : await AddAsync(context, Assay, newest, Actor, cancellationToken);
    }

    internal static async Task<AssayDefinition> AddAsync(
        WriteContext context, AssayDefinition assay, AssayRow? newest, string actor, CancellationToken cancellationToken)
    {
        AssayDefinition created = assay with { Version = (newest?.Assay.Version ?? 0) + 1 };
        await context.Transaction.InsertAssayAsync(created, actor, context.Now, cancellationToken);
        context.Record(actor, AuditActions.AssayCreated, $"assays/{created.Name}", detail: CoveredContent.Describe($"content SHA-256 {created.ContentHash}", CanonicalJson.HashOf(created)));
        return created;
    }
}

/// <summary>Offers a built-in assay at the start of a server: added where no version of it ever held this content. A laboratory's own newer
/// version stays the newest.</summary>
/// <param name="Assay">The built-in definition.</param>
public sealed record OfferBuiltInAssay(AssayDefinition Assay) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        AssayRow? newest = await context.Transaction.FindAssayAsync(Assay.Id, null, cancellationToken);
        if (newest is not null && await context.Transaction.HasAssayContentAsync(Assay.Id, Assay.ContentHash, cancellationToken))
        {
            return false;
        }

        await CreateAssay.AddAsync(context, Assay, newest, "server", cancellationToken);
        return true;
    }
}
