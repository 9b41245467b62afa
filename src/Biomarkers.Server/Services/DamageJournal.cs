using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Server.Hosting;

namespace Biomarkers.Server.Services;

/// <summary>Writes damage of stored data to the log and the audit log, once per start of the server for each thing that is damaged: however often it is asked
/// for, neither grows.</summary>
internal sealed class DamageJournal(StoreWriter writer, ILogger<DamageJournal> logger)
{
    /// <summary>Most damaged things that are told apart; a database with more is not one to serve from.</summary>
    private const int MaximumTargets = 1000;

    private readonly Lock gate = new();
    private readonly HashSet<string> noted = [];

    /// <summary>Notes damage that a call found. Returns at once: the caller does not wait for the ledger.</summary>
    public void Note(StoredDataDamagedException damage, string method)
    {
        lock (gate)
        {
            if (noted.Count >= MaximumTargets || !noted.Add(damage.Target))
            {
                return;
            }
        }

        logger.StoredDataDamaged(damage.Target, damage.Finding, method);
        _ = RecordAsync(damage);
    }

    private async Task RecordAsync(StoredDataDamagedException damage)
    {
        try
        {
            await writer.WriteAsync(new RecordDamage(damage.Target, damage.Finding), CancellationToken.None);
        }
        catch (Exception exception)
        {
            logger.DamageNotRecorded(exception, damage.Target);
            lock (gate)
            {
                noted.Remove(damage.Target);
            }
        }
    }
}
