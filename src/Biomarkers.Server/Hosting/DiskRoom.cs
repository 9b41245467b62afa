using Biomarkers.Storage;

namespace Biomarkers.Server.Hosting;

/// <summary>Whether the SQLite database is still where it was opened, and whether its disk has room for new events. They are refused while it has little, before it is
/// full: runs of what was accepted, decisions and the audit log still find room, and everything can be read.</summary>
internal sealed class DiskRoom(ServerOptions options, TimeProvider time, ILogger<DiskRoom> logger) : BackgroundService
{
    /// <summary>What <c>/readyz</c> notices while there is little room.</summary>
    public const string Notice = "STORE_FULL";

    // A disk fills by megabytes in this time, and is free again as soon.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private volatile bool isLow;

    /// <summary>Whether new events are refused.</summary>
    public bool IsLow => isLow;

    /// <summary>How many bytes must be free: what the options say, and never more than a tenth of a disk that is small.</summary>
    /// <param name="minimum">Of the options.</param>
    /// <param name="size">Of the disk.</param>
    public static long Threshold(long minimum, long size) => Math.Min(minimum, size / 10);

    /// <summary>Looks before the first call can come.</summary>
    /// <exception cref="StoreException">The database file is gone.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsWatched)
        {
            Look();
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsWatched)
        {
            return;
        }

        using var interval = new PeriodicTimer(Interval, time);
        try
        {
            while (await interval.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    // PostgreSQL's disk is its own, and often another machine's.
    private bool IsWatched => options.PostgresConnection is null;

    private void Look()
    {
        // An open file without a name takes writes, and goes with the process.
        if (!File.Exists(options.DatabaseFile))
        {
            throw new StoreException($"The database '{options.DatabaseFile}' is no longer there: it was moved or deleted while it was in use. Nothing is acknowledged any more. Put it back, or restore a backup.");
        }

        DiskSpace disk = options.MeasureDisk(options.DataDirectory);
        long threshold = Threshold(options.MinimumFreeBytes, disk.SizeBytes);
        bool wasLow = isLow;
        isLow = disk.FreeBytes < threshold;
        if (isLow && !wasLow)
        {
            logger.DiskRunsFull(disk.FreeBytes >> 20, threshold >> 20, options.DataDirectory);
        }
        else if (wasLow && !isLow)
        {
            logger.DiskHasRoom(disk.FreeBytes >> 20, options.DataDirectory);
        }
    }
}

/// <summary>Room on a disk.</summary>
/// <param name="FreeBytes">What this user may still write.</param>
/// <param name="SizeBytes">The whole disk.</param>
internal readonly record struct DiskSpace(long FreeBytes, long SizeBytes)
{
    /// <summary>Of the disk that a folder is on.</summary>
    public static DiskSpace Of(string folder)
    {
        var disk = new DriveInfo(folder);
        return new DiskSpace(disk.AvailableFreeSpace, disk.TotalSize);
    }
}
