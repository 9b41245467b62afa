namespace Biomarkers.Instruments;

/// <summary>What a plate file may hold at most: a larger file is no plate.</summary>
public static class PlateFileLimits
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaximumBytes = 8 * 1024 * 1024;

    /// <summary>Most lines that hold something.</summary>
    public const int MaximumRows = 100_000;

    /// <summary>Most faults that are listed one by one; the rest is counted.</summary>
    public const int MaximumFaults = 1_000;

    /// <summary>Most notices that are kept; the rest is counted.</summary>
    public const int MaximumNotices = 1_000;
}
