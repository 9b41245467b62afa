using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Work;

/// <summary>Writes to the ledger that something stored was found damaged.</summary>
/// <param name="Target">What is damaged.</param>
/// <param name="Finding">What was found and what was expected.</param>
public sealed record RecordDamage(string Target, string Finding) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        context.Record("server", AuditActions.StoredDataDamaged, Target, detail: Texts.Storable(Finding));
        return Task.FromResult(true);
    }
}
