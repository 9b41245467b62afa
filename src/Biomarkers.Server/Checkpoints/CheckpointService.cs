using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Ledger;
using Biomarkers.Server.Hosting;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Server.Checkpoints;

/// <summary>Writes signed checkpoints of the ledger and the read streams as they grow: one at the start, one at the end, and in between as the options say.</summary>
/// <remarks>A checkpoint that can't be written is told once and tried again; nothing else waits for it. Each of several servers writes its own.</remarks>
internal sealed class CheckpointService(
    ServerOptions options, CheckpointKey key, IQueries queries, IAuditQueries auditQueries, IStore store, TimeProvider time, ILogger<CheckpointService> logger)
    : BackgroundService, IHostedLifecycleService
{
    private readonly CheckpointFolder folder = new(options.CheckpointDirectory);
    private Checkpoint? newest;
    private long looked;
    private bool isFailing;
    private volatile SignedCheckpoint? written;

    /// <summary>The newest checkpoint that was written; null while there is none.</summary>
    public SignedCheckpoint? Written => written;

    /// <summary>The public half of the key, as PEM.</summary>
    public string PublicKey => key.PublicPem;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes the first one: a folder that can't be written is told before the server serves.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        string keyFile = folder.WriteKey(key);
        await WriteAsync(cancellationToken);
        logger.CheckpointsAreWritten(folder.Place, keyFile);
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes the last one, when the pipeline has ended.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) => TryWriteAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var interval = new PeriodicTimer(options.Checkpoints.PollInterval, time);
        try
        {
            while (await interval.WaitForNextTickAsync(stoppingToken))
            {
                if (newest is { } last && await IsDueAsync(last, stoppingToken))
                {
                    await TryWriteAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    // The time counts from the newest look at everything; streams may have grown while the ledger did not.
    private async Task<bool> IsDueAsync(Checkpoint last, CancellationToken cancellationToken)
    {
        if (isFailing || time.GetElapsedTime(looked) >= options.Checkpoints.TimeInterval)
        {
            return true;
        }

        try
        {
            return await queries.NewestSequenceAsync(cancellationToken) - last.Sequence >= options.Checkpoints.EventInterval;
        }
        catch (Exception exception) when (store.IsTransient(exception))
        {
            // Out of reach for now: the next look tells.
            return false;
        }
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
            isFailing = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException || store.IsTransient(exception) || store.IsUnavailable(exception))
        {
            if (!isFailing)
            {
                logger.CheckpointNotWritten(exception, folder.Place);
            }

            isFailing = true;
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        looked = time.GetTimestamp();
        if (await auditQueries.MakeCheckpointAsync(time.GetUtcNow(), cancellationToken) is not { } checkpoint || newest?.SaysTheSame(checkpoint) == true)
        {
            return;
        }

        SignedCheckpoint signed = key.Sign(checkpoint);
        folder.Write(signed);
        newest = checkpoint;
        written = signed;
    }
}
