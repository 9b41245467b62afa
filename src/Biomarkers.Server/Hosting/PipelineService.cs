using System.Threading.Channels;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Storage;

namespace Biomarkers.Server.Hosting;

/// <summary>Runs the store writer and the pipeline as long as the server runs; ends the server when either fails.</summary>
internal sealed class PipelineService(
    StoreWriter writer,
    AnalysisPipeline pipeline,
    PlateReadIntake intake,
    PipelineMeter meter,
    IStore store,
    IHostApplicationLifetime lifetime,
    ILogger<PipelineService> logger) : BackgroundService
{
    // Written by the background task before the host ends, read after it has ended.
    private volatile bool failed;

    /// <summary>Whether a fault ended the pipeline: the process then ends with an exit code that is not 0.</summary>
    public bool Failed => failed;

    /// <summary>Starts the pipeline, and offers the built-in assays before the first call can come.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        meter.Observe(pipeline, writer);
        await base.StartAsync(cancellationToken);
        try
        {
            foreach (AssayDefinition assay in BuiltInAssays.All)
            {
                await intake.OfferAsync(assay, cancellationToken);
            }
        }
        catch (ChannelClosedException exception)
        {
            throw NotWritable(writer.FatalFault ?? exception);
        }
        catch (Exception exception) when (store.IsFull(exception))
        {
            throw NotWritable(exception);
        }
    }

    private static StoreException NotWritable(Exception exception) => new($"The database can't be written: {(exception.InnerException ?? exception).Message}", exception);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The writer outlives the workers: what they have in hand is still saved.
        using var writerStop = new CancellationTokenSource();
        Task writing = Task.Run(() => writer.RunAsync(writerStop.Token), CancellationToken.None);
        Task analyzing = pipeline.RunAsync(stoppingToken);
        try
        {
            await await Task.WhenAny(writing, analyzing);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            failed = true;
            if (writer.FatalFault is { } fault)
            {
                logger.StoreFailed(fault);
            }
            else
            {
                logger.PipelineFailed(exception);
            }

            lifetime.StopApplication();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        finally
        {
            writer.Complete();
            await Task.WhenAll(writing, analyzing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Writes what the pipeline does to the log, and counts it.</summary>
internal sealed class PipelineLog(PipelineMeter meter, ILogger<PipelineLog> logger) : IPipelineObserver
{
    public void WorkTakenUp(int count)
    {
        if (count > 0)
        {
            meter.WorkTakenUp(count);
            logger.WorkTakenUp(count);
        }
    }

    public void RunSaved(SavedRun saved, AnalyticalRun run)
    {
        meter.RunSaved(run.Verdict);
        logger.RunSaved(saved.RunKey, saved.PlateBarcode, run.AssayName, run.Verdict, run.Results.Count, run.Flags.Count);
    }

    public void AnalysisFailed(ReadyWork work, Exception exception)
    {
        meter.AnalysisFailed();
        logger.AnalysisFailed(exception, work.Inputs.Read.PlateBarcode);
    }
}
