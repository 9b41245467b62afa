using System.Threading.Channels;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Hosting;

namespace Biomarkers.Server.Access;

/// <summary>Writes counted denials and the last uses of keys, once a minute and when the server ends.</summary>
internal sealed class AccessJournal(
    Denials denials, AccessDirectory directory, StoreWriter writer, IStore store, AccessOptions options, TimeProvider time, ILogger<AccessJournal> logger) : BackgroundService
{
    /// <summary>Ends the intervals and writes the rest; the store writer, which ends later, still takes it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var interval = new PeriodicTimer(options.JournalInterval, time);
        try
        {
            while (await interval.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private async Task WriteAsync()
    {
        IReadOnlyList<Denial> counted = denials.Take();
        Dictionary<string, DateTimeOffset> uses = directory.TakeUses();
        try
        {
            // Not to be cancelled: what was taken would then be written or not, and nobody would know.
            if (counted.Count > 0)
            {
                await writer.WriteAsync(new RecordDenials(counted), CancellationToken.None);
            }

            counted = [];
            if (uses.Count > 0)
            {
                await writer.WriteAsync(new NoteKeyUse(uses), CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is ChannelClosedException || store.IsTransient(exception))
        {
            // Counted again with those of the next minute; uses are noted again when the keys are used again.
            denials.PutBack(counted);
            logger.DenialsNotRecorded(exception, counted.Sum(denial => denial.CallCount));
        }
    }
}
